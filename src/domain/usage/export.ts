// Closed usage, page by page: what programs bill by.
import { narrowScope } from '../../core/access.ts'
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { dayMs } from '../../core/periods.ts'
import {
  type ExportedUsage,
  type ExportPageInput,
  type ExportUsageInput,
  exportUsageSchema,
  type UsageExport,
  type UsagePage,
} from '../../core/shapes/usage.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import type { Db } from '../../store/tables.ts'
import {
  findUsageNumber,
  readExportedUsage,
  readUsageState,
  type UsagePlace,
  type UsageState,
} from '../../store/usage-figures.ts'
import { monthOf } from '../../store/usage-rollup.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { getKeyRow } from '../keys/rules.ts'
import { alignRange, numberOf, startOf } from './ranges.ts'

const pageRows = 500
const defaultMs = 30 * dayMs
const tables = { hour: 'hours', day: 'days', month: 'months' } as const
type Table = (typeof tables)[keyof typeof tables]

/**
 * Reads closed usage, of which one page is held at a time. Throws `invalid_input`, `organization_not_found`, `key_not_found`,
 * `store_unavailable`, and so does reading the rows.
 */
export async function exportUsage(
  engine: Engine,
  input: ExportUsageInput = {},
  options: CommandOptions = {},
): Promise<UsageExport> {
  const first = await exportUsagePage(engine, input, options)
  const { closedUntil } = first
  const readNext = (after: string) =>
    exportUsagePage(engine, { ...input, until: closedUntil, after }, options)
  return Object.assign(readRows(first, readNext), { closedUntil })
}

async function* readRows(
  first: UsagePage,
  readNext: (after: string) => Promise<UsagePage>,
): AsyncGenerator<ExportedUsage, void> {
  let page = first
  yield* page.rows
  while (page.next !== undefined) {
    page = await readNext(page.next)
    yield* page.rows
  }
}

/** Reads a page of closed usage. Throws `invalid_input`, `organization_not_found`, `key_not_found`, `store_unavailable`. */
export async function exportUsagePage(
  engine: Engine,
  { after, ...input }: ExportPageInput = {},
  options: CommandOptions = {},
): Promise<UsagePage> {
  const { since, until, by, organizationId, keyId } = parseInput(exportUsageSchema, input)
  const actor = actorOf(options)
  const scope = narrowScope(actor, organizationId)
  const table = tables[by]
  const position = after === undefined ? undefined : readPosition(after)
  return engine.store.read(
    async (db) => {
      if (organizationId !== undefined) await getOrganizationRow(db, organizationId)
      const key = keyId === undefined ? undefined : await getKeyRow(db, keyId, scope)
      const closed = closedUntil(await readUsageState(db, engine.at()), table)
      const end = Math.min(
        until === undefined ? closed : alignRange({ since: 0, until: until.getTime() }, by).until,
        closed,
      )
      const begin = alignRange(
        { since: since?.getTime() ?? Math.max(0, end - defaultMs), until: end + 1 },
        by,
      ).since
      const range = { first: numberOf(table, begin), end: numberOf(table, end) }
      const named = await numbersOf(db, key?.organization_id ?? scope, keyId)
      const page = named && (await readExportedUsage(db, table, range, named, position, pageRows))
      const rows = page?.rows.map(({ period, organization, key: id, measure, amount, late }) => ({
        start: new Date(startOf(table, period)),
        organizationId: organization === '' ? null : organization,
        keyId: id === '' ? null : id,
        measure,
        amount,
        late: late ?? 0,
      }))
      return { rows: rows ?? [], next: page?.next && writePosition(page.next), closedUntil: new Date(end) }
    },
    turnOf(actor, options),
  )
}

/** Until when all periods of a table are complete, in milliseconds since 1970. */
function closedUntil({ closed, hours, days }: UsageState, table: Table): number {
  if (table === 'hours') return startOf('hours', closed)
  return table === 'days' ? startOf('days', Math.floor(hours / 24)) : startOf('months', monthOf(days))
}

async function numbersOf(
  db: Db,
  organizationId: string | undefined,
  keyId: string | undefined,
): Promise<{ organization?: number; key?: number } | undefined> {
  if (organizationId === undefined) return {}
  const organization = await findUsageNumber(db, 'organization', organizationId)
  const key = keyId === undefined ? undefined : await findUsageNumber(db, 'key', keyId)
  // Nothing was ever counted of it.
  if (organization === undefined || (keyId !== undefined && key === undefined)) return undefined
  return { organization, ...(key !== undefined && { key }) }
}

function readPosition(after: string): UsagePlace {
  if (typeof after !== 'string' || !/^\d{1,10}(?:\.\d{1,10}){3}$/.test(after))
    refuseField('after', 'Must be a cursor of a previous page.')
  const [period, organization, key, measure] = after.split('.').map(Number) as [
    number,
    number,
    number,
    number,
  ]
  return { period, organization, key, measure }
}

function writePosition({ period, organization, key, measure }: UsagePlace): string {
  return [period, organization, key, measure].join('.')
}
