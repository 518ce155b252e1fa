// How keys begin: what a new key is judged by, its rows, and its event. Keys that are created at once share a transaction;
// see `commit/together.ts`.
import type { Change } from '../../commit/commit.ts'
import type { Kind } from '../../commit/together.ts'
import {
  narrowScope,
  requireGrantable,
  requireLifetime,
  requireMetadata,
  requireRoot,
  unknownOrganization,
} from '../../core/access.ts'
import { creatorOf, holdsDatabase, type LiveActor } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { type IdSource, newId } from '../../core/ids.ts'
import type { CreatedKey } from '../../core/shapes/keys.ts'
import {
  type LimitGiven,
  noLimits,
  readLimits,
  replaceLimits,
  writeLimits,
} from '../../core/stored-limits.ts'
import type { ParsedToken } from '../../core/token.ts'
import type { StoreDialect } from '../../store/backend.ts'
import { toColumns } from '../../store/creators.ts'
import { insertKeys, type NewKeyRow, storeAllowedIps } from '../../store/keys.ts'
import { existingOrganizations } from '../../store/organizations.ts'
import { insertSecrets, type NewSecretRow } from '../../store/secrets.ts'
import { allDone } from '../../store/statements.ts'
import type { Tx } from '../../store/tables.ts'
import { digestToken } from '../../verification/digest.ts'
import { maySetLimits, requireLimits } from '../limits/rules.ts'
import { outlivesSession, requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { type Judge, openJudge } from './judge.ts'
import { readParents, requireHeld } from './parents.ts'
import { deriveKeys, giveTokenAgain, requireTerm, withToken, writeKeys } from './rules.ts'

/** What a new key is to be, beside its token. */
export interface WantedFields {
  organizationId: string
  name: string
  permissions: string[]
  metadata: Record<string, unknown>
  description: string | null
  tags: string[]
  expiresAt: Date | null
  notBefore: Date | null
  allowedIps?: string[] | null | undefined
  limits: LimitGiven[]
  createdBy?: string | undefined
  /** The key of which it is to be a child. */
  parentId?: string | undefined
  /** Whether it opens nothing, and tells when it is tried. */
  decoy?: boolean
}

/** What a new key is to be. */
export interface WantedKey extends WantedFields {
  token: ParsedToken
  /** Whether its organization is in its caller's reach: else nobody waits for it, and it is refused. */
  isInReach: boolean
  /** Nobody has said when it expires: if its caller does so before, it does with it. */
  endsWithCaller?: boolean
}

/** The first secret of a new key, as the database has it. */
export interface FirstSecret extends Pick<NewSecretRow, 'prefix' | 'kid' | 'digest' | 'recipe'> {
  /** What the event tells of it beside its kid. */
  told?: Record<string, unknown>
}

/** A new key as the database has it: its row, and its first secret's. */
export interface NewKey {
  key: NewKeyRow
  secret: NewSecretRow
}

const mostOrganizations = 10_000

/**
 * How keys are created together. The process remembers organizations that were there: none is ever deleted, though a
 * database that was restored may lack one, and then it refuses the key.
 */
export function keyCreation(source: IdSource, dialect: StoreDialect): Kind<WantedKey, NewKey, CreatedKey> {
  return creationOf(source, dialect, writeKeys, requireMayCreate)
}

/** The same for the children that keys make of themselves. */
export function keyDerivation(source: IdSource, dialect: StoreDialect): Kind<WantedKey, NewKey, CreatedKey> {
  return creationOf(source, dialect, deriveKeys, requireMayDerive)
}

function creationOf(
  source: IdSource,
  dialect: StoreDialect,
  permission: typeof writeKeys | typeof deriveKeys,
  requireMay: (change: Change, wanted: WantedKey) => void,
): Kind<WantedKey, NewKey, CreatedKey> {
  const organizations = new Set<string>()
  return {
    permission,
    // Well below the parameters that a statement may have: 22 a row on PostgreSQL's 65,535.
    maxAtOnce: 100,
    prepare: async (tx, wanted, passesOver) => {
      if (organizations.size > mostOrganizations) organizations.clear()
      const ids = new Set(wanted.map(({ organizationId }) => organizationId))
      const unknown = new Set([...ids].filter((id) => !organizations.has(id)))
      // By the transaction: a read by itself may take longer than a change.
      for (const id of unknown.size === 0 ? [] : await existingOrganizations(tx, [...unknown])) {
        organizations.add(id)
        unknown.delete(id)
      }
      const now = source.now()
      const inReach = wanted.filter((one) => one.isInReach).map((one) => one.organizationId)
      const [parents, judge] = await allDone([
        readParents(tx, dialect, wanted, now, passesOver),
        openJudge(tx, dialect, inReach),
      ])
      await judge.count(tx, inReach, now)
      return (change, asked) => {
        const one = boundToCaller(change, asked)
        requireMay(change, one)
        if (unknown.has(one.organizationId)) throw unknownOrganization()
        parents.require(change, one)
        requireAllowed(judge, change, one, one.token.prefix)
        parents.takePlace(one)
        return recordKey(source, change, one, firstSecretOf(one.token))
      }
    },
    write: (tx, made) => insertNewKeys(tx, dialect, made),
    answerOf: ({ key }, { token }, now) => withToken(key, token, now),
    again: giveTokenAgain,
    forget: () => organizations.clear(),
  }
}

/** Has a key end with its caller if it is to. Throws `invalid_input` for one that would begin when it has expired then. */
function boundToCaller({ actor, now }: Change, wanted: WantedKey): WantedKey {
  if (wanted.endsWithCaller !== true || holdsDatabase(actor) || actor.expiresAt === null) return wanted
  const expiresAt = new Date(Math.min(actor.expiresAt, wanted.expiresAt?.getTime() ?? actor.expiresAt))
  const bound = { ...wanted, expiresAt }
  requireTerm(bound, now)
  return bound
}

/** Throws what refuses an actor a new key, whether or not its organization is there. */
export function requireMayCreate({ actor, now }: Change, wanted: WantedFields): void {
  const { organizationId, permissions, metadata, expiresAt, createdBy } = wanted
  if (createdBy !== undefined) requireRoot(actor, 'name the user for whom it creates a key')
  narrowScope(actor, organizationId)
  requireGrantable(actor, permissions, organizationId)
  requireLifetime(actor, organizationId, expiresAt?.getTime() ?? null)
  if (Object.keys(metadata).length > 0) requireMetadata(actor)
  if (wanted.limits.length > 0 && actor.type === 'member') requireLimits(actor, 'set limits')
  if (outlivesSession(organizationId, permissions)) requireFreshSignIn(actor, now)
  if (wanted.parentId === undefined) requireShortLine(actor)
}

/** The same for a key that makes a child of itself, which may do no more and live no longer. */
function requireMayDerive(change: Change, wanted: WantedKey): void {
  const { actor, now } = change
  const { organizationId, permissions, metadata, expiresAt } = wanted
  requireHeld(actor, permissions)
  requireLifetime(actor, organizationId, expiresAt?.getTime() ?? null)
  if (Object.keys(metadata).length > 0) requireMetadata(actor)
  if (outlivesSession(organizationId, permissions)) requireFreshSignIn(actor, now)
}

/** Throws `policy` for a new key that a policy refuses, whoever makes it. One that is not refused counts from now on. */
export function requireAllowed(
  judge: Judge,
  { now }: Pick<Change, 'now'>,
  { organizationId, permissions, expiresAt, allowedIps }: WantedFields,
  prefix?: string,
): void {
  const expiry = { at: expiresAt?.getTime() ?? null, setAt: now }
  judge.require(organizationId, { permissions, expiry, prefix, allowedIps: allowedIps ?? [] })
  judge.takePlace(organizationId)
}

/** The keys from whose limits others draw are read with each of these: a line has so many at most. */
const maxLine = 3

function requireShortLine(actor: LiveActor): void {
  if (maySetLimits(actor) || holdsDatabase(actor) || actor.limitsLine.length <= maxLine) return
  throw new LatchkeyError(
    'permission_escalation',
    `The calling key draws from the limits of ${maxLine} others already, so it cannot create keys that draw from its own. Use one of those.`,
  )
}

/** From whose limits a new key draws beside its own. */
function limitsFrom(actor: LiveActor): string | null {
  return holdsDatabase(actor) || maySetLimits(actor) ? null : (actor.limitsLine[0] ?? null)
}

/** The first secret of a key with a token of ours. */
export function firstSecretOf({ token, kid, prefix }: ParsedToken): FirstSecret {
  return { prefix, kid, digest: digestToken(token) }
}

/** Makes the rows of a key with a given secret, and records that it is created. */
export function recordKey(
  source: IdSource,
  { actor, now, record }: Change,
  wanted: WantedFields,
  { told, ...secret }: FirstSecret,
): NewKey {
  const { organizationId, name, permissions, metadata, description, tags, limits } = wanted
  const { expiresAt, notBefore } = wanted
  const allowedIps = wanted.allowedIps ?? []
  const { prefix, kid } = secret
  const id = newId(source)
  const seenBy = creatorOf(actor)
  const { createdBy, createdByType } =
    wanted.createdBy === undefined ? seenBy : { createdBy: wanted.createdBy, createdByType: 'user' as const }
  const { parentId, decoy = false } = wanted
  const drawsFrom = parentId ?? limitsFrom(actor)
  const changes = {
    name,
    permissions,
    expiresAt,
    metadata,
    kid,
    ...told,
    createdBy,
    ...(description !== null && { description }),
    ...(tags.length > 0 && { tags }),
    ...(notBefore !== null && { notBefore }),
    ...(allowedIps.length > 0 && { allowedIps }),
    ...(limits.length > 0 && { limits }),
    ...(parentId !== undefined && { parentId }),
    ...(decoy && { decoy }),
    ...(parentId === undefined && drawsFrom !== null && { limitsFrom: drawsFrom }),
  }
  record({ action: 'key.created', organizationId, keyId: id, changes })
  return {
    key: {
      id,
      organization_id: organizationId,
      name,
      permissions: JSON.stringify(permissions),
      metadata: JSON.stringify(metadata),
      description: description ?? '',
      tags: JSON.stringify(tags),
      created_by: createdBy,
      created_by_type: createdByType,
      created_at: now,
      expires_at: expiresAt?.getTime() ?? null,
      revoked_at: null,
      not_before: notBefore?.getTime() ?? null,
      allowed_ips: storeAllowedIps(allowedIps),
      prefix,
      kid,
      limits: writeLimits(replaceLimits(readLimits(noLimits), limits, maySetLimits(actor))),
      limits_from: drawsFrom,
      parent_id: parentId ?? null,
      // It ends with the secret by which its parent has made it, and with none if another key did.
      parent_kid:
        parentId !== undefined && actor.type === 'key' && actor.keyId === parentId ? actor.kid : null,
      decoy_tries: decoy ? 0 : null,
    },
    // That of a decoy is over from the start: also a program that knows of none refuses it.
    secret: {
      ...secret,
      ...{ key_id: id, organization_id: organizationId, created_at: now, ended_at: decoy ? now : null },
      ...toColumns(seenBy),
    },
  }
}

/** The statements that insert new keys of organizations that are there. */
export function insertNewKeys(tx: Tx, dialect: StoreDialect, made: readonly NewKey[]): Promise<unknown>[] {
  if (made.length === 0) return []
  return [
    ...insertKeys(
      tx,
      dialect,
      made.map(({ key }) => key),
    ),
    insertSecrets(
      tx,
      dialect,
      made.map(({ secret }) => secret),
    ),
  ]
}
