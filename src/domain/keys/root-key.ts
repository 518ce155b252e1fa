// The operator's own organization and the keys that act on all the others.
import { setTimeout } from 'node:timers/promises'
import type { Change } from '../../commit/commit.ts'
import { rootOrganizationId } from '../../core/access.ts'
import { operator } from '../../core/actor.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import type { CreatedKey } from '../../core/shapes/keys.ts'
import { noLimits } from '../../core/stored-limits.ts'
import { generateToken, type ParsedToken, parseToken } from '../../core/token.ts'
import { findOrganization, insertOrganization } from '../../store/organizations.ts'
import { allDone } from '../../store/statements.ts'
import type { Engine } from '../engine.ts'
import { firstSecretOf, insertNewKeys, recordKey } from './creation.ts'
import { withToken } from './rules.ts'

/** Processes that all migrate at once keep a database locked for longer than a single change may wait. */
const bootstrapPatienceMs = 30_000

/**
 * Makes the root organization and its first key if there is none, with the given token or a new one; else undefined. Of
 * many processes that start at once, one makes it. `check` is called before the key is made, again if the database fails
 * meanwhile; if it throws a LatchkeyError, no key is made and that is thrown. Throws `invalid_input` for a malformed
 * token, `store_unavailable`.
 */
export async function ensureRootKey(
  engine: Engine,
  token?: string,
  check?: () => Promise<void>,
): Promise<CreatedKey | undefined> {
  const parsed =
    token === undefined ? generateToken(await firstPrefix(engine), engine.random) : parseToken(token)
  if (parsed === undefined) refuseField('rootKey', 'Must be a token. Create one with `latchkey token new`.')
  const deadline = performance.now() + bootstrapPatienceMs
  const attempts: CreatedKey[] = []
  for (;;) {
    try {
      // Reading first: a start that finds the organization does not queue up for a write.
      if (await engine.store.read((db) => findOrganization(db, rootOrganizationId))) {
        // The answer to a commit may have been lost, and its key be there: no other process has a secret of this kid.
        const last = attempts.at(-1)
        if (last === undefined) return undefined
        const stored = await engine.store.findManyFacts([parsed.kid])
        return stored.length > 0 ? last : undefined
      }
      const made = await engine.commit(operator, { permission: 'any key' }, async (change) => {
        if (!(await addRootOrganization(change))) return undefined
        await check?.()
        const key = await addRootKey(engine, change, parsed)
        attempts.push(key)
        return key
      })
      if (made) return made
    } catch (error) {
      const isAway = error instanceof LatchkeyError && error.code === 'store_unavailable'
      if (!isAway || performance.now() > deadline) throw error
      await setTimeout(50 + Math.random() * 100)
    }
  }
}

/** Creates one more root key, for an operator who holds the database and lost the others. */
export async function createRootKey(engine: Engine): Promise<CreatedKey> {
  const token = generateToken(await firstPrefix(engine), engine.random)
  return engine.commit(operator, { permission: 'any key' }, async (change) => {
    await addRootOrganization(change)
    return addRootKey(engine, change, token)
  })
}

async function firstPrefix({ prefixes }: Engine): Promise<string> {
  return (await prefixes.read())[0]
}

/** Makes the root organization; false if there is one. */
export async function addRootOrganization({ tx, now, record }: Change): Promise<boolean> {
  const row = {
    id: rootOrganizationId,
    name: 'Root',
    created_at: now,
    limits: noLimits,
    plan: null,
    grantable_permissions: '[]',
  }
  if (!(await insertOrganization(tx, row))) return false
  record({
    action: 'organization.created',
    organizationId: rootOrganizationId,
    changes: { name: row.name },
  })
  return true
}

async function addRootKey(engine: Engine, change: Change, token: ParsedToken): Promise<CreatedKey> {
  const wanted = {
    organizationId: rootOrganizationId,
    name: 'Root key',
    permissions: ['latchkey:*'],
    metadata: {},
    description: null,
    tags: [],
    expiresAt: null,
    notBefore: null,
    allowedIps: [],
    limits: [],
  }
  const created = recordKey(engine, change, wanted, firstSecretOf(token))
  await allDone(insertNewKeys(change.tx, engine.store.dialect, [created]))
  return withToken(created.key, token, change.now)
}
