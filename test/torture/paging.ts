// Measures whether later pages of a long list cost more than the first: `node test/torture/paging.ts [postgres-url]`.
// Walks 100,000 keys of one organization, 100 a page, in every order, on SQLite and on PostgreSQL (one of its own
// where none is named). Each list is walked three times and the quickest reading of a page counts: what else the
// machine does is not the page's.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Latchkey, type ListKeysInput, openLatchkey } from '../../src/index.ts'
import { createAcme } from '../setup/acme.ts'
import { addManyKeys } from '../setup/bulk.ts'
import { connectDirectly } from '../setup/direct.ts'
import { startPostgres } from '../setup/postgres.ts'

const count = 100_000
const now = Date.UTC(2026, 0, 31)

const folder = mkdtempSync(join(tmpdir(), 'latchkey-paging-'))
await measure('SQLite', `sqlite:${join(folder, 'latchkey.db')}`)
rmSync(folder, { recursive: true })
const given = process.argv[2]
if (given) {
  await measure('PostgreSQL', given)
} else {
  const postgres = await startPostgres()
  await measure('PostgreSQL', postgres.url)
  await postgres.stop()
}

async function measure(name: string, database: string): Promise<void> {
  await using latchkey = await openLatchkey({ database, now: () => now })
  await createAcme(latchkey)
  {
    await using direct = await connectDirectly(database)
    await addManyKeys(direct, 'acme', count, now)
  }
  console.log(`${name}: ${count} keys, 100 a page; milliseconds`)
  console.log('status   sort            pages  first  median  slowest  slowest/first')
  for (const status of ['all', 'active', 'expired', 'revoked'] as const) {
    for (const sort of ['-created_at', '-last_used_at', 'name'] as const) {
      const times = await measurePages(latchkey, { organizationId: 'acme', status, sort })
      const [first = 0] = times
      const sorted = times.toSorted((a, b) => a - b)
      const slowest = sorted.at(-1) as number
      const figures = [first, sorted[sorted.length >> 1] as number, slowest].map((ms) => ms.toFixed(2))
      console.log(
        `${status.padEnd(8)} ${sort.padEnd(14)} ${String(times.length).padStart(6)} ${figures[0]?.padStart(6)} ${figures[1]?.padStart(7)} ${figures[2]?.padStart(8)} ${(slowest / first).toFixed(2).padStart(14)}`,
      )
    }
  }
}

/** Walks all pages of a list, several times; gives the quickest reading of each, in milliseconds. */
async function measurePages(latchkey: Latchkey, input: ListKeysInput): Promise<number[]> {
  await walk(latchkey, input)
  const walks: number[][] = []
  for (let i = 0; i < 3; i++) walks.push(await walk(latchkey, input))
  return (walks[0] as number[]).map((_, page) => Math.min(...walks.map((times) => times[page] as number)))
}

async function walk(latchkey: Latchkey, input: ListKeysInput): Promise<number[]> {
  const times: number[] = []
  let after: string | undefined
  do {
    const start = performance.now()
    const page = await latchkey.keys.list({ limit: 100, ...input, ...(after !== undefined && { after }) })
    times.push(performance.now() - start)
    after = page.next
  } while (after !== undefined)
  return times
}
