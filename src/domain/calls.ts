// The library's methods as the commands behind them: their options are checked at once, and a change may be waited for.
import { type ActorOptions, callOptionsFault } from '../core/call-options.ts'
import { refuseField } from '../core/errors.ts'
import { readAll } from '../core/read-all.ts'
import type { Applied, Changed, Done, EditOptions } from '../core/shapes/calls.ts'
import type { List, Page } from '../core/shapes/page.ts'
import type { CommandOptions, Engine } from './engine.ts'

const callNames = ['actor', 'signal'] as const
export const changeNames = [...callNames, 'wait'] as const
/** The options of a change of what others may edit as well. */
export const editNames = [...changeNames, 'ifRevision'] as const
/** The options of what makes something: once for each request, as the server says it. */
export const creationNames = [...callNames, 'once'] as const
/** The same for a change that makes something, and for a rotation. */
export const unitsNames = [...changeNames, 'once'] as const
export const rotationNames = [...editNames, 'once'] as const

/**
 * Gives the options of a call to its command. Throws `invalid_input` for an option that nobody reads, and the reason of
 * a signal that is raised already. `names` are all that the method knows, if it knows more than who acts and a signal.
 */
export function checkOptions<Options extends ActorOptions>(
  options: Options | undefined,
  names: readonly string[] = callNames,
): CommandOptions & Partial<Options> {
  const fault = callOptionsFault(options, names)
  if (fault) refuseField(fault.path, fault.message)
  options?.signal?.throwIfAborted()
  return options ?? {}
}

/**
 * Makes methods keep the process alive until they have answered, and refuse what stands behind their options, as a caller would
 * that is put into a wrong place: left out in silence, it would leave the operator to act.
 */
export function offerMethods<Methods extends object>({ memory }: Engine, methods: Methods): Methods {
  const wrapped = Object.entries<(...args: unknown[]) => unknown>(methods as never).map(([name, method]) => [
    name,
    (...args: unknown[]) => {
      if (args.slice(method.length).every((extra) => extra === undefined)) {
        const answer = method(...args)
        return answer instanceof Promise ? memory.awake.during(answer) : answer
      }
      const refuse = () =>
        refuseField('options', `Takes at most ${method.length} arguments. The options come last.`)
      return name.startsWith('listAll') || name === 'follow' ? refuse() : Promise.resolve().then(refuse)
    },
  ])
  return Object.fromEntries(wrapped) as Methods
}

/**
 * Makes a change and, if asked to, waits until every process acts on it. What it answers can be waited for, not undone. `names` are
 * the options that it knows.
 */
export async function makeChange<Answer extends object, Options extends ActorOptions & EditOptions>(
  engine: Engine,
  options: Options | undefined,
  make: (options: CommandOptions) => Promise<Answer>,
  names: readonly string[] = changeNames,
): Promise<Changed<Answer, Options>> {
  const answer = await make(checkOptions(options, names))
  if (options?.wait === undefined) return answer as Changed<Answer, Options>
  const applied = await engine.waitUntilApplied()
  return { ...answer, applied } as unknown as Changed<Answer, Options>
}

/** The two ways to read a list: by the page, and whole. */
export function listMethods<Input extends object, Item>(
  engine: Engine,
  readPage: (engine: Engine, input: Input | undefined, options: CommandOptions) => Promise<Page<Item>>,
): List<Input, Item, ActorOptions> {
  return {
    list: async (input, options) => readPage(engine, input, checkOptions(options)),
    listAll: (input, options) => {
      const checked = checkOptions(options)
      return readAll((page) => readPage(engine, page, checked), input === undefined ? ({} as Input) : input)
    },
  }
}

/** The same for a change that has nothing to say but that it was done. */
export async function makeEnd<Options extends ActorOptions & EditOptions>(
  engine: Engine,
  options: Options | undefined,
  make: (options: CommandOptions) => Promise<void>,
  names: readonly string[] = changeNames,
): Promise<Done<Options>> {
  const end = async (checked: CommandOptions) => {
    await make(checked)
    return {}
  }
  const done: { applied?: Applied } = await makeChange(engine, options, end, names)
  return (options?.wait === undefined ? undefined : done) as Done<Options>
}
