// Reads the plain forms in which nearly all requests for a verdict come, without parsing them in general. What is not
// exactly of such a form is undefined here and left to the strict readers (`http/json.ts`, `http/query.ts`, `core/bearer.ts`), which
// read every form and word every refusal. Property tests hold both ways to the same result.

import { checkAskedPermissions } from '../core/asked-permissions.ts'
import { maxBatch } from '../core/bounds.ts'
import { contextFault } from '../core/call-context.ts'
import { copyLatin1 } from '../core/kept-text.ts'
import type { CallContext, VerifyOptions, VerifyRequest } from '../core/shapes/verification.ts'
import { holdsToken } from '../http/exchange.ts'
import { readForm } from '../http/form.ts'
import { readWanted } from '../http/query.ts'
import { readAsked } from './introspection.ts'

/** Longer bodies and queries, and in a batch longer lists, are left to the general readers. */
export const maxPlainLength = 4_096
/** A batch of more is left to them too. */

/** The headers that the answer to a plain request depends on. */
export interface PlainHead {
  authorization: string | undefined
  apiKey: string | undefined
  requestId: string | undefined
  contentType: string | undefined
  contentLength: string | undefined
}

/**
 * Reads Node's raw headers in one pass; undefined if one of those that count came twice, or if the body comes encoded
 * or in a length that nobody announced.
 */
export function readPlainHead(rawHeaders: readonly string[]): PlainHead | undefined {
  const head: PlainHead = {
    authorization: undefined,
    apiKey: undefined,
    requestId: undefined,
    contentType: undefined,
    contentLength: undefined,
  }
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    // Most names are told apart by their length alone.
    const field = fieldsByLength[name.length]?.[name.toLowerCase()]
    if (field === undefined) continue
    if (field === 'refused' || head[field] !== undefined) return undefined
    head[field] = rawHeaders[i + 1] as string
  }
  return head
}

const fieldsByLength: Record<string, keyof PlainHead | 'refused'>[] = []
for (const [name, field] of Object.entries({
  authorization: 'authorization',
  'x-api-key': 'apiKey',
  'x-request-id': 'requestId',
  'content-type': 'contentType',
  'content-length': 'contentLength',
  'content-encoding': 'refused',
  'transfer-encoding': 'refused',
} as const)) {
  fieldsByLength[name.length] ??= Object.create(null)
  ;(fieldsByLength[name.length] as Record<string, keyof PlainHead | 'refused'>)[name] = field
}

// `{"key":"…","permissions":["…",…],"context":{"ip":"…",…}}`, as JSON.stringify writes it, or with the one space that Python
// writes after each colon and comma. Strings hold printable ASCII but `"` and `\`, so they mean what stands in them. Such a
// text is JSON, has no other field and repeats no name, but perhaps one in a context, where the names may come in any order.
// No part of the pattern can match in two ways, so it takes linear time.
const characters = String.raw`[ !#-\[\]-~]*`
const string = `"${characters}"`
const member = `"(?:ip|user_agent|operation)": ?${string}`
const listed = String.raw`, ?"permissions": ?\[((?:${string}(?:, ?${string})*)?)\]`
const told = String.raw`, ?"context": ?\{(${member}(?:, ?${member})*)\}`
const request = String.raw`\{"key": ?"(${characters})"(?:${listed})?(?:${told})?\}`
const plainBody = new RegExp(`^${request}$`)
/** A request of a batch, and the comma or the bracket behind it. */
const plainItem = new RegExp(String.raw`${request}(?:, ?|\]$)`, 'y')
/** A member of a context, which is of this form alone. */
const plainMember = new RegExp(`"(ip|user_agent|operation)": ?"(${characters})"`, 'g')

/** What was read lately, by its text: most callers send one of a few again and again. */
class Recent<Value extends object> {
  readonly #values = new Map<string, Value>()
  readonly #read: (text: string) => Value
  // The text asked for last, for it is asked for again more often than not, and comparing costs less than hashing.
  #lastText: string | undefined
  #lastValue: Value | undefined

  /** `read` throws for a text that is refused; nothing is kept of it. */
  constructor(read: (text: string) => Value) {
    this.#read = read
  }

  /** What a text holds; undefined if it is refused. */
  get(text: string): Value | undefined {
    if (text === this.#lastText) return this.#lastValue
    this.#lastValue = this.#values.get(text) ?? this.#add(text)
    this.#lastText = this.#lastValue && text
    return this.#lastValue
  }

  #add(text: string): Value | undefined {
    try {
      // Parts of it are kept.
      const kept = copyLatin1(text)
      const value = this.#read(kept)
      Object.freeze(value)
      if (this.#values.size >= maxRecent) this.#values.clear()
      this.#values.set(kept, value)
      return value
    } catch {
      return undefined
    }
  }
}

/** With texts of at most {@link maxPlainLength}, and what they hold, some 10 MiB. */
const maxRecent = 1_000

const bodyLists = new Recent(readListed)
const queryLists = new Recent(readQueried)
const contexts = new Recent(readContext)
const forms = new Recent(readRest)

/** Reads the body of `POST /v1/keys/verify` if it is plain, its permissions and its context well-formed. */
export function readPlainBody(bytes: Buffer): VerifyRequest | undefined {
  if (bytes.length > maxPlainLength) return undefined
  const match = plainBody.exec(bytes.toString('latin1'))
  return match ? toRequest(match) : undefined
}

/** Reads the body of `POST /v1/keys/verify/batch` if all of it is plain, and what it asks for well-formed. */
export function readPlainBatch(bytes: Buffer): VerifyRequest[] | undefined {
  const text = bytes.toString('latin1')
  if (!text.startsWith('[')) return undefined
  const requests: VerifyRequest[] = []
  plainItem.lastIndex = 1
  while (plainItem.lastIndex < text.length && requests.length < maxBatch) {
    const match = plainItem.exec(text)
    const request = match && toRequest(match)
    if (!request) return undefined
    requests.push(request)
  }
  return plainItem.lastIndex === text.length && text.endsWith(']') ? requests : undefined
}

// The token comes first, in letters that stand for themselves, as all programs write it.
const plainForm = /^token=([\w.~-]+)(?:&([!-~]*))?$/

/** Reads the form of `POST /v1/introspect` if it is plain, and what it asks for well-formed. */
export function readPlainForm(bytes: Buffer): VerifyRequest | undefined {
  if (bytes.length > maxPlainLength) return undefined
  const match = plainForm.exec(bytes.toString('latin1'))
  if (match === null) return undefined
  const [, key = '', rest] = match
  if (rest === undefined) return { key }
  const asked = forms.get(rest)
  return asked && { key, ...asked }
}

/** Reads what a form has beside its token. */
function readRest(rest: string): Pick<VerifyOptions, 'permissions' | 'context'> {
  const form = readForm(rest)
  if (holdsToken(rest) || form.all('token').length > 0) throw new RangeError('The form has two tokens.')
  const { cost, prefix, ...asked } = readAsked(form)
  if (cost !== undefined || prefix !== undefined) throw new RangeError('The form is not plain.')
  return asked
}

function toRequest([, key = '', listed, told]: RegExpExecArray): VerifyRequest | undefined {
  if (listed === undefined && told === undefined) return { key }
  if ((listed ?? '').length > maxPlainLength || (told ?? '').length > maxPlainLength) return undefined
  const permissions = listed === undefined ? undefined : bodyLists.get(listed)
  const context = told === undefined ? undefined : contexts.get(told)
  if ((listed !== undefined && !permissions) || (told !== undefined && !context)) return undefined
  return { key, ...(permissions && { permissions }), ...(context && { context }) }
}

function readListed(listed: string): string[] {
  const permissions: string[] = JSON.parse(`[${listed}]`)
  checkAskedPermissions(permissions)
  return permissions
}

function readContext(told: string): CallContext {
  const context: CallContext = {}
  for (const [, name, value] of told.matchAll(plainMember)) {
    const field = name === 'user_agent' ? 'userAgent' : (name as 'ip' | 'operation')
    if (field in context) throw new RangeError('The context has a field twice.')
    context[field] = value
  }
  const fault = contextFault(context)
  if (fault) throw new RangeError(fault.message)
  return context
}

/** Reads the permissions that the target of `GET /v1/auth` asks for, from its `?` on, if nothing is wrong with it. */
export function readPlainQuery(query: string): string[] | undefined {
  return query.length > maxPlainLength ? undefined : queryLists.get(query)
}

function readQueried(query: string): string[] {
  if (query.includes('#') || holdsToken(query)) throw new RangeError('The query is not plain.')
  const { permissions, prefix, cost, refuses } = readWanted(query.slice(1))
  if (prefix !== undefined || cost !== undefined || refuses !== undefined)
    throw new RangeError('The query is not plain.')
  return permissions
}
