// What a command is: one definition from which it is parsed, run, printed and explained.
import type { Command, Option } from 'commander'
import type { CallOptions, EditOptions } from '../../core/shapes/calls.ts'
import { CommandError, exitCodes, namingArguments } from './failures.ts'
import type { FieldOption, Shape } from './fields.ts'
import { flagOf, knownFlag } from './flags.ts'
import {
  addExamples,
  addIdempotencyOption,
  addRevisionOption,
  addWaitOption,
  addYesOption,
  given,
} from './options.ts'
import { printJson, printNote } from './output.ts'
import type { Place, TargetOptions } from './place.ts'
import { findTarget } from './target.ts'
import { confirm, readToken, readTokens, requireSomebody } from './terminal.ts'

/** One call of a command, as it was typed. */
export interface Call<Input, Name extends string = string> {
  /** The arguments, by their names. */
  args: Record<Name, string>
  /** The fields of the shape that were given. */
  input: Input
  /** Everything that was given, by commander's names, for options that are no fields. */
  options: TargetOptions & Record<string, unknown>
  /** What a change takes if `--wait` was given, and `--if-revision`. */
  wait: EditOptions
  /** What a creation takes if `--idempotency-key` was given. */
  once: CallOptions
  /** The token from standard input or the prompt, if the command reads one. */
  token: string
  /** The tokens from standard input, if it reads several. */
  tokens: readonly string[]
}

/** The fields of a shape that were given. */
export type ShapeInput<S extends Shape> = S['_zod']['input']

/** A command. */
export interface Definition<S extends Shape, Name extends string, Answer, Resource> {
  /** Its words, such as `keys create`. */
  path: string
  summary: string
  /** What it works on. */
  on: Place<Resource>
  /** Its arguments in order, each with its text. */
  arguments?: Record<Name, string>
  /** The argument that may be left out. */
  optional?: NoInfer<Name>
  /** Loads its shape. Each field becomes an option, but for arguments and the cursor of a list. */
  shape?(): Promise<S>
  /** The texts of fields, for commands that say more than the shape does. */
  texts?: { [Field in keyof S['_zod']['input']]?: string }
  /** What the paths of refused fields begin with, if it sends them inside of another: `permissions[0].`. */
  within?: string
  /** Options that are no fields. */
  options?: readonly Option[]
  /** It acts as the key in LATCHKEY_KEY, which only a server has. */
  onServerOnly?: true
  /** The fields that only a command on a database takes. */
  onDatabaseOnly?: readonly (keyof S['_zod']['input'] & string)[]
  /** It is a change that `--wait` waits for. */
  wait?: true
  /** It is a change of what others may edit as well, which `--if-revision` makes on a condition. */
  edits?: true
  /** It makes something, once for each `--idempotency-key`. */
  makes?: true
  /** It reads a token, before anything else. */
  readsToken?: true
  /** It reads tokens, before anything else. */
  readsTokens?: true
  /** What to ask before it does what cannot be taken back; undefined for a call that need not be asked about. */
  confirm?(call: Call<ShapeInput<S>, Name>): ((resource: Resource) => Promise<string>) | undefined
  examples: readonly [string, ...string[]]
  /** What its help says after the examples. */
  notes?: string
  /** Does it. */
  run(resource: Resource, call: Call<ShapeInput<S>, Name>): Promise<Answer>
  /** Prints its answer, for people; absent if it has none. */
  print?(answer: Answer, call: Call<ShapeInput<S>, Name>): void | Promise<void>
  /** What `--json` prints, if that is not the answer. */
  json?(answer: Answer): object
  /** The exit code of an answer; 0 if absent. */
  exitCode?(answer: Answer): number
}

/** A command that can be added to a program. */
export interface DefinedCommand {
  path: string
  /** Adds it by its name alone; with `whole`, also its options, for which it loads its shape. */
  addTo(group: Command, whole: boolean): Promise<Command>
}

/** Defines a command; the types of its call follow from its shape, its arguments and what it works on. */
export function defineCommand<
  S extends Shape,
  Name extends string,
  Answer extends object | undefined,
  Resource,
>(definition: Definition<S, Name, Answer, Resource>): DefinedCommand {
  return { path: definition.path, addTo: (group, whole) => addCommand(group, definition, whole) }
}

async function addCommand<S extends Shape, Name extends string, Answer extends object | undefined, Resource>(
  group: Command,
  definition: Definition<S, Name, Answer, Resource>,
  whole: boolean,
): Promise<Command> {
  const { path, summary, on, wait, edits, optional, examples, notes, options = [] } = definition
  const command = group.command(path.split(' ').at(-1) as string).description(summary)
  const args = Object.entries<string>(definition.arguments ?? {})
  const names = args.map(([name]) => name)
  for (const [name, text] of args) command.argument(name === optional ? `[${name}]` : `<${name}>`, text)
  const fields = whole ? await loadFields(definition) : []
  const taken = fields.filter(({ field }) => ![...names, 'after'].includes(field))
  for (const { option } of taken) command.addOption(option)
  for (const option of options) command.addOption(option)
  if (edits) addRevisionOption(command)
  if (definition.makes) addIdempotencyOption(command)
  if (wait) addWaitOption(command)
  if (definition.confirm) addYesOption(command)
  for (const option of on.options()) command.addOption(option)
  addExamples(command, ...examples)
  if (notes) command.addHelpText('after', `\n${notes}`)
  command.action(async (...typed: unknown[]) => {
    const values = names.map((name, i) => [name, typed[i]] as const)
    const flags = typed[names.length] as Record<string, unknown>
    const input = {
      ...Object.fromEntries(values.filter(([name]) => fields.some(({ field }) => field === name))),
      ...Object.fromEntries(taken.map(({ field, valueIn }) => [field, valueIn(flags)])),
    }
    await runCommand(definition, {
      args: Object.fromEntries(values) as Record<Name, string>,
      input: given(input) as ShapeInput<S>,
      options: flags,
      wait: {
        ...(flags.wait === true && { wait: 'applied' }),
        ...(edits && given({ ifRevision: flags.ifRevision as string | undefined })),
      },
      once: given({ idempotencyKey: flags.idempotencyKey }) as CallOptions,
      token: definition.readsToken ? await readToken() : '',
      tokens: definition.readsTokens ? await readTokens() : [],
    }).catch((error: unknown) => {
      throw namingArguments(error, names, definition.within)
    })
  })
  return command
}

/** The shapes and Zod take most of the time that the command line needs to start, and help of a noun needs neither. */
async function loadFields<S extends Shape, Name extends string, Answer, Resource>({
  shape,
  texts = {},
}: Definition<S, Name, Answer, Resource>): Promise<FieldOption[]> {
  if (shape === undefined) return []
  const [{ fieldOptions }, loaded] = await Promise.all([import('./fields.ts'), shape()])
  return fieldOptions(loaded, texts as Record<string, string>)
}

async function runCommand<S extends Shape, Name extends string, Answer extends object | undefined, Resource>(
  definition: Definition<S, Name, Answer, Resource>,
  call: Call<ShapeInput<S>, Name>,
): Promise<void> {
  const { options } = call
  const isSure = options.yes === true
  const ask = definition.confirm?.(call)
  if (ask) requireSomebody(isSure)
  refuseOnServer(definition.onDatabaseOnly ?? [], call)
  refuseOnDatabase(definition.onServerOnly, options)
  await definition.on.use(options, async (resource) => {
    if (ask && !(await confirm(isSure, () => ask(resource)))) {
      printNote('Nothing was changed.')
      process.exitCode = exitCodes.refused
      return
    }
    const answer = await definition.run(resource, call)
    if (options.json && answer) printJson(definition.json?.(answer) ?? answer)
    else await definition.print?.(answer, call)
    const exitCode = definition.exitCode?.(answer)
    if (exitCode) process.exitCode = exitCode
  })
}

function refuseOnServer(fields: readonly string[], { input, options }: Call<object>): void {
  const field = fields.find((name) => name in input)
  if (field === undefined || !('url' in findTarget(options))) return
  throw new CommandError(
    exitCodes.usage,
    `${knownFlag(field) ?? flagOf(field)}: Applies to a database only. A server uses the key in LATCHKEY_KEY.`,
  )
}

function refuseOnDatabase(onServerOnly: true | undefined, options: Call<object>['options']): void {
  if ((!onServerOnly && options.idempotencyKey === undefined) || 'url' in findTarget(options)) return
  if (onServerOnly)
    throw new CommandError(
      exitCodes.usage,
      'This acts as the calling key, and a database has none: name your server with --url or LATCHKEY_URL, and set ' +
        'LATCHKEY_KEY to the token, or log in.',
    )
  throw new CommandError(
    exitCodes.usage,
    '--idempotency-key: Applies to a server only, which keeps its answer under the token that asks.',
  )
}
