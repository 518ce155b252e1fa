// What the customers' page shows and does, by the user of a session: as keys and usage are read and changed everywhere, less what is
// nobody's business there.
import { requireUserCaller, sessionEnded } from '../../core/access.ts'
import type { UserCaller } from '../../core/actor.ts'
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { covers, isReserved } from '../../core/permissions.ts'
import type { RevokeKeyInput } from '../../core/shapes/key-changes.ts'
import type { Key } from '../../core/shapes/keys.ts'
import type { Page } from '../../core/shapes/page.ts'
import {
  type CreatedPortalKey,
  type CreatePortalKeyInput,
  createPortalKeySchema,
  type ListPortalKeysInput,
  listPortalKeysSchema,
  type PortalKey,
  type PortalSelf,
  type PortalUsage,
  type ReadPortalUsageInput,
  type RotatePortalKeyInput,
  readPortalUsageSchema,
  rotatePortalKeySchema,
} from '../../core/shapes/portal.ts'
import type { PortalKind } from '../../core/shapes/portal-sessions.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { readCatalogue } from '../../store/catalogue.ts'
import { findPortalSessions } from '../../store/portal-sessions.ts'
import { allDone } from '../../store/statements.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { createKey } from '../keys/create.ts'
import { listKeys } from '../keys/read.ts'
import { revokeKey } from '../keys/revoke.ts'
import { rotateKey } from '../keys/rotate.ts'
import { getReachedKey, toKeyWithLimits } from '../keys/rules.ts'
import { readUsage } from '../usage/figures.ts'

/** Tells a session's page what it needs to know. Throws `session_ended`, `invalid_input` for an actor who is no user. */
export async function describeSelf(engine: Engine, options: CommandOptions): Promise<PortalSelf> {
  const user = requireUserCaller(actorOf(options))
  const prefixes = await engine.prefixes.read()
  const grantable = user.permissions.filter((permission) => !isReserved(permission))
  const [[row], catalogue] = await engine.store.read(
    (db) => allDone([findPortalSessions(db, [user.sessionId]), readCatalogue(db)]),
    turnOf(user, options),
  )
  if (row === undefined) throw sessionEnded()
  return {
    id: row.id,
    kind: row.kind as PortalKind,
    organization: { id: row.organization_id, name: row.organization_name },
    user: { id: row.user_id, name: row.user_name },
    permissions: [...user.permissions],
    grantable,
    catalogue: catalogue
      .filter(({ id }) => covers(grantable, id))
      .map(({ id, description, group_name: group }) => ({ name: id, description, group })),
    prefixes: prefixes.filter((prefix) => user.prefixes?.includes(prefix) ?? true),
    returnUrl: row.return_url,
    scheme: row.scheme as PortalSelf['scheme'],
    lang: row.lang,
    expiresAt: new Date(row.expires_at),
  }
}

/** Lists the keys that the user of a session sees. Throws `invalid_input`, `too_many_reads`. */
export async function listPortalKeys(
  engine: Engine,
  input: ListPortalKeysInput,
  options: CommandOptions,
): Promise<Page<PortalKey>> {
  const user = requireUserCaller(actorOf(options))
  const page = await listKeys(engine, parseInput(listPortalKeysSchema, input), options)
  return { ...page, items: page.items.map((key) => toPortalKey(key, user)) }
}

/** Creates a key for the organization of the user. Throws what {@link createKey} throws. */
export async function createPortalKey(
  engine: Engine,
  input: CreatePortalKeyInput,
  options: CommandOptions,
): Promise<CreatedPortalKey> {
  const user = requireUserCaller(actorOf(options))
  const wanted = parseInput(createPortalKeySchema, input)
  const { prefixes } = user
  const prefix = wanted.prefix ?? prefixes?.[0]
  if (prefixes !== null && prefix !== undefined && !prefixes.includes(prefix))
    refuseField('prefix', `Must be one of ${prefixes.join(', ')}.`)
  const created = await createKey(engine, { ...wanted, prefix }, options)
  return { ...toPortalKey(created, user), key: created.key }
}

/** Rotates a key. Throws what {@link rotateKey} throws. */
export async function rotatePortalKey(
  engine: Engine,
  id: string,
  input: RotatePortalKeyInput,
  options: CommandOptions,
): Promise<CreatedPortalKey> {
  const user = requireUserCaller(actorOf(options))
  const rotated = await rotateKey(engine, id, parseInput(rotatePortalKeySchema, input), options)
  return { ...toPortalKey(rotated, user), key: rotated.key }
}

/** Revokes a key for ever. Throws what {@link revokeKey} throws. */
export async function revokePortalKey(
  engine: Engine,
  id: string,
  { reason }: RevokeKeyInput,
  options: CommandOptions,
): Promise<PortalKey> {
  const user = requireUserCaller(actorOf(options))
  await revokeKey(engine, id, { ...options, reason })
  const key = await engine.store.read(
    async (db) => toKeyWithLimits(engine, db, await getReachedKey(db, id, user), engine.now()),
    turnOf(user, options),
  )
  return toPortalKey(key, user)
}

/** Reads how many calls there were with the keys that the user sees. Throws `invalid_input`, `key_not_found`. */
export async function readPortalUsage(
  engine: Engine,
  input: ReadPortalUsageInput,
  options: CommandOptions,
): Promise<PortalUsage> {
  requireUserCaller(actorOf(options))
  const { rows, asOf } = await readUsage(engine, parseInput(readPortalUsageSchema, input), options)
  return { rows: rows.map(({ start, calls, valid, refused }) => ({ start, calls, valid, refused })), asOf }
}

function toPortalKey(key: Key, { userId, userName }: UserCaller): PortalKey {
  const { id, name, description, hint, status, permissions, createdAt } = key
  const { lastUsedAt, notBefore, expiresAt, suspendedAt, revokedAt } = key
  const isOwn = key.createdByType === 'user' && key.createdBy === userId
  return {
    ...{ id, name, description, hint, status, permissions, createdAt },
    createdBy: isOwn ? { id: userId, name: userName } : null,
    ...{ lastUsedAt, notBefore, expiresAt, suspendedAt, revokedAt },
  }
}
