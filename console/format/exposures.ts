// Leaks in the words of people: who reported one, what was done, and what a leaked token still opens. Pure.
import type { WireKey, WireKeyDetails, WireSecret } from '../api.ts'

type Exposure = NonNullable<WireKey['exposure']>

export const leakSourceWords: Record<Exposure['source'], string> = {
  possession: 'Somebody who has the token',
  github: 'GitHub',
  gitlab: 'GitLab',
}

/** What a report led to at once. */
export const exposureWords: Record<Exposure['action'], string> = {
  revoked: 'The key was revoked',
  secret_ended: 'The old token was ended',
  ends_later: 'The token was given an end',
  notified: 'Nothing but to tell of it',
  none: 'Nothing: the token opened nothing any more',
}

/** `Leaked, revoked`: what a list says of a key with the mark. */
export function exposureInShort({ action }: Exposure): string {
  return `Leaked, ${inShort[action]}`
}

const inShort: Record<Exposure['action'], string> = {
  revoked: 'revoked',
  secret_ended: 'old token ended',
  ends_later: 'ends later',
  notified: 'nothing done',
  none: 'had ended',
}

/** What is known now of the token that leaked. */
export interface LeakedToken {
  /** Absent if it is none of those that come with the key: they are the newest. */
  secret: WireSecret | undefined
  /** Whether it is accepted for good, until an end that is to come, or no more. */
  state: 'accepted' | 'ends' | 'ended'
  /** Whether the key has a newer one. */
  isReplaced: boolean
}

export function leakedTokenOf(key: WireKeyDetails, { kid }: Exposure, now: number): LeakedToken {
  const secret = key.secrets.find((one) => one.kid === kid)
  const isReplaced = key.secrets[0]?.kid !== kid
  // A key that is suspended may be resumed.
  const isOver = secret === undefined || key.status === 'revoked' || key.status === 'expired'
  const endsAt = isOver || secret.expires_at === null ? undefined : Date.parse(secret.expires_at)
  const state = isOver ? 'ended' : endsAt === undefined ? 'accepted' : endsAt > now ? 'ends' : 'ended'
  return { secret, state, isReplaced }
}
