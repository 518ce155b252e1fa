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

/** The url of another database on the same server. */
export function nameDatabase(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.href
}
