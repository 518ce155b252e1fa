// What the kit asks of the library: to judge tokens and sessions.
import type { Caller, UserCaller } from '../core/actor.ts'
import type { Purpose } from '../core/purpose.ts'
import type { RequestParts } from '../core/request-context.ts'
import type { PortalOrigin } from '../core/shapes/portal.ts'
import type { SessionValues } from '../core/shapes/sessions.ts'
import type { Verdict } from '../core/shapes/verification.ts'

/** What judges tokens and sessions. */
export interface Authenticator {
  /** Judges a token from memory; undefined if memory cannot. */
  verifyCached(token: string, asked: object, purpose: Purpose, client?: RequestParts): Verdict | undefined
  verify(token: string, asked: object, asker: RequestParts & { purpose: Purpose }): Promise<Verdict>
  sessions: {
    /** Tells who calls by a session's values; undefined for values that are not those of a live session. */
    authenticate(
      values: SessionValues,
      origin: { ip?: string | undefined; organizationId?: string | undefined },
    ): Promise<Caller | undefined>
  }
  /** Judges the tokens of portal sessions; absent where there are none. */
  portal?: {
    /** Tells who calls by a session's token; undefined for one that opens nothing. Throws `origin_not_allowed`. */
    authenticate(token: string, origin: PortalOrigin): Promise<UserCaller | undefined>
  }
}
