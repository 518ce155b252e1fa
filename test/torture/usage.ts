// Kills processes with SIGKILL while they verify, and holds what was counted against what they did:
// `node test/torture/usage.ts [kills] [SQLite|PostgreSQL]`, on both if neither is named; PostgreSQL is one of its own. What a process did in its last ten seconds may be
// missing; nothing may be counted that no process did.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { type Latchkey, openLatchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { killOnEachDatabase } from '../setup/kills.ts'

const atOnce = 10
/** The interval of flushes, and what one may take on a busy machine. */
const missingMs = 15_000
const longestLifeMs = 40_000

interface Done {
  at: number
  calls: number
}

/** A process that verifies one key, and what it said that it did. */
interface Caller {
  keyId: string
  child: ChildProcess
  done: Done[]
}

export interface UsageToll {
  kills: number
  done: number
  counted: number
}

/** Kills so many processes, and ends as many in order. Throws at the first count that cannot be. */
export async function killCallers(database: string, kills: number): Promise<UsageToll> {
  const toll: UsageToll = { kills: 0, done: 0, counted: 0 }
  await using latchkey = await openLatchkey({ database })
  await createAcme(latchkey)
  while (toll.kills < kills) {
    const callers = await Promise.all(Array.from({ length: atOnce }, () => startCaller(latchkey, database)))
    await Promise.all(
      callers.map(async (caller, i) => {
        await setTimeout(Math.random() * longestLifeMs)
        const isKilled = i % 5 > 0
        caller.child.kill(isKilled ? 'SIGKILL' : 'SIGTERM')
        await once(caller.child, 'exit')
        if (isKilled) toll.kills++
        const now = Date.now()
        const most = caller.done.at(-1)?.calls ?? 0
        const least = isKilled ? callsAt(caller.done, now - missingMs) : most
        const counted = await readCalls(latchkey, caller.keyId)
        toll.done += most
        toll.counted += counted
        // It says what it will do before it does it.
        if (counted > most || counted < least)
          throw new Error(`Counted ${counted} calls, of at least ${least} and at most ${most}.`)
      }),
    )
  }
  return toll
}

function callsAt(done: readonly Done[], instant: number): number {
  // The last word may stand for calls that were never made.
  return done.findLast(({ at }) => at < instant)?.calls ?? 0
}

async function readCalls(latchkey: Latchkey, keyId: string): Promise<number> {
  const { rows } = await latchkey.usage.readKey(keyId, { by: 'total' })
  return rows[0]?.calls ?? 0
}

async function startCaller(latchkey: Latchkey, database: string): Promise<Caller> {
  const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'Caller', permissions: [] })
  const child = fork(import.meta.filename, ['child'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const done: Done[] = []
  child.on('message', (calls: number) => done.push({ at: Date.now(), calls }))
  child.send({ database, key })
  return { keyId: id, child, done }
}

/** Verifies as long as it lives, and says before how many calls it will have made. */
async function call({ database, key }: { database: string; key: string }): Promise<void> {
  const latchkey = await openLatchkey({ database })
  let calls = 0
  let isStopping = false
  process.on('SIGTERM', () => {
    isStopping = true
  })
  while (!isStopping) {
    const count = 1 + Math.floor(Math.random() * 50)
    await new Promise((resolve) => process.send?.(calls + count, resolve))
    for (let i = 0; i < count; i++) latchkey.verifyCached(key) ?? (await latchkey.verify(key))
    calls += count
    await setTimeout(20)
  }
  await latchkey.close()
  process.exit(0)
}

if (process.argv[2] === 'child') process.once('message', (order) => void call(order as never))
else if (import.meta.main) await killOnEachDatabase(killCallers, 200)
