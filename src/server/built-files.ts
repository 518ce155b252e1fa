// Files that a build left beside their compressed forms: read once, and sent as their reader takes them.
import { extname } from 'node:path'
import { LatchkeyError } from '../core/errors.ts'
import type { ReadHeader } from '../http/exchange.ts'
import type { Reply } from '../http/reply.ts'
import { listPackaged, readPackaged } from './packaged-files.ts'

const contentTypes: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The codings that files are kept in, the shortest first (RFC 9110, section 8.4.1). */
const codings = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const

/** For a file whose name no other content will ever have: `Cache-Control`. */
export const immutable = 'public, max-age=31536000, immutable'

/** The files of a folder, with their compressed forms, by their names. */
export type BuiltFiles = ReadonlyMap<string, Uint8Array<ArrayBuffer>>

/** Reads the files of a folder, whose path ends in a slash; none if nothing was built. */
export function readFiles(folder: string): BuiltFiles {
  const read = (name: string) => Uint8Array.from(readPackaged(folder + name) ?? [])
  // Types may stand in folders beside them.
  const names = listPackaged(folder).filter((name) => extname(name) !== '')
  return new Map(names.map((name) => [name, read(name)]))
}

/** Answers with a file, compressed if its reader takes that. Throws `route_not_found`. */
export function answerFile(
  files: BuiltFiles,
  name: string,
  header: ReadHeader,
  headers: Record<string, string>,
): Reply {
  const plain = files.get(name)
  const contentType = contentTypes[extname(name)]
  if (!plain || !contentType) throw new LatchkeyError('route_not_found', 'No file has this path.')
  const wanted = header('accept-encoding') ?? ''
  const coding = codings.find(([coding, extension]) => accepts(wanted, coding) && files.has(name + extension))
  return {
    status: 200,
    headers: {
      'content-type': contentType,
      vary: 'accept-encoding',
      ...headers,
      ...(coding && { 'content-encoding': coding[0] }),
    },
    body: coding ? (files.get(name + coding[1]) as Uint8Array<ArrayBuffer>) : plain,
  }
}

/** Whether a coding is among those that a reader takes: named, and not with the weight 0. */
function accepts(wanted: string, coding: string): boolean {
  return wanted.split(',').some((item) => {
    const [name, weight] = item.split(';').map((part) => part.trim())
    return name?.toLowerCase() === coding && !/^q=0(?:\.0*)?$/i.test(weight ?? '')
  })
}
