// What a command on a server or a database is: one definition from which it is parsed, run, printed and explained.
import type { Command, Option } from 'commander'
import { readTarget } from '../../config.ts'
import type { WaitOptions } from '../../core/shapes/calls.ts'
import { addTargetOptions, type Connection, type TargetOptions, withConnection } from './connection.ts'
import { CommandError, exitCodes } from './failures.ts'
import { fieldOptions, fieldsOf, type Shape } from './fields.ts'
import { flagOf, knownFlag } from './flags.ts'
import { addExamples, addWaitOption, addYesOption, given } from './options.ts'
import { printJson, printNote } from './output.ts'
import { confirm, readToken, requireSomebody } from './terminal.ts'

/** One call of a command, as it was typed. */
export interface Call<Input, Name extends string = string> {
  /** The arguments, by their names. */
  args: Record<Name, string>
  /** The fields of the shape that were given. */
  input: Input
  /** Everything that was given, by commander's names, for options that are no fields. */
  options: TargetOptions & Record<string, unknown>
  /** What a change takes if `--wait` was given. */
  wait: WaitOptions
  /** The token from standard input or the prompt, if the command reads one. */
  token: string
}

/** The fields of a shape that were given. */
export type ShapeInput<S extends Shape> = S['_zod']['input']

/** A command. */
export interface Definition<S extends Shape, Name extends string, Answer> {
  /** Its words, such as `keys create`. */
  path: string
  summary: string
  /** Its arguments in order, each with its text. One that is a field of the shape may be left out if the field may. */
  arguments?: Record<Name, string>
  /** Each of its fields becomes an option, but for arguments and the cursor of a list. */
  shape?: S
  /** The texts of fields, for commands that say more than the shape does. */
  texts?: { [Field in keyof S['_zod']['input']]?: string }
  /** Options that are no fields. */
  options?: readonly Option[]
  /** The fields that only a command on a database takes. */
  onDatabaseOnly?: readonly (keyof S['_zod']['input'] & string)[]
  /** It is a change that `--wait` waits for. */
  wait?: true
  /** It reads a token, before anything else. */
  readsToken?: true
  /** What to ask before it does what cannot be taken back; undefined for a call that need not be asked about. */
  confirm?(call: Call<ShapeInput<S>, Name>): ((connection: Connection) => Promise<string>) | undefined
  examples: readonly [string, ...string[]]
  /** Does it. */
  run(connection: Connection, call: Call<ShapeInput<S>, Name>): Promise<Answer>
  /** Prints what it gave, for people. */
  print(answer: Answer, call: Call<ShapeInput<S>, Name>): void | Promise<void>
  /** What `--json` prints, if that is not what it gave. */
  json?(answer: Answer): object
  /** The exit code of an answer; 0 if absent. */
  exitCode?(answer: Answer): number
}

/** A command that can be added to a program. */
export interface DefinedCommand {
  path: string
  addTo(group: Command): void
}

/** Defines a command; the types of its call follow from its shape and its arguments. */
export function defineCommand<S extends Shape, Name extends string, Answer extends object>(
  definition: Definition<S, Name, Answer>,
): DefinedCommand {
  return { path: definition.path, addTo: (group) => addCommand(group, definition) }
}

function addCommand<S extends Shape, Name extends string, Answer extends object>(
  group: Command,
  definition: Definition<S, Name, Answer>,
): void {
  const { path, summary, shape, texts = {}, wait, examples, options = [] } = definition
  const command = group.command(path.split(' ').at(-1) as string).description(summary)
  const args = Object.entries<string>(definition.arguments ?? {})
  const names = args.map(([name]) => name)
  const fields = shape ? fieldsOf(shape) : []
  for (const [name, text] of args) {
    const isOptional = fields.some(({ field, isRequired }) => field === name && !isRequired)
    command.argument(isOptional ? `[${name}]` : `<${name}>`, text)
  }
  const taken = shape ? fieldOptions(shape, texts as Record<string, string>, [...names, 'after']) : []
  for (const { option } of taken) command.addOption(option)
  for (const option of options) command.addOption(option)
  if (wait) addWaitOption(command)
  if (definition.confirm) addYesOption(command)
  addTargetOptions(command)
  addExamples(command, ...examples)
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
      wait: flags.wait ? { wait: 'applied' } : {},
      token: definition.readsToken ? await readToken() : '',
    })
  })
}

async function runCommand<S extends Shape, Name extends string, Answer extends object>(
  definition: Definition<S, Name, Answer>,
  call: Call<ShapeInput<S>, Name>,
): Promise<void> {
  const { options } = call
  const isSure = options.yes === true
  const ask = definition.confirm?.(call)
  if (ask) requireSomebody(isSure)
  refuseOnServer(definition.onDatabaseOnly ?? [], call)
  await withConnection(options, async (connection) => {
    if (ask && !(await confirm(isSure, () => ask(connection)))) {
      printNote('Nothing was changed.')
      process.exitCode = exitCodes.refused
      return
    }
    const answer = await definition.run(connection, call)
    if (options.json) printJson(definition.json?.(answer) ?? answer)
    else await definition.print(answer, call)
    const exitCode = definition.exitCode?.(answer)
    if (exitCode) process.exitCode = exitCode
  })
}

function refuseOnServer(fields: readonly string[], { input, options }: Call<object>): void {
  const field = fields.find((name) => name in input)
  if (field === undefined || !('url' in readTarget(options))) return
  throw new CommandError(
    exitCodes.usage,
    `${knownFlag(field) ?? flagOf(field)}: Applies to a database only. A server uses the key in LATCHKEY_KEY.`,
  )
}
