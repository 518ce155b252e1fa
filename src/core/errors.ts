// Every way in which Latchkey refuses a command or fails: one table, one class.
import type { PolicyRule } from './policy-rules.ts'

/**
 * Each error code with its HTTP status and its title (RFC 9457, section 3.1). A code, once published, keeps
 * its meaning; `docs/reference/errors.md` explains each to the person who meets it.
 */
export const errorTable = {
  malformed_request: [400, 'Malformed request'],
  invalid_json: [400, 'Invalid JSON'],
  token_in_url: [400, 'Token in URL'],
  unsupported_token_type: [400, 'Unsupported token type'],
  organization_required: [400, 'Organization required'],
  sign_in_expired: [400, 'Sign-in expired'],
  invalid_report: [400, 'Invalid report'],
  missing_token: [401, 'Missing token'],
  invalid_token: [401, 'Invalid token'],
  invalid_signature: [401, 'Invalid signature'],
  session_ended: [401, 'Session ended'],
  missing_permission: [403, 'Missing permission'],
  permission_escalation: [403, 'Permission escalation'],
  policy: [403, 'Refused by policy'],
  root_organization_required: [403, 'Root organization required'],
  cross_site_request: [403, 'Cross-site request'],
  origin_not_allowed: [403, 'Origin not allowed'],
  fresh_sign_in_required: [403, 'Fresh sign-in required'],
  not_invited: [403, 'Not invited'],
  email_not_proven: [403, 'E-mail address not proven'],
  passkey_refused: [403, 'Passkey refused'],
  token_sign_in_off: [403, 'No sign-in by token'],
  route_not_found: [404, 'Route not found'],
  key_not_found: [404, 'Key not found'],
  secret_not_found: [404, 'Secret not found'],
  organization_not_found: [404, 'Organization not found'],
  session_not_found: [404, 'Session not found'],
  portal_session_not_found: [404, 'Portal session not found'],
  member_not_found: [404, 'Member not found'],
  invitation_not_found: [404, 'Invitation not found'],
  identity_not_found: [404, 'Identity not found'],
  provider_not_found: [404, 'Provider not found'],
  limit_not_found: [404, 'Limit not found'],
  plan_not_found: [404, 'Plan not found'],
  webhook_not_found: [404, 'Webhook not found'],
  delivery_not_found: [404, 'Delivery not found'],
  method_not_allowed: [405, 'Method not allowed'],
  request_timeout: [408, 'Request timeout'],
  organization_exists: [409, 'Organization already exists'],
  plan_exists: [409, 'Plan already exists'],
  plan_in_use: [409, 'Plan in use'],
  too_many_webhooks: [409, 'Too many webhooks'],
  too_many_signers: [409, 'Too many signers'],
  key_revoked: [409, 'Key revoked'],
  key_expired: [409, 'Key expired'],
  line_too_long: [409, 'Line of keys too long'],
  too_many_children: [409, 'Too many children'],
  decoy_key: [409, 'Decoy key'],
  rotation_in_progress: [409, 'Rotation in progress'],
  unexpected_count: [409, 'Unexpected number of keys'],
  organization_suspended: [409, 'Organization suspended'],
  root_organization: [409, 'Root organization'],
  last_secret: [409, 'Last secret of the key'],
  member_exists: [409, 'Member already exists'],
  member_removed: [409, 'Member removed'],
  last_owner: [409, 'Last owner'],
  last_identity: [409, 'Last identity'],
  too_many_identities: [409, 'Too many identities'],
  management_keys_left: [409, 'Management keys left'],
  too_many_invitations: [409, 'Too many invitations'],
  mail_missing: [409, 'Mail not set up'],
  last_root_key: [409, 'Last root key'],
  reference_used: [409, 'Reference used'],
  reservation_settled: [409, 'Reservation settled'],
  reservation_ended: [409, 'Reservation ended'],
  idempotency_in_progress: [409, 'Request in progress'],
  idempotency_sealed: [409, 'Answer sealed for another token'],
  precondition_failed: [412, 'Precondition failed'],
  invitation_ended: [410, 'Invitation ended'],
  cursor_gone: [410, 'Cursor gone'],
  body_too_large: [413, 'Body too large'],
  target_too_long: [414, 'Target too long'],
  unsupported_media_type: [415, 'Unsupported media type'],
  expectation_failed: [417, 'Expectation failed'],
  invalid_input: [422, 'Invalid input'],
  idempotency_key_reused: [422, 'Idempotency key reused'],
  client_gone: [499, 'Client disconnected'],
  too_many_reads: [429, 'Too many reads'],
  too_many_requests: [429, 'Too many requests'],
  too_many_changes: [429, 'Too many changes'],
  too_many_sessions: [429, 'Too many sign-ins'],
  too_many_sign_ins: [429, 'Too many sign-in calls'],
  headers_too_large: [431, 'Headers too large'],
  too_many_tests: [429, 'Too many tests'],
  too_many_reports: [429, 'Too many reports'],
  too_many_mails: [429, 'Too many mails'],
  too_many_streams: [429, 'Too many streams'],
  limit_exceeded: [429, 'Limit exceeded'],
  internal: [500, 'Internal error'],
  unsupported_method: [501, 'Unsupported method'],
  unsupported_transfer_coding: [501, 'Unsupported transfer coding'],
  too_many_connections: [503, 'Too many connections'],
  public_url_missing: [503, 'Public address missing'],
  keyring_missing: [503, 'Keyring missing'],
  unsealable: [503, 'Secret cannot be unsealed'],
  store_unavailable: [503, 'Database unavailable'],
  provider_unavailable: [503, 'Provider unavailable'],
  key_server_unavailable: [503, 'Key server unavailable'],
  upstream_unavailable: [503, 'Upstream unavailable'],
  relay_loop: [508, 'Relays in a circle'],
} as const satisfies Record<string, readonly [status: number, title: string]>

/** A stable, snake_case name of an error; see {@link errorTable}. */
export type ErrorCode = keyof typeof errorTable

/** One field of an input that was refused: where it stands (`permissions[0]`) and what to do about it. */
export interface FieldError {
  /** Where the field stands in the input: `permissions[0]`; empty for the input as a whole. */
  path: string
  /** What the field must be. */
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

/**
 * A way to sign in afresh: `token` is the token of the signed-in key, typed again; `provider` is what has proved who the person is;
 * `passkey` is one of the person's own.
 */
export type SignInMethod = 'token' | 'provider' | 'passkey'

interface ErrorOptions {
  cause?: unknown
  errors?: FieldError[]
  methods?: readonly SignInMethod[]
  retryAfterMs?: number
  missing?: readonly string[]
  resourceId?: string
  rule?: PolicyRule
  organizations?: readonly { id: string; name: string }[]
}

/** A refused or failed command; narrow by `code`. Its message never contains a token or SQL. */
export class LatchkeyError extends Error {
  /** Tells it from errors of others, also if a program has two copies of the package. */
  override readonly name = 'LatchkeyError'
  /** What was refused, or failed: one of {@link errorTable}. */
  readonly code: ErrorCode
  /** The fields at fault, for `invalid_input`. */
  readonly errors: FieldError[] | undefined
  /** How to sign in afresh, for `fresh_sign_in_required`. */
  readonly methods: readonly SignInMethod[] | undefined
  /** After how many milliseconds the same call may succeed, if that is known. */
  readonly retryAfterMs: number | undefined
  /** The permissions that the caller lacks, for `missing_permission`. */
  readonly missing: readonly string[] | undefined
  /** What was made before, for `idempotency_sealed`. */
  readonly resourceId: string | undefined
  /** The rule that the key would break, for `policy`. */
  readonly rule: PolicyRule | undefined
  /** The organizations for which the caller may act, for `organization_required`. */
  readonly organizations: readonly { id: string; name: string }[] | undefined

  constructor(code: ErrorCode, detail: string, options: ErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.errors = options.errors
    this.methods = options.methods
    this.retryAfterMs = options.retryAfterMs
    this.missing = options.missing
    this.resourceId = options.resourceId
    this.rule = options.rule
    this.organizations = options.organizations
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

/** Throws `invalid_input` for one field, if the fault shows only beside other facts. */
export function refuseField(path: string, message: string): never {
  const errors = [{ path, message }]
  throw new LatchkeyError('invalid_input', describeFaults(errors), { errors })
}

/** Tells of the fields at fault in one line. */
export function describeFaults(errors: readonly FieldError[]): string {
  return errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join(' ')
}
