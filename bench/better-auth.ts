// The peer: better-auth with its API keys, as its documentation sets it up, and its table filled as it would be.
import { hash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { kidOf, tokenOf } from './dataset.ts'

/** Its permissions name actions by resource. */
const betterAuthWanted = { emails: ['send'] }

export interface BetterAuth {
  /** Its server-side verification. */
  verify(token: string): Promise<boolean>
  /** Its own handler of HTTP requests. */
  handler: unknown
  close(): Promise<void>
}

interface Api {
  verifyApiKey(call: {
    body: { key: string; permissions?: Record<string, string[]> }
  }): Promise<{ valid: boolean }>
  signUpEmail(call: { body: object }): Promise<{ user: { id: string } }>
  createApiKey(call: { body: object }): Promise<{ id: string; key: string }>
}

/**
 * Opens it on a database of its own; makes its tables and so many keys where there are none. With `isLimited`, each key
 * has a rate that is too high to refuse anything.
 */
export async function openBetterAuth(url: string, count: number, isLimited = false): Promise<BetterAuth> {
  // By names that the compiler does not follow: the peers are installed for a run only.
  const [{ betterAuth }, { apiKey }, { getMigrations }] = await Promise.all(
    ['better-auth', '@better-auth/api-key', 'better-auth/db/migration'].map((name) => import(name)),
  )
  const database = url.startsWith('sqlite:')
    ? openSqlite(url)
    : new pg.Pool({ connectionString: url, max: 10 })
  const options = {
    database,
    baseURL: 'http://127.0.0.1',
    secret: 'a secret of the benchmark, known to all',
    emailAndPassword: { enabled: true },
    logger: { disabled: true },
    telemetry: { enabled: false },
    // That of its HTTP routes would end the run, and so would its default for keys: ten verifications a day.
    rateLimit: { enabled: false },
    plugins: [
      apiKey({
        rateLimit: isLimited ? { enabled: true, timeWindow: 60_000, maxRequests: 1e9 } : { enabled: false },
        enableSessionForAPIKeys: true,
        defaultPrefix: 're_',
      }),
    ],
  }
  const run = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    database instanceof DatabaseSync
      ? (database.prepare(sql).all(...(values as string[])) as Record<string, unknown>[])
      : (await database.query(sql, values)).rows
  const { runMigrations } = await getMigrations(options)
  await runMigrations()
  const auth: { api: Api; handler: unknown } = betterAuth(options)
  const [counted] = await run('select count(*) as count from apikey')
  if (Number(counted?.count) === 0) await fill(auth.api, run, count)
  return {
    verify: async (key) =>
      (await auth.api.verifyApiKey({ body: { key, permissions: betterAuthWanted } })).valid,
    handler: auth.handler,
    close: async () => {
      if (database instanceof DatabaseSync) database.close()
      else await database.end()
    },
  }
}

function openSqlite(url: string): DatabaseSync {
  const db = new DatabaseSync(url.slice('sqlite:'.length))
  // As Latchkey has it: its own default would sync twice for each of its writes.
  db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000')
  return db
}

/** Has it make one key, and copies that row under other ids and digests. */
async function fill(
  api: Api,
  run: (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>,
  count: number,
): Promise<void> {
  const { user } = await api.signUpEmail({
    body: { email: 'bench@example.com', password: 'a long password', name: 'Bench' },
  })
  const { id } = await api.createApiKey({
    body: {
      userId: user.id,
      name: 'Key',
      prefix: 're_',
      permissions: { emails: ['send'], domains: ['read'] },
    },
  })
  const [model] = await run(`select * from apikey where id = '${id}'`)
  const names = Object.keys(model as object).map((name) => `"${name}"`)
  const copied = names.map((name) => (name === '"id"' ? 'row_id' : name === '"key"' ? 'row_key' : name))
  const rowsAtOnce = 2_000
  for (let start = 0; start < count; start += rowsAtOnce) {
    const rows = Array.from({ length: Math.min(rowsAtOnce, count - start) }, (_, i) => {
      const token = tokenOf(start + i)
      return `('${kidOf(token)}', '${hash('sha256', token, 'base64url')}')`
    })
    await run(`insert into apikey (${names.join(', ')})
      with copies (row_id, row_key) as (values ${rows.join(', ')})
      select ${copied.join(', ')} from copies cross join apikey where id = '${id}'`)
  }
  await run('analyze')
}
