// The client's one error class: what a server refused, or why there was no answer of one.
import type { ErrorCode, FieldError } from '../core/errors.ts'
import type { PolicyRule } from '../core/policy-rules.ts'

/** A code of the server's, or the client's own if no Latchkey server answered as it should. */
export type ClientErrorCode =
  | ErrorCode
  | 'server_unreachable'
  | 'timed_out'
  | 'aborted'
  | 'unexpected_answer'
  | 'unsupported_server'

const className = 'LatchkeyClientError'

/** A failed call; narrow by `code`. Its message never contains a token. */
export class LatchkeyClientError extends Error {
  /** Tells it from errors of others, also if a program has two copies of the package. */
  override readonly name = className
  /** What the server refused, or why no answer came. */
  readonly code: ClientErrorCode
  /** The HTTP status; undefined if no answer came. */
  readonly status: number | undefined
  /** The id of this request in the log and the audit log of the server. */
  readonly requestId: string | undefined
  /** After how many milliseconds the server accepts the next request, if it says so. */
  readonly retryAfterMs: number | undefined
  /** The fields at fault, by the wire's names, for `invalid_input`. */
  readonly errors: FieldError[] | undefined
  /** The rule that the key would break, for `policy`. */
  readonly rule: PolicyRule | undefined

  constructor(
    code: ClientErrorCode,
    detail: string,
    options: {
      status?: number
      requestId?: string
      retryAfterMs?: number
      errors?: FieldError[]
      rule?: PolicyRule
      cause?: unknown
    } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.status = options.status
    this.requestId = options.requestId
    this.retryAfterMs = options.retryAfterMs
    this.errors = options.errors
    this.rule = options.rule
  }
}

/** The refusal of an option that nobody reads. */
export function refusedOption(fault: FieldError): LatchkeyClientError {
  return new LatchkeyClientError('invalid_input', `${fault.path}: ${fault.message}`, { errors: [fault] })
}

/**
 * Tells whether something caught is an error of this client. Goes by the name and not by `instanceof`, which
 * fails if a program has two copies of the package.
 */
export function isLatchkeyError(error: unknown): error is LatchkeyClientError {
  return error instanceof Error && error.name === className && 'code' in error
}
