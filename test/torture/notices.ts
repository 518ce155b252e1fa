// Kills processes with SIGKILL while they tell of keys that expire: `node test/torture/notices.ts [kills] [SQLite|PostgreSQL]`, on
// both if neither is named; PostgreSQL is one of its own. Keys come to their ends all the time, by clocks that run ahead and are set
// back. In the end every cause must have exactly one event, every key exactly one of its end, and nothing may be told of twice.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { openLatchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { connectDirectly } from '../setup/direct.ts'
import { killOnEachDatabase } from '../setup/kills.ts'
import { day, listTold, openTeller } from '../setup/notices.ts'

const atOnce = 2
const longestLifeMs = 700
const keysAtOnce = 100
/** How far the clocks go ahead at each life, and how far one may be behind. */
const aheadMs = 3 * day
const behindMs = 20 * day

interface Settings {
  database: string
  /** How far its clock is ahead of the machine's. */
  offsetMs: number
}

interface Toll {
  kills: number
  keys: number
  events: number
}

/** Kills so many processes. Throws for the first cause without its one event. */
async function killTellers(database: string, kills: number): Promise<Toll> {
  const toll: Toll = { kills: 0, keys: 0, events: 0 }
  let offsetMs = 0
  {
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
  }
  const live = async () => {
    while (toll.kills < kills) {
      offsetMs += aheadMs
      const own = Math.max(0, offsetMs - (Math.random() < 0.3 ? Math.random() * behindMs : 0))
      const child = await startChild({ database, offsetMs: own })
      await setTimeout(Math.random() * longestLifeMs)
      child.kill('SIGKILL')
      await once(child, 'exit')
      toll.kills++
    }
  }
  await Promise.all([...Array.from({ length: atOnce }, live), makeKeys()])
  const teller = await openTeller(database, () => Date.now() + offsetMs + 100 * day)
  await teller.tell()
  await teller.close()
  await checkTold(database, toll)
  return toll

  async function makeKeys(): Promise<void> {
    while (toll.kills < kills) {
      await using latchkey = await openLatchkey({ database, now: () => Date.now() + offsetMs })
      // Far enough that it is there before the clocks are past it.
      const made = Array.from({ length: keysAtOnce }, () => {
        const expiresAt = new Date(Date.now() + offsetMs + (20 + Math.random() * 40) * day)
        return latchkey.keys.create({ organizationId: 'acme', name: 'CI', expiresAt })
      })
      await Promise.all(made)
      toll.keys += keysAtOnce
    }
  }
}

async function checkTold(database: string, toll: Toll): Promise<void> {
  await using direct = await connectDirectly(database)
  const told = await listTold(direct)
  toll.events = told.length
  const events = told.map(({ action, keyId, changes }) =>
    JSON.stringify([action, keyId, changes.expires_at ?? changes.last_used_at, changes.days_before]),
  )
  const causes = await direct.run('select cause from event_causes')
  if (new Set(events).size !== events.length) throw new Error('Something was told of twice.')
  if (causes.length !== events.length)
    throw new Error(`There are ${causes.length} causes and ${events.length} events.`)
  const ended = told.filter(({ action }) => action === 'key.expired').length
  if (ended !== toll.keys) throw new Error(`Of ${toll.keys} keys, the end of ${ended} was told of.`)
}

async function startChild(settings: Settings): Promise<ChildProcess> {
  const child = fork(import.meta.filename, ['child'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send(settings)
  await Promise.race([once(child, 'message'), once(child, 'exit')])
  return child
}

/** Tells as long as it lives. */
async function tellOn({ database, offsetMs }: Settings): Promise<void> {
  const teller = await openTeller(database, () => Date.now() + offsetMs)
  process.send?.('open')
  for (;;) {
    // Another one that is killed may hold the database for a moment.
    await teller.tell().catch(() => setTimeout(20))
  }
}

if (process.argv[2] === 'child') process.once('message', (settings) => void tellOn(settings as Settings))
else if (import.meta.main) await killOnEachDatabase(killTellers, 100)
