// Kills processes with SIGKILL while they make keys and seal what happens: `node test/torture/sealing.ts [kills] [SQLite|PostgreSQL]`,
// on both if neither is named; PostgreSQL is one of its own. At the end every event that was acknowledged is sealed once, without
// gaps, each after those that its process had made before, and the log goes on from every checkpoint of in between.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { verify } from '../../src/cli/commands/audit-files.ts'
import { LatchkeyError } from '../../src/core/errors.ts'
import { openLatchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { connectDirectly } from '../setup/direct.ts'
import { killOnEachDatabase } from '../setup/kills.ts'
import { checkLog, type SeenLog } from '../setup/sealed-log.ts'

const atOnce = 2
const longestLifeMs = 1_500
const killsBetweenCheckpoints = 10
const sealingKeys = [`${'A'.repeat(43)}=`]

interface Toll {
  kills: number
  acknowledged: number
  sealed: number
  /** Those that the log was verified against at the end. */
  checkpoints: number
}

/** Kills so many processes. Throws for the first thing that is wrong with the log. */
async function killSealers(database: string, kills: number): Promise<Toll> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-sealing-'))
  const toll: Toll = { kills: 0, acknowledged: 0, sealed: 0, checkpoints: 0 }
  /** The keys that each process has made, in their order. */
  const made: string[][] = []
  const checkpoint: string[] = []
  await using direct = await connectDirectly(database)
  let seen: SeenLog | undefined
  const look = async (isComplete: boolean) => {
    await using latchkey = await openLatchkey({ database, sealingKeys })
    const { note } = await latchkey.audit.readCheckpoint()
    const file = join(folder, `${checkpoint.length}.txt`)
    writeFileSync(file, note)
    checkpoint.push(file)
    if (isComplete) seen = await checkLog(direct, true, seen)
    return await verify({ audit: latchkey.audit, input: {} }, { checkpoint })
  }
  {
    await using latchkey = await openLatchkey({ database, sealingKeys })
    await createAcme(latchkey)
  }
  const live = async () => {
    while (toll.kills < kills) {
      const own: string[] = []
      made.push(own)
      const { child, isOver } = await startChild(database, own)
      await setTimeout(Math.random() * longestLifeMs)
      child.kill('SIGKILL')
      await isOver
      if (++toll.kills % killsBetweenCheckpoints === 0) {
        const verified = await patiently(() => look(false))
        if ('fault' in verified) throw new Error(verified.fault)
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, live))
  const verified = await patiently(() => look(true))
  if ('fault' in verified) throw new Error(verified.fault)
  const rows = await direct.run(
    "select position, key_id from audit_log join audit_events on id = event_id where action = 'key.created'",
  )
  const places = new Map(rows.map(({ key_id, position }) => [String(key_id), Number(position)]))
  for (const keys of made) {
    let before = 0
    for (const id of keys) {
      const place = places.get(id)
      if (place === undefined) throw new Error(`The creation of ${id} was acknowledged, and is not sealed.`)
      if (place <= before) throw new Error(`${id} stands before what its process had made before.`)
      before = place
    }
  }
  rmSync(folder, { recursive: true })
  toll.acknowledged = made.flat().length
  return { ...toll, sealed: verified.events, checkpoints: verified.checkpoints.length }
}

async function startChild(
  database: string,
  made: string[],
): Promise<{ child: ChildProcess; isOver: Promise<unknown> }> {
  const child = fork(import.meta.filename, ['child', database], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const { promise: isOpen, resolve } = Promise.withResolvers<void>()
  child.on('message', (id: string) => {
    if (id === 'open') resolve()
    else made.push(id)
  })
  const isOver = once(child, 'exit')
  await Promise.race([isOpen, isOver])
  return { child, isOver }
}

/** Makes and revokes keys, and seals what there is, as long as it lives; says of each key that it was acknowledged. */
async function makeAndSeal(database: string): Promise<void> {
  const latchkey = await openLatchkey({ database, sealingKeys })
  process.send?.('open')
  // The claim of a process that was killed lasts for a while: each of them seals by itself.
  const seal = async () => {
    for (;;) await latchkey.audit.readCheckpoint().catch(passOver)
  }
  void seal()
  const make = async (round: number) => {
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'Made' })
    process.send?.(id)
    if (round % 3 === 0) await latchkey.keys.revoke(id)
  }
  for (let round = 0; ; round++) await make(round).catch(passOver)
}

async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      passOver(error)
    }
  }
}

/** A database that has no connection for a moment is no fault of what is tried here. */
function passOver(error: unknown): void {
  if (!(error instanceof LatchkeyError) || error.code !== 'store_unavailable') throw error
}

if (process.argv[2] === 'child') void makeAndSeal(process.argv[3] as string)
else if (import.meta.main) await killOnEachDatabase(killSealers, 100)
