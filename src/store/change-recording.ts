// How a change comes into the log of changes, which every other process reads: see `changes.ts`.
import { randomBytes } from 'node:crypto'
import { type ExpressionBuilder, sql } from 'kysely'
import type { StoreDialect } from './backend.ts'
import type { LoggedChange } from './changes.ts'
import { keepInsert, selectFromText, textOf } from './given-rows.ts'
import { keep } from './kept-statements.ts'
import type { Tables, Tx } from './tables.ts'

/** How many changes the log keeps; a process that missed more than that must forget all it knows. */
const keptChanges = 10_000

/**
 * Records changes, or, without any, a barrier; the first promise gives the number of the last. The counter's row stays
 * locked until the transaction ends, so that changes become visible in the order of their numbers: these statements
 * come last, and are as many for each number of changes. The rows of organizations are written under that lock alone, so that no
 * two changes wait for each other's. None needs the answer of another: each reads from its row what was counted.
 */
export function recordChanges(
  tx: Tx,
  dialect: StoreDialect,
  changes: readonly LoggedChange[],
): [sequence: Promise<number>, ...others: Promise<unknown>[]] {
  const count = Math.max(1, changes.length)
  return [
    advance(tx, { count }).then(({ rows: [row] }) => (row as { value: number }).value),
    ...(changes.length === 0 ? [] : [countChanges(tx, dialect, changes)]),
    logChanges(tx, dialect, changes),
    prune(tx, { before: keptChanges + count }),
  ]
}

const advance = keep((tx: Tx, { count }: { count: number }) =>
  tx
    .updateTable('change_counter')
    .set((eb) => ({ value: eb('value', '+', count) }))
    .returning('value'),
)

const prune = keep((tx: Tx, { before }: { before: number }) =>
  tx
    .deleteFrom('changes')
    .where('sequence', '<=', valueLess(keptChanges))
    .where('sequence', '>', valueLess(before)),
)

/** The counter's value less so many. */
function valueLess(number: number) {
  return (eb: ExpressionBuilder<Tables, 'changes'>) =>
    eb.selectFrom('change_counter').select((inner) => inner('value', '-', number).as('sequence'))
}

/** Counts changes for their organizations. */
function countChanges(tx: Tx, dialect: StoreDialect, changes: readonly LoggedChange[]): Promise<unknown> {
  const counts = Map.groupBy(changes, ({ organizationId }) => organizationId)
  const rows = [...counts].map(([organization_id, { length: value }]) => ({ organization_id, value }))
  return addCounts(tx, dialect, rows)
}

const addCounts = keepInsert(
  'organization_sequences',
  { organization_id: 'text', value: 'whole' },
  (insert) =>
    insert.onConflict((conflict) =>
      conflict.column('organization_id').doUpdateSet((eb) => ({
        value: eb('organization_sequences.value', '+', eb.ref('excluded.value')),
      })),
    ),
)

/** Writes the changes that were counted into the log, or a barrier, each with a mark of its own. */
function logChanges(tx: Tx, dialect: StoreDialect, changes: readonly LoggedChange[]): Promise<unknown> {
  const laterOf = new Map<string | null, number>()
  const rows = (changes.length === 0 ? [undefined] : changes).toReversed().map((change, later) => {
    const organizationId = change?.organizationId ?? null
    const ownLater = laterOf.get(organizationId) ?? 0
    laterOf.set(organizationId, ownLater + 1)
    const mark = randomBytes(9).toString('base64url')
    return {
      ...{ later, topic: change?.topic ?? null, subject_id: change?.id ?? null },
      ...{ organization_id: organizationId, mark, own_later: ownLater },
    }
  })
  return insertLogged(tx, { text: textOf(loggedColumns, rows) }, dialect)
}

const insertLogged = keep((_: Tx, { text }: { text: string }, dialect: StoreDialect) => {
  const [log, counter, sequences] = [
    sql.table('changes'),
    sql.table('change_counter'),
    sql.table('organization_sequences'),
  ]
  return sql`insert into ${log} (sequence, topic, subject_id, organization_id, mark, organization_sequence)
    select change_counter.value - later, topic, subject_id, given.organization_id, mark, organization_sequences.value - own_later
    from (${selectFromText(dialect, loggedColumns, text)}) as given cross join ${counter}
    left join ${sequences} on organization_sequences.organization_id = given.organization_id`
})

const loggedColumns = {
  later: 'whole',
  topic: 'text',
  subject_id: 'text',
  organization_id: 'text',
  mark: 'text',
  own_later: 'whole',
} as const
