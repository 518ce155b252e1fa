// Floods a process with well-formed tokens that nobody ever made, beside a caller whose key is known:
// `node --expose-gc test/torture/flood.ts [tokens]`, on SQLite and on a PostgreSQL of its own.

import { setImmediate } from 'node:timers/promises'
import { openChangeLog } from '../../src/coherence/change-log.ts'
import { assembleToken } from '../../src/core/token.ts'
import { openLatchkey } from '../../src/latchkey.ts'
import { openStore } from '../../src/store/store.ts'
import { systemClock } from '../../src/verdict/clock.ts'
import { verifyCached } from '../../src/verdict/evaluate.ts'
import { Tallies } from '../../src/verdict/tally.ts'
import { type FactsSource, Memory } from '../../src/verification/read-through.ts'
import { verify } from '../../src/verification/verify.ts'
import { createAcme } from '../setup/acme.ts'
import { noDraws } from '../setup/allotments.ts'
import { makeSqlite } from '../setup/databases.ts'
import { startPostgres } from '../setup/postgres.ts'

export interface FloodReport {
  tokens: number
  milliseconds: number
  /** Reads of the store for the flood's tokens. */
  reads: number
  /** The most statements that were under way at once. */
  readsAtOnce: number
  /** Reads for one unknown token, asked for throughout the flood. */
  readsOfOne: number
  /** How often the known key was judged from memory meanwhile, and how often memory could not say. */
  known: number
  knownMissed: number
  /** The heap's growth from a tenth of the flood to its end; undefined without --expose-gc. */
  heapGrowthBytes: number | undefined
}

/** Floods a process on an empty database, with so many requests under way at once. */
export async function flood(database: string, tokens: number, atOnce = 200): Promise<FloodReport> {
  await using latchkey = await openLatchkey({ database })
  await createAcme(latchkey)
  const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
  const store = await openStore(database)
  const report = {
    tokens,
    milliseconds: 0,
    reads: 0,
    readsAtOnce: 0,
    readsOfOne: 0,
    known: 0,
    knownMissed: 0,
  }
  let underWay = 0
  const one = makeToken(tokens)
  const { findFactsNow } = store
  const source: FactsSource = {
    ...store,
    ...(findFactsNow && {
      findFactsNow: (kid: string) => {
        report.reads++
        if (one.includes(kid)) report.readsOfOne++
        return findFactsNow(kid)
      },
    }),
    findManyFacts: async (kids: readonly string[]) => {
      report.reads += kids.length
      if (kids.some((kid) => one.includes(kid))) report.readsOfOne++
      report.readsAtOnce = Math.max(report.readsAtOnce, ++underWay)
      try {
        return await store.findManyFacts(kids)
      } finally {
        underWay--
      }
    },
  }
  const memory = new Memory(
    source,
    openChangeLog(store),
    systemClock,
    { secrets: 100_000, bytes: 2 ** 26 },
    { note: () => {}, tallies: new Tallies() },
    () => 'flooded',
    noDraws,
  )
  await verify(memory, key)
  let next = 0
  let isOver = false
  let heapAtTenth = heapInUse()
  const began = performance.now()
  const clients = Array.from({ length: atOnce }, async () => {
    while (next < tokens) {
      if (next === Math.floor(tokens / 10)) heapAtTenth = heapInUse()
      const { code } = await verify(memory, makeToken(next++))
      if (code !== 'not_found') throw new Error(`An unknown token was found ${code}.`)
      // Each request of a server begins with a word from the network.
      await setImmediate()
    }
  })
  const knownCaller = async () => {
    for (; !isOver; await setImmediate()) {
      if (verifyCached(memory, key)?.valid) report.known++
      else report.knownMissed++
      if ((await verify(memory, one)).code !== 'not_found') throw new Error('An unknown token was found.')
    }
  }
  const known = knownCaller()
  await Promise.all(clients)
  isOver = true
  await known
  const heapAtEnd = heapInUse()
  const milliseconds = Math.round(performance.now() - began)
  await memory.follower.stop()
  await store.close()
  const heapGrowthBytes =
    heapAtTenth === undefined || heapAtEnd === undefined ? undefined : heapAtEnd - heapAtTenth
  return { ...report, milliseconds, heapGrowthBytes }
}

function makeToken(number: number): string {
  const secret = new Uint8Array(32)
  new DataView(secret.buffer).setUint32(0, number)
  return assembleToken('re', `unknown${String(number).padStart(9, '0')}`, secret)
}

function heapInUse(): number | undefined {
  if (!globalThis.gc) return undefined
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

if (import.meta.main) {
  const tokens = Number(process.argv[2] ?? 1_000_000)
  if (process.argv[3]) {
    // What runs in a process of its own for the test says it as JSON.
    console.log(JSON.stringify(await flood(process.argv[3], tokens)))
  } else {
    const sqlite = makeSqlite()
    console.log('SQLite:', await flood(sqlite.url, tokens))
    await sqlite.remove()
    const postgres = await startPostgres()
    console.log('PostgreSQL:', await flood(postgres.url, tokens))
    await postgres.stop()
  }
}
