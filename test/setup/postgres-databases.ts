// Makes and drops databases on a PostgreSQL that runs.
import pg from 'pg'

/** Runs one statement on a server, in the database of its url. */
export async function runOnServer(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

const pools = new Map<string, pg.Pool>()

/** Like {@link runOnServer}, over connections that stay for the next statement: for a server that lives as long as the tests. */
export async function runOnSharedServer(url: string, sql: string): Promise<void> {
  let pool = pools.get(url)
  if (pool === undefined) {
    pool = new pg.Pool({ connectionString: url, idleTimeoutMillis: 0, allowExitOnIdle: true })
    // The server ends before this process does.
    pool.on('error', () => {})
    pools.set(url, pool)
  }
  await pool.query(sql)
}

/** The url of another database on the same server. */
export function nameDatabase(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
