// How those are known who report leaked tokens: GitLab by a token that both share.
import { type Environment, type Given, pick, refuse, splitWords } from './given-settings.ts'

/** What the options of the library say of it. */
export interface PartnerOptions {
  /**
   * The tokens by which GitLab is known when it reports leaked tokens: any of these. The environment's LATCHKEY_GITLAB_TOKENS
   * if absent, else none, and no report is taken.
   */
  gitlabTokens?: readonly string[]
}

export interface PartnerSettings {
  /** What GitLab shows in `Authorization`: any of these; none to take no reports of it. */
  gitlabTokens: readonly string[]
}

const leastTokenLength = 16
const maxTokens = 4

/** Reads them: as given, else as LATCHKEY_GITLAB_TOKENS says. Throws `invalid_input`. */
export function readPartners(given: PartnerOptions, env: Environment): PartnerSettings {
  const read = (name: keyof PartnerOptions, variable: string): Given | undefined => {
    const value = given[name]
    if (value === undefined) return pick('', undefined, variable, env)
    return { value: Array.isArray(value) ? value.join(' ') : String(value), from: name }
  }
  return {
    gitlabTokens: readTokens(read('gitlabTokens', 'LATCHKEY_GITLAB_TOKENS')),
  }
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
