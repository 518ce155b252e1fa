// What the methods of every noun share: lists by the page and whole, and changes that may be waited for.
import { callOptionsFault } from '../../core/call-options.ts'
import { readAll } from '../../core/read-all.ts'
import type { Applied, Changed, Done, WaitOptions } from '../../core/shapes/calls.ts'
import type { List } from '../../core/shapes/page.ts'
import { refusedOption } from '../errors.ts'
import type { CallOptions, Method, Requester } from '../request/request.ts'

/** The options that every call knows, and every change. */
const callNames = ['timeoutMs', 'signal'] as const
const changeNames = [...callNames, 'wait'] as const

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

/** Makes a change that answers with what has changed. It is never sent twice: nobody knows whether the first was done. */
export async function change<Answer, Options extends ChangeOptions>(
  { send }: Requester,
  [method, path, body]: readonly [Method, path: string, body: object],
  options: Options | undefined,
): Promise<Changed<Answer, Options>> {
  checkOptions(options, changeNames)
  return send(method, path + waitQuery(options), { body, options })
}

/** Ends something for good, which is safe to repeat. */
export async function end<Options extends ChangeOptions>(
  { send }: Requester,
  path: string,
  options: Options | undefined,
): Promise<Done<Options>> {
  checkOptions(options, changeNames)
  const sending = { repeatable: true, options }
  const { applied } = await send<{ applied?: Applied }>('DELETE', path + waitQuery(options), sending)
  return (applied && { applied }) as Done<Options>
}

function waitQuery(options: ChangeOptions | undefined): string {
  return options?.wait === undefined ? '' : `?${new URLSearchParams({ wait: options.wait })}`
}
