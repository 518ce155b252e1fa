// What was counted, by period and group: read from the fewest rows that tell of a range.
import { narrowScope, reachOf } from '../../core/access.ts'
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { limitOfMeasure } from '../../core/measures.ts'
import { hourMs } from '../../core/periods.ts'
import {
  maxUsageDays,
  maxUsageRows,
  type ReadKeyUsageInput,
  type ReadUsageInput,
  readKeyUsageSchema,
  readUsageSchema,
  type UsageFigures,
  type UsageGroup,
  type UsagePeriod,
  type UsageRow,
  type UsageSort,
} from '../../core/shapes/usage.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import type { Db } from '../../store/tables.ts'
import {
  findTopGroups,
  findUsageKeys,
  findUsageNumber,
  nameGroups,
  readFigures,
  readFiguresOfKeys,
  readUsageState,
  type UsageFigure,
  type UsageScope,
  type UsageState,
} from '../../store/usage-figures.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { getReachedKey } from '../keys/rules.ts'
import { readByPermission, requireWholeDays } from './by-permission.ts'
import { alignRange, periodHolding, periodsOf, piecesOf, startOf, type UsageRange } from './ranges.ts'
import { addMeasure, newRow } from './rows.ts'

const dayMs = 24 * hourMs
const defaultDays = 30
/** Among the keys and the permissions of all organizations the top ones are looked for in so many days at most. */
const maxDaysOfAll = 7
const groupsOfKeys: Partial<Record<UsageGroup, string>> = { key: 'keys', permission: 'permissions' }

/** What is read, once it is checked. */
interface Question {
  since?: Date | undefined
  until?: Date | undefined
  by: UsagePeriod
  group: UsageGroup
  sort: UsageSort
  limit: number
  keyIds?: string[] | undefined
  /** Only calls with keys of one of these prefixes. */
  prefixes?: readonly string[] | undefined
}

/** Reads usage. Throws `invalid_input`, `organization_not_found`, `key_not_found`, `store_unavailable`. */
export async function readUsage(
  engine: Engine,
  input: ReadUsageInput = {},
  options: CommandOptions = {},
): Promise<UsageFigures> {
  const { organizationId, keyId, ...question } = parseInput(readUsageSchema, input)
  const actor = actorOf(options)
  const scope = narrowScope(actor, organizationId)
  return engine.store.read(
    async (db) => {
      if (organizationId !== undefined) await getOrganizationRow(db, organizationId)
      const key = keyId === undefined ? undefined : await getReachedKey(db, keyId, actor, scope)
      const prefixes = reachOf(actor) ?? undefined
      return readUsageOf(engine, db, { ...question, prefixes }, key?.organization_id ?? scope, keyId)
    },
    turnOf(actor, options),
  )
}

/** Reads the usage of a key. Throws `invalid_input`, `key_not_found`, `store_unavailable`. */
export async function readKeyUsage(
  engine: Engine,
  id: string,
  input: ReadKeyUsageInput = {},
  options: CommandOptions = {},
): Promise<UsageFigures> {
  const question = parseInput(readKeyUsageSchema, input)
  const actor = actorOf(options)
  return engine.store.read(
    async (db) => {
      const key = await getReachedKey(db, id, actor)
      return readUsageOf(engine, db, question, key.organization_id, key.id)
    },
    turnOf(actor, options),
  )
}

async function readUsageOf(
  engine: Engine,
  db: Db,
  question: Question,
  organizationId: string | undefined,
  keyId: string | undefined,
): Promise<UsageFigures> {
  const state = await readUsageState(db, engine.at())
  return {
    rows: await readRows(db, question, state, organizationId, keyId),
    asOf: new Date(state.now),
    closedUntil: new Date(startOf('hours', state.closed)),
  }
}

async function readRows(
  db: Db,
  question: Question,
  state: UsageState,
  organizationId: string | undefined,
  keyId: string | undefined,
): Promise<UsageRow[]> {
  const { by, group, sort, keyIds } = question
  const limit = keyIds?.length ?? question.limit
  const isOfAll = organizationId === undefined && keyIds === undefined
  const range = rangeOf(question, state.now, isOfAll ? groupsOfKeys[group] : undefined)
  const periods = periodsOf(range, by)
  if (group !== 'none' && periods.length * limit > maxUsageRows)
    refuseField(
      keyIds === undefined ? 'limit' : 'keyIds',
      `Of so many periods an answer has at most ${Math.floor(maxUsageRows / periods.length)} groups.`,
    )
  const pieces = piecesOf(range, by, state)
  const toStart = (figure: UsageFigure) => periodHolding(startOf(figure.table, figure.period), by, range)
  if (keyIds !== undefined) {
    const keys = await findUsageKeys(db, keyIds, organizationId)
    const numbers = keys.map(({ key }) => key)
    return byGroup(
      await readFiguresOfKeys(db, pieces, keys),
      numbers,
      await nameGroups(db, 'key', numbers),
      toStart,
    )
  }
  if (group === 'permission') return readByPermission(db, question, range, { organizationId, keyId })
  const scope = await findScope(db, organizationId, keyId, question.prefixes)
  if (scope === undefined) return group === 'none' ? fill([], periods, toStart) : []
  if (group === 'none') return fill(await readFigures(db, pieces, scope, 'none'), periods, toStart)
  if (group === 'code') return byCode(await readFigures(db, pieces, scope, 'none'), toStart, limit)
  const top = await findTopGroups(db, pieces, scope, group, { sort, limit })
  if (top.length === 0) return []
  const figures = await readFigures(db, pieces, scope, group, top)
  return byGroup(figures, top, await nameGroups(db, group, top), toStart)
}

/** The whole periods that are asked for. Throws `invalid_input` if they are too many. */
function rangeOf({ since, until, by, group }: Question, now: number, ofAll: string | undefined): UsageRange {
  const end = until?.getTime() ?? Math.max(now, (since?.getTime() ?? 0) + 1)
  const usual = ofAll === undefined ? defaultDays : maxDaysOfAll
  const begin = since?.getTime() ?? Math.max(0, end - usual * dayMs)
  // Who asks for the last seven days says so some moments before.
  const days = (end - begin - (until === undefined ? hourMs : 0)) / dayMs
  if (days > maxUsageDays[by])
    refuseField('since', `By ${by} a range has at most ${maxUsageDays[by]} days. Ask by day, month or total.`)
  if (ofAll !== undefined && days > maxDaysOfAll)
    refuseField(
      'group',
      `The ${ofAll} of all organizations are compared over at most ${maxDaysOfAll} days. Name an organization, or a shorter range.`,
    )
  if (group === 'permission') {
    requireWholeDays(by, days, ofAll !== undefined)
    return alignRange({ since: begin, until: end }, by === 'total' ? 'day' : by)
  }
  // Hours are kept for weeks only: a longer range begins with a whole day.
  const isLong = by === 'total' && days > maxUsageDays.hour
  const aligned = alignRange({ since: begin, until: end }, by)
  return isLong ? { ...aligned, since: alignRange({ since: begin, until: end }, 'day').since } : aligned
}

/** The numbers of what is asked for; undefined if nothing was ever counted of it. */
async function findScope(
  db: Db,
  organizationId: string | undefined,
  keyId: string | undefined,
  prefixes: readonly string[] | undefined,
): Promise<UsageScope | undefined> {
  if (organizationId === undefined) return {}
  const organization = await findUsageNumber(db, 'organization', organizationId)
  if (organization === undefined) return undefined
  if (keyId === undefined) return { organization, reach: prefixes && { organizationId, prefixes } }
  const key = await findUsageNumber(db, 'key', keyId)
  return key === undefined ? undefined : { organization, key }
}

type ToStart = (figure: UsageFigure) => number

/** A row for each period, whether or not there was a call. */
function fill(figures: readonly UsageFigure[], periods: readonly number[], toStart: ToStart): UsageRow[] {
  const rows = new Map(periods.map((start) => [start, newRow(start)]))
  for (const figure of figures) {
    const row = rows.get(toStart(figure))
    if (row !== undefined) addMeasure(row, figure.measure, figure.amount)
  }
  return [...rows.values()]
}

/** Rows of the groups with calls, by period and then as the groups are sorted. */
function byGroup(
  figures: readonly UsageFigure[],
  top: readonly number[],
  names: ReadonlyMap<number, { id: string; name: string | null }>,
  toStart: ToStart,
): UsageRow[] {
  const rows = new Map<string, { row: UsageRow; rank: number }>()
  for (const figure of figures) {
    const [start, { id, name }] = [toStart(figure), names.get(figure.id) ?? { id: '', name: null }]
    const place = `${start} ${figure.id}`
    const known = rows.get(place)
    // Tokens of no key have no id.
    const row = known?.row ?? newRow(start, id === '' ? null : id, name)
    if (known === undefined) rows.set(place, { row, rank: top.indexOf(figure.id) })
    addMeasure(row, figure.measure, figure.amount)
  }
  const sorted = [...rows.values()].sort(
    (a, b) => a.row.start.getTime() - b.row.start.getTime() || a.rank - b.rank,
  )
  return sorted.map(({ row }) => row)
}

/** Rows of the codes with calls, by period and then the most frequent of the range first. */
function byCode(figures: readonly UsageFigure[], toStart: ToStart, limit: number): UsageRow[] {
  const totals = new Map<string, number>()
  const ofCalls = figures.filter(({ measure }) => limitOfMeasure(measure) === undefined)
  for (const { measure, amount } of ofCalls) totals.set(measure, (totals.get(measure) ?? 0) + amount)
  const codes = [...totals].sort(([, a], [, b]) => b - a).map(([code]) => code)
  const top = codes.slice(0, limit)
  const numbered = ofCalls
    .filter(({ measure }) => top.includes(measure))
    .map((figure) => ({ ...figure, id: top.indexOf(figure.measure) }))
  const names = new Map(top.map((code, id) => [id, { id: code, name: null }]))
  return byGroup(numbered, [...top.keys()], names, toStart)
}
