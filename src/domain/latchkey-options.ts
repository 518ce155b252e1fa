// Which options openLatchkey() and its questions take, and what is refused of them.
import { refuseField } from '../core/errors.ts'
import type { MailOptions } from '../core/mail-settings.ts'
import { questionFault, unknownOption } from '../core/options.ts'
import type { PartnerOptions } from '../core/partner-settings.ts'
import type { KeptPlaces } from '../core/places.ts'
import type { ProviderOptions } from '../core/provider-settings.ts'
import type { VerifyOptions } from '../core/shapes/verification.ts'
import { longestPrefix, prefixPattern, type RandomSource } from '../core/token.ts'
import { type CacheOptions, cacheFault } from '../verdict/cache-options.ts'

/** Which database is opened, and how. */
export interface LatchkeyOptions extends CacheOptions, PartnerOptions, ProviderOptions, MailOptions {
  /**
   * `sqlite:<file>` or `postgres://<user>@<host>/<name>`. Latchkey creates and migrates the database if needed. For tests also
   * `sqlite::memory:`: a new one, of which nothing is left when it is closed.
   */
  database: string
  /**
   * Token prefixes for new keys, the default first: they come before those that the database has. If absent, those alone, or
   * `re` if it has none.
   */
  prefixes?: readonly string[]
  /**
   * Is called with what the operator must know, such as that the database file was replaced; a process warning
   * named LatchkeyWarning if absent.
   */
  onWarning?: (message: string) => void
  /**
   * The keys by which this instance knows its reservations: 32 bytes in base64 each, the same in every process; the first
   * signs. The environment's LATCHKEY_SEALING_KEYS if absent; without any, an SQLite database has a file of its own.
   */
  sealingKeys?: readonly string[]
  /**
   * The secrets with which other systems have hashed tokens that were imported: `name=base64` each, the same in every process.
   * The environment's LATCHKEY_PEPPERS if absent.
   */
  peppers?: readonly string[]
  /**
   * For how many days usage is kept by the hour, from 2 to 36,500: the same in every process on the database. The
   * environment's LATCHKEY_USAGE_HOURS_KEPT if absent, else 35.
   */
  usageHoursKept?: number
  /** The same for usage by the day: the environment's LATCHKEY_USAGE_DAYS_KEPT if absent, else 800. */
  usageDaysKept?: number
  /** The same for the addresses and user agents of calls: the environment's LATCHKEY_USAGE_PLACES_KEPT if absent, else 30. */
  usagePlacesKept?: number
  /**
   * For how many days the audit log is kept, from 31 to 36,500: the same in every process on the database. The environment's
   * LATCHKEY_AUDIT_DAYS_KEPT if absent, else for ever.
   */
  auditDaysKept?: number
  /** What is kept of clients' addresses: `network` keeps 24 bits, or 48 of IPv6. The environment's LATCHKEY_USAGE_IP if absent, else `whole`. */
  usageIp?: KeptPlaces['ip']
  /** Whether user agents are kept: the environment's LATCHKEY_USAGE_USER_AGENT if absent, else `whole`. */
  usageUserAgent?: KeptPlaces['userAgent']
  /** Whether it is kept what is called: the environment's LATCHKEY_USAGE_OPERATION if absent, else `whole`. */
  usageOperation?: KeptPlaces['operation']
  /**
   * Networks, such as `10.1.0.0/16`, in which webhooks of the root organization may have their receivers. The environment's
   * LATCHKEY_WEBHOOK_NETWORKS if absent, else none.
   */
  webhookNetworks?: readonly string[]
  /** The name servers that find receivers: the environment's LATCHKEY_WEBHOOK_NAME_SERVERS if absent, else the system's. */
  webhookNameServers?: readonly string[]
  /** The proxy through which webhooks go: the environment's LATCHKEY_WEBHOOK_PROXY if absent, else none. */
  webhookProxy?: string
  /**
   * A file to which the checkpoints of the log are appended that this process makes, every hour at most: for somebody to take away.
   * The environment's LATCHKEY_CHECKPOINT_FILE if absent, else none.
   */
  checkpointFile?: string
  /** The address under which people reach the server, for invitations; LATCHKEY_PUBLIC_URL if absent. */
  publicUrl?: string
  /** Milliseconds since 1970; `Date.now` if absent. For tests. */
  now?: () => number
  /** Milliseconds by a clock that is never set; `performance.now` if absent. For tests. */
  monotonic?: () => number
  /** `crypto.getRandomValues` if absent. For tests. */
  random?: RandomSource
}

/** Every option, so that none can be added without being known here. */
const optionNames = Object.keys({
  database: true,
  prefixes: true,
  onWarning: true,
  sealingKeys: true,
  peppers: true,
  usageHoursKept: true,
  usageDaysKept: true,
  usagePlacesKept: true,
  auditDaysKept: true,
  usageIp: true,
  usageUserAgent: true,
  usageOperation: true,
  webhookNetworks: true,
  webhookNameServers: true,
  webhookProxy: true,
  checkpointFile: true,
  githubKeysUrl: true,
  githubLabels: true,
  gitlabTokens: true,
  oidcFile: true,
  unlistedProviders: true,
  publicUrl: true,
  smtpUrl: true,
  smtpFrom: true,
  now: true,
  monotonic: true,
  random: true,
  cachedSecrets: true,
  cacheBytes: true,
} satisfies Record<keyof LatchkeyOptions, true>)
const questionNames = ['permissions', 'organizationId', 'prefix', 'cost', 'reserveSeconds', 'context']

/** Throws `invalid_input` for an option that nobody reads, and for a number out of bounds. */
export function checkOpening(options: LatchkeyOptions): void {
  const fault = unknownOption(options, optionNames) ?? cacheFault(options)
  if (fault) refuseField(fault.path, fault.message)
}

export function checkQuestion(asked: VerifyOptions | undefined): void {
  const fault = questionFault(asked, questionNames)
  if (fault) refuseField(fault.path, fault.message)
}

export function checkPrefixes(prefixes: readonly string[]): readonly string[] {
  const wrong = prefixes.find((prefix) => prefix.length > longestPrefix || !prefixPattern.test(prefix))
  if (wrong !== undefined || prefixes.length === 0) {
    refuseField(
      'prefixes',
      'Must be lower-case letters and digits with single _ between them, at most 24 characters.',
    )
  }
  return prefixes
}
