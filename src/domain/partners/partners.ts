// Those who search for leaked tokens in public places, and how their reports are known.
import { createHash, timingSafeEqual, verify } from 'node:crypto'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import type { Environment } from '../../core/given-settings.ts'
import { type PartnerOptions, type PartnerSettings, readPartners } from '../../core/partner-settings.ts'
import { targetFault } from '../../egress/target.ts'
import type { Engine } from '../engine.ts'
import { areOwn } from '../leaks/own.ts'
import { GithubKeys, type GithubKeysOptions } from './github-keys.ts'

/** What a report of GitHub shows of who has sent it. */
export interface GithubSignature {
  /** `Github-Public-Key-Identifier`. */
  keyId: string | undefined
  /** `Github-Public-Key-Signature`. */
  signature: string | undefined
}

/** Tells partners from everybody else. */
export interface Partners {
  /** Whether GitHub is told of each token whether it is one of ours. */
  readonly labelsForGithub: boolean
  /**
   * Tells whether GitHub has signed these bytes. Throws `key_server_unavailable` if nobody can tell, and `route_not_found` if
   * reports of GitHub are not taken.
   */
  isOfGithub(body: Uint8Array, shown: GithubSignature): Promise<boolean>
  /** Tells of tokens, in their order, which are of this deployment, whether they open anything or not. Throws `store_unavailable`. */
  areOwn(tokens: readonly string[]): Promise<boolean[]>
  /** Tells whether a value of `Authorization` is the token that GitLab shares. Throws `route_not_found` if there is none. */
  isOfGitlab(authorization: string | undefined): boolean
}

/** How they are known. Throws `invalid_input`, also for an address of keys that must not be asked. */
export function partnersOf(
  options: PartnerOptions,
  env: Environment,
  networks: readonly string[],
): PartnerSettings {
  const settings = readPartners(options, env)
  const { githubKeysUrl: url } = settings
  const fault = url === undefined ? undefined : targetFault(url, { allowed: networks, forbidden: [] })
  if (fault !== undefined)
    refuseField(options.githubKeysUrl === undefined ? 'LATCHKEY_GITHUB_KEYS_URL' : 'githubKeysUrl', fault)
  return settings
}

/** Opens what tells them from others. */
export function openPartners(
  { githubKeysUrl, githubLabels, gitlabTokens }: PartnerSettings,
  { engine, ...options }: Omit<GithubKeysOptions, 'url'> & { engine: Pick<Engine, 'store' | 'memory'> },
): Partners {
  const keys = githubKeysUrl === undefined ? undefined : new GithubKeys({ url: githubKeysUrl, ...options })
  const digests = gitlabTokens.map(digestOf)
  return {
    labelsForGithub: githubLabels,
    areOwn: (tokens) => areOwn(engine, tokens),
    isOfGithub: async (body, { keyId, signature }) => {
      if (keys === undefined) throw switchedOff('GitHub', 'LATCHKEY_GITHUB_KEYS_URL')
      const bytes = signature === undefined ? undefined : readBase64(signature)
      if (bytes === undefined || keyId === undefined || !keyIdPattern.test(keyId)) return false
      const key = await keys.find(keyId)
      return key !== undefined && verify('sha256', body, key, bytes)
    },
    isOfGitlab: (authorization) => {
      if (digests.length === 0) throw switchedOff('GitLab', 'LATCHKEY_GITLAB_TOKENS')
      const shown = digestOf(authorization ?? '')
      // All of them, whichever it is.
      return digests.filter((digest) => timingSafeEqual(digest, shown)).length > 0
    },
  }
}

const keyIdPattern = /^[\w-]{1,128}$/
/** Two numbers of 32 bytes in DER have 72 bytes at most. */
const longestSignature = 96

function readBase64(text: string): Buffer | undefined {
  if (text.length > longestSignature || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined
  return Buffer.from(text, 'base64')
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function switchedOff(partner: string, variable: string): LatchkeyError {
  return new LatchkeyError(
    'route_not_found',
    `This server takes no reports of ${partner}. Set ${variable}: see docs/guides/leaks.md.`,
  )
}
