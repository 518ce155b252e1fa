// One change of many keys. Each key is judged and changed as by a change of it alone, so many of them in a transaction.
import type { z } from 'zod'
import type { Change } from '../../commit/commit.ts'
import { narrowScope, scopeOf } from '../../core/access.ts'
import type { Actor } from '../../core/actor.ts'
import { maxBulkKeys, maxTags } from '../../core/bounds.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import { parseInput } from '../../core/input.ts'
import { type BulkChangeInput, type BulkResult, bulkChangeSchema } from '../../core/shapes/bulk-changes.ts'
import type { RevokeKeyInput } from '../../core/shapes/key-changes.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import type { Position } from '../../store/cursors.ts'
import { findWay, type KeyQuery, readKeyIds, type Way } from '../../store/key-lists.ts'
import { changeTerms } from '../../store/key-terms.ts'
import { changeListedKeys, type KeyRow, lockListedKeys } from '../../store/keys.ts'
import { deleteSessionsOfKeys } from '../../store/sessions.ts'
import { allDone } from '../../store/statements.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { readRootKeys } from './last-root-key.ts'
import { isUnused, toQuery } from './read.ts'
import { planRevocation } from './revoke.ts'
import { type KeyEdit, recordEdit, refuseRevoked, requireLocked, writeKeys } from './rules.ts'
import { planResumption, planSuspension } from './suspend.ts'

/** So many keys are changed in a transaction: others wait for it on SQLite. */
const keysAtOnce = 500
/** How many keys a statement looks at, and for how long keys are looked for. */
const window = 4_000
const longestSearchMs = 10_000

type BulkChange = z.output<typeof bulkChangeSchema>

/**
 * Changes many keys, or tells what would become of them. What one key refuses is told of it, and stops no other. Throws
 * `invalid_input`, also for more than 10,000 keys, `unexpected_count`, `organization_not_found`, and what stops it before any key.
 */
export async function changeKeys(
  engine: Engine,
  input: BulkChangeInput,
  options: CommandOptions = {},
): Promise<BulkResult> {
  const change = parseInput(bulkChangeSchema, input)
  const actor = actorOf(options)
  const ids = change.ids ?? (await findMeant(engine, change, actor, options))
  if (change.expect !== undefined && change.expect !== ids.length)
    throw new LatchkeyError(
      'unexpected_count',
      `${ids.length === 1 ? 'One key is' : `${ids.length} keys are`} meant, and ${change.expect} were expected. Nothing was done.`,
    )
  const isOwn = (id: string) => actor.type === 'key' && actor.keyId === id
  // Rows of many keys are locked in one order by all.
  const others = ids.filter((id) => !isOwn(id)).sort()
  const result: BulkResult = {
    matched: ids.length,
    changed: 0,
    unchanged: 0,
    skipped: ids.filter(isOwn),
    failures: [],
    left: others.length,
    stoppedBy: null,
    isDryRun: change.dryRun ?? false,
  }
  for (let start = 0; start < others.length; start += keysAtOnce) {
    const some = others.slice(start, start + keysAtOnce)
    try {
      const { changed, failures } = await changeSome(engine, change, actor, some, options)
      result.changed += changed
      result.unchanged += some.length - changed - failures.length
      result.failures.push(...failures)
      result.left -= some.length
    } catch (error) {
      // What is done is done, and the caller must hear of it.
      if (result.left === others.length || !(error instanceof LatchkeyError)) throw error
      result.stoppedBy = error.code
      break
    }
  }
  return result
}

type SomeResult = Pick<BulkResult, 'changed' | 'failures'>

/**
 * Changes some keys in one transaction, by as many statements for each number of them; a dry run writes nothing. Each is judged as if
 * it were the only one.
 */
async function changeSome(
  engine: Engine,
  wanted: BulkChange,
  actor: Actor,
  ids: readonly string[],
  { signal }: CommandOptions,
): Promise<SomeResult> {
  const { dialect } = engine.store
  const requirements = { permission: writeKeys, keyIds: ids, signal } as const
  return engine.commit(actor, requirements, async (change) => {
    const keys = await lockListedKeys(change.tx, dialect, ids.filter(isId), scopeOf(change.actor))
    const ends = wanted.action === 'revoke' || wanted.action === 'suspend'
    const requireOther = await readRootKeys(change.tx, ends ? keys.values() : [], change.now)
    const edits: KeyEdit[] = []
    const failures: SomeResult['failures'] = []
    for (const id of ids) {
      try {
        const edit = planOne(change, keys.get(id), wanted)
        if (edit === undefined) continue
        requireOther(edit.before)
        edits.push(edit)
      } catch (error) {
        if (!(error instanceof LatchkeyError) || !isOfKey(error)) throw error
        failures.push({ id, code: error.code, detail: error.message })
      }
    }
    if (edits.length === 0 || wanted.dryRun) return { changed: edits.length, failures }
    const ended = ends ? edits.map(({ before }) => before) : []
    await allDone([
      changeListedKeys(change.tx, dialect, edits, change.now),
      deleteSessionsOfKeys(change.tx, dialect, ended),
      changeTerms(change.tx, dialect, edits),
    ])
    for (const edit of edits) recordEdit(change, edit)
    return { changed: edits.length, failures }
  })
}

/** What becomes of one key; undefined if it is so already. */
function planOne(
  change: Change,
  found: KeyRow | undefined,
  { action, reason, addTags = [], removeTags = [] }: BulkChange,
): KeyEdit | undefined {
  const key = requireLocked(change.actor, found)
  if (action === 'revoke')
    return key.revoked_at === null
      ? planRevocation(change, key, reason as RevokeKeyInput['reason'])
      : undefined
  refuseRevoked(key)
  if (action === 'suspend') return planSuspension(change, key, reason ?? null)
  if (action === 'resume') return planResumption(change, key)
  return planTags(key, addTags, removeTags)
}

/** Gives a key tags, and takes others from it. Throws `invalid_input` for more than it may have. */
function planTags(key: KeyRow, added: readonly string[], removed: readonly string[]): KeyEdit | undefined {
  const from: string[] = JSON.parse(key.tags)
  const to = [...new Set([...from, ...added])].filter((tag) => !removed.includes(tag)).sort()
  if (to.length > maxTags) refuseField('addTags', `The key would have more than ${maxTags} tags.`)
  const tags = JSON.stringify(to)
  if (tags === key.tags) return undefined
  return { before: key, after: { tags }, action: 'key.updated', changes: { tags: { from, to } } }
}

/** Tells whether an error is about one key, and not about the caller or the database. */
function isOfKey({ code, status }: LatchkeyError): boolean {
  const ofKey = ['invalid_input', 'permission_escalation', 'root_organization_required']
  return status === 404 || status === 409 || ofKey.includes(code)
}

/** Finds the keys that a filter means. Throws `invalid_input` for more than 10,000 of them. */
async function findMeant(
  engine: Engine,
  { action, filter = {} }: BulkChange,
  actor: Actor,
  options: CommandOptions,
): Promise<string[]> {
  // A list has active keys unless it is asked for others, and of those none can be resumed.
  const { organizationId, status = action === 'resume' ? 'suspended' : 'active', ...filters } = filter
  const scope = narrowScope(actor, organizationId)
  const query: KeyQuery = {
    ...toQuery({ ...filters, status, sort: '-created_at' }),
    ...{ scope, now: engine.now(), after: undefined },
  }
  const { clock } = engine.memory
  const endsAt = clock.monotonic() + longestSearchMs
  const ids: string[] = []
  let way: Way | undefined
  let after: Position | undefined
  do {
    const position = after
    const found = await engine.store.read(
      async (db) => {
        way ??= await findWay(db, query)
        return readKeyIds(db, { ...query, after: position }, window, way)
      },
      turnOf(actor, options),
    )
    ids.push(...found.ids.filter((id) => isUnused(engine, query, id)))
    after = found.next
    if (ids.length > maxBulkKeys)
      refuseField('filter', `Must mean at most ${maxBulkKeys} keys. Name more of what they have in common.`)
    if (after !== undefined && clock.monotonic() >= endsAt)
      refuseField('filter', 'Looks through too many keys. Name more of what they have in common.')
  } while (after !== undefined)
  return ids
}
