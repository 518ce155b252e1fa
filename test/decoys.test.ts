// Decoys: keys that open nothing, are answered like tokens that nobody made, and tell when somebody tries them.
import { expect, test } from 'vitest'
import { createVerifier } from '../src/client/index.ts'
import { ChangeLines } from '../src/commit/change-lines.ts'
import { Writer } from '../src/commit/commit.ts'
import { maxTriedDecoysOfOrganization } from '../src/core/bounds.ts'
import { DecoyTries } from '../src/domain/keys/decoys.ts'
import { keyNotices } from '../src/domain/keys/notices.ts'
import { systemRandom } from '../src/domain/random.ts'
import { type Latchkey, openLatchkey } from '../src/latchkey.ts'
import { openStore } from '../src/store/store.ts'
import type { Decoy, Memory } from '../src/verification/read-through.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

const minute = 60_000

const toldOf = async (latchkey: Pick<Latchkey, 'audit'>, keyId: string) => {
  const { items } = await latchkey.audit.list({ keyId, action: 'key.decoy_tried' })
  return items.map(({ changes }) => changes).reverse()
}

test('that a decoy expires or is not used is told to nobody', () => {
  const now = Date.now()
  const lately = {
    id: 'x',
    key_id: 'x',
    organization_id: 'acme',
    expiry_set_at: null,
    created_at: 0,
    last_used_at: 0,
  }
  const row = {
    ...lately,
    expires_at: now + 3_600_000,
    revoked_at: null,
    suspended_at: null,
    decoy_tries: null,
  }
  for (const at of [now, now + 7_200_000]) {
    const told = keyNotices.filter((notice) => notice.describe(row, at) !== undefined)
    expect(told.length).toBeGreaterThan(0)
    for (const notice of told) expect(notice.describe({ ...row, decoy_tries: 0 }, at)).toBeUndefined()
  }
})

onEachDatabase('a decoy', (makeDatabase) => {
  async function open() {
    const clock = makeClock()
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    const plant = (more: object = {}) =>
      latchkey.keys.create({ organizationId: 'acme', name: 'Backup', decoy: true, ...more })
    return { clock, database, latchkey, plant, [Symbol.asyncDispose]: () => latchkey.close() }
  }

  test('is not found, whatever it may do, and whatever became of it', async () => {
    await using opened = await open()
    const { latchkey, plant, clock } = opened
    const [first, second, third] = [
      await plant({ permissions: ['emails:*'] }),
      await plant({ expiresAt: new Date(clock.now() + minute) }),
      await plant({ allowedIps: ['192.0.2.0/24'], limits: [{ name: 'credits', limit: 0, resets: null }] }),
    ]
    const decoys = [first, second, third]
    const judge = async () => {
      for (const { key } of decoys)
        for (const asked of [{}, { permissions: ['files:read'] }, { prefix: 're_test' }, { cost: 3 }]) {
          const verdict = await latchkey.verify(key, asked)
          expect(verdict).toEqual({ valid: false, code: 'not_found' })
          expect(latchkey.verifyCached(key, asked) ?? verdict).toBe(verdict)
        }
      expect(await latchkey.verifyBatch(decoys.map(({ key }) => ({ key })))).toEqual(
        decoys.map(() => ({ valid: false, code: 'not_found' })),
      )
    }
    await judge()
    clock.advance(2 * minute)
    await latchkey.keys.revoke(first.id)
    await latchkey.keys.suspend(third.id)
    await judge()
    expect(await latchkey.authenticate(first.key)).toBeUndefined()
    expect(await codeOf(latchkey.sessions.start(first.key))).toBe('invalid_token')
    for (const { key } of decoys) await latchkey.revokeToken(key)
    await latchkey.keys.resume(third.id)
    await latchkey.organizations.suspend('acme')
    await judge()
    expect(await latchkey.keys.get(third.id)).toMatchObject({ revokedAt: null, lastUsedAt: null })
  })

  test('is refused by a program that knows of no decoys', async () => {
    await using opened = await open()
    const { latchkey, plant, database } = opened
    const { id, key } = await plant()
    await using direct = await connectDirectly(database)
    await direct.run(`update keys set decoy_tries = null where id = '${id}'`)
    expect(await latchkey.verify(key)).toMatchObject({ code: 'rotated' })
  })

  test('tells of its first try at once: how it was made, and how often', async () => {
    await using opened = await open()
    const { latchkey, plant } = opened
    const { id, key } = await plant()
    expect((await latchkey.keys.get(id)).decoy).toEqual({ tries: 0, lastTriedAt: null })
    const context = { ip: '192.0.2.7', userAgent: 'curl/8.14.1', operation: 'POST /emails' }
    await latchkey.verify(key, { context })
    await expect.poll(() => toldOf(latchkey, id), { timeout: 5_000 }).toHaveLength(1)
    expect(await toldOf(latchkey, id)).toEqual([
      {
        ...{ tries: 1, tries_in_all: 1, ip: '192.0.2.7' },
        ...{ user_agent: 'curl/8.14.1', operation: 'POST /emails' },
      },
    ])
    const [event] = (await latchkey.audit.list({ keyId: id, action: 'key.decoy_tried' })).items
    expect(event).toMatchObject({ actorType: 'system', actor: null, organizationId: 'acme' })
    expect((await latchkey.keys.get(id)).decoy).toEqual({ tries: 1, lastTriedAt: expect.any(Date) })
    // Of what has its kid alone, nothing: that stands in hints.
    const other = `${key.slice(0, 20)}${(await plant()).key.slice(20)}`
    await latchkey.verify(other)
    // To another organization's caller, it says that it was tried, and nothing of that one's API.
    const shown = await plant()
    await latchkey.verify(shown.key, { organizationId: 'zeta', context })
    await expect.poll(() => toldOf(latchkey, shown.id), { timeout: 5_000 }).toHaveLength(1)
    expect(await toldOf(latchkey, shown.id)).toMatchObject([{ ip: null, user_agent: null, operation: null }])
    expect(await toldOf(latchkey, id)).toHaveLength(1)
  })

  test('tells of later tries once a minute, from however many processes, and of the rest at their end', async () => {
    const database = await makeDatabase()
    const opened = await openLatchkey({ database })
    await createAcme(opened)
    const plant = () => opened.keys.create({ organizationId: 'acme', name: 'Backup', decoy: true })
    const [decoy, other] = [await plant(), await plant()]
    const store = await openStore(database, () => {})
    const { now, advance } = makeClock(Date.now())
    const timers = new Set<{ at: number; callback: () => void }>()
    const after = (ms: number, callback: () => void) => {
      const timer = { at: now() + ms, callback }
      timers.add(timer)
      return () => void timers.delete(timer)
    }
    const pass = (ms: number) => {
      advance(ms)
      for (const timer of timers) if (timer.at <= now() && timers.delete(timer)) timer.callback()
    }
    const clock = { now, monotonic: now, after }
    const lines = new ChangeLines(store.changesAtOnce)
    const silent = { forget: () => {}, lookNow: () => {}, noteEvents: () => {} }
    const writer = new Writer(store, silent, { now, random: systemRandom }, lines)
    const start = () => {
      const memory: Pick<Memory, 'clock' | 'onTry'> = { clock, onTry: () => {} }
      const tries = new DecoyTries(memory, (...change) => writer.commit(...change))
      return { tries, attempt: ({ id }: { id: string }) => memory.onTry(decoyOf(id), {}) }
    }
    const decoyOf = (keyId: string): Decoy => ({ keyId, organizationId: 'acme', digest: new Uint8Array(32) })
    const [one, two] = [start(), start()]
    const counts = async ({ id }: { id: string }) => (await toldOf(opened, id)).map(({ tries }) => tries)
    one.attempt(decoy)
    pass(0)
    await expect.poll(() => counts(decoy), { timeout: 5_000 }).toEqual([1])
    for (let i = 0; i < 5; i++) one.attempt(decoy)
    two.attempt(decoy)
    two.attempt(other)
    pass(30_000)
    await expect.poll(() => counts(other), { timeout: 5_000 }).toEqual([1])
    expect(await counts(decoy)).toEqual([1])
    pass(31_000)
    await expect.poll(() => counts(decoy), { timeout: 5_000 }).toEqual([1, 5])
    one.attempt(decoy)
    await Promise.all([one.tries.close(), two.tries.close()])
    expect((await counts(decoy)).slice(2).sort()).toEqual([1, 1])
    expect(await opened.keys.get(decoy.id)).toMatchObject({ decoy: { tries: 8 } })
    await store.close()
    await opened.close()
  })

  test('tells of a try after a clock was ahead for a while', async () => {
    const database = await makeDatabase()
    const clock = makeClock()
    const attempt = async (token: string) => {
      // A process of its own each time: it remembers nothing of the one before.
      await using latchkey = await openLatchkey({ database, now: clock.now })
      await latchkey.verify(token)
    }
    await using latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'Backup', decoy: true })
    clock.advance(365 * 24 * 60 * minute)
    await attempt(key)
    await expect.poll(() => toldOf(latchkey, id), { timeout: 5_000 }).toHaveLength(1)
    clock.advance(-365 * 24 * 60 * minute)
    await attempt(key)
    await expect.poll(() => toldOf(latchkey, id), { timeout: 5_000 }).toHaveLength(2)
  })

  test('of one organization are heard of up to a bound, and those of others beside them', async () => {
    const told: string[] = []
    const clock = { now: Date.now, monotonic: () => 0, after: () => () => {} }
    const memory: Pick<Memory, 'clock' | 'onTry'> = { clock, onTry: () => {} }
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    for (const id of ['acme', 'zeta']) await latchkey.organizations.create({ id, name: id })
    const store = await openStore(database, () => {})
    const lines = new ChangeLines(store.changesAtOnce)
    const silent = { forget: () => {}, lookNow: () => {}, noteEvents: () => {} }
    const writer = new Writer(store, silent, { now: Date.now, random: systemRandom }, lines)
    const tries = new DecoyTries(memory, (...change) => writer.commit(...change))
    const plant = async (organizationId: string) =>
      (await latchkey.keys.create({ organizationId, name: 'D', decoy: true })).id
    const attempt = (keyId: string, organizationId: string) =>
      memory.onTry({ keyId, organizationId, digest: new Uint8Array(32) }, {})
    const ids = await Promise.all(
      Array.from({ length: maxTriedDecoysOfOrganization + 2 }, () => plant('acme')),
    )
    for (const id of ids) for (let i = 0; i < 3; i++) attempt(id, 'acme')
    const other = await plant('zeta')
    attempt(other, 'zeta')
    await tries.close()
    for await (const { changes, keyId } of latchkey.audit.listAll({ action: 'key.decoy_tried' }))
      told.push(`${keyId === other ? 'zeta' : 'acme'} ${changes.tries}`)
    expect(told.filter((each) => each === 'acme 3')).toHaveLength(maxTriedDecoysOfOrganization)
    expect(told.filter((each) => each !== 'acme 3')).toEqual(['zeta 1'])
    await store.close()
  })

  test('has no second token and no children, and is no root key', async () => {
    await using opened = await open()
    const { latchkey, plant } = opened
    const { id, key } = await plant()
    expect(await refusalOf(latchkey.keys.rotate(id))).toMatchObject({ code: 'decoy_key' })
    const child = { organizationId: 'acme', name: 'C', parentId: id }
    expect(await refusalOf(latchkey.keys.create(child))).toMatchObject({ code: 'decoy_key' })
    const { id: parentId } = await latchkey.keys.create({ organizationId: 'acme', name: 'P' })
    expect(await refusalOf(plant({ parentId }))).toMatchObject({ code: 'invalid_input' })
    const root = await latchkey.createRootKey()
    await plant({ organizationId: 'root', permissions: ['latchkey:*'] })
    expect(await codeOf(latchkey.keys.revoke(root.id))).toBe('last_root_key')
    expect(await latchkey.verify(key)).toMatchObject({ code: 'not_found' })
  })

  test('may have a token of another system', async () => {
    await using opened = await open()
    const { latchkey } = opened
    const token = 'sk_live_of_another_system'
    const [made] = await latchkey.keys.import([{ organizationId: 'acme', name: 'Old', token, decoy: true }])
    const { id } = made as { id: string }
    for (let i = 0; i < 2; i++)
      expect(await latchkey.verify(token)).toEqual({ valid: false, code: 'not_found' })
    await expect.poll(() => toldOf(latchkey, id), { timeout: 5_000 }).not.toEqual([])
    expect((await latchkey.keys.get(id)).decoy?.tries).toBeGreaterThan(0)
    expect(await latchkey.keys.exportSecrets()).toEqual([])
  })

  test('is found by a filter, and shown to who may read keys', async () => {
    await using opened = await open()
    const { latchkey, plant } = opened
    const { id } = await plant()
    const reader = await latchkey.keys.create({
      ...{ organizationId: 'acme', name: 'Reader', permissions: ['latchkey:keys:read'] },
    })
    const actor = await callerBy(latchkey, reader.key)
    const idsOf = async (input: object) =>
      (await latchkey.keys.list(input, { actor })).items.map((key) => key.id)
    expect(await idsOf({ decoy: true })).toEqual([id])
    expect(await idsOf({ decoy: false })).toEqual([reader.id])
    expect(await idsOf({ decoy: true, sort: 'name', q: 'backup' })).toEqual([id])
    expect((await latchkey.keys.get(reader.id, { actor })).decoy).toBeUndefined()
    expect((await latchkey.keys.get(id, { actor })).decoy).toEqual({ tries: 0, lastTriedAt: null })
  })

  test('is tried at a verifier elsewhere: it is not found there, and the server tells from where', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { latchkey, rootKey, url } = server
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'Backup', decoy: true })
    await using verifier = createVerifier({ url, token: rootKey })
    await verifier.ready()
    const context = { ip: '192.0.2.7', userAgent: 'curl/8.14.1 ü', operation: 'POST /emails' }
    for (let i = 0; i < 3; i++)
      expect(await verifier.verify(key, { context })).toEqual({ valid: false, code: 'not_found' })
    await expect.poll(() => toldOf(latchkey, id), { timeout: 5_000 }).toHaveLength(1)
    expect(await toldOf(latchkey, id)).toMatchObject([
      { ip: '192.0.2.7', user_agent: 'curl/8.14.1 ü', operation: 'POST /emails' },
    ])
  })
})
