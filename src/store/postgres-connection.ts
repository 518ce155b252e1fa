// Connections to the primary of a PostgreSQL database: which host to ask, by TLS or not, and what a server must
// be before anything is asked of it.
import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import type { ConnectionOptions } from 'node:tls'
import pg from 'pg'
import { findPassword } from './postgres-passfile.ts'
import type { PostgresHost, PostgresSettings, TlsMode } from './postgres-url.ts'

/** One of several hosts may be dead, and the others must still get their turn. */
const connectTimeoutOfManyMs = 400
/** A failure makes all connections suspect, but not the new ones that it led to. */
const suspectEveryMs = 1_000

/** How long plans are good for; in that time few tables get so many rows that it matters. */
export const plansLastMs = 10_000
const renewalTimeoutMs = 800

/** The SQLSTATE of a notice that warns of nothing, such as a trigger may raise. Its severity comes in the server's language. */
const successfulCompletion = '00000'

// Instants and counts are below 2^53: read int8 as a number, not as a string.
const types = {
  getTypeParser: ((oid: number, format: 'text') =>
    oid === pg.types.builtins.INT8
      ? Number
      : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
}

/** A server that answers, and that Latchkey must not use: its message says why. */
export class UnfitServerError extends Error {
  override readonly name = 'UnfitServerError'
}

/** An open connection to a server that was no standby when it was made. */
export interface PostgresClient extends pg.Client {
  readonly host: string
  /** Those of an older generation may lead to a server that is primary no more. */
  readonly generation: number
  /** Whether it broke, and is to be thrown away. */
  isBroken: boolean
  /** How many warnings the server has sent on it: a commit that sends one is not what it seems. */
  warnings: number
  /** Since when it has prepared what comes with every change, by the monotonic clock; undefined if it has nothing of that. */
  preparedAt: number | undefined
}

/** What may be asked of a new connection. */
export interface ConnectOptions {
  /** What the server's list of connections calls it. */
  purpose: 'verify' | 'listen' | undefined
  /** How long all attempts may take together. */
  timeoutMs: number
  /** How long a statement may take if it does not say so itself; unbounded if absent. */
  queryTimeoutMs?: number
}

/** Makes connections, on the host that served last or else on the next that does. */
export class PostgresConnector {
  readonly settings: PostgresSettings
  /** Whether a pooler stands between that may change servers between two transactions; once true, it stays so. */
  pooled: boolean
  /** Called when {@link pooled} becomes true. */
  onPooled: () => void = () => {}
  readonly #user: string
  readonly #tls: readonly (false | ConnectionOptions)[][]
  #host = 0
  #generation = 0
  #suspectedAt = Number.NEGATIVE_INFINITY

  /** Throws a sentence if a certificate cannot be read. */
  constructor(settings: PostgresSettings) {
    this.settings = settings
    this.pooled = settings.pooled
    this.#user = settings.user ?? userInfo().username
    this.#tls = settings.hosts.map((host) => readTls(settings, host))
  }

  /** The user whose connections these are. */
  get user(): string {
    return this.#user
  }

  /** The connections made before a generation may not lead to the primary any more. */
  get generation(): number {
    return this.#generation
  }

  /** A pooler was recognized by what it did. */
  notePooler(): void {
    if (this.pooled) return
    this.pooled = true
    this.onPooled()
  }

  /** A connection failed or hung: those of its generation are to be thrown away, and another host is to be asked. */
  suspect(client: PostgresClient): void {
    const now = performance.now()
    if (client.generation !== this.#generation || now - this.#suspectedAt < suspectEveryMs) return
    this.#suspectedAt = now
    this.#generation++
    this.#host = (this.#host + 1) % this.settings.hosts.length
  }

  /** Connects to the first host, from the one that served last, that is no standby. Throws what the last one said. */
  async connect(options: ConnectOptions): Promise<PostgresClient> {
    const { hosts, connectTimeoutMs } = this.settings
    const eachMs = connectTimeoutMs ?? (hosts.length > 1 ? connectTimeoutOfManyMs : options.timeoutMs)
    const deadline = performance.now() + Math.max(options.timeoutMs, connectTimeoutMs ?? 0)
    const first = this.#host
    let failure: unknown
    for (let i = 0; i < hosts.length; i++) {
      const index = (first + i) % hosts.length
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) break
      try {
        const client = await this.#connectTo(index, Math.min(eachMs, leftMs), options)
        this.#host = index
        return client
      } catch (error) {
        // What a server said tells more than that another did not answer.
        if (!(failure instanceof UnfitServerError) || error instanceof pg.DatabaseError) failure = error
      }
    }
    // The next attempt begins with a host that this one may not have come to.
    this.#host = (this.#host + 1) % hosts.length
    throw failure ?? new Error('The database did not answer in time.')
  }

  async #connectTo(index: number, timeoutMs: number, options: ConnectOptions): Promise<PostgresClient> {
    const [first = false, ...others] = this.#tls[index] as (false | ConnectionOptions)[]
    try {
      return await this.#attempt(index, first, timeoutMs, options)
    } catch (error) {
      const other = others[0]
      if (other === undefined || !isAboutTls(error)) throw error
      return await this.#attempt(index, other, timeoutMs, options)
    }
  }

  async #attempt(
    index: number,
    ssl: false | ConnectionOptions,
    timeoutMs: number,
    { purpose, queryTimeoutMs }: ConnectOptions,
  ): Promise<PostgresClient> {
    const { host, port } = this.settings.hosts[index] as PostgresHost
    const { settings } = this
    const database = settings.database ?? this.#user
    const name = settings.applicationName ?? 'latchkey'
    const client = new pg.Client({
      host,
      port,
      user: this.#user,
      database,
      password: async () =>
        settings.password ??
        (await findPassword(settings.passwordFile, { host, port, database, user: this.#user })) ??
        '',
      ssl,
      sslnegotiation: ssl && settings.tlsAtOnce ? 'direct' : 'postgres',
      enableChannelBinding: settings.channelBinding,
      application_name: purpose === undefined ? name : `${name} ${purpose}`,
      options: settings.options,
      types,
      pipeline: true,
      keepAlive: true,
      connectionTimeoutMillis: Math.max(1, Math.ceil(timeoutMs)),
      ...(queryTimeoutMs !== undefined && { query_timeout: queryTimeoutMs }),
    })
    const connection = Object.assign(client, {
      generation: this.#generation,
      isBroken: false,
      warnings: 0,
      preparedAt: undefined,
    }) as PostgresClient
    const reported: Record<string, string> = {}
    const onStatus = ({ parameterName, parameterValue }: ParameterStatus) => {
      reported[parameterName] = parameterValue
      // Servers from version 14 on tell of this when they connect, and again should it ever change.
      if (parameterName === 'in_hot_standby' && parameterValue === 'on') connection.isBroken = true
    }
    ;(client.connection as unknown as NodeJS.EventEmitter).on('parameterStatus', onStatus)
    client.on('notice', ({ code }) => {
      if (code !== successfulCompletion) connection.warnings++
    })
    // An idle connection that dies is replaced at the next use; without a listener it would end the process.
    client.on('error', () => {
      connection.isBroken = true
    })
    client.on('end', () => {
      connection.isBroken = true
    })
    try {
      await client.connect()
      checkServer(reported, host, port, settings.hosts.length)
    } catch (error) {
      connection.isBroken = true
      client.end().catch(() => {})
      throw error
    }
    return connection
  }
}

interface ParameterStatus {
  parameterName: string
  parameterValue: string
}

/** Ends a connection, and waits for no answer if it is broken. */
export function endClient(client: PostgresClient): void {
  if (client.isBroken) (client.connection as unknown as { stream: { destroy(): void } }).stream.destroy()
  client.isBroken = true
  client.end().catch(() => {})
}

/**
 * Has a connection prepare anew what it has prepared long ago. The server keeps the plan of a prepared statement until somebody has
 * analyzed its tables: one that was made for a few rows reads the whole of a table that has many meanwhile.
 */
export function renewPlans(client: PostgresClient): void {
  if (client.preparedAt === undefined || performance.now() - client.preparedAt < plansLastMs) return
  client.preparedAt = undefined
  client.query({ text: 'deallocate all', query_timeout: renewalTimeoutMs } as pg.QueryConfig).catch(() => {
    client.isBroken = true
  })
  // It sends them by their names while they are here.
  Object.assign(client.connection, { parsedStatements: {} })
}

/** Whether what a server said shows that another connection's statements are on this one, or this one's are gone. */
export function isPoolerFault(error: unknown): boolean {
  const { code, message = '' } = error as pg.DatabaseError
  // By a pooler's own words, too: it may have no code for them.
  return (
    code === '26000' ||
    code === '42P05' ||
    /prepared statement .* (already exists|does not exist)/.test(message)
  )
}

/** Refuses what a server must not be, as far as it said so itself: poolers leave this out. */
function checkServer(reported: Record<string, string>, host: string, port: number, hosts: number): void {
  const what = `The PostgreSQL server on ${host} port ${port}`
  if (reported.in_hot_standby === 'on') {
    throw new UnfitServerError(
      `${what} is a standby, whose data may be behind. Name the primary, or all hosts of the cluster: postgres://a,b/name.`,
    )
  }
  // A primary that takes no writes now may still be the only one; among several, another may be the one.
  if (reported.default_transaction_read_only === 'on' && hosts > 1) {
    throw new UnfitServerError(`${what} accepts no writes, because default_transaction_read_only is on.`)
  }
}

/** How to connect to a host: with TLS, without, or first one and then the other. */
function readTls(settings: PostgresSettings, { host }: PostgresHost): (false | ConnectionOptions)[] {
  // Across a network a server that has TLS is spoken to by TLS, even if nobody asked for it.
  const isLocal = host.startsWith('/') || /^(localhost|127\..*|::1)$/.test(host)
  const mode = settings.tlsMode ?? (isLocal ? 'disable' : 'prefer')
  if (mode === 'disable' || host.startsWith('/')) return [false]
  const options = tlsOptions(settings, mode)
  if (mode === 'allow') return [false, options]
  return mode === 'prefer' ? [options, false] : [options]
}

function tlsOptions(settings: PostgresSettings, mode: TlsMode): ConnectionOptions {
  const { rootCertificate, certificate, certificateKey, certificateKeyPassword } = settings
  const isSystem = rootCertificate === 'system'
  const ca = rootCertificate === undefined || isSystem ? undefined : read('sslrootcert', rootCertificate)
  const own = {
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: read('sslcert', certificate) }),
    ...(certificateKey !== undefined && { key: read('sslkey', certificateKey) }),
    ...(certificateKeyPassword !== undefined && { passphrase: certificateKeyPassword }),
  }
  if (mode === 'verify-full' || isSystem) return own
  // As in libpq: an operator who names an authority for `require` wants it asked.
  if (mode === 'verify-ca' || (mode === 'require' && ca !== undefined)) {
    return { ...own, checkServerIdentity: () => undefined }
  }
  return { ...own, rejectUnauthorized: false }
}

function read(parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new Error(`Latchkey cannot read the file that ${parameter} names: ${(error as Error).message}.`)
  }
}

/** Whether a server refused TLS, or refused to do without it. */
function isAboutTls(error: unknown): boolean {
  if ((error as pg.DatabaseError).code === '28000') return true
  return /does not support SSL|SSL connection/.test((error as Error).message)
}
