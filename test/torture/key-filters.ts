// Measures the filters of lists of keys: `node test/torture/key-filters.ts [count] [postgres-url]`. Each alone and with an
// organization, in two orders, and some together, over 1,000,000 keys unless another count is named, on SQLite and on PostgreSQL
// (one of its own where none is named): the first page of 100, and how long the slowest of 30 took. A filter that finds little in
// another order than its own answers a short page, with the way to go on.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Latchkey, type ListKeysInput, openLatchkey } from '../../src/index.ts'
import { createAcme } from '../setup/acme.ts'
import { addManyKeys } from '../setup/bulk.ts'
import { connectDirectly } from '../setup/direct.ts'
import { startPostgres } from '../setup/postgres.ts'

const count = Number(process.argv[2] ?? 1_000_000)
const now = Date.UTC(2026, 0, 31)
const rounds = 30
const ofOne = '1000000000000077'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-filters-'))
await measure('SQLite', `sqlite:${join(folder, 'latchkey.db')}`)
rmSync(folder, { recursive: true })
const given = process.argv[3]
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
  await fill(database)
  console.log(`${name}: ${count} keys, the first 100 of each list; milliseconds of ${rounds} readings`)
  console.log('median  slowest  found  list')
  const filters: ListKeysInput[] = [
    { tag: ['rare'] },
    { tag: ['few'] },
    { tag: ['none'] },
    { permission: 'emails:send' },
    { permission: 'files:read' },
    { createdBy: 'user_7' },
    { prefix: 're' },
    { kid: ofOne },
    { expiresBefore: new Date(now + 1000) },
    { unusedSince: new Date(now - 99_000) },
    { neverUsed: true },
    { neverUsed: false },
    { q: 'key 777' },
    { tag: ['rare'], permission: 'emails:send', neverUsed: true },
    { tag: ['rare', 'few'], q: 'key' },
    { permission: 'emails:send', expiresBefore: new Date(now + 1000), neverUsed: true },
  ]
  for (const filter of filters)
    for (const organizationId of [undefined, 'acme'])
      for (const sort of ['-created_at', 'name'] as const) {
        const input = { ...filter, ...(organizationId && { organizationId }), sort, status: 'all' as const }
        console.log(`${await measureList(latchkey, input)}  ${JSON.stringify(input)}`)
      }
  console.log(await measureList(latchkey, { status: 'all', count: true, limit: 1 }), ' a total of all')
}

async function measureList(latchkey: Latchkey, input: ListKeysInput): Promise<string> {
  const times: number[] = []
  let found = ''
  for (let i = 0; i < rounds; i++) {
    const start = performance.now()
    const page = await latchkey.keys.list({ limit: 100, ...input })
    times.push(performance.now() - start)
    found = `${page.items.length}${page.next === undefined ? '' : '+'}`
  }
  times.sort((a, b) => a - b)
  const [median = 0, slowest = 0] = [times[rounds >> 1], times.at(-1)]
  return `${median.toFixed(1).padStart(6)}  ${slowest.toFixed(1).padStart(7)}  ${found.padStart(5)}`
}

/** Adds the keys, and their terms as the job would write them. */
async function fill(database: string): Promise<void> {
  await using direct = await connectDirectly(database)
  await addManyKeys(direct, 'acme', count, now)
  await direct.run(`update keys set tags = '["few"]', created_by = 'user_7' where kid like '%00077'`)
  const insert = 'insert into key_terms (term, created_at, key_id, organization_id)'
  const rows = (term: string, where: string) =>
    `select ${term}, created_at, id, organization_id from keys ${where}`
  await direct.run(`${insert} ${rows(`'permission:emails:send'`, '')} order by created_at, id`)
  await direct.run(`${insert} ${rows(`'prefix:re'`, '')} order by created_at, id`)
  await direct.run(`${insert} ${rows(`'tag:rare'`, `where tags = '["rare"]'`)}`)
  await direct.run(`${insert} ${rows(`'tag:few'`, `where tags = '["few"]'`)}`)
  await direct.run(`${insert} ${rows(`'created_by:user_7'`, `where created_by = 'user_7'`)}`)
  await direct.run('update keys set terms_revision = revision')
  await direct.run('analyze')
}
