// What the views share: the session, the words, and the ways to tell the reader and the page.
import type { Format } from './format.ts'
import type { Portal } from './portal.ts'
import type { PortalKey, Self } from './wire.ts'
import type { Words } from './words/words.ts'

export interface Context {
  portal: Portal
  self: Self
  words: Words
  format: Format
  /** Tells an outcome, to the eye and the ear. */
  announce(text: string): void
  /** Shows a new token once, until it is closed. */
  showToken(key: PortalKey, token: string): void
  /** Tells the page that something was done, by the id of the key alone. */
  emit(event: 'created' | 'rotated' | 'revoked', id: string): void
  /** Puts what is known of a key in the place of what was shown of it, or in front if it is new. */
  update(key: PortalKey): void
}

/** Whether a session may do something of the management API. */
export function may({ permissions }: Self, permission: 'keys:read' | 'keys:write' | 'usage:read'): boolean {
  return permissions.includes(`latchkey:${permission}`)
}
