// Profiles: servers by name, each with where its token is kept. One file holds them, which belongs to its user alone: what it says is
// run (a command that prints a token), and it may hold a token itself.
import { randomUUID } from 'node:crypto'
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CommandError, exitCodes } from './failures.ts'

/** Where the token of a profile is: in the keyring of the system, in what a command prints, or in the file itself. */
export type Kept = { in: 'keyring' } | { in: 'command'; command: string } | { in: 'file'; token: string }

/** A server, and where the token for it is kept. */
export interface Profile {
  url: string
  kept: Kept
}

/** All profiles, and the name of the one that commands use if none is named. */
export interface Profiles {
  default: string | null
  profiles: Record<string, Profile>
}

/** Tens of thousands of profiles. */
const longestFile = 16 * 1024 * 1024
const lockTimeoutMs = 5_000
/** A lock is held for the time of one write: one that is older was left behind. */
const lockLeftMs = 15_000

/** Throws CommandError for what is no name of a profile. */
export function checkName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) return name
  throw new CommandError(
    exitCodes.usage,
    `--profile: Must be 1 to 64 letters, digits, dots, hyphens and underscores, such as production.`,
  )
}

/** Where the profiles of a folder are. */
export const fileOf = (folder: string): string => join(folder, 'profiles.json')

/** Reads the profiles of a folder; none if there is no file. Throws CommandError if others could have written it, or can read it. */
export function readProfiles(folder: string | undefined): Profiles {
  const none = { default: null, profiles: {} }
  if (folder === undefined) return none
  const path = fileOf(folder)
  let file: number
  try {
    const status = lstatSync(folder)
    if (status.isSymbolicLink())
      throw unusable(`${folder} is a link. Put the folder itself there: rm ${folder}`)
    requireOwn(folder, status, 0o022, 'chmod 700')
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (error instanceof CommandError) throw error
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return none
    if (code === 'ELOOP') throw unusable(`${path} is a link. Put the file itself there: rm ${path}`)
    throw unusable(`${path} cannot be read: ${code}.`)
  }
  try {
    const status = fstatSync(file)
    if (!status.isFile()) throw unusable(`${path} is no file: rm -r ${path}`)
    requireOwn(path, status, 0o077, 'chmod 600')
    if (status.size > longestFile) throw notProfiles(path)
    return parse(path, readFileSync(file, 'utf8'))
  } finally {
    closeSync(file)
  }
}

/** Throws CommandError if it belongs to somebody else, or somebody else may do with it what they must not. */
function requireOwn(path: string, { uid, mode }: Stats, forbidden: number, mend: string): void {
  const own = process.getuid?.()
  if (own === undefined) return
  if (uid !== own) throw unusable(`${path} belongs to another user: sudo chown "$(id -u)" ${path}`)
  if ((mode & forbidden) !== 0) throw unusable(`${path} is open to other users: ${mend} ${path}`)
}

function parse(path: string, text: string): Profiles {
  try {
    const read = JSON.parse(text) as Profiles
    const isSound =
      !Array.isArray(read.profiles) &&
      (read.default === null || typeof read.default === 'string') &&
      Object.entries(read.profiles).every(
        ([name, { url, kept }]) => checkName(name) && isAddress(url) && isPlace(kept),
      )
    if (isSound) return read
  } catch {
    // Said below, without the text: it may hold a token.
  }
  throw notProfiles(path)
}

function isAddress(text: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}

function isPlace(kept: Kept): boolean {
  if (kept.in === 'command') return typeof kept.command === 'string'
  return kept.in === 'keyring' || (kept.in === 'file' && typeof kept.token === 'string')
}

function notProfiles(path: string): CommandError {
  return unusable(`${path} holds no profiles, and was not written by latchkey: mv ${path} ${path}.broken`)
}

function unusable(sentence: string): CommandError {
  return new CommandError(exitCodes.usage, sentence)
}

/** Changes the profiles: one process at a time, and the file is replaced as a whole. Throws CommandError. */
export async function changeProfiles(
  folder: string | undefined,
  change: (profiles: Profiles) => void,
): Promise<void> {
  if (folder === undefined)
    throw unusable('There is no home for profiles. Set HOME or XDG_CONFIG_HOME to a folder of yours.')
  const release = await mkdir(folder, { recursive: true, mode: 0o700 })
    .then(() => lock(`${fileOf(folder)}.lock`))
    .catch((error: unknown) => {
      if (error instanceof CommandError) throw error
      throw unusable(`${folder} cannot be written: ${(error as NodeJS.ErrnoException).code}.`)
    })
  const draft = join(folder, `.profiles.${randomUUID()}.part`)
  try {
    const profiles = readProfiles(folder)
    change(profiles)
    const file = await open(draft, 'wx', 0o600)
    try {
      await file.writeFile(`${JSON.stringify(profiles, null, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, fileOf(folder))
  } finally {
    await rm(draft, { force: true })
    await release()
  }
}

async function lock(path: string): Promise<() => Promise<void>> {
  const deadline = Date.now() + lockTimeoutMs
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close()
      return () => rm(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const since = await stat(path).catch(() => undefined)
    if (since !== undefined && Date.now() - since.mtimeMs > lockLeftMs) await rm(path, { force: true })
    else if (Date.now() > deadline)
      throw unusable(`Another latchkey is changing the profiles. If none is: rm ${path}`)
    else await sleep(20)
  }
}
