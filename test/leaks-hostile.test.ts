// Reports of leaked tokens by those who mean harm: what they send hides nothing from an owner, and costs little.
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { assembleToken } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { ReportLimit } from '../src/server/report-limit.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

const hour = 3_600_000
const day = 24 * hour

onEachDatabase('a report of a leaked token', (makeDatabase, kind) => {
  async function open() {
    const database = await makeDatabase()
    const clock = makeClock()
    const latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    const issue = () => latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const report = async (keys: string[], url?: string) => {
      await latchkey.leaks.report({ keys, ...(url !== undefined && { url }) })
      await acted(database)
    }
    const told = async (keyId: string) =>
      (await latchkey.audit.list({ keyId, action: 'key.exposed' })).items.map(({ changes }) => changes)
    return { latchkey, clock, database, issue, report, told, [Symbol.asyncDispose]: () => latchkey.close() }
  }

  test('is not hidden by made-up tokens of the same kid beside it', async () => {
    await using stage = await open()
    const { id, key } = await stage.issue()
    const forge = () => assembleToken('re', key.slice(3, 19), randomBytes(32))
    await stage.report([forge(), key, forge(), forge()])
    expect(await stage.latchkey.verify(key)).toMatchObject({ code: 'revoked' })
    expect(await stage.told(id)).toMatchObject([{ action: 'revoked' }])
  })

  test('that comes from two sources at once does once what there is to do', async () => {
    await using stage = await open()
    const { latchkey } = stage
    const { id, key: first } = await stage.issue()
    const { key: second } = await latchkey.keys.rotate(id, { graceSeconds: 3_600 })
    const other = await stage.issue()
    await using direct = await connectDirectly(stage.database)
    const kids = [first, other.key].map((token) => `'${token.slice(3, 19)}'`)
    // By one statement, so that they are acted on together.
    await direct.run(`insert into leak_reports (id, kid, digest, source, due_at)
      select kid || source, kid, digest, source, 0 from secrets, (select 'possession' as source
        union all select 'github' union all select 'gitlab') as sources where kid in (${kids})`)
    await stage.report([assembleToken('re', '0'.repeat(16), randomBytes(32))])
    const actions = async (keyId: string) => (await stage.told(keyId)).map(({ action }) => action).sort()
    expect(await actions(id)).toEqual(['none', 'none', 'secret_ended'])
    expect(await actions(other.id)).toEqual(['none', 'none', 'revoked'])
    expect(await latchkey.verify(second)).toMatchObject({ valid: true })
    const count = async (action: 'key.revoked' | 'key.secret_ended', keyId: string) =>
      (await latchkey.audit.list({ keyId, action })).items.length
    expect([await count('key.secret_ended', id), await count('key.revoked', other.id)]).toEqual([1, 1])
    expect((await latchkey.keys.get(id)).exposure).toMatchObject({ action: 'secret_ended' })
    expect((await latchkey.keys.get(other.id)).exposure).toMatchObject({ action: 'revoked' })
  })

  test('meets the policy as it is by then, though it was told of on that day', async () => {
    await using stage = await open()
    const { latchkey, clock } = stage
    await using other = await openLatchkey({ database: stage.database, now: clock.now })
    const { id, key } = await stage.issue()
    await latchkey.policies.set({ onLeak: 'end_after', leakEndsAfterHours: 4 })
    await stage.report([key])
    expect(await other.verify(key)).toMatchObject({ valid: true })
    await latchkey.policies.set({ onLeak: 'end_after', leakEndsAfterHours: 1 })
    await stage.report([key])
    // The other process hears of the sooner end without any event.
    await setTimeout(500)
    clock.advance(hour)
    for (const one of [latchkey, other]) expect(await one.verify(key)).toMatchObject({ code: 'rotated' })

    const later = await stage.issue()
    await latchkey.policies.set({ onLeak: 'notify' })
    await stage.report([later.key])
    await latchkey.policies.set({ onLeak: 'revoke' })
    await stage.report([later.key])
    for (const one of [latchkey, other])
      await expect.poll(() => one.verify(later.key)).toMatchObject({ code: 'revoked' })
    for (const keyId of [id, later.id]) expect(await stage.told(keyId)).toHaveLength(1)
  })

  test('ends the sessions of the key that it revokes', async () => {
    await using stage = await open()
    const { latchkey } = stage
    const { id, key } = await latchkey.keys.create({
      ...{ organizationId: 'acme', name: 'Console', permissions: ['latchkey:keys:read'] },
    })
    await latchkey.sessions.start(key)
    await using direct = await connectDirectly(stage.database)
    const sessions = async () => (await direct.run(`select * from sessions where key_id = '${id}'`)).length
    expect(await sessions()).toBe(1)
    await stage.report([key])
    expect(await sessions()).toBe(0)
  })

  test('that cannot be written down is not answered as if it were', async () => {
    await using stage = await open()
    const { latchkey } = stage
    const { key } = await stage.issue()
    await using direct = await connectDirectly(stage.database)
    await direct.run('alter table leak_reports rename to elsewhere')
    expect(await codeOf(latchkey.leaks.report({ keys: [key] }))).toBe('store_unavailable')
    await direct.run('alter table elsewhere rename to leak_reports')
    await stage.report([key])
    expect(await latchkey.verify(key)).toMatchObject({ code: 'revoked' })
  })

  test('meets the policy of the organization of each key', async () => {
    await using stage = await open()
    const { latchkey } = stage
    await latchkey.organizations.create({ id: 'zeta', name: 'Zeta' })
    await latchkey.policies.setFor('zeta', { onLeak: 'notify' })
    const theirs = await latchkey.keys.create({ organizationId: 'zeta', name: 'CI' })
    const ours = await stage.issue()
    await stage.report([theirs.key, ours.key])
    expect(await latchkey.verify(theirs.key)).toMatchObject({ valid: true })
    expect(await latchkey.verify(ours.key)).toMatchObject({ code: 'revoked' })
  })

  test('keeps no place that has the token itself in it, be it of another system', async () => {
    await using stage = await open()
    const { latchkey } = stage
    const token = 'sk_live_of_another_system'
    const [made] = await latchkey.keys.import([{ organizationId: 'acme', name: 'Old', token }])
    const { id } = made as { id: string }
    await stage.report([token], `https://example.com/?key=${token}`)
    expect(await stage.told(id)).toMatchObject([{ action: 'revoked', url: null }])
    expect(JSON.stringify(await latchkey.keys.get(id))).not.toContain(token)
  })

  test('marks a key again on the day on which its mark was cleared, unless the token opens nothing any more', async () => {
    await using stage = await open()
    const { latchkey } = stage
    await latchkey.policies.set({ onLeak: 'notify' })
    const writer = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    const { id, key } = await stage.issue()
    await stage.report([key])
    await latchkey.keys.clearExposure(id, { actor: writer })
    await stage.report([key, key])
    expect((await latchkey.keys.get(id)).exposure).toMatchObject({ action: 'notified' })
    expect(await stage.told(id)).toHaveLength(1)
    await latchkey.keys.revoke(id)
    await latchkey.keys.clearExposure(id, { actor: writer })
    await stage.report([key])
    expect((await latchkey.keys.get(id)).exposure).toBe(null)
  })

  test('is told of again after a clock was ahead for a while', async () => {
    await using stage = await open()
    const { latchkey, clock } = stage
    await latchkey.policies.set({ onLeak: 'notify' })
    const { id, key } = await stage.issue()
    clock.advance(365 * day)
    await stage.report([key])
    clock.advance(-365 * day)
    await stage.report([key])
    await stage.report([key])
    expect(await stage.told(id)).toHaveLength(2)
    clock.advance(hour)
    await stage.report([key])
    expect(await stage.told(id)).toHaveLength(2)
    // Two processes about midnight, one of which is a bit ahead, do not take turns.
    clock.advance(day)
    await stage.report([key])
    clock.advance(-day)
    await stage.report([key])
    expect(await stage.told(id)).toHaveLength(3)
  })

  test('whose key cannot be changed, since its row is broken or locked, stops no other', async () => {
    await using stage = await open()
    const { latchkey, clock } = stage
    const [broken, locked, ...others] = await Promise.all([1, 2, 3, 4].map(() => stage.issue()))
    if (!broken || !locked) throw new Error()
    await using direct = await connectDirectly(stage.database)
    await direct.run(`update keys set permissions = '{' where id = '${broken.id}'`)
    // On SQLite nobody locks a row alone.
    await using holder = await connectDirectly(stage.database)
    if (kind === 'PostgreSQL')
      await holder.run(`begin; select id from keys where id = '${locked.id}' for update`)
    const keys = [broken, locked, ...others].map(({ key }) => key)
    await latchkey.leaks.report({ keys })
    for (const { key } of others)
      await expect.poll(() => latchkey.verify(key), { timeout: 10_000 }).toMatchObject({ code: 'revoked' })
    if (kind === 'PostgreSQL') await holder.run('rollback')
    await direct.run(`update keys set permissions = '[]' where id = '${broken.id}'`)
    clock.advance(30_000)
    await latchkey.leaks.report({ keys: others.map(({ key }) => key) })
    await acted(stage.database)
    for (const key of keys) expect(await latchkey.verify(key)).toMatchObject({ code: 'revoked' })
  })
})

onOneDatabase('SQLite', 'a report of leaked tokens over HTTP', (makeDatabase) => {
  test('is refused before its body is read, if its sender has nothing left, or shares no token with GitLab', async () => {
    await using server = await startTestServer(await makeDatabase(), { gitlabTokens: ['shared-with-gitlab'] })
    const body = { keys: Array.from({ length: 1_000 }, () => 'x') }
    for (let i = 0; i < 2; i++) expect((await server.request('POST', '/v1/leaks', { body })).status).toBe(202)
    expect(await statusBeforeBody(`${server.url}/v1/leaks`)).toBe(429)
    expect(await statusBeforeBody(`${server.url}/v1/leaks/gitlab/revoke_tokens`)).toBe(401)
  })
})

describe('the bound on reports', () => {
  test('tells whether there is room for one, and takes nothing for that', () => {
    const limit = new ReportLimit(() => 0)
    for (let i = 0; i < 100; i++) limit.requireRoom('192.0.2.7')
    for (let i = 0; i < 60; i++) limit.require('192.0.2.7', 1)
    expect(() => limit.requireRoom('192.0.2.7')).toThrow('Report the rest later')
    limit.requireRoom('192.0.2.8')
    for (let i = 0; i < 20; i++) if (i !== 7) limit.require(`192.0.2.${i}`, 997)
    limit.requireRoom('192.0.2.99')
    limit.require('192.0.2.98', 997)
    expect(() => limit.requireRoom('192.0.2.99')).toThrow('Report the rest later')
  })
})

/** The status of a request that announces a long body and sends nothing of it. */
async function statusBeforeBody(url: string): Promise<number | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<number | undefined>()
  const headers = { 'content-type': 'application/json', 'content-length': '1000000' }
  const sent = request(url, { method: 'POST', headers }, ({ statusCode }) => resolve(statusCode))
  sent.on('error', reject)
  sent.flushHeaders()
  try {
    return await promise
  } finally {
    sent.destroy()
  }
}

/** Waits until no report is left. */
async function acted(database: string): Promise<void> {
  await using direct = await connectDirectly(database)
  const left = async () => (await direct.run('select id from leak_reports')).length
  while ((await left()) > 0) await setTimeout(5)
}
