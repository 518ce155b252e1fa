// The password file of PostgreSQL's clients (PostgreSQL documentation, section "The Password File").
import { readFile, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What a line of the file is matched with. */
export interface PasswordRequest {
  host: string
  port: number
  database: string
  user: string
}

const othersMayRead = 0o077

/**
 * Finds the password for a server: the first line that matches. Undefined if none does, or if there is no such
 * file. Throws if others than its owner may read the file, which libpq ignores with a warning.
 */
export async function findPassword(
  file: string | undefined,
  request: PasswordRequest,
): Promise<string | undefined> {
  const path = file ?? join(homedir(), '.pgpass')
  const text = await readPrivately(path)
  // A socket is of this machine, as `localhost` is.
  const host = request.host.startsWith('/') ? 'localhost' : request.host
  const wanted = [host, String(request.port), request.database, request.user]
  for (const line of text?.split(/\r?\n/) ?? []) {
    if (line.startsWith('#')) continue
    const fields = splitLine(line)
    if (fields.length < 5) continue
    if (wanted.every((value, i) => fields[i] === '*' || fields[i] === value)) return fields[4]
  }
  return undefined
}

async function readPrivately(path: string): Promise<string | undefined> {
  try {
    const { mode } = await stat(path)
    if (process.platform !== 'win32' && (mode & othersMayRead) !== 0) {
      throw new Error(`Users other than its owner can read the password file ${path}. Run chmod 600 on it.`)
    }
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** The fields of a line: a backslash keeps a colon or another one from its meaning. */
function splitLine(line: string): string[] {
  const fields: string[] = []
  let field = ''
  for (let i = 0; i < line.length; i++) {
    const sign = line[i] as string
    if (sign === '\\' && i + 1 < line.length) field += line[++i]
    else if (sign === ':' && fields.length < 4) {
      fields.push(field)
      field = ''
    } else field += sign
  }
  return [...fields, field]
}
