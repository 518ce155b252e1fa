// The values of options: how they are collected and read, and how help shows examples.
import { type Command, Option } from 'commander'
import { describeFaults } from '../../core/errors.ts'
import { findInexact, findRepeatedName } from '../../core/exact-json.ts'
import { CommandError, exitCodes } from './failures.ts'

/** Collects an option that may be given several times. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** Reads the whole number of a flag, such as `--limit`. Throws CommandError. */
export function readCount(flag: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new CommandError(exitCodes.usage, `${flag}: Must be a whole number, such as 100.`)
}

/** Reads the JSON object of `--metadata`, for commander. Throws CommandError. */
export function readMetadata(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    const repeated = findRepeatedName(text)
    if (repeated !== undefined) throw new CommandError(exitCodes.usage, `--metadata: ${repeated}`)
    const faults = findInexact(text)
    if (faults.length > 0) throw new CommandError(exitCodes.usage, `--metadata: ${describeFaults(faults)}`)
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>
  } catch (error) {
    if (error instanceof CommandError) throw error
  }
  throw new CommandError(exitCodes.usage, `--metadata: Must be a JSON object, such as '{"plan":"pro"}'.`)
}

/** `--database`, which names the database of a command. */
export function databaseOption(): Option {
  return new Option(
    '--database <url>',
    'sqlite:<file> or postgres://… (or LATCHKEY_DATABASE_URL; default: sqlite:latchkey.db)',
  )
}

/** `--json`, which prints an answer for programs. */
export function jsonOption(text = "print the API's JSON"): Option {
  return new Option('--json', text)
}

/** Declares `--if-revision`, which every command has that changes what others may edit as well. */
export function addRevisionOption(command: Command): Command {
  return command.option(
    '--if-revision <revision>',
    'make the change only if nobody has edited it since it had this revision',
  )
}

/** Declares `--idempotency-key`, which every command has that makes something. */
export function addIdempotencyOption(command: Command): Command {
  return command.option(
    '--idempotency-key <text>',
    'on a server: make it once, however often the command is run with this text within 24 hours',
  )
}

/** Declares `--wait`, which every command has that changes what a token may do. */
export function addWaitOption(command: Command): Command {
  return command.option(
    '--wait',
    'wait until every process on the database applies the change (at most 2 s), and report it',
  )
}

/** Declares `--yes`, which every command has that does what cannot be taken back. */
export function addYesOption(command: Command): Command {
  return command.option('--yes', 'do not ask for confirmation; required without a terminal')
}

/** Shows examples at the end of a command's help. */
export function addExamples(command: Command, ...examples: string[]): Command {
  const title = examples.length === 1 ? 'Example:' : 'Examples:'
  return command.addHelpText('after', `\n${title}\n${examples.map((example) => `  $ ${example}`).join('\n')}`)
}

/** Leaves out what was not given, for inputs in which an absent field and an undefined one differ. */
export function given<T extends object>(fields: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as never
}
