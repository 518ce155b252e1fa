// What the methods of every noun share: lists by the page and whole, and changes that may be waited for.
import { callOptionsFault } from '../../core/call-options.ts'
import { readAll } from '../../core/read-all.ts'
import type { Applied, Changed, Done, EditOptions, WaitOptions } from '../../core/shapes/calls.ts'
import type { List } from '../../core/shapes/page.ts'
import { refusedOption } from '../errors.ts'
import type { CallOptions, Requester } from '../request/request.ts'

/** The options that every call knows, and every change. */
const callNames = ['timeoutMs', 'signal'] as const
const changeNames = [...callNames, 'wait'] as const
const creationNames = [...callNames, 'idempotencyKey'] as const
/** The options of a change of what others may edit as well. */
const editNames = [...changeNames, 'ifRevision'] as const

const longChangeMs = 120_000

/** How a change is made; with `wait`, it is answered when every process on the server's database acts on it. */
export type ChangeOptions = CallOptions & WaitOptions

/** Gives the options of a call as they are sent. Throws `invalid_input` for an option that nobody reads. */
export function checkOptions<Options extends CallOptions>(
  options: Options | undefined,
  names: readonly string[] = callNames,
): Options | undefined {
  const fault = callOptionsFault(options, names)
  if (fault) throw refusedOption(fault)
  return options
}

/** The two ways to read a list: by the page, and whole. */
export function listMethods<Input extends object, Item>(
  { readPage }: Requester,
  path: string,
): List<Input, Item, CallOptions> {
  return {
    list: async (input, options) => readPage<Item>(path, input ?? {}, checkOptions(options)),
    listAll: (input, options) => {
      const checked = checkOptions(options)
      return readAll((page) => readPage<Item>(path, page, checked), { ...input } as Input)
    },
  }
}

/**
 * Makes something. It is sent under an Idempotency-Key, so that it is safe to repeat: the server makes it once, and answers the same
 * again, a token included.
 */
export async function create<Answer>(
  { send }: Requester,
  path: string,
  body: object,
  options: CallOptions | undefined,
): Promise<Answer> {
  checkOptions(options, creationNames)
  return send('POST', path, { body, repeatable: true, options, headers: onceUnder(options) })
}

/** The same for a change that makes something, which can be waited for. */
export async function change<Answer, Options extends CallOptions & EditOptions>(
  { send }: Requester,
  path: string,
  body: object,
  options: Options | undefined,
): Promise<Changed<Answer, Options>> {
  checkOptions(options, [...changeNames, 'idempotencyKey'])
  return send('POST', path + waitQuery(options), {
    body,
    repeatable: true,
    options,
    headers: onceUnder(options),
  })
}

/** The same for a rotation, which others may have made meanwhile. */
export async function rotate<Answer, Options extends CallOptions & EditOptions>(
  { send }: Requester,
  path: string,
  body: object,
  options: Options | undefined,
): Promise<Changed<Answer, Options>> {
  checkOptions(options, [...editNames, 'idempotencyKey'])
  const headers = { ...conditionOf(options), ...onceUnder(options) }
  return send('POST', path + waitQuery(options), { body, repeatable: true, options, headers })
}

/**
 * Edits what others may edit as well. On the condition of a revision it is safe to repeat: the server refuses it after an edit of
 * another, and after its own it finds nothing to change.
 */
export async function edit<Answer, Options extends CallOptions & EditOptions>(
  { send }: Requester,
  path: string,
  body: object,
  options: Options | undefined,
): Promise<Changed<Answer, Options>> {
  checkOptions(options, editNames)
  const repeatable = options?.ifRevision !== undefined
  return send('PATCH', path + waitQuery(options), {
    body,
    repeatable,
    options,
    headers: conditionOf(options),
  })
}

/** Replaces what others may edit as well: again, it changes nothing, so it is safe to repeat. */
export async function replace<Answer, Options extends CallOptions & EditOptions>(
  { send }: Requester,
  path: string,
  body: object,
  options: Options | undefined,
): Promise<Changed<Answer, Options>> {
  checkOptions(options, editNames)
  const sending = { body, repeatable: true, options, headers: conditionOf(options) }
  return send('PUT', path + waitQuery(options), sending)
}

/** Changes many things, which takes longer than a call as a rule. It is not sent again: what it means may have changed. */
export async function changeMany<Answer, Options extends CallOptions & WaitOptions>(
  { send }: Requester,
  path: string,
  body: object,
  options: Options | undefined,
): Promise<Changed<Answer, Options>> {
  checkOptions(options, changeNames)
  return send('POST', path + waitQuery(options), { body, options: { timeoutMs: longChangeMs, ...options } })
}

/** Brings something into a state in which it may be already: again, it changes nothing, so it is safe to repeat. */
export async function bring<Answer, Options extends CallOptions & EditOptions>(
  { send }: Requester,
  path: string,
  body: object | undefined,
  options: Options | undefined,
): Promise<Changed<Answer, Options>> {
  checkOptions(options, editNames)
  const sending = { repeatable: true, options, headers: conditionOf(options) }
  return send('POST', path + waitQuery(options), body === undefined ? sending : { ...sending, body })
}

/** Ends something for good, which is safe to repeat. */
export async function end<Options extends CallOptions & EditOptions>(
  { send }: Requester,
  path: string,
  options: Options | undefined,
  names: readonly string[] = changeNames,
  query: Record<string, string> = {},
): Promise<Done<Options>> {
  checkOptions(options, names)
  const sending = { repeatable: true, options, headers: conditionOf(options) }
  const { applied } = await send<{ applied?: Applied }>('DELETE', path + waitQuery(options, query), sending)
  return (applied && { applied }) as Done<Options>
}

/** The same for what others may edit as well. */
export function withdraw<Options extends CallOptions & EditOptions>(
  requester: Requester,
  path: string,
  options: Options | undefined,
): Promise<Done<Options>> {
  return end(requester, path, options, editNames)
}

/** Ends what calls. It is not sent again: once it is done, nobody calls by that token. */
export async function endSelf<Options extends CallOptions & WaitOptions & { reason?: string | undefined }>(
  { send }: Requester,
  path: string,
  options: Options | undefined,
): Promise<Done<Options>> {
  const { reason, ...rest } = checkOptions(options, [...changeNames, 'reason']) ?? ({} as Options)
  const sending = { options: rest as Options, ...(reason !== undefined && { body: { reason } }) }
  const { applied } = await send<{ applied?: Applied }>('POST', path + waitQuery(options), sending)
  return (applied && { applied }) as Done<Options>
}

/** The same for a reason. */
export function withdrawFor<Options extends CallOptions & EditOptions & { reason?: string | undefined }>(
  requester: Requester,
  path: string,
  options: Options | undefined,
): Promise<Done<Options>> {
  const { reason } = options ?? {}
  return end(requester, path, options, [...editNames, 'reason'], reason === undefined ? {} : { reason })
}

/** Removes a member for good, and tells what it leaves behind; which is safe to repeat. */
export async function remove<
  Answer,
  Options extends CallOptions & EditOptions & { managementKeys?: 'keep' | 'revoke' | undefined },
>({ send }: Requester, path: string, options: Options | undefined): Promise<Changed<Answer, Options>> {
  checkOptions(options, [...editNames, 'managementKeys'])
  const { managementKeys } = options ?? {}
  const query: Record<string, string> = managementKeys ? { management_keys: managementKeys } : {}
  const sending = { repeatable: true, options, headers: conditionOf(options) }
  return send('DELETE', path + waitQuery(options, query), sending)
}

/** The condition of an edit, as RFC 9110 writes it; the empty tag is that of nothing. */
function conditionOf(options: EditOptions | undefined): Record<string, string> {
  if (options?.ifRevision === undefined) return {}
  const tags = [options.ifRevision].flat().map((revision) => `"${revision}"`)
  return { 'if-match': tags.join(', ') || '""' }
}

const idempotencyKeyPattern = /^[ !#-[\]-~]{1,255}$/

/** The key under which something is made once: the caller's, or a new one. */
function onceUnder(options: CallOptions | undefined): Record<string, string> {
  const { idempotencyKey = randomKey() } = options ?? {}
  if (typeof idempotencyKey !== 'string' || !idempotencyKeyPattern.test(idempotencyKey))
    throw refusedOption({
      path: 'idempotencyKey',
      message: 'Must be a text of 1 to 255 characters of ASCII, without quotes and backslashes.',
    })
  return { 'idempotency-key': `"${idempotencyKey}"` }
}

/** 128 random bits. A page that is not served over TLS has no `randomUUID`. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function waitQuery(options: EditOptions | undefined, others: Record<string, string> = {}): string {
  const query = { ...(options?.wait && { wait: options.wait }), ...others }
  return Object.keys(query).length === 0 ? '' : `?${new URLSearchParams(query)}`
}
