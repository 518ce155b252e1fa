// What commands work on: a server or an opened database, through one interface.
import { existsSync } from 'node:fs'
import { type Command, Option } from 'commander'
import { createClient } from '../client/index.ts'
import { type DatabaseSettings, readTarget, withoutPassword } from '../config.ts'
import { LatchkeyError } from '../errors.ts'
import type { Latchkey } from '../latchkey.ts'
import type {
  AuditEvent,
  CreatedKey,
  CreateKeyInput,
  CreateOrganizationInput,
  Key,
  KeyDetails,
  ListAuditInput,
  ListKeysInput,
  ListOrganizationsInput,
  Organization,
  Page,
  RotateKeyInput,
  UpdateKeyInput,
  UpdateOrganizationInput,
  Verdict,
  VerifyOptions,
} from '../schemas.ts'
import { CommandError, exitCodes } from './failures.ts'

/** What the library and the client have in common, so that each command is written once. */
export interface Connection {
  keys: {
    create(input: CreateKeyInput): Promise<CreatedKey>
    get(id: string): Promise<KeyDetails>
    list(input?: ListKeysInput): Promise<Page<Key>>
    update(id: string, change: UpdateKeyInput): Promise<Key>
    rotate(id: string, input?: RotateKeyInput): Promise<CreatedKey>
    endSecret(id: string, kid: string): Promise<void>
    revoke(id: string): Promise<void>
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
  if ('url' in target) return work(createClient(target))
  requireDatabase(target)
  await using latchkey = await openDatabase(target)
  return await work(latchkey)
}

/** Opens a database; one that cannot be opened is named, without its password. */
export async function openDatabase({ database, prefixes }: DatabaseSettings): Promise<Latchkey> {
  // Loaded only here: help, and commands on a server, start in half the time without it.
  const { openLatchkey } = await import('../latchkey.ts')
  try {
    return await openLatchkey({ database, prefixes })
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

/** Throws CommandError where there is no such file: only `serve` and `migrate` make a database. */
export function requireDatabase({ database }: DatabaseSettings): void {
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(database)?.[1]
  if (path === undefined || existsSync(path)) return
  throw new CommandError(
    exitCodes.unreachable,
    `There is no database ${path} here. Name yours with --database or LATCHKEY_DATABASE_URL, a server with ` +
      '--url, or make a new one with `latchkey serve` or `latchkey migrate`.',
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
