// Makes a database as an earlier release left it, by the steps that were released then.
import {
  type CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely'
import { steps } from '../../src/store/migrations/migrations.ts'
import type { Tables } from '../../src/store/tables.ts'
import { connectDirectly, type DirectConnection } from './direct.ts'

const columnTypes = {
  PostgreSQL: { text: sql`text collate "C"`, instant: sql`bigint`, bytes: sql`bytea` },
  SQLite: { text: sql`text`, instant: sql`integer`, bytes: sql`blob` },
}

/** Brings an empty database to a schema of old; on PostgreSQL the tables come to lie in `public`, as they did. */
export async function makeSchema(url: string, version: number): Promise<void> {
  await using direct = await connectDirectly(url)
  const kind = url.startsWith('sqlite:') ? 'SQLite' : 'PostgreSQL'
  const db = kyselyOver(direct, kind)
  if (kind === 'SQLite') await direct.run('pragma journal_mode = wal')
  await direct.run('create table schema_version (version bigint not null)')
  for (const step of steps.slice(0, version)) await step(db, columnTypes[kind])
  await direct.run(`insert into schema_version (version) values (${version})`)
}

function kyselyOver(direct: DirectConnection, kind: 'SQLite' | 'PostgreSQL'): Kysely<Tables> {
  const connection: DatabaseConnection = {
    executeQuery: async ({ sql: text, parameters }: CompiledQuery) => ({
      rows: (await direct.run(text, parameters)) as never[],
    }),
    streamQuery: () => {
      throw new Error('Not streamed.')
    },
  }
  const nothing = async () => {}
  return new Kysely<Tables>({
    dialect: {
      createAdapter: () => (kind === 'SQLite' ? new SqliteAdapter() : new PostgresAdapter()),
      createDriver: () => ({
        init: nothing,
        acquireConnection: async () => connection,
        beginTransaction: nothing,
        commitTransaction: nothing,
        rollbackTransaction: nothing,
        releaseConnection: nothing,
        destroy: nothing,
      }),
      createIntrospector: (db) =>
        kind === 'SQLite' ? new SqliteIntrospector(db) : new PostgresIntrospector(db),
      createQueryCompiler: () =>
        kind === 'SQLite' ? new SqliteQueryCompiler() : new PostgresQueryCompiler(),
    },
  })
}
