// The program: its commands, one file a group, and how their failures end.
import { Command, CommanderError } from 'commander'
import { packageVersion } from '../server/version.ts'
import { addMigrateCommand } from './commands/migrate.ts'
import { addRootKeyCommand } from './commands/root-key.ts'
import { addServeCommand } from './commands/serve.ts'
import { addTokenCommands } from './commands/token.ts'
import type { DefinedCommand } from './kit/define-command.ts'
import { describeFailure, exitCodes } from './kit/failures.ts'
import { addExamples } from './kit/options.ts'
import { endWithReader, printNote, toPrintable } from './kit/output.ts'
import { refuseTokenArguments } from './kit/terminal.ts'

/** Runs one command line and sets the process's exit code. Prints failures; throws none. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  endWithReader()
  try {
    refuseTokenArguments(argv)
    await (await createProgram(argv)).parseAsync(argv, { from: 'user' })
  } catch (error) {
    process.exitCode = reportFailure(error)
  }
}

function reportFailure(error: unknown): number {
  // Commander has printed its own: the help that was asked for, or what is wrong with the usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  const { text, exitCode } = describeFailure(error)
  printNote(...text.split('\n').map((line) => `latchkey: ${toPrintable(line)}`))
  return exitCode
}

/** The nouns that commands work on, on a server or a database. */
const nouns: readonly { name: string; summary: string; load(): Promise<DefinedCommand[]> }[] = [
  {
    name: 'keys',
    summary: 'create, list, change, rotate, revoke and verify keys',
    load: async () => (await import('./commands/keys.ts')).keyCommands,
  },
  {
    name: 'orgs',
    summary: 'create, list and rename organizations',
    load: async () => (await import('./commands/organizations.ts')).organizationCommands,
  },
  {
    name: 'sessions',
    summary: 'list and end the sessions of a key',
    load: async () => (await import('./commands/sessions.ts')).sessionCommands,
  },
  {
    name: 'audit',
    summary: 'read the audit log',
    load: async () => (await import('./commands/audit.ts')).auditCommands,
  },
]

async function createProgram(argv: readonly string[]): Promise<Command> {
  const program = new Command('latchkey')
    .description('Issues, verifies, rotates and revokes API keys.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'latchkey: ')) })
    .showHelpAfterError('(add --help for how to use this command)')
    .showSuggestionAfterError()
  addServeCommand(program)
  for (const { name, summary, load } of nouns) {
    const group = program.command(name).description(summary)
    // Loaded only if it is named: other commands start in half the time without the shapes of the nouns.
    if (argv.includes(name)) for (const command of await load()) command.addTo(group)
  }
  addRootKeyCommand(program)
  addMigrateCommand(program)
  addTokenCommands(program)
  addExamples(
    program,
    'latchkey serve',
    'latchkey orgs create acme --name Acme',
    'latchkey keys create --organization acme --name CI --permission emails:send',
    'latchkey keys verify --permission emails:send',
  )
  return program.addHelpText('after', closingHelp)
}

const closingHelp = `
Commands work on the database that --database or LATCHKEY_DATABASE_URL names (sqlite:latchkey.db), or on the
server that --url or LATCHKEY_URL names, as the key in LATCHKEY_KEY. Tokens are read from standard input or a
prompt, never from an argument.

Exit codes:
  0  done
  1  refused: the token is not valid, there is no such key, the key may not do this, …
  2  wrong usage or input
  3  the database or the server cannot be reached, or the server cannot listen on its address
  4  an internal error of Latchkey`
