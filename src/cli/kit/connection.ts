// What commands work on: a server or an opened database, through one interface.
import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { createClient } from '../../client/index.ts'
import { type DatabaseSettings, readTarget, withoutPassword } from '../../config.ts'
import { LatchkeyError } from '../../core/errors.ts'
import type { Audit } from '../../core/shapes/audit.ts'
import type { Keys } from '../../core/shapes/keys.ts'
import type { Organizations } from '../../core/shapes/organizations.ts'
import type { Sessions } from '../../core/shapes/sessions.ts'
import type { Verdict, VerifyOptions } from '../../core/shapes/verification.ts'
import type { Latchkey } from '../../latchkey.ts'
import type { CacheOptions } from '../../verdict/cache-options.ts'
import { CommandError, exitCodes } from './failures.ts'
import { printNote } from './output.ts'

/** What commands work on, so that each is written once: a server, or a database. Both speak the same interface. */
export interface Connection {
  keys: Keys
  organizations: Organizations
  audit: Audit
  sessions: Sessions
  verify(token: string, options?: Pick<VerifyOptions, 'permissions'>): Promise<Verdict>
}

/** The options that {@link addTargetOptions} declares. */
export interface TargetOptions {
  url?: string
  database?: string
  json?: boolean
}

/** Declares `--url`, `--database` and `--json`, which all commands on keys, organizations and the audit log have. */
export function addTargetOptions(command: Command): Command {
  return command
    .addOption(databaseOption())
    .option('--url <address>', 'use this server, with the key in LATCHKEY_KEY (or LATCHKEY_URL)')
    .option('--json', "print the API's JSON")
}

export function databaseOption(): Option {
  return new Option(
    '--database <url>',
    'sqlite:<file> or postgres://… (or LATCHKEY_DATABASE_URL; default: sqlite:latchkey.db)',
  )
}

/** Runs one command's work on the server or the database that its options and the environment name. */
export async function withConnection<T>(
  options: TargetOptions,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const target = readTarget(options)
  if ('url' in target) return work(createClient(target))
  await requireDatabase(target)
  await using latchkey = await openDatabase(target)
  return await work(latchkey)
}

/** Opens a database; one that cannot be opened is named, without its password. */
export async function openDatabase(
  { database, prefixes, cache }: DatabaseSettings & { cache?: CacheOptions },
  onWarning: (message: string) => void = printNote,
): Promise<Latchkey> {
  // Loaded only here: help, and commands on a server, start in half the time without it.
  const { openLatchkey } = await import('../../latchkey.ts')
  try {
    return await openLatchkey({ database, prefixes, onWarning, ...cache })
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.code !== 'store_unavailable') throw error
    const reason = error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message
    throw new CommandError(
      exitCodes.unreachable,
      `The database ${withoutPassword(database)} cannot be used: ${reason.replace(/\.$/, '')}. ` +
        'Check --database or LATCHKEY_DATABASE_URL.',
      error,
    )
  }
}

/**
 * Throws CommandError if there is no such file, or no table of Latchkey in it: only `serve` and `migrate` make a
 * database, and another program's stays as it is.
 */
export async function requireDatabase({ database }: DatabaseSettings): Promise<void> {
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(database)?.[1]
  if (path === undefined) return
  if (!existsSync(path)) throw noDatabase(`The database ${path} does not exist.`)
  const { hasLatchkeyTables } = await import('../../latchkey.ts')
  let isLatchkeys: boolean
  try {
    isLatchkeys = await hasLatchkeyTables(path)
  } catch {
    // To open it says why it cannot be read.
    return
  }
  if (!isLatchkeys) throw noDatabase(`The database ${path} has no tables of Latchkey.`)
}

function noDatabase(what: string): CommandError {
  return new CommandError(
    exitCodes.unreachable,
    `${what} Name your database with --database or LATCHKEY_DATABASE_URL, or your server with --url, or create a ` +
      'database with `latchkey serve` or `latchkey migrate`.',
  )
}
