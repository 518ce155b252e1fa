// Measures how long a token is accepted elsewhere after its revocation was acknowledged, by two real processes:
// `node test/torture/staleness.ts [revocations]`.
import { setTimeout } from 'node:timers/promises'
import { makeSqlite } from '../setup/databases.ts'
import { startPostgres } from '../setup/postgres.ts'
import { acceptedAfter, acknowledged, openStage } from '../setup/stage.ts'

/** Revokes so many keys, one after the other; gives how many milliseconds later each was last accepted, sorted. */
export async function measureRevocations(database: string, count: number): Promise<number[]> {
  await using stage = await openStage(database)
  const { latchkey, watcher } = stage
  const revoked: { token: string; at: bigint }[] = []
  for (let i = 0; i < count; i++) {
    const { id, key } = await stage.issue()
    // At any instant between two looks of the other process.
    await setTimeout(Math.random() * 50)
    revoked.push({ token: key, at: await acknowledged(latchkey.keys.revoke(id)) })
    await watcher.until(key, 'revoked')
  }
  const late: number[] = []
  for (const { token, at } of revoked) late.push(acceptedAfter(await watcher.see(token), at))
  return late.sort((a, b) => a - b)
}

/** The figures in one line; negative where the other process refused before the acknowledgement was here. */
export function describeDelays(late: readonly number[]): string {
  const at = (part: number) => `${late[Math.ceil(late.length * part) - 1]?.toFixed(1)} ms`
  return `last accept after the acknowledgement: p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} (${late.length})`
}

if (import.meta.main) {
  const count = Number(process.argv[2] ?? 200)
  const sqlite = makeSqlite()
  console.log('SQLite:', describeDelays(await measureRevocations(sqlite.url, count)))
  await sqlite.remove()
  const postgres = await startPostgres()
  console.log('PostgreSQL:', describeDelays(await measureRevocations(postgres.url, count)))
  await postgres.stop()
}
