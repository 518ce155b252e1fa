// What is told of a session, whoever has opened it.
import { type Actor, holdsDatabase } from '../../core/actor.ts'
import { maxIdleMs } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import type { Session } from '../../core/shapes/sessions.ts'
import { containsToken } from '../../core/token.ts'
import type { MemberSessionRow } from '../../store/member-sessions.ts'

const longestUserAgent = 256

/** What the tables of sessions have in common. */
type ToldRow = Omit<MemberSessionRow, 'digest' | 'page_digest' | 'identity_id'>

/** A session as it is told to an actor; `provider` has proved who the person is. */
export function toSession(row: ToldRow, actor: Actor, provider: string | null = null): Session {
  return {
    id: row.id,
    createdAt: new Date(row.created_at),
    lastSeenAt: new Date(row.last_seen_at),
    expiresAt: new Date(row.expires_at),
    idleExpiresAt: new Date(Math.min(row.last_seen_at + maxIdleMs, row.expires_at)),
    ip: row.ip,
    userAgent: row.user_agent,
    current: !holdsDatabase(actor) && row.id === actor.sessionId,
    freshUntil: new Date(row.fresh_until),
    provider,
  }
}

/** What a browser says of itself, as far as it is fit to be stored and shown: it is the sender's own text. */
export function shownUserAgent(userAgent: string | undefined): string | null {
  if (userAgent === undefined || containsToken(userAgent)) return null
  return userAgent
    .toWellFormed()
    .replace(/\p{Cc}/gu, '')
    .slice(0, longestUserAgent)
    .toWellFormed()
}

/** Why a valid token opens no session. */
export function tokenSignInOff(): LatchkeyError {
  return new LatchkeyError(
    'token_sign_in_off',
    'The operator lets no browser sign in by the token of this key. Sign in as yourself.',
  )
}

// One sentence for all of them: nothing may tell a foreign id from an unknown one.
export function unknownSession(): LatchkeyError {
  return new LatchkeyError('session_not_found', 'No session has this id.')
}
