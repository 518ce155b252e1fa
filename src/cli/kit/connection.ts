// What commands work on: a server or an opened database, through one interface.
import { existsSync } from 'node:fs'
import { Option } from 'commander'
import { createReporter } from '../../client/client.ts'
import { createClient } from '../../client/index.ts'
import {
  type DatabaseSettings,
  postgresEnvironment,
  readOwnDatabase,
  readProfileSettings,
  type ServeSettings,
  sqlitePath,
  withoutPassword,
} from '../../config.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { endSentence } from '../../core/sentence.ts'
import type { Audit } from '../../core/shapes/audit.ts'
import type { Events } from '../../core/shapes/events.ts'
import type { Invitations } from '../../core/shapes/invitations.ts'
import type { Keys } from '../../core/shapes/keys.ts'
import type { Leaks } from '../../core/shapes/leaks.ts'
import type { Members } from '../../core/shapes/members.ts'
import type { Organizations } from '../../core/shapes/organizations.ts'
import type { Plans } from '../../core/shapes/plans.ts'
import type { Policies } from '../../core/shapes/policies.ts'
import type { PortalSessions } from '../../core/shapes/portal-sessions.ts'
import type { Sessions } from '../../core/shapes/sessions.ts'
import type { Usage } from '../../core/shapes/usage.ts'
import type { Verdict, VerifyOptions } from '../../core/shapes/verification.ts'
import type { Webhooks } from '../../core/shapes/webhooks.ts'
import type { Latchkey, LatchkeyOptions } from '../../latchkey.ts'
import { CommandError, exitCodes } from './failures.ts'
import { databaseOption, jsonOption } from './options.ts'
import { printNote } from './output.ts'
import type { Place } from './place.ts'
import { findTarget, withToken } from './target.ts'

/** What commands work on, so that each is written once: a server, or a database. Both speak the same interface. */
export interface Connection {
  keys: Keys
  organizations: Organizations
  members: Members
  invitations: Invitations
  audit: Audit
  events: Events
  leaks: Leaks
  plans: Plans
  policies: Policies
  portalSessions: PortalSessions
  sessions: Sessions
  usage: Usage
  webhooks: Webhooks
  verify(token: string, options?: Pick<VerifyOptions, 'permissions' | 'prefix' | 'cost'>): Promise<Verdict>
}

/** A server, or a database that this process opens: which one, the options and the environment say. */
export const serverOrDatabase: Place<Connection> = {
  options: () => [
    databaseOption(),
    new Option('--url <address>', 'use this server, with the key in LATCHKEY_KEY (or LATCHKEY_URL)'),
    new Option('--profile <name>', 'use the server and the key of `latchkey login` (or LATCHKEY_PROFILE)'),
    jsonOption(),
  ],
  use: async (options, work) => {
    const target = findTarget(options)
    if ('url' in target) return work(createClient(await withToken(target)))
    await requireDatabase(target)
    await using latchkey = await openDatabase(withoutPrefixes(target))
    return await work(latchkey)
  },
}

/** The same for what a server asks no key for: one that is named by its address alone is shown none. */
export const keylessServerOrDatabase: Place<Pick<Connection, 'leaks'>> = {
  options: () =>
    serverOrDatabase
      .options()
      .map((option) =>
        option.long === '--url'
          ? new Option('--url <address>', 'use this server, without a key (or LATCHKEY_URL)')
          : option,
      ),
  use: async (options, work) => {
    const { profile, url } = readProfileSettings(options)
    const isByAddress = options.database === undefined && profile?.from !== '--profile'
    return url !== undefined && isByAddress
      ? work({ leaks: createReporter(url) })
      : serverOrDatabase.use(options, work)
  },
}

/** The same, for a command that has formats of its own. */
export const withoutJson: typeof serverOrDatabase = {
  ...serverOrDatabase,
  options: () => serverOrDatabase.options().filter(({ long }) => long !== '--json'),
}

/** A database that exists, and never the one of a server that the environment names, for a command. */
export const ownDatabase = (command: string): Place<Latchkey> => ({
  options: () => [databaseOption(), jsonOption()],
  use: async (options, work) => {
    const settings = readOwnDatabase(command, options)
    await requireDatabase(settings)
    await using latchkey = await openDatabase(withoutPrefixes(settings))
    return await work(latchkey)
  },
})

/** A command reads which prefixes there are: a server sets them. */
function withoutPrefixes({ database }: DatabaseSettings): DatabaseSettings {
  return { database, prefixes: undefined }
}

/** Opens a database; one that cannot be opened is named, without its password. */
export async function openDatabase(
  {
    database,
    prefixes,
    cache,
    webhooks,
    checkpointFile,
    publicUrl,
    unlistedProviders,
  }: DatabaseSettings &
    Partial<Pick<ServeSettings, 'cache' | 'webhooks' | 'checkpointFile' | 'publicUrl'>> &
    Pick<LatchkeyOptions, 'unlistedProviders'>,
  onWarning: (message: string) => void = printNote,
): Promise<Latchkey> {
  // Loaded only here: help, and commands on a server, start in half the time without it.
  const { openLatchkey } = await import('../../latchkey.ts')
  try {
    return await openLatchkey({
      database,
      ...(prefixes && { prefixes }),
      onWarning,
      ...cache,
      ...(webhooks && optionsOf(webhooks)),
      ...(checkpointFile !== undefined && { checkpointFile }),
      ...(publicUrl !== undefined && { publicUrl }),
      ...(unlistedProviders !== undefined && { unlistedProviders }),
    })
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code !== 'store_unavailable') throw error
    throw new CommandError(
      exitCodes.unreachable,
      `${endSentence(error.message)} Check --database or LATCHKEY_DATABASE_URL.`,
      error,
    )
  }
}

/** Settings of webhooks as the library takes them. */
function optionsOf({ networks, nameServers, proxy }: ServeSettings['webhooks']): Partial<LatchkeyOptions> {
  return {
    webhookNetworks: networks,
    webhookNameServers: nameServers,
    ...(proxy !== undefined && { webhookProxy: proxy }),
  }
}

/**
 * Throws CommandError if there is no such file, or no table of Latchkey in the database: only `serve` and `migrate` make a
 * database, and another program's stays as it is.
 */
async function requireDatabase({ database }: DatabaseSettings): Promise<void> {
  const path = sqlitePath(database)
  if (path !== undefined && !existsSync(path)) throw noDatabase(`The database ${path} does not exist.`)
  const { hasLatchkeyTables } = await import('../../latchkey.ts')
  let isLatchkeys: boolean
  try {
    isLatchkeys = await hasLatchkeyTables(database, postgresEnvironment())
  } catch {
    // To open it says why it cannot be read.
    return
  }
  if (!isLatchkeys)
    throw noDatabase(`The database ${path ?? withoutPassword(database)} has no tables of Latchkey.`)
}

function noDatabase(what: string): CommandError {
  return new CommandError(
    exitCodes.unreachable,
    `${what} Name your database with --database or LATCHKEY_DATABASE_URL, or your server with --url, or create a ` +
      'database with `latchkey serve` or `latchkey migrate`.',
  )
}
