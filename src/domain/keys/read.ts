// Keys as they are read: one with its secrets, and lists of them.
import type { z } from 'zod'
import { narrowScope, reachOf, requireKeyCaller } from '../../core/access.ts'
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { type ListKeysInput, listKeysSchema } from '../../core/shapes/key-lists.ts'
import { type GetKeyInput, getKeySchema, type Key, type KeyDetails } from '../../core/shapes/keys.ts'
import type { Page } from '../../core/shapes/page.ts'
import { parseHint } from '../../core/token.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import type { Turn } from '../../fairness/fair-line.ts'
import type { Position } from '../../store/cursors.ts'
import {
  countKeySlice,
  findWay,
  type KeyQuery,
  keyOrders,
  readKeySlice,
  type Way,
} from '../../store/key-lists.ts'
import { type KeyRow, toKey } from '../../store/keys.ts'
import { readLastUses } from '../../store/last-use.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { findPlanOf } from '../../store/plans.ts'
import { findSecret, readSecrets, toSecret } from '../../store/secrets.ts'
import type { Db } from '../../store/tables.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { readLimitStates, readPlanLimits } from '../limits/states.ts'
import { countItems, readPage } from '../listing.ts'
import { readJudge } from './judge.ts'
import { secretsWithOwnUses, withOwnUses } from './last-uses.ts'
import { getReachedKey, toKeyWithLimits, unknownSecret } from './rules.ts'

/** How a key is read. */
export type GetKeyOptions = CommandOptions & GetKeyInput

/**
 * Gets a key with its secrets, newest first: 100 of them, and those after them by `secretsAfter`. Throws
 * `key_not_found`, for a foreign id too, `secret_not_found` for a `secretsAfter` that the key does not have,
 * `invalid_input`.
 */
export async function getKey(engine: Engine, id: string, options: GetKeyOptions = {}): Promise<KeyDetails> {
  const { secretsAfter } = options
  parseInput(getKeySchema, { secretsAfter })
  const actor = actorOf(options)
  return engine.store.read(
    async (db) => {
      const row = await getReachedKey(db, id, actor)
      const after = secretsAfter === undefined ? undefined : await findSecret(db, row, secretsAfter)
      if (secretsAfter !== undefined && !after) throw unknownSecret()
      const secrets = await readSecrets(db, row, after)
      const { dialect } = engine.store
      const plan = await findPlanOf(db, row.organization_id)
      const planLimits = await readPlanLimits(db, dialect, 'key', row, plan?.key_limits)
      return {
        ...(await toKeyWithLimits(engine, db, row, engine.now())),
        secrets: secretsWithOwnUses(engine, row.id, secrets.map(toSecret)),
        ...(planLimits && { planLimits }),
      }
    },
    turnOf(actor, options),
  )
}

/** Gets the key that asks. Throws `invalid_input` for who holds the database, and `missing_token` for a member. */
export async function getOwnKey(engine: Engine, options: CommandOptions = {}): Promise<Key> {
  const actor = requireKeyCaller(actorOf(options))
  const { secrets: _, planLimits: __, ...key } = await getKey(engine, actor.keyId, options)
  return key
}

/** Lists keys page by page. Throws `invalid_input`, `organization_not_found`, `too_many_reads`. */
export async function listKeys(
  engine: Engine,
  input: ListKeysInput = {},
  options: CommandOptions = {},
): Promise<Page<Key>> {
  const { organizationId, limit, after, count, breaksPolicy, ...given } = parseInput(listKeysSchema, input)
  if (count && breaksPolicy !== undefined) refuseField('count', 'Must not stand beside breaks_policy.')
  // What has leaked is revoked as a rule: who looks for it must not miss it.
  const filter: Filter = { ...given, status: given.status ?? (given.exposed ? 'all' : 'active') }
  const { sort } = filter
  const actor = actorOf(options)
  const scope = narrowScope(actor, organizationId)
  const now = engine.now()
  const query: KeyQuery = { ...toQuery(filter), scope, reach: reachOf(actor), now, after: undefined }
  const turn = turnOf(actor, options)
  if (organizationId !== undefined)
    await engine.store.read((db) => getOrganizationRow(db, organizationId), turn)
  let way: Way | undefined
  const findOnce = async (db: Db) => {
    way ??= await findWay(db, query)
    return way
  }
  const page = await readPage(
    engine,
    {
      name: sort,
      type: keyOrders[sort].type,
      limit,
      after,
      turn,
      isSearch: isSearch(filter) || breaksPolicy !== undefined,
      read: async (db, position, bounds) => {
        const slice = await readKeySlice(db, { ...query, after: position }, bounds, await findOnce(db))
        const isListed = ({ id }: KeyRow) => isUnused(engine, query, id)
        const listed = await judgeAll(engine, turn, db, slice.rows.filter(isListed), breaksPolicy)
        const keys = listed.map(({ row }) => row)
        const states = await readLimitStates(db, engine.store.dialect, 'key', keys)
        const lastUses = await readLastUses(
          db,
          keys.map(({ id }) => id),
        )
        const rows = listed.map(({ row, broken }) => ({
          ...{ row, broken },
          limits: states.get(row.id) ?? [],
          lastUse: lastUses.get(row.id),
        }))
        return { ...slice, rows }
      },
    },
    ({ row, limits, lastUse, broken }) => ({
      ...withOwnUses(engine, toKey(row, now, limits, lastUse)),
      ...broken,
    }),
  )
  if (!count || after !== undefined) return page
  const countSlice = async (db: Db, position: Position | undefined, window: number) =>
    countKeySlice(db, { ...query, after: position }, window, await findOnce(db))
  return { ...page, total: await countItems(engine, turn, countSlice) }
}

/** Of keys, those that break a policy, with the rules that they break, or those that break none; all if that is not asked. */
async function judgeAll(
  { memory }: Engine,
  turn: Turn,
  db: Db,
  rows: readonly KeyRow[],
  breaksPolicy: boolean | undefined,
): Promise<{ row: KeyRow; broken?: Pick<Key, 'brokenRules'> }[]> {
  if (breaksPolicy === undefined) return rows.map((row) => ({ row }))
  const judge = await readJudge(db, new Set(rows.map((row) => row.organization_id)))
  // A key may hold much, and a catalogue have many names.
  const judged = await memory.slices.map(turn.keyId, rows, (row) => ({
    ...{ row, broken: { brokenRules: judge.brokenRules(row) } },
  }))
  return judged.filter(({ broken }) => broken.brokenRules.length > 0 === breaksPolicy)
}

type Filter = Omit<
  z.output<typeof listKeysSchema>,
  'organizationId' | 'limit' | 'after' | 'count' | 'breaksPolicy' | 'status'
> & { status: KeyQuery['status'] }

/** The filters of a list as the store takes them. Throws `invalid_input` for a kid beside a hint. */
export function toQuery({ hint, kid, prefix, expiresBefore, unusedSince, ...filter }: Filter) {
  if (hint !== undefined && kid !== undefined) refuseField('hint', 'Must not stand beside kid.')
  const hinted = hint === undefined ? undefined : parseHint(hint)
  return {
    ...filter,
    kid: hinted?.kid ?? kid,
    prefixes: [prefix, hinted?.prefix].filter((value) => value !== undefined),
    expiresBefore: expiresBefore?.getTime(),
    unusedSince: unusedSince?.getTime(),
  }
}

/** Tells whether no use of a key that the database does not have yet keeps it out of a list. */
export function isUnused(
  engine: Pick<Engine, 'usesOf'>,
  { neverUsed, unusedSince }: Pick<KeyQuery, 'neverUsed' | 'unusedSince'>,
  id: string,
): boolean {
  return engine.usesOf(id).every(({ at }) => !neverUsed && at < (unusedSince ?? at + 1))
}

/** Tells whether a list may look through many keys for each that it finds. */
function isSearch({ status, sort, ...filters }: Filter): boolean {
  return Object.values(filters).some((value) => value !== undefined)
}
