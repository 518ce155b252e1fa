// What commands work on: a server or an opened database, through one interface.
import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { createClient, type LatchkeyClient } from '../../client/index.ts'
import { type DatabaseSettings, readTarget, withoutPassword } from '../../config.ts'
import { LatchkeyError } from '../../core/errors.ts'
import type { AuditEvent, ListAuditInput } from '../../core/shapes/audit.ts'
import type { Applied } from '../../core/shapes/calls.ts'
import type { CreatedKey, CreateKeyInput, Key, KeyDetails, ListKeysInput, RotateKeyInput, UpdateKeyInput } from '../../core/shapes/keys.ts'
import type { CreateOrganizationInput, ListOrganizationsInput, Organization, UpdateOrganizationInput } from '../../core/shapes/organizations.ts'
import type { Page } from '../../core/shapes/page.ts'
import type { Verdict, VerifyOptions } from '../../core/shapes/verification.ts'
import type { Latchkey } from '../../latchkey.ts'
import type { CacheOptions } from '../../verdict/cache-options.ts'
import { CommandError, exitCodes } from './failures.ts'
import { printNote } from './output.ts'

/** What commands work on, so that each is written once: a server, or a database. */
export interface Connection {
  keys: {
    create(input: CreateKeyInput): Promise<CreatedKey>
    get(id: string, secretsAfter?: string): Promise<KeyDetails>
    list(input?: ListKeysInput): Promise<Page<Key>>
    /** Changes; with `wait`, `applied` tells which processes act on it. */
    update(id: string, change: UpdateKeyInput, wait: boolean): Promise<Key & Waited>
    rotate(id: string, input: RotateKeyInput, wait: boolean): Promise<CreatedKey & Waited>
    endSecret(id: string, kid: string, wait: boolean): Promise<Waited>
    revoke(id: string, wait: boolean): Promise<Waited>
  }
  organizations: {
    create(input: CreateOrganizationInput): Promise<Organization>
    get(id: string): Promise<Organization>
    list(input?: ListOrganizationsInput): Promise<Page<Organization>>
    update(id: string, change: UpdateOrganizationInput): Promise<Organization>
  }
  audit: { list(input?: ListAuditInput): Promise<Page<AuditEvent>> }
  verify(token: string, options?: Pick<VerifyOptions, 'permissions'>): Promise<Verdict>
}

/** What came of waiting, where a command was asked to. */
export interface Waited {
  applied?: Applied
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
    .option('--url <address>', 'work on this server, as the key in LATCHKEY_KEY (or LATCHKEY_URL)')
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
  if ('url' in target) return work(toServer(createClient(target)))
  await requireDatabase(target)
  await using latchkey = await openDatabase(target)
  return await work(toDatabase(latchkey))
}

function toServer(client: LatchkeyClient): Connection {
  const { keys } = client
  const asked = (wait: boolean) => (wait ? ({ wait: 'applied' } as const) : {})
  return {
    ...client,
    keys: {
      ...keys,
      get: (id, secretsAfter) => keys.get(id, secretsAfter === undefined ? {} : { secretsAfter }),
      update: (id, change, wait) => keys.update(id, change, asked(wait)),
      rotate: (id, input, wait) => keys.rotate(id, input, asked(wait)),
      endSecret: async (id, kid, wait) => (await keys.endSecret(id, kid, asked(wait))) ?? {},
      revoke: async (id, wait) => (await keys.revoke(id, asked(wait))) ?? {},
    },
  }
}

function toDatabase(latchkey: Latchkey): Connection {
  const { keys } = latchkey
  const andWait = async <Answer extends object>(wait: boolean, answer: Answer): Promise<Answer & Waited> =>
    wait ? { ...answer, applied: await latchkey.waitUntilApplied() } : answer
  return {
    ...latchkey,
    keys: {
      ...keys,
      get: (id, secretsAfter) => keys.get(id, undefined, { secretsAfter }),
      update: async (id, change, wait) => andWait(wait, await keys.update(id, change)),
      rotate: async (id, input, wait) => andWait(wait, await keys.rotate(id, input)),
      endSecret: async (id, kid, wait) => {
        await keys.endSecret(id, kid)
        return andWait(wait, {})
      },
      revoke: async (id, wait) => {
        await keys.revoke(id)
        return andWait(wait, {})
      },
    },
  }
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
  if (!existsSync(path)) throw noDatabase(`There is no database ${path} here.`)
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
    `${what} Name yours with --database or LATCHKEY_DATABASE_URL, a server with --url, or make a new one with ` +
      '`latchkey serve` or `latchkey migrate`.',
  )
}

/** Reads a list: one page of at most `limit`, or with `all` every page of it. Says whether there is more. */
export async function readPages<Item>(
  { all, limit }: { all?: boolean; limit?: number },
  readPage: (page: { limit?: number; after?: string }) => Promise<Page<Item>>,
): Promise<{ items: Item[]; more: boolean }> {
  const size = all ? { limit: 1000 } : limit === undefined ? {} : { limit }
  let { items, next } = await readPage(size)
  while (all && next !== undefined) {
    const page: Page<Item> = await readPage({ ...size, after: next })
    items = items.concat(page.items)
    next = page.next
  }
  return { items, more: next !== undefined }
}
