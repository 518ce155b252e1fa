// Every way in which Latchkey refuses a command or fails: one table, one class.

/**
 * Each error code with its HTTP status and its title (RFC 9457, section 3.1). A code, once published, keeps
 * its meaning; `docs/reference/errors.md` explains each to the person who meets it.
 */
export const errorTable = {
  malformed_request: [400, 'The request is not valid HTTP'],
  invalid_json: [400, 'The body is not valid JSON'],
  token_in_url: [400, 'A token stands in the URL'],
  missing_token: [401, 'No token was sent'],
  invalid_token: [401, 'The token opens nothing'],
  session_ended: [401, 'The session has ended'],
  missing_permission: [403, 'The key lacks a permission'],
  permission_escalation: [403, 'The key may not reach beyond what it holds'],
  root_organization_required: [403, 'Only a key of the root organization may do this'],
  cross_site_request: [403, 'The request comes from another site'],
  fresh_sign_in_required: [403, 'The change takes a fresh sign-in'],
  route_not_found: [404, 'There is nothing at this address'],
  key_not_found: [404, 'There is no such key'],
  secret_not_found: [404, 'There is no such secret'],
  organization_not_found: [404, 'There is no such organization'],
  session_not_found: [404, 'There is no such session'],
  method_not_allowed: [405, 'This address does not take that method'],
  request_timeout: [408, 'The request took too long to arrive'],
  organization_exists: [409, 'The organization exists already'],
  key_revoked: [409, 'The key is revoked'],
  key_expired: [409, 'The key has expired'],
  rotation_in_progress: [409, 'Another rotation is in its grace'],
  last_secret: [409, 'The newest secret of a key cannot be ended by itself'],
  last_root_key: [409, 'The last root key must stay live'],
  body_too_large: [413, 'The body is too large'],
  unsupported_media_type: [415, 'The body is not application/json'],
  invalid_input: [422, 'The input is not as it should be'],
  client_gone: [499, 'The client has gone'],
  too_many_reads: [429, 'The key reads too much at once'],
  too_many_requests: [429, 'The key asks for too much at once'],
  too_many_changes: [429, 'The key changes too much at once'],
  too_many_sessions: [429, 'The key signs in too often'],
  headers_too_large: [431, 'The headers are too large'],
  too_many_streams: [429, 'Too many streams of changes'],
  internal: [500, 'Latchkey failed'],
  too_many_connections: [503, 'Too many connections'],
  store_unavailable: [503, 'The database cannot be reached'],
} as const satisfies Record<string, readonly [status: number, title: string]>

/** A stable, snake_case name of an error; see {@link errorTable}. */
export type ErrorCode = keyof typeof errorTable

/** One field of an input that was refused: where it stands (`permissions[0]`) and what to do about it. */
export interface FieldError {
  path: string
  message: string
}

/** Makes a field's name fit to be told: that of an unknown field is the sender's own text, and could be a token. */
export function fieldName(name: string): string {
  return /^\w{1,40}$/.test(name) ? name : '(unprintable)'
}

/** Writes where a field stands: `metadata.a[3].b`. */
export function pathOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((whole, part) => {
    if (typeof part === 'number') return `${whole}[${part}]`
    const name = fieldName(String(part))
    return whole === '' ? name : `${whole}.${name}`
  }, '')
}

/** A way to sign in afresh: `token` is the token of the signed-in key, typed again. */
export type SignInMethod = 'token'

interface ErrorOptions {
  cause?: unknown
  errors?: FieldError[]
  methods?: readonly SignInMethod[]
  retryAfterMs?: number
  missing?: readonly string[]
}

/** A refused command or a failed one; narrow by `code`. Its message never holds a token or SQL. */
export class LatchkeyError extends Error {
  override readonly name = 'LatchkeyError'
  readonly code: ErrorCode
  /** The fields at fault, for `invalid_input`. */
  readonly errors: FieldError[] | undefined
  /** How to sign in afresh, for `fresh_sign_in_required`. */
  readonly methods: readonly SignInMethod[] | undefined
  /** After how many milliseconds the same call may succeed, if that is known. */
  readonly retryAfterMs: number | undefined
  /** The permissions that the caller lacks, for `missing_permission`. */
  readonly missing: readonly string[] | undefined

  constructor(code: ErrorCode, detail: string, options: ErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.errors = options.errors
    this.methods = options.methods
    this.retryAfterMs = options.retryAfterMs
    this.missing = options.missing
  }

  /** The HTTP status of this error's code. */
  get status(): number {
    return errorTable[this.code][0]
  }

  /** The sentence that is the same for every error of this code. */
  get title(): string {
    return errorTable[this.code][1]
  }
}

/** Throws `invalid_input` for one field, where the fault shows only beside other facts. */
export function refuseField(path: string, message: string): never {
  const errors = [{ path, message }]
  throw new LatchkeyError('invalid_input', describeFaults(errors), { errors })
}

/** Tells of the fields at fault in one line. */
export function describeFaults(errors: readonly FieldError[]): string {
  return errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join(' ')
}
