// Keys of another system: how fast they are imported, and how fast their tokens are verified beside those of Latchkey.
import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { ImportedKey } from '../../src/core/shapes/imports.ts'
import { openLatchkey } from '../../src/index.ts'
import { createDatabase, rootToken } from '../dataset.ts'
import { makeLoop, warm } from '../loop.ts'
import { type Findings, ratiosOf, say, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'

const perCall = 1_000
/** One call is written while the next is read. */
const callsAtOnce = 2

export async function measureImports(settings: Settings): Promise<Findings> {
  const { rate, growth } = await importMany(settings)
  const { own, foreign } = await verifyWarm(settings)
  const ratios = ratiosOf(foreign, own)
  const count = settings.imports.toLocaleString('en')
  return {
    title: 'Keys of another system',
    figures: [
      { what: `PostgreSQL: ${count} hashes imported`, unit: 'a second', values: [rate] },
      {
        what: `memory of the process that imports, from a tenth of them to all`,
        unit: 'MiB',
        values: [growth],
      },
      { what: 'verifyCached of tokens of Latchkey, random order', unit: 'a second', values: own },
      {
        what: 'verifyCached of tokens of another system, random order',
        unit: 'a second',
        values: foreign,
        beside: { what: 'tokens of Latchkey', ratios },
      },
    ],
    bars: [
      {
        what: `Import of ${count} hashes on PostgreSQL`,
        promised: 'at least 8,000 a second',
        beside: '',
        sense: 'at least',
        bound: 8_000,
        unit: 'a second',
        values: [rate],
      },
      {
        what: 'A token of another system from memory',
        promised: 'at least 0.9 of one of Latchkey',
        beside: 'a token of Latchkey',
        sense: 'at least',
        bound: 0.9,
        unit: '',
        values: ratios,
      },
    ],
    notes: [
      'An imported key is a row of keys, one of secrets and one of the audit log. Each call imports 1,000.',
    ],
  }
}

/** Imports hashes, and gives how many a second and by how much the process grew over the last nine tenths. */
async function importMany({ postgresUrl, imports }: Settings): Promise<{ rate: number; growth: number }> {
  const database = await createDatabase(postgresUrl, 'imports')
  await using latchkey = await openLatchkey({ database })
  await latchkey.ensureRootKey(rootToken)
  await latchkey.organizations.create({ id: 'organization-0', name: 'Acme' })
  const start = performance.now()
  let next = 0
  let early = 0
  const importer = async () => {
    while (next < imports) {
      const first = next
      next += perCall
      if (early === 0 && first >= imports / 10) early = process.memoryUsage.rss()
      const outcomes = await latchkey.keys.import(batchFrom(first, Math.min(perCall, imports - first)))
      if (outcomes.some(({ code }) => code !== undefined)) throw new Error('A key was not imported.')
      if (first % 100_000 === 0) say(`${first} are imported`)
    }
  }
  await Promise.all(Array.from({ length: callsAtOnce }, importer))
  const seconds = (performance.now() - start) / 1000
  return { rate: imports / seconds, growth: (process.memoryUsage.rss() - early) / 2 ** 20 }
}

function batchFrom(first: number, count: number): ImportedKey[] {
  return Array.from({ length: count }, (_, i) => ({
    organizationId: 'organization-0',
    name: `Key ${first + i}`,
    permissions: ['emails:send'],
    hash: { scheme: 'sha256', encoding: 'hex', value: hash('sha256', tokenAt(first + i), 'hex') },
  }))
}

/** A token like one of ours in length, of another form. */
function tokenAt(number: number): string {
  return `sk-${hash('sha256', `token ${number}`, 'hex')}`
}

async function verifyWarm({ folder, warmKeys, turnMs, rounds }: Settings) {
  const database = `sqlite:${join(folder, 'imports.db')}`
  await using latchkey = await openLatchkey({ database, cachedSecrets: 2 * warmKeys })
  await latchkey.organizations.create({ id: 'organization-0', name: 'Acme' })
  const [own, foreign]: [string[], string[]] = [[], []]
  for (let first = 0; first < warmKeys; first += perCall) {
    const count = Math.min(perCall, warmKeys - first)
    await latchkey.keys.import(batchFrom(first, count))
    for (let i = 0; i < count; i++) foreign.push(tokenAt(first + i))
    const wanted = { organizationId: 'organization-0', permissions: ['emails:send'] }
    const made = await Promise.all(
      Array.from({ length: count }, (_, i) => latchkey.keys.create({ ...wanted, name: `Key ${i}` })),
    )
    own.push(...made.map(({ key }) => key))
  }
  for (const tokens of [own, foreign]) {
    tokens.sort((a, b) => (hash('sha256', a) < hash('sha256', b) ? -1 : 1))
    await warm(latchkey, tokens)
  }
  say(`${warmKeys} keys of either kind are warm`)
  const [ownLoop, foreignLoop] = await Promise.all([makeLoop(), makeLoop()])
  const verifier = (loop: typeof ownLoop) => loop.countingVerifier(latchkey).verifies
  const values = await takeTurns(rounds, {
    own: ownLoop.rateOfCalls(own, verifier(ownLoop), turnMs),
    foreign: foreignLoop.rateOfCalls(foreign, verifier(foreignLoop), turnMs),
  })
  return values
}
