// The client's one error class: what a server refused, or why there was no answer of one.
import type { ErrorCode, FieldError } from '../errors.ts'

/** A code of the server's, or the client's own where no Latchkey answered. */
export type ClientErrorCode = ErrorCode | 'server_unreachable' | 'unexpected_answer'

/** A request that came to nothing; narrow by `code`. Its message never holds a token. */
export class LatchkeyClientError extends Error {
  override readonly name = 'LatchkeyClientError'
  readonly code: ClientErrorCode
  /** The HTTP status; undefined where no answer came. */
  readonly status: number | undefined
  /** What the server calls this request in its log and in its audit log. */
  readonly requestId: string | undefined
  /** The fields at fault, by the wire's names, for `invalid_input`. */
  readonly errors: FieldError[] | undefined

  constructor(
    code: ClientErrorCode,
    detail: string,
    options: { status?: number; requestId?: string; errors?: FieldError[]; cause?: unknown } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status
    this.requestId = options.requestId
    this.errors = options.errors
  }
}
