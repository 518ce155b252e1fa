// Creates 10,000 keys over HTTP by 16 clients, checks that each is there once, and prints the rate beside that of
// bare single-row commits on the same database: `node test/torture/creation.ts [postgres-url] [--profile]`. With
// --profile the server writes a CPU profile into the current folder; with --once each key comes with an Idempotency-Key.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { createManyKeys, listAllKeys, startServerProcess } from '../setup/creation.ts'
import { startPostgres } from '../setup/postgres.ts'

const count = 10_000
const clients = 16
const profiles = process.argv.includes('--profile') ? ['--cpu-prof'] : []
const given = process.argv.slice(2).find((argument) => argument.startsWith('postgres'))

const folder = mkdtempSync(join(tmpdir(), 'latchkey-creation-'))
const path = join(folder, 'latchkey.db')
await measure('SQLite', `sqlite:${path}`, async () => commitOnSqlite(path))
rmSync(folder, { recursive: true })
if (given) {
  await measure('PostgreSQL', given, () => commitOnPostgres(given))
} else {
  const postgres = await startPostgres()
  await measure('PostgreSQL', postgres.url, () => commitOnPostgres(postgres.url))
  await postgres.stop()
}

async function measure(name: string, database: string, commitBare: () => Promise<number>): Promise<void> {
  await using server = await startServerProcess(database, profiles)
  const bareBefore = await commitBare()
  const start = performance.now()
  const created = await createManyKeys(server, clients, count, process.argv.includes('--once'))
  const rate = (count * 1000) / (performance.now() - start)
  const bareAfter = await commitBare()
  const listed = await listAllKeys(server)
  const ids = new Set(listed.map(({ id }) => id))
  const lost = created.filter(({ id }) => !ids.has(id)).length
  const twice = listed.length - ids.size + created.length - new Set(created.map(({ key }) => key)).size
  const bare = Math.max(bareBefore, bareAfter)
  console.log(`${name}: ${created.length} created, ${listed.length} listed, ${lost} lost, ${twice} twice`)
  console.log(
    `${name}: ${rate.toFixed(0)} keys a second; bare commits ${bareBefore.toFixed(0)} before and ${bareAfter.toFixed(0)} after; ratio ${(rate / bare).toFixed(2)}`,
  )
}

/** Single-row commits a second, by one connection in one thread, as durable as Latchkey's. */
function commitOnSqlite(path: string): number {
  const db = new DatabaseSync(path, { timeout: 5000 })
  db.exec('pragma synchronous = full; create table if not exists bare (value text)')
  const insert = db.prepare('insert into bare values (?)')
  const start = performance.now()
  for (let i = 0; i < 3000; i++) insert.run(`value ${i}`)
  const rate = 3_000_000 / (performance.now() - start)
  db.close()
  return rate
}

/** Single-row commits a second, by as many clients as create keys, each on a connection of its own. */
async function commitOnPostgres(url: string): Promise<number> {
  const connections = await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      return client
    }),
  )
  await connections[0]?.query('create table if not exists bare (value text)')
  let next = 0
  const start = performance.now()
  await Promise.all(
    connections.map(async (client) => {
      while (next < 10_000) {
        await client.query({
          name: 'bare',
          text: 'insert into bare values ($1)',
          values: [`value ${next++}`],
        })
      }
    }),
  )
  const rate = 10_000_000 / (performance.now() - start)
  await Promise.all(connections.map((client) => client.end()))
  return rate
}
