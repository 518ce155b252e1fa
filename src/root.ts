// The operator's own organization and the keys that act on all the others.
import { recordDeed } from './audit.ts'
import { type Engine, rootOrganizationId } from './engine.ts'
import { addKey } from './keys.ts'
import { type CreatedKey, refuseField } from './schemas.ts'
import { toKey } from './store/keys.ts'
import { insertOrganization } from './store/organizations.ts'
import type { Tx } from './store/tables.ts'
import { generateToken, type ParsedToken, parseToken } from './token.ts'

/**
 * Makes the root organization and its first key where there is none, with the given token or a new one; else
 * undefined. Of many processes that start at once, one makes it. Throws `invalid_input` for a malformed token.
 */
export async function ensureRootKey(engine: Engine, token?: string): Promise<CreatedKey | undefined> {
  const parsed = token === undefined ? generateToken(engine.prefixes[0], engine.random) : parseToken(token)
  if (parsed === undefined) refuseField('rootKey', 'Not a token; `latchkey token new` makes one.')
  return engine.store.write(async (tx) =>
    (await addRootOrganization(engine, tx)) ? addRootKey(engine, tx, parsed) : undefined,
  )
}

/** Makes one more root key, for who holds the database and lost the others. */
export async function createRootKey(engine: Engine): Promise<CreatedKey> {
  const token = generateToken(engine.prefixes[0], engine.random)
  return engine.store.write(async (tx) => {
    await addRootOrganization(engine, tx)
    return addRootKey(engine, tx, token)
  })
}

async function addRootOrganization(engine: Engine, tx: Tx): Promise<boolean> {
  const row = { id: rootOrganizationId, name: 'Root', created_at: engine.now() }
  if (!(await insertOrganization(tx, row))) return false
  await recordDeed(engine, tx, undefined, {
    action: 'organization.created',
    organizationId: rootOrganizationId,
    changes: { name: row.name },
  })
  return true
}

async function addRootKey(engine: Engine, tx: Tx, token: ParsedToken): Promise<CreatedKey> {
  const now = engine.now()
  const row = await addKey(engine, tx, undefined, token, {
    organizationId: rootOrganizationId,
    name: 'Root key',
    permissions: ['latchkey:*'],
    metadata: {},
    expiresAt: null,
    now,
  })
  return { ...toKey(row, now), key: token.token }
}
