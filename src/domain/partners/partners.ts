// Those who search for leaked tokens in public places, and how their reports are known.
import { createHash, timingSafeEqual } from 'node:crypto'
import { LatchkeyError } from '../../core/errors.ts'
import type { PartnerSettings } from '../../core/partner-settings.ts'

/** Tells partners from everybody else. */
export interface Partners {
  /** Tells whether a value of `Authorization` is the token that GitLab shares. Throws `route_not_found` if there is none. */
  isOfGitlab(authorization: string | undefined): boolean
}

/** Opens what tells them from others. */
export function openPartners({ gitlabTokens }: PartnerSettings): Partners {
  const digests = gitlabTokens.map(digestOf)
  return {
    isOfGitlab: (authorization) => {
      if (digests.length === 0) throw switchedOff('GitLab', 'LATCHKEY_GITLAB_TOKENS')
      const shown = digestOf(authorization ?? '')
      // All of them, whichever it is.
      return digests.filter((digest) => timingSafeEqual(digest, shown)).length > 0
    },
  }
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
