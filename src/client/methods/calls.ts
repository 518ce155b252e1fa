// What the methods of every noun share: lists by the page and whole, and changes that may be waited for.
import { callOptionsFault } from '../../core/call-options.ts'
import { readAll } from '../../core/read-all.ts'
import type { Applied, Changed, Done, EditOptions, WaitOptions } from '../../core/shapes/calls.ts'
import type { List } from '../../core/shapes/page.ts'
import { refusedOption } from '../errors.ts'
import type { CallOptions, Method, Requester } from '../request/request.ts'

/** The options that every call knows, and every change. */
const callNames = ['timeoutMs', 'signal'] as const
const changeNames = [...callNames, 'wait'] as const
/** The options of a change of what others may edit as well. */
export const editNames = [...changeNames, 'ifRevision'] as const

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

/** Makes a change that answers with what has changed. It is never sent twice: nobody knows whether the first was done. `names` are the options that it knows. */
export async function change<Answer, Options extends CallOptions & EditOptions>(
  { send }: Requester,
  [method, path, body]: readonly [Method, path: string, body: object],
  options: Options | undefined,
  names: readonly string[] = changeNames,
): Promise<Changed<Answer, Options>> {
  checkOptions(options, names)
  return send(method, path + waitQuery(options), { body, options, ...conditionOf(options) })
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
  return send('PATCH', path + waitQuery(options), { body, repeatable, options, ...conditionOf(options) })
}

/** Ends something for good, which is safe to repeat. */
export async function end<Options extends CallOptions & EditOptions>(
  { send }: Requester,
  path: string,
  options: Options | undefined,
  names: readonly string[] = changeNames,
): Promise<Done<Options>> {
  checkOptions(options, names)
  const sending = { repeatable: true, options, ...conditionOf(options) }
  const { applied } = await send<{ applied?: Applied }>('DELETE', path + waitQuery(options), sending)
  return (applied && { applied }) as Done<Options>
}

/** The condition of an edit, as RFC 9110 writes it; the empty tag is that of nothing. */
function conditionOf(options: EditOptions | undefined): { headers?: Record<string, string> } {
  if (options?.ifRevision === undefined) return {}
  const tags = [options.ifRevision].flat().map((revision) => `"${revision}"`)
  return { headers: { 'if-match': tags.join(', ') || '""' } }
}

function waitQuery(options: EditOptions | undefined): string {
  return options?.wait === undefined ? '' : `?${new URLSearchParams({ wait: options.wait })}`
}
