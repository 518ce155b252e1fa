// Keys created over HTTP by 16 clients, against bare single-row commits on the same database.

import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { openLatchkey } from '../../src/index.ts'
import { createDatabase, rootToken, wanted } from '../dataset.ts'
import type { LoadRequest } from '../load.ts'
import { startLatchkey } from '../processes.ts'
import { askRaw } from '../raw-client.ts'
import { type Bar, type Figure, type Findings, ratiosOf, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { databaseKinds } from '../stored.ts'

const clients = 16

/** Creates a key of its own name at each sending. */
export const createRequest: LoadRequest = {
  method: 'POST',
  path: '/v1/keys',
  headers: { Authorization: `Bearer ${rootToken}`, 'Content-Type': 'application/json' },
  body: JSON.stringify({ organization_id: 'organization-0', name: 'Key #', permissions: wanted }),
}

export async function measureCreation(settings: Settings): Promise<Findings> {
  const { folder, postgresUrl, creations, rounds } = settings
  const figures: Figure[] = []
  const bars: Bar[] = []
  for (const kind of databaseKinds) {
    const path = join(folder, 'creation.db')
    const database = kind === 'SQLite' ? `sqlite:${path}` : await createDatabase(postgresUrl, 'creation')
    await prepareCreation(database)
    await using server = await startLatchkey(database, {})
    await using bare =
      kind === 'SQLite' ? openBareSqlite(path, creations) : await openBarePostgres(database, creations)
    const { 'bare commits': commits, 'keys created': created } = await takeTurns(rounds, {
      'bare commits': bare.commit,
      'keys created': async () => {
        const { answered, seconds } = await askRaw({
          url: server.url,
          requests: [createRequest],
          connections: clients,
          count: creations,
        })
        return answered / seconds
      },
    })
    const ratios = ratiosOf(created, commits)
    figures.push(
      { what: `${kind}: bare single-row commits`, unit: 'a second', values: commits },
      {
        what: `${kind}: keys created over HTTP`,
        unit: 'a second',
        values: created,
        beside: { what: 'bare commits', ratios },
      },
    )
    bars.push({
      what: `Keys created over HTTP by ${clients} clients on ${kind}`,
      promised: 'at least 0.3 of the floor',
      beside:
        kind === 'SQLite'
          ? 'bare single-row commits by one thread'
          : `bare single-row commits on ${clients} connections`,
      sense: 'at least',
      bound: 0.3,
      unit: '',
      values: ratios,
    })
  }
  return {
    title: 'Creating keys',
    figures,
    bars,
    notes: [
      'A created key is a row of keys, one of secrets and one of the audit log, as durable as the bare row when it is answered. Latchkey writes keys that come together in one transaction, which is how it can be faster than bare commits where the disk is slow to sync.',
    ],
  }
}

/** Through Latchkey alone: after a load, PostgreSQL would plan for a table of one row until it is analyzed again. */
export async function prepareCreation(database: string): Promise<void> {
  await using latchkey = await openLatchkey({ database })
  await latchkey.ensureRootKey(rootToken)
  await latchkey.organizations.create({ id: 'organization-0', name: 'Acme' })
}

type Bare = AsyncDisposable & { commit: () => Promise<number> }

/** As durable as Latchkey's commits. */
function openBareSqlite(path: string, count: number): Bare {
  const db = new DatabaseSync(path, { timeout: 5000 })
  db.exec('pragma synchronous = full; create table bare (value text)')
  const insert = db.prepare('insert into bare values (?)')
  return {
    commit: async () => {
      const start = performance.now()
      for (let i = 0; i < count; i++) insert.run(`value ${i}`)
      return (count * 1000) / (performance.now() - start)
    },
    [Symbol.asyncDispose]: async () => db.close(),
  }
}

async function openBarePostgres(url: string, count: number): Promise<Bare> {
  const connections = Array.from({ length: clients }, () => new pg.Client({ connectionString: url }))
  for (const connection of connections) await connection.connect()
  await connections[0]?.query('create table bare (value text)')
  const insert = (connection: pg.Client, number: number) =>
    connection.query({ name: 'bare', text: 'insert into bare values ($1)', values: [`value ${number}`] })
  return {
    commit: async () => {
      let next = 0
      const start = performance.now()
      await Promise.all(
        connections.map(async (connection) => {
          while (next < count) await insert(connection, next++)
        }),
      )
      return (count * 1000) / (performance.now() - start)
    },
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) await connection.end()
    },
  }
}
