// What can go wrong between the element and the server: one class, told by its code.
import type { FieldFault } from './wire.ts'

/** What goes wrong on the way, beside the codes of the server's problems. */
type OwnCode =
  /** The page's `getToken` threw, or gave no token. */
  | 'token_failed'
  /** The page's `getToken` gave nothing in time. */
  | 'token_timed_out'
  /** The server takes neither the token that there was nor the one that `getToken` gave after it. */
  | 'token_refused'
  /** Nobody said where the server is. */
  | 'server_missing'
  | 'server_unreachable'

/** A call that failed. It holds no token, and its message is its code. */
export class PortalError extends Error {
  override readonly name = 'PortalError'
  readonly code: string
  readonly errors: readonly FieldFault[]

  constructor(code: OwnCode | string, errors: readonly FieldFault[] = []) {
    super(code)
    this.code = code
    this.errors = errors
  }
}

/** The code of whatever was thrown. */
export function codeOf(error: unknown): string {
  return error instanceof PortalError ? error.code : 'internal'
}
