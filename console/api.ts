// The public API as the console calls it: by the session's cookie and the value of its page, on the origin that it
// was loaded from.
import type { ErrorCode, FieldError, SignInMethod } from '../src/core/errors.ts'
import type { AuditEvent } from '../src/core/shapes/audit.ts'
import type { BulkResult } from '../src/core/shapes/bulk-changes.ts'
import type { CatalogueEntry } from '../src/core/shapes/catalogue.ts'
import type { RecipeUse } from '../src/core/shapes/imports.ts'
import type { Invitation } from '../src/core/shapes/invitations.ts'
import type { KeyPermissions } from '../src/core/shapes/key-permissions.ts'
import type { KeySecret } from '../src/core/shapes/key-secrets.ts'
import type { CreatedKey, Key, KeyDetails } from '../src/core/shapes/keys.ts'
import type { LimitInput, LimitState, PlainLimit } from '../src/core/shapes/limits.ts'
import type { Member, MemberDetails, OwnMember } from '../src/core/shapes/members.ts'
import type { Organization, OrganizationDetails } from '../src/core/shapes/organizations.ts'
import type { Total } from '../src/core/shapes/page.ts'
import type { KeyPlaces } from '../src/core/shapes/places.ts'
import type { Plan, PlanDetails } from '../src/core/shapes/plans.ts'
import type { Policy } from '../src/core/shapes/policies.ts'
import type { PortalSession } from '../src/core/shapes/portal-sessions.ts'
import type { Prefixes } from '../src/core/shapes/prefixes.ts'
import type { KeyPreview, RefusedCalls } from '../src/core/shapes/previews.ts'
import type { RotateKeyInput } from '../src/core/shapes/rotations.ts'
import type { Session } from '../src/core/shapes/sessions.ts'
import type { SignInOptions } from '../src/core/shapes/sign-in.ts'
import type { UsageRow } from '../src/core/shapes/usage.ts'
import type { Verdict } from '../src/core/shapes/verification.ts'
import type { CreatedWebhook, Delivery, Webhook, WebhookTest } from '../src/core/shapes/webhooks.ts'
import { readTotal, totalHeader } from '../src/core/total-header.ts'
import type { Wire } from '../src/core/wire.ts'
import { readActingFor } from './acting-for.ts'
import { connection } from './connection.ts'
import { freshSignIn } from './fresh-sign-in.ts'
import { readPageValue } from './page-value.ts'

export type WireKey = Wire<Key>
export type WireCatalogueEntry = Wire<CatalogueEntry>
export type WireKeyDetails = Wire<KeyDetails>
export type WireCreatedKey = Wire<CreatedKey>
export type WireSecret = Wire<KeySecret>
export type WirePrefixes = Wire<Prefixes>
export type WireRecipeUse = Wire<RecipeUse>
export type WireBulkResult = Wire<BulkResult>
export type WireRotation = Wire<RotateKeyInput>
export type WireKeyPermissions = Wire<KeyPermissions>
export type WireKeyPlaces = Wire<KeyPlaces>
export type WireKeyCaller = WireKeyPlaces['callers'][number]
export type WireKeyPreview = Wire<KeyPreview>
export type WireRefusedCalls = Wire<RefusedCalls>
export type WireOrganization = Wire<Organization>
export type WireAuditEvent = Wire<AuditEvent>
export type WireSession = Wire<Session>
export type WireSignInOptions = Wire<SignInOptions>
export type WireVerdict = Wire<Verdict>
export type WireOrganizationDetails = Wire<OrganizationDetails>
export type WirePlan = Wire<Plan>
export type WirePlanDetails = Wire<PlanDetails>
export type WirePolicy = Wire<Policy>
export type WirePortalSession = Wire<PortalSession>
export type WireUsageRow = Wire<UsageRow>
export type WireLimit = Wire<LimitState>
export type WirePlainLimit = Wire<PlainLimit>
export type WireLimitInput = Wire<LimitInput>
export type WireMember = Wire<Member>
export type WireMemberDetails = Wire<MemberDetails>
export type WireOwnMember = Wire<OwnMember>
export type WireInvitation = Wire<Invitation>
export type WireWebhook = Wire<Webhook>
export type WireCreatedWebhook = Wire<CreatedWebhook>
export type WireDelivery = Wire<Delivery>
export type WireWebhookTest = Wire<WebhookTest>

/** A refusal or a failure, with what to tell of it. `code` is of docs/reference/errors.md, or `unreachable`. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: ErrorCode | 'unreachable'
  /** 0 where no answer came. */
  readonly status: number
  readonly requestId: string | undefined
  readonly fields: FieldError[]
  /** For which organizations the person may act, for `organization_required`. */
  readonly organizations: { id: string; name: string }[]
  /** How to sign in afresh, for `fresh_sign_in_required`. */
  readonly methods: readonly SignInMethod[]

  constructor(
    code: ApiError['code'],
    detail: string,
    given: {
      status?: number
      requestId?: string | undefined
      fields?: FieldError[] | undefined
      organizations?: { id: string; name: string }[] | undefined
      methods?: readonly SignInMethod[] | undefined
    } = {},
  ) {
    super(detail)
    this.code = code
    this.status = given.status ?? 0
    this.requestId = given.requestId
    this.fields = given.fields ?? []
    this.organizations = given.organizations ?? []
    this.methods = given.methods ?? []
  }
}

/** One page of a list; `next` is the address of the page after it. */
export interface ListPage<Item> {
  items: Item[]
  next: string | undefined
  /** How long the whole list is, as far as it was counted; on the first page, if it was asked for. */
  total?: Total | undefined
}

interface Request {
  /** Sent as JSON. */
  body?: unknown
  signal?: AbortSignal
  /** Of what is changed: else the API refuses to change it (`If-Match`). */
  ifRevision?: string | undefined
  /** Under which what it makes is made once. */
  idempotencyKey?: string | undefined
  /** To sign in with; everything else is done by the session. */
  token?: string
  /** False for a call that signs somebody in: what takes a fresh sign-in there fails. */
  asksAnew?: false
}

/**
 * Calls the API and reads its JSON. If the call takes a fresh sign-in, it waits until the reader has signed in afresh
 * and is made again. Throws {@link ApiError}.
 */
export async function call<Answer>(method: string, path: string, request: Request = {}): Promise<Answer> {
  for (;;) {
    try {
      return (await (await send(method, path, request)).json()) as Answer
    } catch (error) {
      // Nothing was done yet, so that it can be tried again.
      if (!(error instanceof ApiError && error.code === 'fresh_sign_in_required')) throw error
      if (request.asksAnew === false) throw error
      if (!(await freshSignIn.ask(error.methods)))
        throw new ApiError(error.code, 'Nothing was changed. This change requires that you sign in again.', {
          ...error,
        })
    }
  }
}

/** Gets a file and hands it to the browser to keep, under the name that the server gives it. Throws {@link ApiError}. */
export async function download(path: string): Promise<void> {
  const response = await send('GET', path)
  // No link to the address itself: a browser follows that by the cookie alone, which opens nothing.
  const file = await response.blob().catch(() => {
    throw new ApiError(
      'unreachable',
      'The download ended early, and the incomplete file was not kept. Try again.',
    )
  })
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? ''
  link.click()
  // Browsers read the file after the click.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}

/** Gets one page of a list. A short or empty one is not the last if it has a `next`. Throws {@link ApiError}. */
export async function getPage<Item>(path: string, signal: AbortSignal): Promise<ListPage<Item>> {
  const { answer, next, total } = await getPart<Item[]>(path, signal)
  return { items: answer, next, total }
}

/** Gets what the server gives in parts; `next` is the address of the part after it. Throws {@link ApiError}. */
export async function getPart<Answer>(
  path: string,
  signal: AbortSignal,
): Promise<{ answer: Answer; next: string | undefined; total?: Total | undefined }> {
  const response = await send('GET', path, { signal })
  // RFC 8288: the server says where the next part is.
  const link = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1]
  const total = readTotal(response.headers.get(totalHeader))
  return { answer: (await response.json()) as Answer, next: link && resolve(link, response.url), total }
}

/** Figures of usage, and up to when they are closed (RFC 3339): what comes after it may still change. */
export interface Figures {
  rows: WireUsageRow[]
  closedUntil: string
}

/** Gets figures of usage. Throws {@link ApiError}. */
export async function getFigures(path: string, signal: AbortSignal): Promise<Figures> {
  const response = await send('GET', path, { signal })
  return {
    rows: (await response.json()) as WireUsageRow[],
    closedUntil: response.headers.get('latchkey-closed-until') ?? '',
  }
}

/** The path and the query that a link names, seen from the address that gave it. */
function resolve(link: string, from: string): string {
  const { pathname, search } = new URL(link, from)
  return pathname + search
}

/** Writes parameters as a query string with its `?`; leaves out what is undefined or empty. */
export function query(parameters: Record<string, string | number | readonly string[] | undefined>): string {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '')
  return given.length === 0
    ? ''
    : `?${new URLSearchParams(given.flatMap(([name, value]) => [value].flat().map((each) => [name, String(each)])))}`
}

async function send(method: string, path: string, request: Request = {}): Promise<Response> {
  const pageValue = readPageValue()
  try {
    return await sendWith(pageValue, method, path, request)
  } catch (error) {
    const isEnded = error instanceof ApiError && error.code === 'session_ended'
    // Another tab signed in meanwhile: the cookie was the new session's already, and this value the old one's.
    if (!isEnded || readPageValue() === undefined || readPageValue() === pageValue) throw error
    return sendWith(readPageValue(), method, path, request)
  }
}

async function sendWith(
  pageValue: string | undefined,
  method: string,
  path: string,
  { body, signal, token, ifRevision, idempotencyKey }: Request,
): Promise<Response> {
  const actingFor = readActingFor()
  const response = await fetch(path, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(ifRevision !== undefined && { 'if-match': `"${ifRevision}"` }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': `"${idempotencyKey}"` }),
      ...(pageValue !== undefined && { 'latchkey-session': pageValue }),
      ...(actingFor !== undefined && { 'latchkey-organization': actingFor }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
    redirect: 'error',
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    connection.lose()
    throw new ApiError('unreachable', 'Latchkey does not answer. Check the connection.')
  })
  if (response.ok) {
    connection.find()
    return response
  }
  throw await readProblem(response)
}

async function readProblem(response: Response): Promise<ApiError> {
  const requestId = response.headers.get('x-request-id') ?? undefined
  const problem = await response.json().catch(() => undefined)
  const { status } = response
  if (typeof problem?.code === 'string') {
    connection.find()
    return new ApiError(problem.code, problem.detail ?? problem.title, {
      status,
      requestId,
      fields: problem.errors,
      organizations: problem.organizations,
      methods: problem.methods,
    })
  }
  // Not one of Latchkey's answers: a proxy's, that did not reach it.
  connection.lose()
  return new ApiError('unreachable', `A server between this browser and Latchkey answered ${status}.`, {
    status,
    requestId,
  })
}
