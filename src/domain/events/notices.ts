// Tells the log of what happens without anybody's doing: a job looks for it, a page at a time, and each page is a transaction
// with its events. `store/event-causes.ts` says why each is told of once.
import type { Commit } from '../../commit/commit.ts'
import { system } from '../../core/actor.ts'
import { keptCausesMs } from '../../core/bounds.ts'
import type { Again, JobKind, Work } from '../../jobs/kinds.ts'
import type { DueRow } from '../../store/due-rows.ts'
import {
  beginMarks,
  type EventMark,
  findCauses,
  type Looked,
  moveMarks,
  noteCauses,
  reachedMark,
  readMarks,
} from '../../store/event-causes.ts'
import type { Instant } from '../../store/instants.ts'
import type { Store } from '../../store/store.ts'
import { type Clock, sleep } from '../../verdict/clock.ts'
import { keyNotices, type Notice } from '../keys/notices.ts'

const everyMs = 15_000
/** So long a run goes on; the rest follows a moment later, when another process may be the one. */
const runMs = 10_000
const restAfterMs = 1_000
/** How many rows are looked at at once, and told of in a transaction: others wait for it on SQLite. */
const pageRows = 200
/** Between two transactions: others have half of the database, and the sealer does not fall behind. */
const minPauseMs = 100
/**
 * So far behind the time it is looked from: what was committed late, or by a process whose clock is behind, is found yet.
 */
const overlapMs = 120_000
/** A mark is not written more often. */
const markEveryMs = 60_000

/** What is looked for, under which names it is kept how far. */
const names = [...keyNotices.map(({ name }) => name), reachedMark]

/** What tells. */
export interface Telling {
  store: Pick<Store, 'execute' | 'read' | 'write' | 'dialect'>
  commit: Commit
  now(): number
  at(): Instant
  /** Writes the uses that this process has noted. */
  flush(): Promise<void>
}

/** Begins to look from now on, the first time that a database is opened: nothing is told of what was due before. */
export async function beginTelling({ store, at }: Pick<Telling, 'store' | 'at'>): Promise<void> {
  const from = at()
  const { marks } = await store.execute((db) => readMarks(db, from))
  const missing = names.filter((name) => !marks.has(name))
  if (missing.length > 0) await beginMarks(store, missing, from)
}

/** The work of telling, for one process at a time. */
export function noticesJob(telling: Telling, clock: Pick<Clock, 'monotonic' | 'after'>): JobKind {
  return { everyMs, run: (work) => tellDue(telling, work, clock) }
}

/** A notice, and how far it was looked for in this run. */
interface Search {
  notice: Notice
  mark: EventMark
  reached: Looked
}

async function tellDue(
  telling: Telling,
  work: Work,
  clock: Pick<Clock, 'monotonic' | 'after'>,
): Promise<Again | undefined> {
  const beganAt = clock.monotonic()
  const { until, searches } = await beginRun(telling)
  let left = searches
  while (left.length > 0 && clock.monotonic() - beganAt < runMs) {
    const unfinished: Search[] = []
    for (const search of left) {
      work.requireHeld()
      const pageAt = clock.monotonic()
      const { told, isLast } = await tellPage(telling, search, until)
      if (!isLast) unfinished.push(search)
      const tookMs = clock.monotonic() - pageAt
      const pauseMs = told > 0 ? Math.max(minPauseMs, tookMs) : tookMs
      if (told > 0 || !isLast) await sleep(clock, pauseMs)
    }
    left = unfinished
  }
  await endRun(telling, searches, until)
  return left.length > 0 ? { afterMs: restAfterMs } : undefined
}

/** Reads from where and up to when to look. Sets marks back that are ahead of the clock. */
async function beginRun(telling: Telling): Promise<{ until: number; searches: Search[] }> {
  const { store, now, at } = telling
  const readNow = () => store.read((db) => readMarks(db, at()))
  let read = await readNow()
  if (names.some((name) => !read.marks.has(name))) {
    await beginTelling(telling)
    read = await readNow()
  }
  const { now: ofDatabase, marks } = read
  const searches: Search[] = []
  for (const notice of keyNotices) {
    const mark = marks.get(notice.name)
    if (mark === undefined) continue
    const isAhead = mark.due_at > ofDatabase && mark.due_at > mark.since
    const from = isAhead ? { ...mark, due_at: Math.max(mark.since, ofDatabase), id: '' } : mark
    if (isAhead) await moveMarks(store, [{ mark, to: from }])
    searches.push({ notice, mark: from, reached: from })
  }
  // An event says when it was recorded, by the clock of this process: not before what it tells of.
  return { until: Math.min(ofDatabase, now()), searches }
}

/** Tells of the next page of what is due, if any of it is not told of yet. */
async function tellPage(
  telling: Telling,
  search: Search,
  until: number,
): Promise<{ told: number; isLast: boolean }> {
  const { store } = telling
  const { notice, reached } = search
  const { find, instantOf, delayMs } = notice
  const after = { at: reached.due_at - delayMs, id: reached.id }
  const nearest = notice.beyondMs === undefined ? after.at : until + notice.beyondMs + 1
  const span = { after: nearest > after.at ? { at: nearest, id: '' } : after, until: until - delayMs }
  const rows = await store.read((db) => find(db, span, pageRows))
  const last = rows.at(-1)
  const isLast = last === undefined || rows.length < pageRows
  const told = await tellRows(telling, notice, rows, until)
  search.reached = isLast ? { due_at: until, id: '' } : { due_at: instantOf(last) + delayMs, id: last.id }
  return { told, isLast }
}

async function tellRows(
  { store, commit, flush }: Telling,
  notice: Notice,
  rows: readonly DueRow[],
  until: number,
): Promise<number> {
  const found = rows.flatMap((row) => {
    const told = notice.describe(row, until)
    return told === undefined ? [] : [{ row, cause: told.cause }]
  })
  const causes = found.map(({ cause }) => cause)
  const known = await store.read((db) => findCauses(db, store.dialect, causes))
  const news = found.filter(({ cause }) => !known.has(cause)).map(({ row }) => row)
  if (news.length === 0) return 0
  await flush()
  return commit(system, { permission: 'any key' }, async ({ tx, record }) => {
    const locked = await notice.lock(tx, store.dialect, news)
    const due = locked.flatMap((row) => notice.describe(row, until) ?? [])
    const noted = due.map(({ cause, dueAt }) => ({ cause, kept_until: dueAt + keptCausesMs }))
    const fresh = await noteCauses(tx, store.dialect, noted)
    for (const { cause, deed } of due) if (fresh.has(cause)) record(deed)
    return fresh.size
  })
}

async function endRun({ store }: Telling, searches: readonly Search[], until: number): Promise<void> {
  const moved = searches.flatMap(({ mark, reached }) => {
    const to = reached.due_at < until - overlapMs ? reached : { due_at: until - overlapMs, id: '' }
    const isBehind = to === reached && (to.due_at !== mark.due_at || to.id !== mark.id)
    return isBehind || to.due_at - mark.due_at >= markEveryMs ? [{ mark, to }] : []
  })
  await moveMarks(store, moved)
}
