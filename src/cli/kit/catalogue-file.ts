// A file that holds the catalogue of permissions: a JSON list of `{ name, description, group }`.
import { readFile } from 'node:fs/promises'
import type { DescribePermissionsInput } from '../../core/shapes/catalogue.ts'
import { CommandError, exitCodes } from './failures.ts'

/** Reads the entries of a file; the library checks what they are. Throws if it cannot be read, or is no JSON list. */
export async function readCatalogueFile(
  path: string,
): Promise<NonNullable<DescribePermissionsInput['permissions']>> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new CommandError(exitCodes.usage, `The file ${path} cannot be read: ${error.message}`)
  })
  const list = parse(text)
  if (Array.isArray(list)) return list
  throw new CommandError(
    exitCodes.usage,
    `The file ${path} is no JSON list of permissions, such as [{"name": "emails:send", "description": "Send emails"}].`,
  )
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
