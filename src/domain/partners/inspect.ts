// What of the partners' settings can be tried without a database: whether the keys of GitHub can be read from here.
import type { Environment } from '../../core/given-settings.ts'
import type { WebhookSettings } from '../../core/webhook-settings.ts'
import { WebhookWays } from '../webhooks/ways.ts'
import { describeFailure, GithubKeys } from './github-keys.ts'
import { partnersOf } from './partners.ts'

/** What was found. */
export interface InspectedPartners {
  /** What came of the question for GitHub's keys: how many there are, or why nobody knows. Undefined if nobody is to ask. */
  github: { url: string; keys: number } | { url: string; failure: string } | undefined
  /** How many tokens are shared with GitLab. */
  gitlabTokens: number
}

/** Looks at the partners' settings, and asks for the keys of GitHub. Throws `invalid_input` for settings that are wrong. */
export async function inspectPartners(
  webhooks: WebhookSettings,
  env: Environment,
): Promise<InspectedPartners> {
  const { githubKeysUrl: url, gitlabTokens } = partnersOf({}, env, webhooks.networks)
  const shared = { gitlabTokens: gitlabTokens.length }
  if (url === undefined) return { github: undefined, ...shared }
  const ways = new WebhookWays(webhooks, [])
  const keys = new GithubKeys({ url, egress: ways.ofRoot, monotonic: () => 0, warn: () => {} })
  try {
    return { github: { url, keys: await keys.count() }, ...shared }
  } catch (error) {
    return { github: { url, failure: describeFailure(error) }, ...shared }
  } finally {
    ways.close()
  }
}
