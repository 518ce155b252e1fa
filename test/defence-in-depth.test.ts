// The guards that hold where another one has failed: each alone, so that its loss is noticed although others still hold.

import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { leaseMs } from '../src/core/bounds.ts'
import { assembleToken, generateToken } from '../src/core/token.ts'
import { systemRandom } from '../src/domain/random.ts'
import { openLatchkey } from '../src/index.ts'
import { instantsOf } from '../src/store/instants.ts'
import { changeKey, findKey, type KeyRow, lockKey } from '../src/store/keys.ts'
import { beginGrace, endSecrets, listUnendedSecrets, setSilence } from '../src/store/secrets.ts'
import {
  deleteSession,
  deleteSessions,
  markSeen,
  refreshRow,
  type SessionRow,
} from '../src/store/sessions.ts'
import { openStore, type Store } from '../src/store/store.ts'
import type { Tx } from '../src/store/tables.ts'
import { saveUsage } from '../src/store/usage.ts'
import { FactsCache } from '../src/verdict/cache.ts'
import { toFacts } from '../src/verdict/facts.ts'
import { Owners } from '../src/verdict/owners.ts'
import { digestToken } from '../src/verification/digest.ts'
import { createAcme } from './setup/acme.ts'
import { makeClock } from './setup/clock.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { unbound } from './setup/unbound.ts'
import { bareUse, listenerOf } from './setup/uses.ts'

const textOf = (digest: Uint8Array) => Buffer.from(digest).toString('latin1')
const everything = undefined

describe('a digest in memory', () => {
  test('is that of a token only if every bit of its 32 bytes is the same', () => {
    const kid = '0123456789abcdef'
    const token = assembleToken('re', kid, new Uint8Array(32))
    const digest = digestToken(token)
    let other = digest
    const cache = new FactsCache({ secrets: 1, bytes: 10_000 }, () => textOf(other), listenerOf())
    const facts = toFacts(
      {
        endedAt: null,
        graceEndsAt: null,
        keyId: 'key',
        organizationId: 'acme',
        name: 'CI',
        permissions: '[]',
        metadata: '{}',
        expiresAt: null,
        revokedAt: null,
        ...unbound,
        limits: null,
      },
      new Owners(100),
    )
    cache.remember(kid, digest, facts)
    expect(cache.lookup(token)).toMatchObject(facts)
    for (let bit = 0; bit < 256; bit++) {
      other = Uint8Array.from(digest)
      other[bit >> 3] = (other[bit >> 3] as number) ^ (1 << (bit & 7))
      expect({ bit, found: cache.lookup(token) }).toEqual({ bit, found: undefined })
    }
  })
})

onEachDatabase('a statement', (makeDatabase) => {
  test('on the right id in the name of another organization, or of another key, changes nothing', async () => {
    const { store, database, key, session } = await prepare()
    await using direct = await connectDirectly(database)
    const read = async () =>
      Promise.all(
        ['keys', 'secrets', 'sessions'].map((table) =>
          direct.run(`select * from ${table} order by created_at`),
        ),
      )
    const before = await read()
    const foreignKey: KeyRow = { ...key, organization_id: 'other' }
    const foreign: SessionRow = { ...session, organization_id: 'other' }
    const stolen: SessionRow = { ...session, key_id: 'another' }
    const now = session.created_at + 1_000
    const fresh = { fresh_until: now + 1 }
    const attempts: Record<string, (tx: Tx) => Promise<unknown>> = {
      changeKey: (tx) => changeKey(tx, foreignKey, { name: 'Stolen' }, 0),
      lockKey: (tx) => lockKey(tx, key.id, 'other'),
      endSecrets: (tx) => endSecrets(tx, foreignKey, [key.kid], now),
      'endSecrets of another key': (tx) => endSecrets(tx, { ...key, id: 'another' }, [key.kid], now),
      beginGrace: (tx) => beginGrace(tx, foreignKey, { endsAt: now }),
      setSilence: (tx) => setSilence(tx, foreignKey, key.kid, now),
      'beginGrace of another key': (tx) => beginGrace(tx, { ...key, id: 'another' }, { endsAt: now }),
      deleteSession: (tx) => deleteSession(tx, session.id, foreign),
      'deleteSession of another key': (tx) => deleteSession(tx, session.id, stolen),
      deleteSessions: (tx) => deleteSessions(tx, [foreign]),
      refreshRow: (tx) => refreshRow(tx, session.id, foreign, fresh),
      'refreshRow of another key': (tx) => refreshRow(tx, session.id, stolen, fresh),
      markSeen: (tx) => markSeen(tx, foreign, now, now),
    }
    for (const [name, attempt] of Object.entries(attempts)) {
      // Refused or without effect: which of the two is the command's business.
      await store.write(attempt).catch(() => {})
      expect({ name, rows: await read() }).toEqual({ name, rows: before })
    }
    const uses = [{ kid: key.kid, keyId: key.id, organizationId: 'other', at: now, ...bareUse }]
    const batch = { source: 'test', owner: '', number: 1, counts: [], profiles: [], uses }
    await saveUsage(store, batch, instantsOf(store.dialect)())
    expect(await read()).toEqual(before)
    expect(await store.read((db) => findKey(db, key.id, 'other'))).toBeUndefined()
    await store.close()
  })

  test('that would touch another number of rows than it was told to is undone', async () => {
    const { store, key } = await prepare()
    const now = key.created_at + 1_000
    const gone = { ...key, id: 'gone' }
    const attempts: ((tx: Tx) => Promise<unknown>)[] = [
      (tx) => endSecrets(tx, key, [key.kid, 'no-such-kid'], now),
      (tx) => beginGrace(tx, { ...key, kid: 'no-such-kid' }, { endsAt: now }),
      (tx) => changeKey(tx, gone, { name: 'Nobody' }, 0),
    ]
    for (const attempt of attempts)
      await expect(store.write(attempt)).rejects.toMatchObject({ code: 'internal' })
    const unended = await store.read((db) => listUnendedSecrets(db as Tx, key))
    expect(unended.map(({ kid }) => kid)).toEqual([key.kid])
    await store.write((tx) => endSecrets(tx, key, [key.kid], now))
    expect(await store.read((db) => listUnendedSecrets(db as Tx, key))).toEqual([])
    await store.close()
  })

  async function prepare(): Promise<{ store: Store; database: string; key: KeyRow; session: SessionRow }> {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    for (const id of ['acme', 'other']) await latchkey.organizations.create({ id, name: id })
    const created = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.sessions.start(created.key)
    const store = await openStore(database)
    const key = (await store.read((db) => findKey(db, created.id, everything))) as KeyRow
    const session = await store.read((db) => db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow())
    return { store, database, key, session }
  }
})

test('a session that ends while the process that judges it is paused is over when the process goes on', async () => {
  await using ownDatabase = makeSqlite()
  const { url, path } = ownDatabase
  let pausedMs = 0
  let pause: (() => void) | undefined
  const latchkey = await openLatchkey({
    database: url,
    monotonic: () => performance.now() + pausedMs,
    now: () => {
      // Once it has read the session, and before it asks whether the session is over.
      if (pause && new Error().stack?.includes('authenticateSession')) pause()
      return Date.now()
    },
  })
  await createAcme(latchkey)
  const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
  const values = await latchkey.sessions.start(key)
  expect(await latchkey.sessions.authenticate(values)).toBeDefined()
  let pauses = 0
  pause = () => {
    pause = undefined
    pauses++
    const other = new DatabaseSync(path)
    other.exec('delete from sessions')
    other.close()
    pausedMs += leaseMs
  }
  expect(await latchkey.sessions.authenticate(values)).toBeUndefined()
  expect(pauses).toBe(1)
  await latchkey.close()
})

test('a kid that was unknown is asked for anew as soon as the lease has run out', async () => {
  await using ownDatabase = makeSqlite()
  const { url } = ownDatabase
  const clock = makeClock()
  // The machine sleeps: its monotonic clock stands still, and only the wall clock goes on.
  const latchkey = await openLatchkey({ database: url, now: clock.now, monotonic: () => 1_000 })
  const { token } = generateToken('re', systemRandom)
  const other = await openLatchkey({ database: url, now: clock.now })
  for (let i = 0; i < 3; i++) expect((await latchkey.verify(token)).code).toBe('not_found')
  expect(latchkey.verifyCached(token)?.code).toBe('not_found')
  await other.ensureRootKey(token)
  clock.advance(leaseMs)
  expect(latchkey.verifyCached(token)).toBeUndefined()
  expect((await latchkey.verify(token)).code).toBe('valid')
  await other.close()
  await latchkey.close()
})
