// Kills processes with SIGKILL while they change keys, and holds what was acknowledged to them against the database:
// `node test/torture/kill.ts [kills]`, on SQLite and on a PostgreSQL of its own whose postmaster is killed too.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { type Latchkey, openLatchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { childProgram } from '../setup/children.ts'
import { makeSqlite } from '../setup/databases.ts'
import { startPostgres } from '../setup/postgres.ts'

/** What a writer begins to do, or was told is done; see `../setup/writer-child.ts`. */
export type Deed =
  | { kind: 'created' | 'rotated'; id: string; token: string }
  | { kind: 'updates' | 'updated'; id: string; permissions: string[] }
  | { kind: 'rotates' | 'revokes' | 'revoked'; id: string }

/** A key as its writer knows it, and the change that it may or may not have made at the end. */
interface KnownKey {
  id: string
  /** Newest last. */
  tokens: string[]
  permissions: string[]
  isRevoked: boolean
  inDoubt: Deed | undefined
}

export interface Toll {
  kills: number
  keys: number
  acknowledged: number
  revoked: number
  inDoubt: number
}

/** Two writers at a time are killed, again and again; throws at the first acknowledged change that is not there. */
export async function killWriters(
  database: string,
  kills: number,
  checkIntegrity: () => void = () => {},
): Promise<Toll> {
  const toll: Toll = { kills: 0, keys: 0, acknowledged: 0, revoked: 0, inDoubt: 0 }
  {
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
  }
  const all: KnownKey[] = []
  while (toll.kills < kills) {
    const writers = [startWriter(database), startWriter(database)]
    await Promise.all(writers.map(({ begun }) => begun))
    for (const { kill } of writers) {
      await setTimeout(Math.random() * 300)
      await kill()
      toll.kills++
    }
    checkIntegrity()
    for (const { deeds } of writers) {
      toll.acknowledged += deeds.filter(({ kind }) => kind.endsWith('ed')).length
      const keys = foldDeeds(deeds)
      all.push(...keys)
      await checkKeys(database, keys)
    }
  }
  await checkKeys(database, all)
  toll.keys = all.length
  toll.revoked = all.filter(({ isRevoked }) => isRevoked).length
  toll.inDoubt = all.filter(({ inDoubt }) => inDoubt).length
  return toll
}

/** Starts a writer; `deeds` grows while it lives. */
export function startWriter(database: string): {
  deeds: Deed[]
  begun: Promise<unknown>
  process: ChildProcess
  kill(): Promise<void>
} {
  const { path, env } = childProgram('writer-child')
  const writer = spawn(process.execPath, [path, database], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const deeds: Deed[] = []
  const lines = createInterface(writer.stdout)
  lines.on('line', (line) => {
    // The last line may be cut short by the kill; what it would have said was not said.
    if (line.endsWith('}')) deeds.push(JSON.parse(line))
  })
  return {
    deeds,
    begun: once(lines, 'line'),
    process: writer,
    kill: async () => {
      const closed = once(lines, 'close')
      writer.kill('SIGKILL')
      await closed
    },
  }
}

/** What a writer must find again: the acknowledged changes of each key, and the one in doubt. */
export function foldDeeds(deeds: readonly Deed[]): KnownKey[] {
  const keys = new Map<string, KnownKey>()
  for (const deed of deeds) {
    if (deed.kind === 'created') {
      const { id, token } = deed
      keys.set(id, { id, tokens: [token], permissions: [], isRevoked: false, inDoubt: undefined })
      continue
    }
    const key = keys.get(deed.id) as KnownKey
    const isBegun = deed.kind === 'rotates' || deed.kind === 'updates' || deed.kind === 'revokes'
    key.inDoubt = isBegun ? deed : undefined
    if (deed.kind === 'rotated') key.tokens.push(deed.token)
    if (deed.kind === 'updated') key.permissions = deed.permissions
    if (deed.kind === 'revoked') key.isRevoked = true
  }
  return [...keys.values()]
}

/** Throws where a key is not as it was acknowledged, or as the change in doubt would have left it. */
export async function checkKeys(database: string, keys: readonly KnownKey[]): Promise<void> {
  await using latchkey = await openLatchkey({ database })
  for (const key of keys) await checkKey(latchkey, key)
}

async function checkKey(latchkey: Latchkey, { id, tokens, permissions, isRevoked, inDoubt }: KnownKey) {
  const expect = (found: unknown, ...allowed: unknown[]) => {
    if (!allowed.some((one) => JSON.stringify(one) === JSON.stringify(found)))
      throw new Error(`Key ${id}: ${JSON.stringify(found)}, not ${JSON.stringify(allowed)}.`)
  }
  const key = await latchkey.keys.get(id)
  expect(key.permissions, permissions, ...(inDoubt?.kind === 'updates' ? [inDoubt.permissions] : []))
  for (const token of tokens) {
    const allowed = new Set([isRevoked ? 'revoked' : token === tokens.at(-1) ? 'valid' : 'rotated'])
    if (inDoubt?.kind === 'revokes') allowed.add('revoked')
    if (inDoubt?.kind === 'rotates') allowed.add('rotated')
    expect((await latchkey.verify(token)).code, ...allowed)
  }
}

/** Throws where SQLite finds fault with its file. */
export function checkSqlite(path: string): void {
  const db = new DatabaseSync(path)
  const answer = JSON.stringify(db.prepare('pragma integrity_check').all())
  db.close()
  if (answer !== '[{"integrity_check":"ok"}]') throw new Error(`integrity_check: ${answer}`)
}

/** Kills PostgreSQL itself while two writers write; they live on and write again when it is back. */
export async function killPostgres(kills: number): Promise<Toll> {
  const postgres = await startPostgres()
  try {
    const toll: Toll = { kills: 0, keys: 0, acknowledged: 0, revoked: 0, inDoubt: 0 }
    {
      await using latchkey = await openLatchkey({ database: postgres.url })
      await createAcme(latchkey)
    }
    const writers = [startWriter(postgres.url), startWriter(postgres.url)]
    await Promise.all(writers.map(({ begun }) => begun))
    for (; toll.kills < kills; toll.kills++) {
      await setTimeout(200 + Math.random() * 300)
      await postgres.halt('SIGKILL')
      await postgres.restart()
      const before = writers.map(({ deeds }) => deeds.length)
      while (writers.some(({ deeds }, i) => deeds.length === before[i])) await setTimeout(20)
    }
    for (const { kill, deeds } of writers) {
      await kill()
      const keys = foldDeeds(deeds)
      await checkKeys(postgres.url, keys)
      toll.keys += keys.length
      toll.acknowledged += deeds.filter(({ kind }) => kind.endsWith('ed')).length
      toll.revoked += keys.filter(({ isRevoked }) => isRevoked).length
      toll.inDoubt += keys.filter(({ inDoubt }) => inDoubt).length
    }
    return toll
  } finally {
    await postgres.stop()
  }
}

if (import.meta.main) {
  const kills = Number(process.argv[2] ?? 200)
  const sqlite = makeSqlite()
  console.log('SQLite, writers killed:', await killWriters(sqlite.url, kills, () => checkSqlite(sqlite.path)))
  await sqlite.remove()
  const postgres = await startPostgres()
  console.log('PostgreSQL, writers killed:', await killWriters(postgres.url, kills))
  await postgres.stop()
  console.log('PostgreSQL itself killed:', await killPostgres(Math.ceil(kills / 10)))
}
