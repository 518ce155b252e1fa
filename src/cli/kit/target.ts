// What a command works on: a flag comes before a variable, and a variable before the profile. The token of a profile goes to the server
// of that profile alone, and that of LATCHKEY_KEY to none that a profile names.
import { readProfileSettings, readTarget, type Target } from '../../config.ts'
import { CommandError, exitCodes } from './failures.ts'
import type { TargetOptions } from './place.ts'
import { checkName, type Profile, readProfiles } from './profiles.ts'

/** A server by its profile, whose token nobody has read yet. */
interface ProfileTarget {
  url: string
  name: string
  profile: Profile
}

type Server = Extract<Target, { url: string }> | ProfileTarget

/** Finds what a command works on, without a look at any token of a profile. Throws CommandError, and `invalid_input`. */
export function findTarget(options: TargetOptions): Target | ProfileTarget {
  const { profile: named, folder, url, has } = readProfileSettings(options)
  const isByFlag = named?.from === '--profile'
  if (isByFlag && (options.url !== undefined || options.database !== undefined))
    throw usage('--profile excludes --url and --database. Name a profile, a server or a database.')
  if (options.database !== undefined) return readTarget(options)
  const profiles = () => readProfiles(folder)
  if (!isByFlag && url !== undefined) {
    if (has('LATCHKEY_KEY')) return readTarget(options)
    const { profiles: known, default: usual } = profiles()
    const name = named === undefined ? usual : named.value
    if (name === null) return readTarget(options)
    const target = find(known, name)
    if (isSameServer(target.url, url)) return target
    throw usage(
      `The profile ${name} is for ${target.url}, and its token is sent nowhere else. Set LATCHKEY_KEY to a token for ${url}, or ` +
        `log in there: latchkey login --profile <name> --url ${url}`,
    )
  }
  if (named === undefined) {
    if (has('LATCHKEY_DATABASE_URL') || has('LATCHKEY_KEY')) return readTarget(options)
    const { profiles: known, default: usual } = profiles()
    return usual === null ? readTarget(options) : find(known, usual)
  }
  if (!isByFlag && has('LATCHKEY_KEY'))
    throw usage(
      'LATCHKEY_PROFILE and LATCHKEY_KEY name two keys. Unset one of them, or name the server of LATCHKEY_KEY in LATCHKEY_URL.',
    )
  return find(profiles().profiles, named.value)
}

function find(profiles: Record<string, Profile>, name: string): ProfileTarget {
  const profile = Object.hasOwn(profiles, checkName(name)) ? profiles[name] : undefined
  if (profile === undefined)
    throw usage(`There is no profile ${name}. Make it: latchkey login --profile ${name} --url <address>`)
  return { url: profile.url, name, profile }
}

function isSameServer(one: string, other: string): boolean {
  const [a, b] = [one, other].map((url) => new URL(url).href.replace(/\/+$/, ''))
  return a === b
}

function usage(sentence: string): CommandError {
  return new CommandError(exitCodes.usage, sentence)
}

/** Reads the token for a server, if a profile names it. Throws CommandError. */
export async function withToken(target: Server): Promise<{ url: string; token: string }> {
  if (!('profile' in target)) return target
  // Loaded only here: most commands start no program.
  const { readKeptToken } = await import('./token-stores.ts')
  return { url: target.url, token: await readKeptToken(target.name, target.profile) }
}
