// Reports of leaked tokens: what becomes of the secret that was shown, and of nothing else; who is told; and that nobody learns
// from a report whether a token was live.
import { getRandomValues } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Caller } from '../src/core/actor.ts'
import type { SetPolicyInput } from '../src/core/shapes/policies.ts'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { ReportLimit } from '../src/server/report-limit.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'

const hour = 3_600_000
const ours = { reason: 'compromised' }

onEachDatabase('a report of a leaked token', (makeDatabase) => {
  async function open() {
    const database = await makeDatabase()
    const clock = makeClock()
    const latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    const issue = (permissions: string[] = [], organizationId = 'acme') =>
      latchkey.keys.create({ organizationId, name: 'CI', permissions })
    /** Reports tokens, and waits until they are acted on. */
    const report = async (keys: string[], url?: string) => {
      await latchkey.leaks.report({ keys, ...(url !== undefined && { url }) })
      await acted(database)
    }
    const told = async (keyId: string) => {
      const { items } = await latchkey.audit.list({ keyId, action: 'key.exposed' })
      return items.map(({ changes }) => changes)
    }
    return { latchkey, clock, database, issue, report, told, [Symbol.asyncDispose]: () => latchkey.close() }
  }

  test('revokes the key of a newest token everywhere, marks it, and tells its owner what was where', async () => {
    await using stage = await open()
    const { latchkey, clock } = stage
    await using other = await openLatchkey({ database: stage.database, now: clock.now })
    const { id, key, hint } = await stage.issue()
    const verified = { context: { ip: '192.0.2.7' } }
    expect((await latchkey.verify(key, verified)).valid && (await other.verify(key)).valid).toBe(true)
    const url = 'https://github.com/acme/app/blob/main/.env'
    await stage.report([key], url)
    for (const one of [latchkey, other])
      await expect.poll(() => one.verify(key)).toMatchObject({ valid: false, code: 'revoked' })
    const kid = hint.slice(3, 19)
    const exposure = { kid, hint, source: 'possession', url, action: 'revoked', endsAt: null }
    expect(await latchkey.keys.get(id)).toMatchObject({
      revokedAt: new Date(clock.now()),
      revokedBy: null,
      revocationReason: ours.reason,
      exposure: { at: new Date(clock.now()), ...exposure },
    })
    const { items } = await latchkey.audit.list({ keyId: id })
    expect(items.slice(0, 2)).toMatchObject([
      { action: 'key.revoked', actorType: 'system', changes: { revocation_reason: ours.reason } },
      { action: 'key.exposed', actorType: 'anonymous', actor: null },
    ])
    expect(items[1]?.changes).toEqual({
      ...{ kid, hint, source: 'possession', url, action: 'revoked', ends_at: null },
      ...{ last_used_at: null, last_used_from: null },
    })
    const listed = async (exposed: boolean) =>
      (await latchkey.keys.list({ exposed, organizationId: 'acme' })).items.map((one) => one.id)
    // Revoked as it is: nobody who looks for it has to ask for every status.
    expect(await listed(true)).toEqual([id])
    expect((await latchkey.keys.list({ exposed: true, status: 'active' })).items).toEqual([])
    await latchkey.keys.clearExposure(id)
    expect([await listed(true), await listed(false)]).toEqual([[], []])
  })

  test('ends an old token alone, and of one that opens nothing any more only tells', async () => {
    await using stage = await open()
    const { latchkey, clock } = stage
    const { id, key: first } = await stage.issue()
    const { key: second } = await latchkey.keys.rotate(id, { graceSeconds: 3_600 })
    await stage.report([first])
    expect(await latchkey.verify(first)).toMatchObject({ code: 'rotated' })
    expect(await latchkey.verify(second)).toMatchObject({ valid: true })
    expect((await latchkey.keys.get(id)).exposure).toMatchObject({ action: 'secret_ended' })
    clock.advance(24 * hour)
    // Out of an old commit: ended before.
    await stage.report([first])
    expect(await latchkey.verify(second)).toMatchObject({ valid: true })
    expect((await stage.told(id)).map(({ action }) => action)).toEqual(['none', 'secret_ended'])
    // What opened nothing any more hides no graver report.
    expect((await latchkey.keys.get(id)).exposure).toMatchObject({ action: 'secret_ended' })
    const [revoked, expired] = [await stage.issue(), await stage.issue()]
    await latchkey.keys.revoke(revoked.id)
    await latchkey.keys.update(expired.id, { expiresAt: clock.in(hour) })
    clock.advance(2 * hour)
    await stage.report([revoked.key, expired.key])
    for (const { id: ended } of [revoked, expired])
      expect(await stage.told(ended)).toMatchObject([{ action: 'none' }])
    expect((await latchkey.keys.get(expired.id)).revokedAt).toBe(null)
    expect((await latchkey.keys.get(revoked.id)).revocationReason).toBe('unspecified')
  })

  test('that shows another secret under the same kid does nothing', async () => {
    await using stage = await open()
    const { id, key } = await stage.issue()
    const { key: strange } = await stage.issue()
    await using direct = await connectDirectly(stage.database)
    // Another token whose digest is not the one that is stored: as if the kid alone were known.
    const [kid, otherKid] = [key, strange].map((token) => token.slice(3, 19))
    await direct.run(
      `update secrets set digest = (select digest from secrets where kid = '${otherKid}') where kid = '${kid}'`,
    )
    await stage.report([key])
    expect(await stage.told(id)).toEqual([])
    expect((await stage.latchkey.keys.get(id)).revokedAt).toBe(null)
  })

  test('is told of once a secret, source and day', async () => {
    await using stage = await open()
    const { latchkey, clock } = stage
    await latchkey.policies.set({ onLeak: 'notify' })
    const { id, key } = await stage.issue()
    for (let i = 0; i < 3; i++) await stage.report([key, key])
    const from = { source: 'github', requestId: 'r1' } as const
    await latchkey.leakInbox.receive([{ token: key, url: 'https://example.com/1' }], from)
    await acted(stage.database)
    expect((await stage.told(id)).map(({ source }) => source)).toEqual(['github', 'possession'])
    expect((await latchkey.audit.list({ keyId: id })).items[0]).toMatchObject({ requestId: 'r1', ip: null })
    clock.advance(24 * hour)
    await stage.report([key])
    expect(await stage.told(id)).toHaveLength(3)
  })

  const policies: [string, SetPolicyInput, SetPolicyInput | undefined, boolean, string][] = [
    ['the default', {}, undefined, false, 'revoked'],
    ['that of the deployment', { onLeak: 'notify' }, undefined, false, 'notified'],
    ['an organization may be stricter', { onLeak: 'notify' }, { onLeak: 'revoke' }, false, 'revoked'],
    ['and not laxer', {}, { onLeak: 'notify' }, false, 'revoked'],
    ['unless root has set it', {}, { onLeak: 'notify' }, true, 'notified'],
    [
      'sooner is stricter',
      { onLeak: 'end_after', leakEndsAfterHours: 2 },
      { onLeak: 'end_after', leakEndsAfterHours: 3 },
      false,
      'ends_later',
    ],
  ]
  test('meets the policy: its own one if that is graver, or if the root organization has set it', async () => {
    await using stage = await open()
    const { latchkey, clock } = stage
    const owner = await makeCaller(latchkey, 'acme', ['latchkey:*'])
    for (const [name, deployment, own, isOfRoot, action] of policies) {
      await latchkey.policies.set(deployment)
      await latchkey.policies.deleteFor('acme')
      if (own) await latchkey.policies.setFor('acme', own, isOfRoot ? {} : { actor: owner })
      const { id, key } = await stage.issue()
      await stage.report([key])
      const { exposure } = await latchkey.keys.get(id)
      expect(exposure?.action, name).toBe(action)
      if (action === 'ends_later') expect(exposure?.endsAt).toEqual(clock.in(2 * hour))
    }
    const wrong = [
      { onLeak: 'end_after' },
      { leakEndsAfterHours: 3 },
      { onLeak: 'end_after', leakEndsAfterHours: 25 },
    ]
    for (const rules of wrong)
      expect(await codeOf(latchkey.policies.set(rules as never))).toBe('invalid_input')
  })

  test('under a policy to end it later gives the token an end that nothing puts off, and a new one lives', async () => {
    await using stage = await open()
    const { latchkey, clock } = stage
    await latchkey.policies.set({ onLeak: 'end_after', leakEndsAfterHours: 4 })
    const { id, key } = await stage.issue()
    await stage.report([key])
    const end = clock.in(4 * hour)
    clock.advance(hour)
    await stage.report([key])
    expect((await latchkey.keys.get(id)).secrets[0]?.expiresAt).toEqual(end)
    await latchkey.policies.set({ onLeak: 'end_after', leakEndsAfterHours: 2 })
    await stage.report([key])
    const sooner = clock.in(2 * hour)
    expect((await latchkey.keys.get(id)).secrets[0]?.expiresAt).toEqual(sooner)
    const { key: next } = await latchkey.keys.rotate(id, { graceSeconds: 24 * 3_600 })
    expect((await latchkey.keys.get(id)).secrets.map(({ expiresAt }) => expiresAt)).toEqual([null, sooner])
    expect(await latchkey.verify(key)).toMatchObject({ valid: true })
    clock.advance(2 * hour)
    expect(await latchkey.verify(key)).toMatchObject({ code: 'rotated' })
    expect(await latchkey.verify(next)).toMatchObject({ valid: true })
  })

  test('ends a key that may manage keys, whatever the policy says, be it the last root key', async () => {
    await using stage = await open()
    const { latchkey } = stage
    const root = await latchkey.createRootKey()
    await latchkey.policies.set({ onLeak: 'notify' })
    const manager = await stage.issue(['emails:send', 'latchkey:keys:read'])
    expect(await codeOf(latchkey.keys.revoke(root.id))).toBe('last_root_key')
    await stage.report([manager.key, root.key])
    for (const { key } of [manager, root])
      expect(await latchkey.verify(key)).toMatchObject({ code: 'revoked' })
  })

  test('is acted on by another process if the one that took it ends', async () => {
    await using stage = await open()
    const { key } = await stage.issue()
    const taker = await openLatchkey({ database: stage.database, now: stage.clock.now })
    await taker.leaks.report({ keys: [key] })
    await taker.close()
    await acted(stage.database)
    expect(await stage.latchkey.verify(key)).toMatchObject({ code: 'revoked' })
  })

  test('of a thousand tokens, half of them made up, revokes the others', async () => {
    await using stage = await open()
    const { latchkey } = stage
    const made = await Promise.all(Array.from({ length: 500 }, () => stage.issue()))
    const strange = madeUp(500)
    const begun = performance.now()
    await stage.report([...made.map(({ key }) => key), ...strange])
    console.log(`500 of 1000 revoked in ${(performance.now() - begun).toFixed(0)} ms`)
    const { total } = await latchkey.keys.list({ status: 'revoked', organizationId: 'acme', count: true })
    expect(total).toEqual({ count: 500, isMore: false })
  })

  test('is answered alike for any token, and refused from an address that reports too much', async () => {
    await using stage = await open()
    await using server = await startTestServer(stage.database, { now: stage.clock.now })
    const { key: live } = await stage.issue()
    const { id, key: revoked } = await stage.issue()
    await stage.latchkey.keys.revoke(id)
    const [strange = ''] = madeUp(1)
    const answers = []
    for (const key of [live, revoked, strange, 'not a token', `${strange.slice(0, -1)}~`]) {
      const { status, headers, text } = await server.request('POST', '/v1/leaks', { body: { keys: [key] } })
      const { date: _, 'x-request-id': __, ...rest } = Object.fromEntries(headers)
      answers.push(JSON.stringify({ status, text, rest }))
    }
    expect(new Set(answers).size).toBe(1)
    expect(JSON.parse(answers[0] as string)).toMatchObject({ status: 202, text: '{"success":true}' })
    await acted(stage.database)
    expect(await stage.latchkey.verify(live)).toMatchObject({ code: 'revoked' })
    const many = Array.from({ length: 1_000 }, () => strange)
    const statuses = []
    for (const keys of [many, many])
      statuses.push((await server.request('POST', '/v1/leaks', { body: { keys } })).status)
    expect(statuses).toEqual([202, 429])
    for (const body of [{}, { keys: [] }, { keys: [...many, strange] }, { keys: [1] }, { keys: live }])
      expect((await server.request('POST', '/v1/leaks', { body })).status).toBe(422)
    for (const url of [
      'javascript:alert(1)',
      `https://x/${live}`,
      'https://x/\n',
      `https://x/${'a'.repeat(2_040)}`,
    ]) {
      const { status, text } = await server.request('POST', '/v1/leaks', { body: { keys: [strange], url } })
      expect([status, text.includes(live)]).toEqual([422, false])
    }
    const long = { keys: ['x'.repeat(1_048_576)] }
    expect((await server.request('POST', '/v1/leaks', { body: long })).status).toBe(413)
    expect(JSON.stringify(server.log)).not.toContain(live.slice(19))
  })

  test('by the holder itself takes no permission, and ends the token that is shown', async () => {
    await using stage = await open()
    await using server = await startTestServer(stage.database, { now: stage.clock.now })
    const { id, key: first } = await stage.issue()
    const { key: second } = await stage.latchkey.keys.rotate(id, { graceSeconds: 3_600 })
    const revoke = (token: string, body?: object) =>
      server.request('POST', '/v1/keys/self/revoke?wait=applied', { token, body })
    expect((await revoke(first)).json).toMatchObject({ success: true, applied: { confirmed: true } })
    expect(await stage.latchkey.verify(second)).toMatchObject({ valid: true })
    expect((await revoke(second, ours)).status).toBe(200)
    expect(await stage.latchkey.keys.get(id)).toMatchObject({
      revokedBy: id,
      revocationReason: 'compromised',
    })
    expect((await revoke(second)).status).toBe(401)
    expect((await refusalOf(stage.latchkey.keys.revokeSelf())).code).toBe('invalid_input')
  })

  test('leaves a mark that others clear, and neither the key nor a child of it', async () => {
    await using stage = await open()
    const { latchkey } = stage
    await latchkey.policies.set({ onLeak: 'notify' })
    const { id, key } = await stage.issue()
    await stage.report([key])
    const own = (await latchkey.authenticate(key)) as Caller
    const writer = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    const strange = await makeCaller(latchkey, 'root', ['latchkey:keys:read'])
    expect(await codeOf(latchkey.keys.clearExposure(id, { actor: own }))).toBe('missing_permission')
    expect(await codeOf(latchkey.keys.clearExposure(id, { actor: strange }))).toBe('missing_permission')
    await latchkey.keys.clearExposure(id, { actor: writer })
    await latchkey.keys.clearExposure(id, { actor: writer })
    expect(await latchkey.keys.get(id)).toMatchObject({ exposure: null })
    expect((await latchkey.keys.list({ exposed: true, organizationId: 'acme' })).items).toEqual([])
    const { items } = await latchkey.audit.list({ keyId: id, action: 'key.exposure_cleared' })
    expect(items).toMatchObject([{ actor: writer.keyId }])
  })
})

describe('the bound on reports', () => {
  const takes = (limit: ReportLimit, ip: string | undefined, tokens: number) => {
    try {
      limit.require(ip, tokens)
      return true
    } catch {
      return false
    }
  }

  test('is of an address, and of a /48 of IPv6; what was taken comes back with time', () => {
    let now = 0
    const limit = new ReportLimit(() => now)
    for (let i = 0; i < 60; i++) expect(takes(limit, '192.0.2.7', 1)).toBe(true)
    expect([takes(limit, '192.0.2.7', 1), takes(limit, '192.0.2.8', 1)]).toEqual([false, true])
    now += 60_000
    expect([takes(limit, '192.0.2.7', 1), takes(limit, '192.0.2.7', 1)]).toEqual([true, false])
    expect(takes(limit, '2001:db8:1:2::7', 1_500)).toBe(true)
    expect(takes(limit, '2001:db8:1:3::8', 1_000)).toBe(false)
    expect(takes(limit, '2001:db8:2::8', 1_000)).toBe(true)
    expect(takes(limit, '::ffff:192.0.2.9', 1_000) && takes(limit, '::ffff:192.0.2.10', 1_500)).toBe(true)
  })

  test('is of all together too', () => {
    const limit = new ReportLimit(() => 0)
    for (let i = 0; i < 20; i++) expect(takes(limit, `192.0.2.${i}`, 1_000)).toBe(true)
    expect(takes(limit, '192.0.2.99', 1)).toBe(false)
  })
})

/** Waits until no report is left. */
async function acted(database: string): Promise<void> {
  await using direct = await connectDirectly(database)
  const left = async () => (await direct.run('select id from leak_reports')).length
  while ((await left()) > 0) await setTimeout(5)
}

/** Tokens of the form of ours that nobody has. */
function madeUp(count: number): string[] {
  const random: RandomSource = (bytes) => getRandomValues(bytes as Uint8Array<ArrayBuffer>)
  return Array.from({ length: count }, () => generateToken('re', random).token)
}
