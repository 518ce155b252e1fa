// Rotation: a key gets a new secret and keeps everything else; the old one ends at once or after a grace.
import { expect, test } from 'vitest'
import { parseToken } from '../src/core/token.ts'
import { type CreatedKey, type CreateKeyInput, type Latchkey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { type Clock, makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

const second = 1000

onEachDatabase('rotation', (makeDatabase) => {
  async function open(
    input: Partial<CreateKeyInput> = {},
  ): Promise<{ latchkey: Latchkey; clock: Clock; created: CreatedKey }> {
    const clock = makeClock()
    const latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    await createAcme(latchkey)
    const created = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', ...input })
    return { latchkey, clock, created }
  }

  async function codesOf(latchkey: Latchkey, ...keys: { key: string }[]): Promise<string[]> {
    return Promise.all(keys.map(async ({ key }) => (await latchkey.verify(key)).code))
  }

  const kidOf = ({ key }: { key: string }) => parseToken(key)?.kid as string

  test('a rotated key keeps its id and everything but its token', async () => {
    const { latchkey, clock, created } = await open({ permissions: ['a:*'], metadata: { a: 1 } })
    clock.advance(second)
    const { key, hint, revision, ...rotated } = await latchkey.keys.rotate(created.id)
    const { key: oldKey, hint: oldHint, revision: oldRevision, ...before } = created
    expect(rotated).toEqual(before)
    expect(key).not.toBe(oldKey)
    expect(hint).toBe(`re_${kidOf({ key })}…`)
    expect(hint).not.toBe(oldHint)
    expect(revision).not.toBe(oldRevision)
    expect((await latchkey.keys.get(created.id)).hint).toBe(hint)
    await latchkey.close()
  })

  test('what somebody ended stays ended for a process whose clock is behind', async () => {
    const database = await makeDatabase()
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database, now: clock.now })
    await using behind = await openLatchkey({ database, now: () => clock.now() - 3600 * second })
    await createAcme(latchkey)
    const first = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const next = await latchkey.keys.rotate(first.id)
    expect(await codesOf(behind, first, next)).toEqual(['rotated', 'valid'])
    const last = await latchkey.keys.rotate(first.id, { graceSeconds: 600 })
    await latchkey.keys.endSecret(first.id, kidOf(next))
    await latchkey.waitUntilApplied()
    expect(await codesOf(behind, first, next, last)).toEqual(['rotated', 'rotated', 'valid'])
  })

  test('and each other change of a key is known here in the very next verification, and told to every process', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const permissions = ['emails:send']
    const first = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions })
    const { id } = first
    const tokens = [first.key]
    // Twice, so that what was read is remembered before the next change.
    const codes = async () => {
      for (const token of tokens) await latchkey.verify(token)
      return Promise.all(tokens.map(async (token) => (await latchkey.verify(token, { permissions })).code))
    }
    expect(await codes()).toEqual(['valid'])
    tokens.push((await latchkey.keys.rotate(id, { graceSeconds: 60 })).key)
    expect(await codes()).toEqual(['valid', 'valid'])
    await latchkey.keys.update(id, { permissions: [] })
    expect(await codes()).toEqual(['insufficient_permissions', 'insufficient_permissions'])
    await latchkey.keys.update(id, { permissions })
    expect(await codes()).toEqual(['valid', 'valid'])
    await latchkey.keys.endSecret(id, kidOf(first))
    expect(await codes()).toEqual(['rotated', 'valid'])
    await latchkey.keys.revoke(id)
    expect(await codes()).toEqual(['revoked', 'revoked'])
    await using direct = await connectDirectly(database)
    const told = await direct.run('select topic, subject_id from changes where topic is not null')
    expect(told).toEqual(Array.from({ length: 5 }, () => ({ topic: 'key', subject_id: id })))
  })

  test('without a grace every older secret ends at once, one in its grace too', async () => {
    const { latchkey, created } = await open()
    const second = await latchkey.keys.rotate(created.id, { graceSeconds: 3600 })
    expect(await codesOf(latchkey, created, second)).toEqual(['valid', 'valid'])
    const third = await latchkey.keys.rotate(created.id)
    expect(await codesOf(latchkey, created, second, third)).toEqual(['rotated', 'rotated', 'valid'])
    await latchkey.close()
  })

  test('with a grace the old token is valid until its last millisecond', async () => {
    const { latchkey, clock, created } = await open()
    const rotated = await latchkey.keys.rotate(created.id, { graceSeconds: 60 })
    clock.advance(60 * second - 1)
    expect(await codesOf(latchkey, created, rotated)).toEqual(['valid', 'valid'])
    clock.advance(1)
    expect(await codesOf(latchkey, created, rotated)).toEqual(['rotated', 'valid'])
    await latchkey.close()
  })

  test('a grace never outlives the key', async () => {
    const clock = makeClock()
    const { latchkey, created } = await open({ expiresAt: clock.in(10 * second) })
    await latchkey.keys.rotate(created.id, { graceSeconds: 60 })
    const [, old] = (await latchkey.keys.get(created.id)).secrets
    expect(old?.expiresAt).toEqual(clock.in(10 * second))
    const [event] = (await latchkey.audit.list({ action: 'key.rotated' })).items
    expect(event?.changes).toMatchObject({ grace_ends_at: clock.in(10 * second).toISOString() })
    await latchkey.close()
  })

  test('at most two secrets live: a second grace must wait for the first, or end it', async () => {
    const { latchkey, clock, created } = await open()
    const second = await latchkey.keys.rotate(created.id, { graceSeconds: 60 })
    expect(await codeOf(latchkey.keys.rotate(created.id, { graceSeconds: 60 }))).toBe('rotation_in_progress')
    expect(await codesOf(latchkey, created, second)).toEqual(['valid', 'valid'])
    clock.advance(60_000)
    const third = await latchkey.keys.rotate(created.id, { graceSeconds: 60 })
    await latchkey.keys.endSecret(created.id, kidOf(second))
    const fourth = await latchkey.keys.rotate(created.id, { graceSeconds: 60 })
    expect(await codesOf(latchkey, created, second, third, fourth)).toEqual([
      'rotated',
      'rotated',
      'valid',
      'valid',
    ])
    await latchkey.close()
  })

  test('the secrets of a key are listed newest first, ended ones included', async () => {
    const { latchkey, clock, created } = await open()
    const kids = [kidOf(created)]
    for (const graceSeconds of [0, 0, 30]) {
      clock.advance(second)
      kids.unshift(kidOf(await latchkey.keys.rotate(created.id, { graceSeconds })))
    }
    // Not even secrets of one instant lose their newest.
    kids.unshift(kidOf(await latchkey.keys.rotate(created.id)))
    const { secrets } = await latchkey.keys.get(created.id)
    expect(secrets.map((secret) => secret.kid)[0]).toBe(kids[0])
    expect(secrets.map((secret) => secret.kid).sort()).toEqual(kids.sort())
    expect(secrets.map((secret) => secret.expiresAt === null)).toEqual([true, false, false, false, false])
    await latchkey.close()
  })

  test('a key shows a hundred secrets at once, keeps a thousand that have ended, and a rotation reads none of them', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await using direct = await connectDirectly(database)
    await direct.run(`with recursive numbers (i) as (select cast(1 as bigint) union all select i + 1 from numbers where i < 1150)
      insert into secrets (kid, key_id, organization_id, prefix, digest, created_at, grace_ends_at, ended_at, last_used_at)
      select 'old' || cast(1000000000000 + i as text), key_id, organization_id, prefix, digest, i / 3, i, i, 0
      from secrets cross join numbers`)
    const walk = async () => {
      const kids: string[] = []
      for (let secretsAfter: string | undefined; ; secretsAfter = kids.at(-1)) {
        const { secrets } = await latchkey.keys.get(id, { secretsAfter })
        kids.push(...secrets.map(({ kid }) => kid))
        expect(secrets.length).toBeLessThanOrEqual(100)
        if (secrets.length < 100) return kids
      }
    }
    expect(new Set(await walk()).size).toBe(1151)
    expect(await codeOf(latchkey.keys.get(id, { secretsAfter: 'a'.repeat(16) }))).toBe('secret_not_found')
    expect(await codeOf(latchkey.keys.get(id, { secretsAfter: "'" }))).toBe('invalid_input')
    // A hundred at a time.
    const before = await walk()
    await latchkey.keys.rotate(id, { graceSeconds: 60 })
    expect((await walk()).slice(1)).toEqual(before.slice(0, -100))
    await latchkey.keys.rotate(id)
    await latchkey.keys.rotate(id)
    const kids = await walk()
    expect(kids).toHaveLength(1001)
    expect(kids.slice(4)).toEqual(before.slice(1, 998))
  })

  test('ending a secret ends its grace now, and again changes nothing', async () => {
    const { latchkey, clock, created } = await open()
    const rotated = await latchkey.keys.rotate(created.id, { graceSeconds: 60 })
    clock.advance(second)
    for (let i = 0; i < 2; i++) {
      await latchkey.keys.endSecret(created.id, kidOf(created))
      expect(await codesOf(latchkey, created, rotated)).toEqual(['rotated', 'valid'])
    }
    const [, old] = (await latchkey.keys.get(created.id)).secrets
    expect(old?.expiresAt).toEqual(clock.in(0))
    const events = (await latchkey.audit.list({ action: 'key.secret_ended' })).items
    expect(events.map((event) => event.changes)).toEqual([{ kid: kidOf(created), hint: created.hint }])
    await latchkey.close()
  })

  test('the newest secret cannot be ended, nor one of another key, nor one that never was', async () => {
    const { latchkey, created } = await open()
    const other = await latchkey.keys.create({ organizationId: 'acme', name: 'Other' })
    const end = (kid: string) => codeOf(latchkey.keys.endSecret(created.id, kid))
    expect(await end(kidOf(created))).toBe('last_secret')
    expect(await end(kidOf(other))).toBe('secret_not_found')
    expect(await end('0'.repeat(16))).toBe('secret_not_found')
    expect(await end('')).toBe('secret_not_found')
    expect(await codesOf(latchkey, created, other)).toEqual(['valid', 'valid'])
    await latchkey.close()
  })

  test('ten rotations of one key at once leave exactly one live secret, the newest', async () => {
    const { latchkey, created } = await open()
    const rotated = await Promise.all(Array.from({ length: 10 }, () => latchkey.keys.rotate(created.id)))
    const codes = await codesOf(latchkey, created, ...rotated)
    expect(codes.filter((code) => code === 'valid')).toHaveLength(1)
    expect(codes.filter((code) => code === 'rotated')).toHaveLength(10)
    const { secrets } = await latchkey.keys.get(created.id)
    expect(secrets.filter((secret) => secret.expiresAt === null)).toHaveLength(1)
    expect(kidOf(rotated[codes.indexOf('valid') - 1] as CreatedKey)).toBe(secrets[0]?.kid)
    await latchkey.close()
  })

  test('of ten rotations with a grace at once, one is done and nine are refused', async () => {
    const { latchkey, created } = await open()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => latchkey.keys.rotate(created.id, { graceSeconds: 60 })),
    )
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
    const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
    expect(codes).toEqual(Array(9).fill('rotation_in_progress'))
    expect((await latchkey.keys.get(created.id)).secrets).toHaveLength(2)
    await latchkey.close()
  })

  test.each([-1, 2_592_001, 0.5, '60', null, Number.NaN])(
    'a grace of %j seconds is refused',
    async (graceSeconds) => {
      const { latchkey, created } = await open()
      const error = await refusalOf(latchkey.keys.rotate(created.id, { graceSeconds } as never))
      expect([error.code, error.errors?.[0]?.path]).toEqual(['invalid_input', 'graceSeconds'])
      expect(await codesOf(latchkey, created)).toEqual(['valid'])
      await latchkey.close()
    },
  )
})
