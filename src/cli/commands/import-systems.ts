// What other systems write of a key, and what it is here. Each reads the system's own export or table; see docs/guides/moving-in.md.
import type { ImportedKey } from '../../core/shapes/imports.ts'

/** What becomes of a record: a key to import, or why it is left. A key that is over is left in silence. */
export type Reading =
  | { key: Omit<ImportedKey, 'organizationId'>; owner: string | undefined }
  | { left: string; isOver: boolean; name?: unknown }

type Fields = Record<string, unknown>

/** The systems, by the word for `--from`. */
export const systems: Readonly<Record<string, (fields: Fields, now: number) => Reading>> = {
  /** Rows of the table `keys`, or pages of `apis.listKeys`, which have `plaintext` for keys that can be recovered. */
  unkey: (row, now) => {
    const secret = textOf(row.plaintext)
    const hash = textOf(row.hash)
    if (secret === undefined && hash === undefined) return left('It has neither hash nor plaintext.')
    const { externalId } = Object(row.identity)
    const credentials = Object(row.credits ?? {})
    if (credentials.remaining === 0) return over('No credits are left.')
    return make(row, now, {
      expiresAt: row.expires,
      isEnabled: row.enabled,
      endedAt: row.deleted_at ?? row.deleted_at_m,
      owner: externalId ?? row.owner_id ?? row.ownerId,
      permissions: row.permissions,
      metadata: row.meta,
      hint: row.start,
      ...(secret === undefined
        ? { hash: { scheme: 'sha256', encoding: 'base64', value: hash as string } }
        : { token: secret }),
    })
  },
  /** Rows of the table `apikey`. */
  'better-auth': (row, now) => {
    if (row.remaining === 0) return over('No uses are left.')
    return make(row, now, {
      expiresAt: row.expiresAt,
      isEnabled: row.enabled,
      owner: row.referenceId ?? row.userId,
      permissions: byResource(row.permissions),
      metadata: row.metadata,
      hint: row.start,
      ...hashIn(row.key, 'sha256', 'base64url'),
    })
  },
  /** `dumpdata` of djangorestframework-api-key, or rows of its table. */
  drf: (record, now) => {
    const row: Fields = 'fields' in record ? Object(record.fields) : record
    const [algorithm, , hash] = String(row.hashed_key).split('$')
    if (algorithm !== 'sha512')
      return {
        ...left(
          `Its hash is ${/^[a-z0-9_]{1,40}$/.test(algorithm as string) ? algorithm : 'of another kind'}: nobody finds a token by that.`,
        ),
        name: row.name,
      }
    return make(row, now, {
      expiresAt: row.expiry_date,
      isRevoked: row.revoked,
      hint: row.prefix,
      ...hashIn(hash, 'sha512', 'hex'),
    })
  },
  /** Rows of the table `personal_access_tokens`. */
  sanctum: (row, now) =>
    make(row, now, {
      expiresAt: row.expires_at,
      owner: row.tokenable_id,
      permissions: row.abilities,
      hint: row.id === undefined || row.id === null ? undefined : `${row.id}|`,
      ...hashIn(row.token, 'sha256', 'hex', 'after:|'),
    }),
  /** Pages of `GET /key-auths`, or rows of the table `keyauth_credentials`. */
  kong: (row, now) => {
    const { id, username } = Object(row.consumer)
    const token = textOf(row.key)
    if (token === undefined) return left('It has no key.')
    const ttl = Number(row.ttl)
    const createdAt = Number(row.created_at)
    return make(row, now, {
      name: username ?? id ?? row.id,
      owner: username ?? id ?? row.consumer_id,
      expiresAt: ttl > 0 && createdAt > 0 ? new Date((createdAt + ttl) * 1000).toISOString() : null,
      token,
    })
  },
  /** Records of its storage: `keyHash`, and what else there is in `metadata`. */
  keypal: (record, now) => {
    const about = Object(parsed(record.metadata) ?? {})
    const hash = textOf(record.keyHash ?? record.key_hash)
    if (hash === undefined) return left('It has no hash.')
    const scheme = hash.length === 128 ? 'sha512' : 'sha256'
    return make({ name: about.name ?? record.name, id: record.id }, now, {
      expiresAt: about.expiresAt,
      isEnabled: about.enabled,
      endedAt: about.revokedAt,
      owner: about.ownerId ?? record.ownerId ?? record.owner_id,
      permissions: about.scopes,
      ...hashIn(hash, scheme, 'hex'),
    })
  },
  /** Columns by the names of the API: `name`, `organization_id`, `permissions`, …, and `token` or `hash` with its `scheme`. */
  csv: (row, now) => {
    // A name that is misspelt would leave an expiry out. It is not shown: a file without names begins with a token.
    const strange = Object.keys(row).findIndex((name) => !csvColumns.has(name))
    if (strange >= 0)
      return left(`The name of its column ${strange + 1} is none of ${[...csvColumns].join(', ')}.`)
    const secret = textOf(row.token)
    const hash = textOf(row.hash)
    if (secret === undefined && hash === undefined) return left('It has neither token nor hash.')
    const pepper = textOf(row.pepper)
    return make(row, now, {
      expiresAt: row.expires_at,
      owner: row.organization_id,
      permissions: row.permissions,
      metadata: row.metadata,
      hint: row.hint,
      ...(secret === undefined
        ? {
            hash: {
              scheme: (textOf(row.scheme) ?? 'sha256') as 'sha256',
              encoding: (textOf(row.encoding) ?? 'hex') as 'hex',
              value: hash as string,
              ...(textOf(row.of) !== undefined && { of: textOf(row.of) as string }),
              ...(pepper !== undefined && { pepper }),
            },
          }
        : { token: secret }),
    })
  },
}

const csvColumns = new Set([
  ...['name', 'organization_id', 'permissions', 'expires_at', 'metadata', 'hint'],
  ...['token', 'hash', 'scheme', 'encoding', 'of', 'pepper'],
])

/** What a system says of a key, in its own words. */
interface Said extends Pick<ImportedKey, 'hash' | 'token'> {
  name?: unknown
  owner?: unknown
  expiresAt?: unknown
  endedAt?: unknown
  isEnabled?: unknown
  isRevoked?: unknown
  permissions?: unknown
  metadata?: unknown
  hint?: unknown
}

function make(row: Fields, now: number, said: Said): Reading {
  if (isTrue(said.isRevoked) || (said.endedAt !== undefined && said.endedAt !== null && said.endedAt !== 0))
    return over('It is revoked.')
  if (said.isEnabled !== undefined && said.isEnabled !== null && !isTrue(said.isEnabled))
    return over('It is disabled.')
  const expiresAt = instantOf(said.expiresAt)
  if (expiresAt === 'unknown') return left('Its expiry is no instant.')
  if (expiresAt !== null && expiresAt.getTime() <= now) return over('It has expired.')
  const metadata = metadataOf(said.metadata)
  if (metadata === 'unknown') return left('Its metadata is no JSON object.')
  const owner = said.owner ?? undefined
  const hint = textOf(said.hint)
  return {
    owner: owner === undefined ? undefined : String(owner),
    key: {
      name: textOf(said.name ?? row.name) ?? textOf(row.id) ?? 'Imported',
      permissions: permissionsOf(said.permissions),
      expiresAt,
      ...(metadata && { metadata }),
      ...(hint !== undefined && /^[\x21-\x7e]{1,32}$/.test(hint) && { hint }),
      ...(said.token === undefined ? { hash: said.hash } : { token: said.token }),
    },
  }
}

function left(why: string): Reading {
  return { left: why, isOver: false }
}

function over(why: string): Reading {
  return { left: why, isOver: true }
}

function hashIn(
  value: unknown,
  scheme: 'sha256' | 'sha512',
  encoding: 'hex' | 'base64url',
  of = 'token',
): Pick<ImportedKey, 'hash'> {
  return { hash: { scheme, encoding, value: String(value), of } }
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** As databases write it: true, 1, 't' and their like. */
function isTrue(value: unknown): boolean {
  return value === true || value === 1 || (typeof value === 'string' && /^(?:1|t|true|yes)$/i.test(value))
}

/** An object, or the text of one. */
function metadataOf(value: unknown): Fields | undefined | 'unknown' {
  if (value === undefined || value === null || value === '') return undefined
  const read = parsed(value)
  if (read === null) return undefined
  return typeof read === 'object' && !Array.isArray(read) ? (read as Fields) : 'unknown'
}

/** A lower number of seconds is before 1973: it is a year, a day or a count of something, and no end of a key. */
const leastSeconds = 1e8

/** An instant as others write it: a text, with the zone of UTC if it names none, or a number of seconds or milliseconds. */
function instantOf(value: unknown): Date | null | 'unknown' {
  if (value === undefined || value === null || value === '' || value === 0) return null
  const number = typeof value === 'number' ? value : /^\d+$/.test(String(value)) ? Number(value) : undefined
  if (number !== undefined && number < leastSeconds) return 'unknown'
  const date =
    number === undefined
      ? new Date(
          /(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(String(value))
            ? String(value)
            : `${String(value).replace(' ', 'T')}Z`,
        )
      : new Date(number < 1e11 ? number * 1000 : number)
  return Number.isNaN(date.getTime()) ? 'unknown' : date
}

/** A list, or the text of one: as JSON, or with spaces or commas between. */
function permissionsOf(value: unknown): string[] {
  const read = typeof value === 'string' ? (parsed(value) ?? value) : value
  if (Array.isArray(read)) return read.map(String)
  return typeof read === 'string' ? read.split(/[\s,]+/).filter((word) => word !== '') : []
}

/** Actions by resource, as better-auth has them: `{"emails": ["send"]}` is `emails:send`. */
function byResource(value: unknown): string[] {
  return Object.entries(Object(parsed(value) ?? {})).flatMap(([resource, actions]) =>
    Array.isArray(actions) ? actions.map((action) => `${resource}:${action}`) : [],
  )
}

/** What a column holds as text of JSON, or as it is; undefined if it is no JSON. */
function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}
