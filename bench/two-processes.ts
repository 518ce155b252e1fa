// Two processes on one database that verify tokens at a pace together, and what that costs the database.
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'

/** Calls of both processes, in turn or by chance; each process takes its own out of the same schedule. */
export interface CallOrder {
  /** Milliseconds since 1970. */
  startAt: number
  seconds: number
  perSecond: number
  /** At chance instants, of chance tokens, in a chance process; else evenly, each token by both in turn. */
  isRandom: boolean
  seed: number
  /** 0 or 1. */
  process: number
  tokens: readonly string[]
  /** Whether it should tell when its calls were. */
  tellsCalls: boolean
}

/** What one process did. */
export interface Called {
  /** When each call began, and when the last was answered, in milliseconds since 1970; only if it should tell. */
  instants?: number[]
  lastAnswerAt?: number
  calls: number
  refused: number
  /** Calls that the database did not serve in time. */
  failed: number
  /** Calls that memory could not answer. */
  waited: number
  /** Draws that were answered, and the rows of counters that they wrote. */
  draws: number
  rows: number
  /** Until the answer, from when the call was due and from when it began. */
  p99FromDueMs: number
  p99FromCallMs: number
}

export interface Pair extends AsyncDisposable {
  /** Has both call; tells what each did. */
  call(order: Omit<CallOrder, 'startAt' | 'process' | 'seed'>): Promise<[Called, Called]>
}

/** Opens a database in two processes. */
export async function startPair(database: string, cachedSecrets: number): Promise<Pair> {
  const script = join(import.meta.dirname, 'contestants/caller.ts')
  const children = [0, 1].map(() => {
    const child = fork(script, [database, String(cachedSecrets)], { serialization: 'advanced' })
    const ended = new Promise<void>((done) => child.once('exit', () => done()))
    const next = () =>
      new Promise<unknown>((done, fail) => {
        child.once('message', done)
        ended.then(() => fail(new Error('A process that calls ended.')))
      })
    return { child, ended, next }
  })
  await Promise.all(children.map(({ next }) => next()))
  let seed = 0
  return {
    call: async (order) => {
      const startAt = performance.timeOrigin + performance.now() + 200
      seed++
      const called = children.map(({ child, next }, process) => {
        child.send({ ...order, startAt, seed, process } satisfies CallOrder)
        return next() as Promise<Called>
      })
      return (await Promise.all(called)) as [Called, Called]
    },
    [Symbol.asyncDispose]: async () => {
      for (const { child, ended } of children) {
        child.disconnect()
        await ended
      }
    },
  }
}

/** What a PostgreSQL database has counted of itself: transactions, and rows written, of all tables and of counters. */
export interface Counts {
  transactions: number
  rows: number
  counterRows: number
}

/** Reads what a database has counted so far; what its sessions have not told yet, they tell within two seconds. */
export async function readCounts(url: string): Promise<Counts> {
  await setTimeout(2_000)
  // From another database, whose own transactions are not counted there.
  const name = new URL(url).pathname.slice(1)
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(
    `select (select xact_commit + xact_rollback from pg_stat_database where datname = $1) as transactions,
      sum(n_tup_ins + n_tup_upd + n_tup_del) as rows,
      sum(n_tup_ins + n_tup_upd + n_tup_del) filter (where relname = 'counters') as counter_rows
      from pg_stat_user_tables`,
    [name],
  )
  await client.end()
  const [{ transactions, rows: written, counter_rows: counterRows }] = rows
  return { transactions: Number(transactions), rows: Number(written), counterRows: Number(counterRows) }
}

/** What was counted between two readings, a second. */
export function perSecond(before: Counts, after: Counts, seconds: number): Counts {
  const of = (name: keyof Counts) => (after[name] - before[name]) / seconds
  return { transactions: of('transactions'), rows: of('rows'), counterRows: of('counterRows') }
}
