// From where somebody signs in or asks by a session, and what a new session is.
import type { ManagementPermission } from '../../core/permissions.ts'
import type { Session, SessionValues } from '../../core/shapes/sessions.ts'

/** From where somebody signs in, and what that takes. */
export interface SignInOrigin {
  /** What the token's key must hold; nothing in particular if absent. */
  permission?: ManagementPermission | undefined
  /** Whether only keys of the root organization may. */
  rootOnly?: boolean | undefined
  /** The address of the browser. */
  ip?: string | undefined
  /** The `User-Agent` of the browser. */
  userAgent?: string | undefined
  /** The id of the request, for the audit log. */
  requestId?: string | undefined
  /** The session of the same browser so far: if it is live, it ends when the new one begins. */
  previous?: SessionValues | undefined
}

/** From where somebody asks by a session, and for which organization. */
export interface SessionOrigin {
  /** The address of the browser. */
  ip?: string | undefined
  /** The organization for which a person acts; needed only by one who is a member of several. */
  organizationId?: string | undefined
}

/** A session with its values, in the only answer that ever holds them. */
export interface StartedSession extends SessionValues {
  /** What everyone may see of it. */
  session: Session
}
