// `latchkey login`, `logout` and `profiles …`: servers by name, with the key to call each.
import { Option } from 'commander'
import { createClient, LatchkeyClientError } from '../../client/index.ts'
import { readProfileSettings } from '../../config.ts'
import type { Key } from '../../core/shapes/keys.ts'
import { parseToken } from '../../core/token.ts'
import { defineCommand } from '../kit/define-command.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { jsonOption } from '../kit/options.ts'
import { formatFields, print, printNote, toPrintable } from '../kit/output.ts'
import { nothing, type TargetOptions } from '../kit/place.ts'
import { changeProfiles, checkName, fileOf, type Kept, type Profile, readProfiles } from '../kit/profiles.ts'
import { printTable } from '../kit/table.ts'
import { readToken } from '../kit/terminal.ts'
import { formatInstant } from '../kit/times.ts'
import { forgetInKeyring, keepInKeyring, runTokenCommand } from '../kit/token-stores.ts'

const profileOption = (text: string) => new Option('--profile <name>', text)

export const loginCommand = defineCommand({
  path: 'login',
  summary: 'remember a server and the key to call it with, as a profile',
  on: nothing,
  options: [
    new Option('--url <address>', 'the server (or LATCHKEY_URL)'),
    profileOption('the name of the profile (or LATCHKEY_PROFILE; default: default)'),
    new Option('--store <place>', 'where to keep the token: the keyring of the system, or a file')
      .choices(['keyring', 'file'])
      .default('keyring'),
    new Option(
      '--token-command <command>',
      'keep no token: this command, run without a shell, prints it each time',
    ),
    jsonOption('print the key as JSON'),
  ],
  examples: [
    'latchkey login --url https://keys.example.com',
    'latchkey login --url https://keys.example.com --profile production --store file < token.txt',
    "latchkey login --url https://keys.example.com --token-command 'pass show latchkey'",
  ],
  notes:
    'It reads the token from standard input or a prompt, and asks the server whose it is before it keeps it.',
  run: async (_, { options }) => logIn(options as Partial<LoginOptions>),
  json: ({ key }) => key,
  print: ({ name, url, key, where }) => {
    print(
      ...formatFields([
        ['Profile', name],
        ['Server', url],
        ['Organization', key.organizationId],
        ['Key', key.name],
        ['Permissions', key.permissions.join(', ') || 'none'],
        ['Expires', key.expiresAt === null ? 'never' : formatInstant(key.expiresAt, Date.now())],
        ['Token', where],
      ]),
    )
  },
})

interface LoginOptions extends TargetOptions {
  store: 'keyring' | 'file'
  tokenCommand: string
}

interface LoggedIn {
  name: string
  url: string
  key: Key
  where: string
}

async function logIn(options: Partial<LoginOptions>): Promise<LoggedIn> {
  const { folder, url, profile: named } = readProfileSettings(options)
  if (url === undefined)
    throw new CommandError(exitCodes.usage, 'Name the server: --url https://keys.example.com')
  const name = checkName(named?.value ?? 'default')
  // Before somebody types a token for nothing.
  const before = readProfiles(folder)
  const { tokenCommand: command } = options
  const token = command === undefined ? await readToken() : await runTokenCommand(command)
  if (parseToken(token) === undefined)
    throw new CommandError(
      exitCodes.usage,
      'This is not a token. Check it for a missing character. Nothing was kept.',
    )
  const key = await askWhose(url, token)
  const kept: Kept =
    command !== undefined
      ? { in: 'command', command }
      : options.store === 'file'
        ? { in: 'file', token }
        : { in: 'keyring' }
  if (kept.in === 'keyring') await keep(name, url, token, folder)
  const old = before.profiles[name]
  const isOver = old?.kept.in === 'keyring' && old.url === url
  try {
    await changeProfiles(folder, (all) => {
      all.profiles[name] = { url, kept }
      all.default ??= name
    })
  } catch (error) {
    // No profile names it.
    if (kept.in === 'keyring' && !isOver) await forgetInKeyring(name, url)
    throw error
  }
  if (old?.kept.in === 'keyring' && !(isOver && kept.in === 'keyring')) {
    const left = await forgetInKeyring(name, old.url)
    if (left !== undefined) printNote(left)
  }
  const where = { keyring: 'in the keyring', file: `in ${fileOf(folder ?? '')}`, command: `by ${command}` }
  return { name, url, key, where: where[kept.in] }
}

async function askWhose(url: string, token: string): Promise<Key> {
  try {
    return await createClient({ url, token }).keys.self()
  } catch (error) {
    if (error instanceof LatchkeyClientError && error.code === 'invalid_token')
      throw new CommandError(
        exitCodes.refused,
        `${url} refuses this token: it is unknown, expired or revoked. Nothing was kept.`,
      )
    throw error
  }
}

async function keep(name: string, url: string, token: string, folder: string | undefined): Promise<void> {
  try {
    await keepInKeyring(name, url, token)
  } catch (error) {
    throw new CommandError(
      exitCodes.refused,
      `There is no keyring to keep the token in (${(error as Error).message}) Nothing was kept. Name a command that prints it ` +
        `(--token-command 'pass show latchkey'), or keep it in ${fileOf(folder ?? '')}, as text: --store file`,
      error,
    )
  }
}

export const logoutCommand = defineCommand({
  path: 'logout',
  summary: 'forget a profile and its token',
  on: nothing,
  options: [profileOption('the profile (or LATCHKEY_PROFILE; default: the one that commands use)')],
  examples: ['latchkey logout', 'latchkey logout --profile production'],
  run: async (_, { options }) => {
    const { folder, profile } = readProfileSettings(options)
    const name = profile?.value ?? readProfiles(folder).default
    if (name === null) throw new CommandError(exitCodes.refused, 'Nobody is logged in.')
    return forget(folder, name)
  },
  print: printForgotten,
})

/** What is forgotten, and what to tell if the keyring took out no token of it. */
interface Forgotten {
  name: string
  left: string | undefined
}

async function forget(folder: string | undefined, name: string): Promise<Forgotten> {
  const { profile } = find(folder, name)
  const left = profile.kept.in === 'keyring' ? await forgetInKeyring(name, profile.url) : undefined
  await changeProfiles(folder, (all) => {
    delete all.profiles[name]
    if (all.default === name) all.default = null
  })
  return { name, left }
}

function printForgotten({ name, left }: Forgotten): void {
  print(left === undefined ? `Forgot the profile ${name} and its token.` : `Forgot the profile ${name}.`)
  if (left !== undefined) printNote(left)
  printNote('The key is as it was. To end it, revoke it: latchkey keys revoke <id>')
}

function find(folder: string | undefined, name: string): { profile: Profile } {
  const { profiles } = readProfiles(folder)
  const profile = Object.hasOwn(profiles, name) ? profiles[name] : undefined
  if (profile === undefined)
    throw new CommandError(
      exitCodes.refused,
      `There is no profile ${toPrintable(name)}. List them: latchkey profiles list`,
    )
  return { profile }
}

const nameArgument = { name: 'the name, as in `latchkey profiles list`' }

export const profileCommands = [
  defineCommand({
    path: 'profiles list',
    summary: 'list profiles; the one that commands use has a *',
    on: nothing,
    options: [jsonOption('print JSON')],
    examples: ['latchkey profiles list'],
    run: async () => {
      const { default: usual, profiles } = readProfiles(readProfileSettings({}).folder)
      return Object.entries(profiles).map(([name, { url, kept }]) => ({
        name,
        url,
        token: kept.in,
        isDefault: name === usual,
      }))
    },
    print: (rows) => {
      if (rows.length === 0) return printNote('No profiles. Make one: latchkey login --url <address>')
      printTable(
        [
          { heading: '', value: ({ isDefault }) => (isDefault ? '*' : '') },
          { heading: 'NAME', value: ({ name }) => name },
          { heading: 'URL', value: ({ url }) => url, shrinks: true },
          { heading: 'TOKEN', value: ({ token }) => token },
        ],
        rows,
      )
    },
  }),
  defineCommand({
    path: 'profiles use',
    summary: 'choose the profile that commands use',
    on: nothing,
    arguments: nameArgument,
    examples: ['latchkey profiles use production'],
    run: async (_, { args: { name } }) => {
      const { folder } = readProfileSettings({})
      find(folder, name)
      await changeProfiles(folder, (all) => {
        all.default = name
      })
      return { name }
    },
    print: ({ name }) => print(`Commands use the profile ${name}.`),
  }),
  defineCommand({
    path: 'profiles remove',
    summary: 'forget a profile and its token',
    on: nothing,
    arguments: nameArgument,
    examples: ['latchkey profiles remove production'],
    run: (_, { args: { name } }) => forget(readProfileSettings({}).folder, name),
    print: printForgotten,
  }),
]
