// The program: its commands, one file a group, and how their failures end.
import { Command, CommanderError } from 'commander'
import { packageVersion } from '../server/version.ts'
import { addAuditCommands } from './commands/audit.ts'
import { addKeysCommands } from './commands/keys.ts'
import { addMigrateCommand } from './commands/migrate.ts'
import { addOrganizationsCommands } from './commands/orgs.ts'
import { addRootKeyCommand } from './commands/root-key.ts'
import { addServeCommand } from './commands/serve.ts'
import { addTokenCommands } from './commands/token.ts'
import { describeFailure, exitCodes } from './kit/failures.ts'
import { addExamples } from './kit/options.ts'
import { endWithReader, printNote, toPrintable } from './kit/output.ts'
import { refuseTokenArguments } from './kit/terminal.ts'

/** Runs one command line and sets the process's exit code. Prints failures; throws none. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  endWithReader()
  try {
    refuseTokenArguments(argv)
    await createProgram().parseAsync(argv, { from: 'user' })
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

function createProgram(): Command {
  const program = new Command('latchkey')
    .description('Issues, verifies, rotates and revokes API keys.')
    .version(packageVersion())
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'latchkey: ')) })
    .showHelpAfterError('(add --help for how to use this command)')
    .showSuggestionAfterError()
  addServeCommand(program)
  addKeysCommands(program)
  addOrganizationsCommands(program)
  addAuditCommands(program)
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
  3  the database or the server cannot be reached, or the address to serve on cannot be had
  4  a fault in Latchkey itself`
