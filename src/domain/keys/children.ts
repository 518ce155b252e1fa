// The children of a key: which ones it has, and how it ends one of them.
import { requireKeyCaller, scopeOf } from '../../core/access.ts'
import { isId } from '../../core/id-form.ts'
import { parseInput } from '../../core/input.ts'
import { type ListChildrenInput, listChildrenSchema } from '../../core/shapes/key-lists.ts'
import type { Key } from '../../core/shapes/keys.ts'
import type { Page } from '../../core/shapes/page.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { lockKey, toKey } from '../../store/keys.ts'
import { readLastUses } from '../../store/last-use.ts'
import { readChildren } from '../../store/lines.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { readLimitStates } from '../limits/states.ts'
import { readPage } from '../listing.ts'
import { withOwnUses } from './last-uses.ts'
import { endKey } from './revoke.ts'
import { deriveKeys, getKeyRow, unknownKey } from './rules.ts'

/** Lists the children of a key, newest first, ended ones included. Throws `key_not_found`, `invalid_input`, `too_many_reads`. */
export async function listChildren(
  engine: Engine,
  id: string,
  input: ListChildrenInput = {},
  options: CommandOptions = {},
): Promise<Page<Key>> {
  const { limit, after } = parseInput(listChildrenSchema, input)
  const actor = actorOf(options)
  const turn = turnOf(actor, options)
  const now = engine.now()
  const parent = await engine.store.read((db) => getKeyRow(db, id, scopeOf(actor)), turn)
  return readPage(
    engine,
    {
      ...{ name: 'children', type: 'number', limit, after, turn },
      read: async (db, position, bounds) => {
        const slice = await readChildren(db, parent, position, bounds)
        const states = await readLimitStates(db, engine.store.dialect, 'key', slice.rows)
        const ids = slice.rows.map((row) => row.id)
        const lastUses = await readLastUses(db, ids)
        const toChild = (row: (typeof slice.rows)[number]) =>
          toKey(row, now, states.get(row.id) ?? [], lastUses.get(row.id))
        return { ...slice, rows: slice.rows.map(toChild) }
      },
    },
    (key) => withOwnUses(engine, key),
  )
}

/** Revokes a child of the calling key. Again, it changes nothing. Throws `key_not_found`, `missing_permission`. */
export async function revokeChild(engine: Engine, id: string, options: CommandOptions = {}): Promise<void> {
  const actor = requireKeyCaller(actorOf(options))
  const requirements = { permission: deriveKeys, keyId: id, signal: options.signal } as const
  await engine.commit(actor, requirements, async (change) => {
    const child = isId(id) ? await lockKey(change.tx, id, actor.organizationId) : undefined
    if (child?.parent_id !== actor.keyId) throw unknownKey()
    if (child.revoked_at === null) await endKey(change, child)
  })
}
