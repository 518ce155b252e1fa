// How those are known who report leaked tokens: GitHub by the keys that it publishes, GitLab by a token that both share.
import { type Environment, type Given, pick, refuse, splitWords } from './given-settings.ts'

/** What the options of the library say of it. */
export interface PartnerOptions {
  /**
   * Where GitHub publishes the keys that sign its reports of leaked tokens,
   * `https://api.github.com/meta/public_keys/secret_scanning`: the server then takes such reports. The environment's
   * LATCHKEY_GITHUB_KEYS_URL if absent, else none.
   */
  githubKeysUrl?: string
  /** Whether GitHub is told of each token whether it is one of ours: the environment's LATCHKEY_GITHUB_LABELS if absent, else not. */
  githubLabels?: boolean
  /**
   * The tokens by which GitLab is known when it reports leaked tokens: any of these. The environment's LATCHKEY_GITLAB_TOKENS
   * if absent, else none, and no report is taken.
   */
  gitlabTokens?: readonly string[]
}

export interface PartnerSettings {
  /** Where GitHub publishes the keys that sign its reports; undefined to take none. */
  githubKeysUrl: string | undefined
  /** Whether GitHub is told of each token whether it is one of ours. */
  githubLabels: boolean
  /** What GitLab shows in `Authorization`: any of these; none to take no reports of it. */
  gitlabTokens: readonly string[]
}

const leastTokenLength = 16
const maxTokens = 4

/** Reads them: as given, else as LATCHKEY_GITHUB_KEYS_URL and the like say. Throws `invalid_input`. */
export function readPartners(given: PartnerOptions, env: Environment): PartnerSettings {
  const read = (name: keyof PartnerOptions, variable: string): Given | undefined => {
    const value = given[name]
    if (value === undefined) return pick('', undefined, variable, env)
    return { value: Array.isArray(value) ? value.join(' ') : String(value), from: name }
  }
  return {
    githubKeysUrl: readKeysUrl(read('githubKeysUrl', 'LATCHKEY_GITHUB_KEYS_URL')),
    githubLabels: readSwitch(read('githubLabels', 'LATCHKEY_GITHUB_LABELS')),
    gitlabTokens: readTokens(read('gitlabTokens', 'LATCHKEY_GITLAB_TOKENS')),
  }
}

function readKeysUrl(given: Given | undefined): string | undefined {
  if (given === undefined) return undefined
  const url = URL.parse(given.value)
  const isAddress = url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password
  if (isAddress && !given.value.includes('#')) return url.href
  refuse(
    `${given.from}: Must be the address of GitHub's keys, https://api.github.com/meta/public_keys/secret_scanning.`,
  )
}

function readSwitch(given: Given | undefined): boolean {
  if (given === undefined || given.value === 'false') return false
  if (given.value === 'true') return true
  refuse(`${given.from}: Must be true or false.`)
}

function readTokens(given: Given | undefined): readonly string[] {
  if (given === undefined) return []
  const tokens = splitWords(given.value)
  const isRight = (token: string) => token.length >= leastTokenLength && /^[!-~]{1,512}$/.test(token)
  if (tokens.length > 0 && tokens.length <= maxTokens && tokens.every(isRight)) return tokens
  refuse(
    `${given.from}: Must be the token that GitLab shows, of ${leastTokenLength} to 512 visible ASCII characters without a comma; while it changes, up to ${maxTokens} of them.`,
  )
}
