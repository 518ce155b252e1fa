// Reads where a PostgreSQL database is and how to connect to it: its URL and libpq's variables, with libpq's
// meanings (PostgreSQL documentation, sections "Connection Strings" and "Environment Variables"). Pure.
import { LatchkeyError } from '../core/errors.ts'

/** One server of those that may be the primary. */
export interface PostgresHost {
  /** A name, an address, or the folder of a Unix socket, which begins with `/`. */
  host: string
  port: number
}

const tlsModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const
export type TlsMode = (typeof tlsModes)[number]

export interface PostgresSettings {
  /** In the order in which they are tried. */
  hosts: [PostgresHost, ...PostgresHost[]]
  /** Undefined for the name of the operating system's user. */
  user: string | undefined
  /** Undefined if the password file has to be asked. */
  password: string | undefined
  /** Undefined for libpq's own, `~/.pgpass`. */
  passwordFile: string | undefined
  /** Undefined for the user's name. */
  database: string | undefined
  /** Undefined: `prefer` across a network, none on the same machine. */
  tlsMode: TlsMode | undefined
  /** Files in PEM form, but `system` for the authorities that Node.js trusts. */
  rootCertificate: string | undefined
  certificate: string | undefined
  certificateKey: string | undefined
  certificateKeyPassword: string | undefined
  /** Begins with TLS at once, without asking the server whether it has it. */
  tlsAtOnce: boolean
  channelBinding: boolean
  /** How long one attempt to reach one host may take, in milliseconds; undefined for the default. */
  connectTimeoutMs: number | undefined
  applicationName: string | undefined
  /** Startup options, such as `-c work_mem=4MB`. */
  options: string | undefined
  /** The schema that has the tables; undefined for where they are, and `latchkey` if they are nowhere. */
  schema: string | undefined
  /** Whether a pooler that changes servers between transactions is known to stand between. */
  pooled: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** Each parameter with the variable that stands in for it. */
const variables = {
  host: 'PGHOST',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  sslmode: 'PGSSLMODE',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslpassword: undefined,
  sslnegotiation: 'PGSSLNEGOTIATION',
  channel_binding: 'PGCHANNELBINDING',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  application_name: 'PGAPPNAME',
  options: 'PGOPTIONS',
  schema: undefined,
  pgbouncer: undefined,
} as const

type Name = keyof typeof variables

/** What other clients write into such URLs, and what changes nothing here. */
const withoutEffect = new Set([
  'client_encoding',
  'connection_limit',
  'fallback_application_name',
  'gssencmode',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'load_balance_hosts',
  'pool_timeout',
  'sslcompression',
  'sslsni',
  'statement_cache_size',
  'supa',
  'tcp_user_timeout',
  'uselibpqcompat',
])

const scheme = /^postgres(?:ql)?:\/\//
const plain = /^(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^@/?#]*))?(?:\?([^#]*))?$/
const afterPassword = /^([^@/?#]*)(?:\/([^/?#]*))?(?:\?([^#]*))?$/
/** An unquoted identifier of PostgreSQL, but those that it keeps for itself. */
const schemaName = /^(?!pg_)[a-z_][a-z0-9_]{0,39}$/
const maxConnectTimeoutS = 60

interface Parts {
  user: string | undefined
  password: string | undefined
  hosts: string
  database: string
  parameters: [name: string, value: string][]
}

/** Tells whether a text means to be the URL of a PostgreSQL database. */
export function isPostgresUrl(text: string): boolean {
  return scheme.test(text)
}

/**
 * Reads a URL; libpq's variables say what it leaves out. A password may stand in it as it is, with any characters.
 * Throws `invalid_input` with a sentence that repeats no part of the URL that could be one of the password.
 */
export function parsePostgresUrl(url: string, environment: Environment = {}): PostgresSettings {
  const parts = splitUrl(url)
  if (parts === undefined) {
    refuse(
      'it must have the form postgres://<user>:<password>@<host>:<port>/<name>. Look for a misplaced character, and write %40 for an @ in the password.',
    )
  }
  const given = new Map<Name, string>()
  for (const [name, value] of parts.parameters) readParameter(given, name, value)
  const get = (name: Name): string | undefined => {
    const variable = variables[name]
    return given.get(name) ?? (variable && environment[variable]?.trim()) ?? undefined
  }
  const user = parts.user || get('user') || undefined
  return {
    hosts: readHosts(parts.hosts, given, get('host'), get('port')),
    user,
    password: parts.password ?? (get('password') || undefined),
    passwordFile: get('passfile') || undefined,
    database: parts.database || get('dbname') || user,
    tlsMode: readChoice('sslmode', tlsModes, get('sslmode')),
    rootCertificate: get('sslrootcert') || undefined,
    certificate: get('sslcert') || undefined,
    certificateKey: get('sslkey') || undefined,
    certificateKeyPassword: get('sslpassword') || undefined,
    tlsAtOnce: readChoice('sslnegotiation', ['postgres', 'direct'], get('sslnegotiation')) === 'direct',
    channelBinding:
      readChoice('channel_binding', ['disable', 'prefer', 'require'], get('channel_binding')) === 'require',
    connectTimeoutMs: readTimeout(get('connect_timeout')),
    applicationName: get('application_name') || undefined,
    options: get('options') || undefined,
    schema: readSchema(given.get('schema')),
    pooled: checkPrimary(get('target_session_attrs')) && given.get('pgbouncer') === 'true',
  }
}

/** A URL of PostgreSQL for people to see: without a password, however it is written. */
export function hidePassword(url: string): string {
  const prefix = scheme.exec(url)?.[0] ?? ''
  const rest = url.slice(prefix.length)
  const parts = splitUrl(url)
  // Nobody knows what is the password in a URL without a meaning.
  if (parts === undefined) return `${prefix}${/^[^:@/?#]*/.exec(rest)?.[0]}…`
  const at = parts.user === undefined ? rest.lastIndexOf('@') : userEnd(rest)
  const user = at < 0 ? '' : `${/^[^:@/?#]*/.exec(rest.slice(0, at))?.[0] ?? ''}`
  const secret = at >= 0 && rest.slice(0, at).length > user.length ? ':…' : ''
  const shown = rest.slice(at + 1).replace(/([?&](?:ssl)?password=)[^&]*/g, '$1…')
  return `${prefix}${at < 0 ? '' : `${user}${secret}@`}${shown}`
}

/** Takes a URL apart; undefined if it has no meaning. */
function splitUrl(url: string): Parts | undefined {
  const rest = url.replace(scheme, '')
  if (rest === url) return undefined
  const strict = readPlainly(rest)
  if (strict) {
    const [, credentials, hosts = '', database = '', query = ''] = strict
    const parts = makeParts(credentials, hosts, database, query, decode)
    if (parts) return parts
  }
  // A password that is not encoded: the last @ ends it.
  const at = rest.lastIndexOf('@')
  const match = at < 0 ? null : afterPassword.exec(rest.slice(at + 1))
  if (!match) return undefined
  const [, hosts = '', database = '', query = ''] = match
  return makeParts(rest.slice(0, at), hosts, database, query, (text) => text)
}

/** Where the credentials of a URL end, as {@link splitUrl} reads it. */
function userEnd(rest: string): number {
  return readPlainly(rest)?.[1]?.length ?? rest.lastIndexOf('@')
}

/** An @ behind a question mark, and none before, is one of a password that is not encoded. */
function readPlainly(rest: string): RegExpExecArray | undefined {
  const match = plain.exec(rest)
  return match && (match[1] !== undefined || !rest.includes('@')) ? match : undefined
}

function makeParts(
  credentials: string | undefined,
  hosts: string,
  database: string,
  query: string,
  decodePassword: (text: string) => string,
): Parts | undefined {
  if (!hosts.split(',').every((item) => splitHost(item) !== undefined)) return undefined
  const parameters: [string, string][] = []
  for (const item of query === '' ? [] : query.split('&')) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(item) ?? []
    if (name === undefined || value === undefined) return undefined
    parameters.push([name, decode(value)])
  }
  const colon = credentials?.indexOf(':') ?? -1
  const user = colon < 0 ? credentials : credentials?.slice(0, colon)
  return {
    user: user === undefined ? undefined : decode(user),
    password: colon < 0 ? undefined : decodePassword(credentials?.slice(colon + 1) as string),
    hosts,
    database: decode(database),
    parameters,
  }
}

/** Decodes what is percent-encoded, and leaves alone a % that encodes nothing. */
function decode(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded)
    } catch {
      return encoded
    }
  })
}

function readParameter(given: Map<Name, string>, name: string, value: string): void {
  if (name === 'ssl') given.set('sslmode', value === 'true' || value === '1' ? 'verify-full' : 'disable')
  else if (Object.hasOwn(variables, name)) given.set(name as Name, value)
  else if (!withoutEffect.has(name)) {
    refuse(
      `the parameter ${name.slice(0, 40)} is unknown. docs/operate/postgresql.md lists the parameters that Latchkey accepts.`,
    )
  }
}

function splitHost(text: string): { host: string; port: string } | undefined {
  const [, bracketed, bare, port = ''] =
    /^(?:\[([0-9a-f:.%\w]+)\]|([^:[\]]*))(?::(\d{0,5}))?$/i.exec(text) ?? []
  const host = bracketed ?? (bare === undefined ? undefined : decode(bare))
  if (host === undefined || !/^(?:[\w.-]*|\/.*|[0-9a-f:.%\w]+)$/i.test(host)) return undefined
  return { host, port }
}

function readHosts(
  authority: string,
  given: ReadonlyMap<Name, string>,
  named: string | undefined,
  port: string | undefined,
): PostgresSettings['hosts'] {
  const listed = given.has('host') || authority === '' ? (named ?? '') : authority
  // A parameter is one address, whose colons are its own.
  const items = listed
    .split(',')
    .map((item) => (listed === authority ? splitHost(item) : { host: item.trim(), port: '' }))
  const ports = (port ?? '').split(',')
  const hosts = items.map((item, i) => {
    const own = item?.port || ports[ports.length > 1 ? i : 0] || '5432'
    const number = Number(own)
    if (!/^\d{1,5}$/.test(own) || number < 1 || number > 65_535)
      refuse('the port must be a number from 1 to 65535.')
    return { host: item?.host || 'localhost', port: number }
  })
  if (ports.length > 1 && ports.length !== hosts.length)
    refuse('it must name one port, or one port for each host.')
  return hosts as PostgresSettings['hosts']
}

function readChoice<T extends string>(
  name: Name,
  choices: readonly T[],
  value: string | undefined,
): T | undefined {
  if (value === undefined || value === '') return undefined
  return choices.find((choice) => choice === value) ?? refuse(`${name} must be one of ${choices.join(', ')}.`)
}

function readTimeout(value: string | undefined): number | undefined {
  if (value === undefined || value === '' || value === '0') return undefined
  const seconds = Number(value)
  if (Number.isInteger(seconds) && seconds > 0 && seconds <= maxConnectTimeoutS) return seconds * 1_000
  refuse(`connect_timeout must be a whole number of seconds, at most ${maxConnectTimeoutS}.`)
}

function readSchema(value: string | undefined): string | undefined {
  if (value === undefined || schemaName.test(value)) return value
  refuse('schema must be a name of at most 40 lower-case letters, digits and _, and must not begin with pg_.')
}

/** Latchkey reads and writes, and believes no copy that may be behind. */
function checkPrimary(wanted: string | undefined): true {
  if (!wanted || ['any', 'read-write', 'primary'].includes(wanted)) return true
  refuse(
    'target_session_attrs must be read-write or primary. Latchkey works on the primary only, never on a standby.',
  )
}

function refuse(sentence: string): never {
  throw new LatchkeyError('invalid_input', `The URL of the PostgreSQL database is invalid: ${sentence}`)
}
