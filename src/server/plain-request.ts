// Reads the plain forms in which nearly all requests for a verdict come, without parsing them in general. What is not
// exactly of such a form is undefined here and left to the strict readers (`http/json.ts`, `http/query.ts`, `core/bearer.ts`), which
// read every form and word every refusal. Property tests hold both ways to the same result.

import { checkAskedPermissions } from '../core/asked-permissions.ts'
import { maxBatch } from '../core/bounds.ts'
import { copyLatin1 } from '../core/kept-text.ts'
import type { VerifyRequest } from '../core/shapes/verification.ts'
import { holdsToken } from '../http/exchange.ts'
import { readWanted } from '../http/query.ts'

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

// `{"key":"…","permissions":["…",…]}`, as JSON.stringify writes it, or with the one space that Python writes after each
// colon and comma. Strings hold printable ASCII but `"` and `\`, so they mean what stands in them. Such a text is JSON,
// repeats no name and has no other field. No part of the pattern can match in two ways, so it takes linear time.
const characters = String.raw`[ !#-\[\]-~]*`
const string = `"${characters}"`
const request = String.raw`\{"key": ?"(${characters})"(?:, ?"permissions": ?\[((?:${string}(?:, ?${string})*)?)\])?\}`
const plainBody = new RegExp(`^${request}$`)
/** A request of a batch, and the comma or the bracket behind it. */
const plainItem = new RegExp(String.raw`${request}(?:, ?|\]$)`, 'y')

/** Lists that were read lately, by their text: most callers send one of a few again and again. */
class RecentLists {
  readonly #lists = new Map<string, string[]>()
  // The text asked for last, for it is asked for again more often than not, and comparing costs less than hashing.
  #lastText: string | undefined
  #lastList: string[] | undefined

  /** The list of a text. `read` throws for one that is refused; then this is undefined, and nothing is kept. */
  get(text: string, read: (text: string) => string[]): string[] | undefined {
    if (text === this.#lastText) return this.#lastList
    this.#lastList = this.#lists.get(text) ?? this.#add(text, read)
    this.#lastText = this.#lastList && text
    return this.#lastList
  }

  #add(text: string, read: (text: string) => string[]): string[] | undefined {
    try {
      const list = read(text)
      Object.freeze(list)
      if (this.#lists.size >= maxLists) this.#lists.clear()
      this.#lists.set(copyLatin1(text), list)
      return list
    } catch {
      return undefined
    }
  }
}

/** With texts of at most {@link maxPlainLength}, and their lists, some 10 MiB. */
const maxLists = 1_000

const bodyLists = new RecentLists()
const queryLists = new RecentLists()

/** Reads the body of `POST /v1/keys/verify` if it is plain and its permissions are well-formed. */
export function readPlainBody(bytes: Buffer): VerifyRequest | undefined {
  if (bytes.length > maxPlainLength) return undefined
  const match = plainBody.exec(bytes.toString('latin1'))
  return match ? toRequest(match) : undefined
}

/** Reads the body of `POST /v1/keys/verify/batch` if all of it is plain and each list of permissions well-formed. */
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

function toRequest([, key = '', listed]: RegExpExecArray): VerifyRequest | undefined {
  if (listed === undefined) return { key }
  if (listed.length > maxPlainLength) return undefined
  const permissions = bodyLists.get(listed, readListed)
  return permissions && { key, permissions }
}

function readListed(listed: string): string[] {
  const permissions: string[] = JSON.parse(`[${listed}]`)
  checkAskedPermissions(permissions)
  return permissions
}

/** Reads the permissions that the target of `GET /v1/auth` asks for, from its `?` on, if nothing is wrong with it. */
export function readPlainQuery(query: string): string[] | undefined {
  return query.length > maxPlainLength ? undefined : queryLists.get(query, readQueried)
}

function readQueried(query: string): string[] {
  if (query.includes('#') || holdsToken(query)) throw new RangeError('The query is not plain.')
  const { permissions, cost, refuses } = readWanted(query.slice(1))
  if (cost !== undefined || refuses !== undefined) throw new RangeError('The query is not plain.')
  return permissions
}
