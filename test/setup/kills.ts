// The command line of what kills processes: `node <file> [kills] [SQLite|PostgreSQL]`, on both if neither is named; PostgreSQL is
// one of its own.
import { makeSqlite } from './databases.ts'
import { startPostgres } from './postgres.ts'

/** Kills so many processes, and prints what came of it. Throws for what must not come of it. */
type Kill = (database: string, kills: number) => Promise<object>

/** Does it on the databases that are asked for, so often as is asked for. */
export async function killOnEachDatabase(kill: Kill, usualKills: number): Promise<void> {
  const [, , first = String(usualKills), kind] = process.argv
  const kills = Number(first)
  if (!Number.isSafeInteger(kills) || kills < 1) throw new TypeError('How many kills?')
  if (kind !== 'PostgreSQL') {
    const sqlite = makeSqlite()
    console.log('SQLite', await kill(sqlite.url, kills))
    await sqlite.remove()
  }
  if (kind !== 'SQLite') {
    const postgres = await startPostgres()
    console.log('PostgreSQL', await kill(postgres.url, kills))
    await postgres.stop()
  }
}
