// Lets callers in at a process that is stopped while they die in the database, and that hears nothing of it before
// they change something there: `node test/torture/stale-callers.ts [rounds]`, on SQLite and on a PostgreSQL of its own.
// A round is every kind of change after every kind of death; see `../setup/stale-callers.ts`.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import pg from 'pg'
import { type Latchkey, LatchkeyError, openLatchkey } from '../../src/index.ts'
import { createAcme } from '../setup/acme.ts'
import { type Clock, makeClock } from '../setup/clock.ts'
import { makeSqlite } from '../setup/databases.ts'
import { startPostgres } from '../setup/postgres.ts'
import { kindsOfChange, playRound } from '../setup/stale-callers.ts'

/** Each database has so many rounds: all of it is read before and after each death. */
const roundsOfDatabase = 10

/** What the child is asked to do, and what became of it. */
export interface Order {
  method: string[]
  input: unknown[]
  /** What the child's clock says then. */
  now: number
}
export type Outcome = { value: unknown } | { code: LatchkeyError['code'] } | { fault: string }

const rounds = Number(process.argv[2] ?? 200)
for (const kind of ['SQLite', 'PostgreSQL'] as const) {
  const start = performance.now()
  const { url, stop } = kind === 'SQLite' ? { url: undefined, stop: async () => {} } : await startPostgres()
  let repeated = 0
  for (let done = 0; done < rounds; done += roundsOfDatabase) {
    const count = Math.min(roundsOfDatabase, rounds - done)
    repeated +=
      url === undefined ? await playOnSqlite(count) : await playOnPostgres(url, `stale_${done}`, count)
  }
  await stop()
  const seconds = ((performance.now() - start) / 1000).toFixed(0)
  console.log(
    `${kind}: ${rounds} rounds of ${kindsOfChange.length} kinds of change, 0 by the dead; ${repeated} rounds again; ${seconds} s`,
  )
}

async function playOnSqlite(count: number): Promise<number> {
  const { url, remove } = makeSqlite()
  const repeated = await play(url, count)
  await remove()
  return repeated
}

async function playOnPostgres(server: string, name: string, count: number): Promise<number> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return play(Object.assign(new URL(server), { pathname: `/${name}` }).href, count)
}

/** Plays rounds on one database; gives how many had to be played again. */
async function play(database: string, count: number): Promise<number> {
  const clock = makeClock()
  await using owner = await openLatchkey({ database, now: clock.now })
  await owner.ensureRootKey()
  await createAcme(owner)
  const child = fork(new URL('../setup/stale-caller-child.ts', import.meta.url), [database], {
    serialization: 'advanced',
  })
  const thief = stoppedThief(child, clock)
  let repeated = 0
  try {
    for (let round = 0; round < count; ) {
      try {
        const faults = await playRound({ owner, thief, clock, database })
        if (faults.length > 0) throw new Error(faults.join('\n'))
        round++
      } catch (error) {
        // It was stopped in the middle of a transaction of its own, for which the owner waited in vain.
        if (!(error instanceof LatchkeyError && error.code === 'store_unavailable')) throw error
        if (++repeated > count) throw error
        child.kill('SIGCONT')
      }
    }
  } finally {
    child.kill('SIGKILL')
  }
  return repeated
}

/** The library in another process, which stands still from the moment a caller was let in until that caller asks. */
function stoppedThief(child: ChildProcess, clock: Clock): Latchkey {
  const call = async (method: string[], input: unknown[]): Promise<unknown> => {
    child.send({ method, input, now: clock.now() } satisfies Order)
    child.kill('SIGCONT')
    const [outcome] = (await once(child, 'message')) as [Outcome]
    if (method.at(-1) === 'authenticate') child.kill('SIGSTOP')
    if ('fault' in outcome) throw new Error(outcome.fault)
    if ('code' in outcome) throw new LatchkeyError(outcome.code, 'As the other process says.')
    return outcome.value
  }
  const noun = (name: string) =>
    new Proxy(
      {},
      {
        get:
          (_, verb: string) =>
          (...input: unknown[]) =>
            call([name, verb], input),
      },
    )
  return {
    authenticate: (...input: unknown[]) => call(['authenticate'], input),
    keys: noun('keys'),
    organizations: noun('organizations'),
    sessions: noun('sessions'),
  } as unknown as Latchkey
}
