// The program: its commands, one file a group, and how their failures end.
import { Command, CommanderError } from 'commander'
import { ownVariables } from '../config.ts'
import { packageVersion } from '../server/version.ts'
import { healthCommand } from './commands/health.ts'
import { migrateCommand } from './commands/migrate.ts'
import { relayCommand } from './commands/relay.ts'
import { rootKeyCommand } from './commands/root-key.ts'
import { serveCommand } from './commands/serve.ts'
import type { DefinedCommand } from './kit/define-command.ts'
import { describeFailure, exitCodes } from './kit/failures.ts'
import { addExamples } from './kit/options.ts'
import { endWithReader, printNote, toPrintable } from './kit/output.ts'
import { readSecretFiles } from './kit/secret-files.ts'
import { refuseTokenArguments } from './kit/terminal.ts'

/** Runs one command line and sets the process's exit code. Prints failures; throws none. */
export async function runProgram(argv: readonly string[]): Promise<void> {
  endWithReader()
  try {
    refuseTokenArguments(argv)
    readSecretFiles(ownVariables())
    const words = helpLast(argv)
    await (await createProgram((word) => words.includes(word))).parseAsync(words, { from: 'user' })
  } catch (error) {
    process.exitCode = reportFailure(error)
  }
}

/** `help keys create` as `keys create --help`: commander itself reads one word behind `help`. */
function helpLast(argv: readonly string[]): readonly string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv
}

function reportFailure(error: unknown): number {
  // Commander has printed its own: the help that was asked for, or what is wrong with the usage.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  const { text, exitCode } = describeFailure(error)
  printNote(...text.split('\n').map((line) => `latchkey: ${toPrintable(line)}`))
  return exitCode
}

/** Commands of one noun. */
interface Group {
  name: string
  summary: string
  load(): Promise<DefinedCommand[]>
}

/** All commands, in the order of the help. */
const commands: readonly (DefinedCommand | Group)[] = [
  serveCommand,
  relayCommand,
  {
    name: 'keys',
    summary: 'create, list, change, rotate, revoke and verify keys',
    load: async () => (await import('./commands/keys.ts')).keyCommands,
  },
  {
    name: 'orgs',
    summary: 'create, list and change organizations and their limits',
    load: async () => (await import('./commands/organizations.ts')).organizationCommands,
  },
  {
    name: 'plans',
    summary: 'create, list, change and delete plans: limits that organizations share',
    load: async () => (await import('./commands/plans.ts')).planCommands,
  },
  {
    name: 'policy',
    summary: 'show and set what keys may be, for the deployment and for organizations',
    load: async () => (await import('./commands/policies.ts')).policyCommands,
  },
  {
    name: 'permissions',
    summary: 'list and change the catalogue of what your API lets keys do',
    load: async () => (await import('./commands/permissions.ts')).permissionCommands,
  },
  {
    name: 'members',
    summary: 'list, invite, change and remove the people of an organization',
    load: async () => (await import('./commands/members.ts')).memberCommands,
  },
  {
    name: 'invitations',
    summary: 'list, renew and revoke invitations',
    load: async () => (await import('./commands/invitations.ts')).invitationCommands,
  },
  {
    name: 'portal',
    summary: "make, list and end the sessions of your users on their customers' page",
    load: async () => (await import('./commands/portal.ts')).portalCommands,
  },
  {
    name: 'leak',
    summary: 'report tokens that stand where they must not',
    load: async () => (await import('./commands/leaks.ts')).leakCommands,
  },
  {
    name: 'sessions',
    summary: 'list and end the sessions of a key',
    load: async () => (await import('./commands/sessions.ts')).sessionCommands,
  },
  {
    name: 'usage',
    summary: 'show how many calls there were, and how many units they drew',
    load: async () => (await import('./commands/usage.ts')).usageCommands,
  },
  {
    name: 'webhooks',
    summary: 'send events to URLs, and see what became of each',
    load: async () => (await import('./commands/webhooks.ts')).webhookCommands,
  },
  {
    name: 'audit',
    summary: 'search, verify and export the audit log, and erase what it tells',
    load: async () => (await import('./commands/audit.ts')).auditCommands,
  },
  {
    name: 'events',
    summary: 'read events in the order of the log, and follow it',
    load: async () => (await import('./commands/events.ts')).eventCommands,
  },
  {
    name: 'import',
    summary: 'import the keys of another system, whose tokens go on working',
    load: async () => [(await import('./commands/import.ts')).importCommand],
  },
  {
    name: 'export',
    summary: 'write organizations, plans, keys and webhooks as JSON lines, for the way out',
    load: async () => [(await import('./commands/export.ts')).exportCommand],
  },
  {
    name: 'login',
    summary: 'remember a server and the key to call it with, as a profile',
    load: async () => [(await import('./commands/profiles.ts')).loginCommand],
  },
  {
    name: 'logout',
    summary: 'forget a profile and its token',
    load: async () => [(await import('./commands/profiles.ts')).logoutCommand],
  },
  {
    name: 'profiles',
    summary: 'list profiles, and choose the one that commands use',
    load: async () => (await import('./commands/profiles.ts')).profileCommands,
  },
  rootKeyCommand,
  migrateCommand,
  {
    name: 'doctor',
    summary: 'look for what is wrong with settings, database, clocks and ports; changes nothing',
    load: async () => [(await import('./commands/doctor.ts')).doctorCommand],
  },
  healthCommand,
  {
    name: 'keyring',
    summary: 'make and rotate the keys that sign reservations and seal secrets',
    load: async () => (await import('./commands/keyring.ts')).keyringCommands,
  },
  {
    name: 'token',
    summary: 'create and inspect tokens offline',
    load: async () => (await import('./commands/token.ts')).tokenCommands,
  },
  {
    name: 'scan',
    summary: 'find tokens in files, folders and archives',
    load: async () => [(await import('./commands/scan.ts')).scanCommand],
  },
  {
    name: 'rules',
    summary: 'print rules by which scanners of secrets find tokens',
    load: async () => [(await import('./commands/rules.ts')).rulesCommand],
  },
  {
    name: 'completion',
    summary: 'print a script that has bash, zsh or fish complete commands and options',
    load: async () => [(await import('./commands/completion.ts')).completionCommand(loadWhole)],
  },
]

/** The program with all commands, and all of their options: it takes as long as all of them to start. */
const loadWhole = () => createProgram(() => true)

/** Makes the program, with as much of its commands as the words that are named need. */
async function createProgram(isNamed: (word: string) => boolean): Promise<Command> {
  const program = new Command('latchkey')
    .description('Issues, verifies, rotates and revokes API keys.')
    .version(packageVersion())
    // A noun that does something by itself has its own options, and a command behind it has others.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'latchkey: ')) })
    .showHelpAfterError('(add --help for how to use this command)')
    .showSuggestionAfterError()
  for (const command of commands) {
    if ('addTo' in command) await command.addTo(program, isNamed(command.path))
    else await addGroup(program, command, isNamed)
  }
  addExamples(
    program,
    'latchkey serve',
    'latchkey orgs create acme --name Acme',
    'latchkey keys create --organization acme --name CI --permission emails:send',
    'latchkey keys verify --permission emails:send',
  )
  return program.addHelpText('after', closingHelp)
}

/** Adds a group if it is named, and of its commands as much as help needs: others start in half the time without. */
async function addGroup(
  program: Command,
  { name, summary, load }: Group,
  isNamed: (word: string) => boolean,
): Promise<void> {
  if (!isNamed(name)) {
    program.command(name).description(summary)
    return
  }
  const commands = await load()
  const isOwn = ({ path }: DefinedCommand) => path === name
  const group =
    (await commands.find(isOwn)?.addTo(program, true)) ?? program.command(name).description(summary)
  for (const command of commands.filter((one) => !isOwn(one))) {
    await command.addTo(group, isNamed(command.path.split(' ').at(-1) as string))
  }
}

const closingHelp = `
Commands work on the database that --database or LATCHKEY_DATABASE_URL names (sqlite:latchkey.db), or on the
server that --url or LATCHKEY_URL names, with the key in LATCHKEY_KEY. They read tokens from standard input or a
prompt, never from an argument.

Exit codes:
  0  done
  1  refused: the token is not valid, the key does not exist, the calling key lacks a permission, …
  2  invalid usage or input
  3  the database or the server cannot be reached, or the server cannot listen on its address
  4  an internal error of Latchkey`
