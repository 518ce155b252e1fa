// The whole numbers that stand for ids and measures in the tables of usage, for ever.
import type { StoreDialect } from './backend.ts'
import { givenTexts, insertGiven } from './given-rows.ts'
import { allDone } from './statements.ts'
import type { Tx } from './tables.ts'

export interface Name {
  kind: 'organization' | 'key' | 'measure'
  name: string
}

export function nameId({ kind, name }: Name): string {
  return `${kind} ${name}`
}

/** The numbers of names, by {@link nameId}; one that is new gets a number. */
export async function numberNames(
  tx: Tx,
  dialect: StoreDialect,
  named: readonly Name[],
): Promise<Map<string, number>> {
  const names = new Map(named.map((name) => [nameId(name), name]))
  const numbers = new Map<string, number>()
  const learn = (rows: readonly (Name & { number: number })[]) => {
    for (const row of rows) numbers.set(nameId(row), row.number)
  }
  learn(await findNumbers(tx, dialect, [...names.values()]))
  const isMissing = (name: Name) => !numbers.has(nameId(name))
  const missing = [...names.values()].filter(isMissing)
  if (missing.length === 0) return numbers
  const made = await insertGiven(
    tx,
    dialect,
    'usage_names',
    { kind: 'text', name: 'text' },
    missing.sort((a, b) => (nameId(a) < nameId(b) ? -1 : 1)),
  )
    .onConflict((conflict) => conflict.columns(['kind', 'name']).doNothing())
    .returning(['kind', 'name', 'number'])
    .execute()
  learn(made as (Name & { number: number })[])
  // Another transaction has made them meanwhile.
  learn(await findNumbers(tx, dialect, missing.filter(isMissing)))
  return numbers
}

async function findNumbers(
  tx: Tx,
  dialect: StoreDialect,
  names: readonly Name[],
): Promise<(Name & { number: number })[]> {
  const kinds = [...new Set(names.map(({ kind }) => kind))]
  const found = await allDone(
    kinds.map((kind) =>
      tx
        .selectFrom('usage_names')
        .select(['name', 'number'])
        .where('kind', '=', kind)
        .where(
          'name',
          'in',
          givenTexts(
            dialect,
            names.flatMap((name) => (name.kind === kind ? name.name : [])),
          ),
        )
        .execute(),
    ),
  )
  return found.flatMap((rows, i) => rows.map((row) => ({ ...row, kind: kinds[i] as Name['kind'] })))
}
