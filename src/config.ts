// Settings: a flag, else an environment variable, else a default. The only reader of process.env.
import { isIP } from 'node:net'
import { keptUsageDays, minKeptAuditDays } from './core/bounds.ts'
import { type Environment, type Given, pick, refuse, splitList, splitWords } from './core/given-settings.ts'
import { readWorkers } from './core/number-settings.ts'
import { distanceOf } from './core/options.ts'
import type { KeptPlaces } from './core/places.ts'
import { readServing, type ServingFlags, type ServingSettings } from './core/serving-settings.ts'
import { readStandards, type StandardsFlags, type StandardsSettings } from './core/standards-settings.ts'
import { containsToken, longestPrefix, parseToken, prefixPattern } from './core/token.ts'
import { variables } from './core/variables.ts'
import type { WebhookSettings } from './core/webhook-settings.ts'
import { isNetwork } from './egress/addresses.ts'
import { hidePassword, isPostgresUrl, parsePostgresUrl } from './store/postgres-url.ts'
import { type CacheOptions, cacheFault } from './verdict/cache-options.ts'

export { sqlitePath } from './store/sqlite-url.ts'

/** What the flags of `latchkey serve` say, as they were typed. */
export interface ServeFlags extends StandardsFlags, ServingFlags {
  database?: string
  workers?: string
  keyPrefix?: string
  trustedProxy?: string[]
  cachedSecrets?: string
  cacheBytes?: string
  webhookNetworks?: string
  webhookNameServers?: string
  webhookProxy?: string
  checkpointFile?: string
  permissionsFile?: string
}

export interface DatabaseSettings {
  database: string
  /** Token prefixes for new keys, the default first; undefined for those that the database has. */
  prefixes: [string, ...string[]] | undefined
}

export interface ServeSettings extends DatabaseSettings, StandardsSettings, ServingSettings {
  trustedProxies: string[]
  /** How many processes serve. */
  workers: number
  /** The token to take as the first root key on an empty database; `none` to make none there. */
  rootKey: string | undefined
  /** How many secrets a process remembers, and how many bytes of them; the library's defaults if absent. */
  cache: CacheOptions
  webhooks: WebhookSettings
  /** To where checkpoints are appended; undefined for nowhere. */
  checkpointFile: string | undefined
  /** What the catalogue of permissions is to be; undefined for what it is. */
  permissionsFile: string | undefined
}

/** What the flags of `latchkey relay` say, as they were typed. */
export interface RelayFlags
  extends ServingFlags,
    Pick<StandardsFlags, 'basicAuth'>,
    Pick<ServeFlags, 'trustedProxy' | 'cachedSecrets' | 'cacheBytes'> {
  upstream?: string
}

export interface RelaySettings extends ServingSettings, Pick<StandardsSettings, 'basicAuth'> {
  /** The address of the server, or of another relay. */
  upstream: string
  token: string
  trustedProxies: string[]
  cache: CacheOptions
}

/** Where a command works: on a server, as a key of it, or on a database that this process opens. */
export type Target = { url: string; token: string } | DatabaseSettings

/** Reads what `latchkey serve` needs. Throws `invalid_input` that names the flag or variable. */
export function readServeSettings(flags: ServeFlags, env: Environment = process.env): ServeSettings {
  return {
    ...readDatabaseSettings(flags, env),
    ...readServing(flags, env),
    trustedProxies: readProxies(flags, env),
    workers: readWorkers(pick('--workers', flags.workers, 'LATCHKEY_WORKERS', env)),
    rootKey: readRootKey(pick('', undefined, 'LATCHKEY_ROOT_KEY', env)),
    cache: readCache(flags, env),
    webhooks: readWebhooks(
      pick('--webhook-networks', flags.webhookNetworks, 'LATCHKEY_WEBHOOK_NETWORKS', env),
      pick('--webhook-name-servers', flags.webhookNameServers, 'LATCHKEY_WEBHOOK_NAME_SERVERS', env),
      pick('--webhook-proxy', flags.webhookProxy, 'LATCHKEY_WEBHOOK_PROXY', env),
    ),
    checkpointFile: checkpointFileOf(flags, env),
    permissionsFile: pick('--permissions-file', flags.permissionsFile, 'LATCHKEY_PERMISSIONS_FILE', env)
      ?.value,
    ...readStandards(flags, env),
  }
}

/** Reads what `latchkey relay` needs. Throws `invalid_input` that names the flag or variable. */
export function readRelaySettings(flags: RelayFlags, env: Environment = process.env): RelaySettings {
  const upstream = pick('--upstream', flags.upstream, 'LATCHKEY_UPSTREAM', env)
  if (upstream === undefined)
    refuse('Name the server that the relay works for, with --upstream or LATCHKEY_UPSTREAM.')
  return {
    ...readServing(flags, env),
    trustedProxies: readProxies(flags, env),
    upstream: readUrl(upstream),
    token: readKey(env, 'the relay asks its upstream'),
    cache: readCache(flags, env),
    basicAuth: readStandards(flags, env).basicAuth,
  }
}

/** Reads where the database is and which prefixes its keys may have. Throws `invalid_input`. */
export function readDatabaseSettings(
  flags: { database?: string; keyPrefix?: string },
  env: Environment = process.env,
): DatabaseSettings {
  return {
    database: readDatabase(pick('--database', flags.database, 'LATCHKEY_DATABASE_URL', env), env),
    prefixes: readPrefixes(pick('--key-prefix', flags.keyPrefix, 'LATCHKEY_KEY_PREFIX', env)),
  }
}

/**
 * Reads where a command works: `--url` or `--database` if one of them is given, else LATCHKEY_URL, else the
 * database. Throws `invalid_input`.
 */
export function readTarget(
  flags: { url?: string; database?: string },
  env: Environment = process.env,
): Target {
  if (flags.url !== undefined && flags.database !== undefined) {
    refuse('--url and --database exclude each other. Name a server or a database.')
  }
  const url = flags.database === undefined ? pick('--url', flags.url, 'LATCHKEY_URL', env) : undefined
  return url === undefined ? readDatabaseSettings(flags, env) : { url: readUrl(url), token: readKey(env) }
}

/** What names a profile, or stands instead of one. The folder of profiles is undefined without a home. */
export function readProfileSettings(flags: { url?: string; profile?: string }) {
  const { env } = process
  const home = env.XDG_CONFIG_HOME || (env.HOME && `${env.HOME}/.config`)
  const url = pick('--url', flags.url, 'LATCHKEY_URL', env)
  return {
    profile: pick('--profile', flags.profile, 'LATCHKEY_PROFILE', env),
    folder: home ? `${home}/latchkey` : undefined,
    url: url && readUrl(url),
    has: (name: string) => Boolean(env[name]?.trim()),
  }
}

/**
 * Reads the database of a command that works on no server, `what` it does. Where the environment names a server, the
 * database must be named by `--database`: the one of the folder or of a variable need not be that server's. Throws
 * `invalid_input`.
 */
export function readOwnDatabase(
  what: string,
  flags: { database?: string },
  env: Environment = process.env,
): DatabaseSettings {
  if (flags.database === undefined && env.LATCHKEY_URL?.trim()) {
    refuse(
      `LATCHKEY_URL names a server, but \`latchkey ${what}\` works on a database. Name the database with --database.`,
    )
  }
  return readDatabaseSettings(flags, env)
}

/** The variables of this process, for what sets them from files. */
export const ownVariables = () => process.env

/** The variables that look like Latchkey's and are none, each with the one that was meant, if one is much like it. */
export function unknownVariables(
  env: Environment = process.env,
): [name: string, meant: string | undefined][] {
  const known: readonly string[] = variables
  return Object.keys(env)
    .filter((name) => name.startsWith('LATCHKEY_') && !known.includes(name))
    .map((name) => [name, known.find((other) => distanceOf(name, other) <= 2)])
}

/** A database's url for people to see: without its password, if there is one. */
export function withoutPassword(url: string): string {
  return isPostgresUrl(url) ? hidePassword(url) : url
}

/** PostgreSQL's own variables, which say what a database's url leaves out. */
export function postgresEnvironment(env: Environment = process.env): Environment {
  return Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('PG')))
}

/** What a variable holds with commas or spaces between: the keys of the instance, in base64, or peppers, name=base64. */
export function secretsOf(name: 'SEALING_KEYS' | 'PEPPERS', env: Environment = process.env): string[] {
  return splitWords(env[`LATCHKEY_${name}`] ?? '')
}

/** How webhooks leave: as given, else as LATCHKEY_WEBHOOK_NETWORKS and the like say. Throws `invalid_input`. */
export function webhookSettingsOf(
  given: {
    webhookNetworks?: readonly string[]
    webhookNameServers?: readonly string[]
    webhookProxy?: string
  },
  env: Environment = process.env,
): WebhookSettings {
  const read = (name: keyof typeof given, variable: string): Given | undefined => {
    const value = given[name]
    return value === undefined ? pick('', undefined, variable, env) : { value: String(value), from: name }
  }
  return readWebhooks(
    read('webhookNetworks', 'LATCHKEY_WEBHOOK_NETWORKS'),
    read('webhookNameServers', 'LATCHKEY_WEBHOOK_NAME_SERVERS'),
    read('webhookProxy', 'LATCHKEY_WEBHOOK_PROXY'),
  )
}

/** The file to which checkpoints go: as given, else as LATCHKEY_CHECKPOINT_FILE says. Throws `invalid_input`. */
export function checkpointFileOf(given: { checkpointFile?: string }, env: Environment = process.env) {
  return pick('--checkpoint-file', given.checkpointFile, 'LATCHKEY_CHECKPOINT_FILE', env)?.value
}

/** For how many days usage is kept: as given, else as LATCHKEY_USAGE_HOURS_KEPT and the like say. Throws `invalid_input`. */
export function keptUsageOf(
  {
    usageHoursKept,
    usageDaysKept,
    usagePlacesKept,
  }: {
    usageHoursKept?: number
    usageDaysKept?: number
    usagePlacesKept?: number
  },
  env: Environment = process.env,
): { hours: number; days: number; places: number } {
  const read = (name: string, given: number | undefined, variable: string, usual: number) => {
    const set = pick('', undefined, variable, env)
    const days = given ?? (set ? (/^\d{1,5}$/.test(set.value) ? Number(set.value) : Number.NaN) : usual)
    if (Number.isInteger(days) && days >= minKeptDays && days <= maxKeptDays) return days
    refuse(
      `${given === undefined ? variable : name}: Must be a whole number of days from ${minKeptDays} to ${maxKeptDays}.`,
    )
  }
  return {
    hours: read('usageHoursKept', usageHoursKept, 'LATCHKEY_USAGE_HOURS_KEPT', keptUsageDays.hours),
    days: read('usageDaysKept', usageDaysKept, 'LATCHKEY_USAGE_DAYS_KEPT', keptUsageDays.days),
    places: read('usagePlacesKept', usagePlacesKept, 'LATCHKEY_USAGE_PLACES_KEPT', keptUsageDays.places),
  }
}

/**
 * For how many days the audit log is kept: as given, else as LATCHKEY_AUDIT_DAYS_KEPT says; undefined for ever. Throws
 * `invalid_input`.
 */
export function keptAuditDaysOf(given: { auditDaysKept?: number }, env: Environment = process.env) {
  const set = pick('', undefined, 'LATCHKEY_AUDIT_DAYS_KEPT', env)
  const days = given.auditDaysKept ?? (set && (/^\d{1,5}$/.test(set.value) ? Number(set.value) : Number.NaN))
  if (days === undefined) return undefined
  if (Number.isInteger(days) && days >= minKeptAuditDays && days <= maxKeptDays) return days
  const name = given.auditDaysKept === undefined ? 'LATCHKEY_AUDIT_DAYS_KEPT' : 'auditDaysKept'
  refuse(`${name}: Must be a whole number of days from ${minKeptAuditDays} to ${maxKeptDays}.`)
}

/** How much of places is kept: as given, else as LATCHKEY_USAGE_IP and the like say. Throws `invalid_input`. */
export function keptPlacesOf(
  given: { usageIp?: string; usageUserAgent?: string; usageOperation?: string },
  env: Environment = process.env,
): KeptPlaces {
  const read = <Choice extends string>(
    name: keyof typeof given,
    variable: string,
    choices: readonly [Choice, ...Choice[]],
  ): Choice => {
    const value = given[name] ?? pick('', undefined, variable, env)?.value ?? choices[0]
    const from = given[name] === undefined ? variable : name
    return (
      choices.find((choice) => choice === value) ?? refuse(`${from}: Must be one of ${choices.join(', ')}.`)
    )
  }
  return {
    ip: read('usageIp', 'LATCHKEY_USAGE_IP', ['whole', 'network', 'off']),
    userAgent: read('usageUserAgent', 'LATCHKEY_USAGE_USER_AGENT', ['whole', 'off']),
    operation: read('usageOperation', 'LATCHKEY_USAGE_OPERATION', ['whole', 'off']),
  }
}

/** An hour must be in its day, and a day in its month, before either is deleted. */
const minKeptDays = 2
const maxKeptDays = 36_500

function readDatabase(given: Given | undefined, env: Environment): string {
  // An operator who has told PostgreSQL's clients where the database is means it.
  const byVariables = env.PGHOST?.trim() || env.PGDATABASE?.trim() ? 'postgres://' : undefined
  const value = given?.value ?? byVariables ?? 'sqlite:latchkey.db'
  const from = given?.from ?? 'PGHOST or PGDATABASE'
  if (/^sqlite:(?!:memory:)./.test(value)) return value
  if (isPostgresUrl(value)) {
    checkPostgresUrl(value, from, env)
    return value
  }
  if (/^(?:host|hostaddr|dbname|user|port|service)\s*=/.test(value)) {
    refuse(`${from}: Must be a URL such as postgres://<user>@<host>:<port>/<name>, not key=value pairs.`)
  }
  refuse(`${from}: Must be sqlite:<file> or postgres://<user>@<host>/<name>.`)
}

function checkPostgresUrl(url: string, from: string, env: Environment): void {
  try {
    parsePostgresUrl(url, env)
  } catch (error) {
    refuse(`${from}: ${(error as Error).message}`)
  }
}

function readPrefixes(given: Given | undefined): [string, ...string[]] | undefined {
  if (given === undefined) return undefined
  const prefixes = splitList(given.value)
  const wrong = prefixes.find((prefix) => prefix.length > longestPrefix || !prefixPattern.test(prefix))
  if (wrong !== undefined || prefixes.length === 0) {
    refuse(
      `${given.from}: Must be a list of prefixes such as re_live,re_test. A prefix has lower-case letters and digits ` +
        `with single _ between them, and at most ${longestPrefix} characters.`,
    )
  }
  return prefixes as [string, ...string[]]
}

function readCache(flags: Pick<ServeFlags, 'cachedSecrets' | 'cacheBytes'>, env: Environment): CacheOptions {
  const secrets = pick('--cached-secrets', flags.cachedSecrets, 'LATCHKEY_CACHED_SECRETS', env)
  const bytes = pick('--cache-bytes', flags.cacheBytes, 'LATCHKEY_CACHE_BYTES', env)
  const numberOf = ({ value }: Given) => (/^\d+$/.test(value) ? Number(value) : Number.NaN)
  const cache: CacheOptions = {
    ...(secrets && { cachedSecrets: numberOf(secrets) }),
    ...(bytes && { cacheBytes: numberOf(bytes) }),
  }
  const fault = cacheFault(cache)
  if (fault) refuse(`${(fault.path === 'cacheBytes' ? bytes : secrets)?.from}: ${fault.message}`)
  return cache
}

function readRootKey(given: Given | undefined): string | undefined {
  if (given === undefined || given.value === 'none') return given?.value
  const parsed = parseToken(given.value)
  return parsed?.token ?? refuse(`${given.from} is not a token. Create one with \`latchkey token new\`.`)
}

function readProxies({ trustedProxy }: Pick<ServeFlags, 'trustedProxy'>, env: Environment): string[] {
  const given = pick('--trusted-proxy', trustedProxy?.join(','), 'LATCHKEY_TRUSTED_PROXIES', env)
  const proxies = splitList(given?.value ?? '')
  const wrong = proxies.some((proxy) => {
    const [address = '', length, ...more] = proxy.split('/')
    const longest = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1
    return more.length > 0 || !/^\d{1,3}$/.test(length ?? '0') || Number(length ?? 0) > longest
  })
  if (wrong) refuse(`${given?.from}: Must be addresses or networks, such as 10.0.0.7 or 10.0.0.0/8.`)
  return proxies
}

const isServer = (server: string) => isIP(server) > 0 || /^(\[[0-9a-fA-F:.]+\]|[\d.]+):\d{1,5}$/.test(server)

function readWebhooks(
  networks: Given | undefined,
  nameServers: Given | undefined,
  proxy: Given | undefined,
): WebhookSettings {
  const listed = {
    networks: splitWords(networks?.value ?? ''),
    nameServers: splitWords(nameServers?.value ?? ''),
  }
  const wrong = listed.networks.find((network) => !isNetwork(network))
  if (wrong !== undefined)
    refuse(
      `${networks?.from}: ${wrong} is no network. Write it as 10.1.0.0/16, with 0 in all bits behind the first 16.`,
    )
  if (!listed.nameServers.every(isServer))
    refuse(`${nameServers?.from}: Must be addresses such as 10.0.0.2 or [fd00::53]:5353.`)
  // It may hold a password.
  if (proxy !== undefined && !['http:', 'https:'].includes(URL.parse(proxy.value)?.protocol ?? ''))
    refuse(`${proxy.from}: Must be the URL of a proxy, such as http://proxy.internal:3128.`)
  return { ...listed, proxy: proxy?.value }
}

/** Whether the terminal shows more than ASCII: the first of these that is set says so (POSIX, Base Definitions 8.2). */
export function saysUnicode({ LC_ALL, LC_CTYPE, LANG }: Environment = process.env): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '')
}

function readUrl({ value, from }: Given): string {
  const url = URL.parse(value)
  if (!url || !/^https?:$/.test(url.protocol)) {
    refuse(`${from}: Must be the address of a server, such as http://127.0.0.1:7373.`)
  }
  if (url.username || url.password || url.search || url.hash || containsToken(value)) {
    refuse(`${from}: Must be the address alone. Set LATCHKEY_KEY to the token.`)
  }
  return value
}

function readKey(env: Environment, what = 'the command calls the server'): string {
  const key = env.LATCHKEY_KEY?.trim()
  if (!key) refuse(`LATCHKEY_KEY is not set. Set it to the token of the key with which ${what}.`)
  return parseToken(key)?.token ?? refuse('LATCHKEY_KEY is not a token. Check it for a missing character.')
}
