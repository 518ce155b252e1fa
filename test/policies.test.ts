// Policies: each rule in each way in which a key comes to be or changes, who sets them, and that no process comes between.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import {
  type CreateKeyInput,
  LatchkeyError,
  openLatchkey,
  type PolicyRule,
  type SetPolicyInput,
} from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy, makeCaller } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

const hour = 3_600_000
type Fields = Partial<Omit<CreateKeyInput, 'expiresAt'>> & { expiresAt?: Date | null }

/** What a call came to: `done`, or the rule that it would break. Any other refusal fails. */
async function ruleOf(call: Promise<unknown>): Promise<PolicyRule | 'done'> {
  try {
    await call
    return 'done'
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'policy') return error.rule as PolicyRule
    throw error
  }
}

/** Locks the policy of an organization; of the root organization, that of the deployment. */
const lockOf = (id: string, how = '') =>
  `select pg_advisory_xact_lock${how}(${0x6c61_7466}, ${id === 'root' ? '-1' : `(hashtextextended('${id}', 0) & 255)::int`})`

onEachDatabase('a policy', (makeDatabase, kind) => {
  async function open() {
    const database = await makeDatabase()
    const clock = makeClock()
    const latchkey = await openLatchkey({ database, now: clock.now, prefixes: ['re', 're_test'] })
    await createAcme(latchkey)
    const create = (fields: Fields = {}) =>
      latchkey.keys.create({ organizationId: 'acme', name: 'K', permissions: [], ...fields })
    let imported = 0
    const importOne = async ({ prefix: _, organizationId: __, ...fields }: Fields = {}) => {
      const key = { organizationId: 'acme', name: 'I', token: `of-another-system-${++imported}`, ...fields }
      const [outcome] = await latchkey.keys.import([key])
      if (outcome?.code === 'policy')
        throw new LatchkeyError('policy', '', { rule: outcome.rule as PolicyRule })
      expect(outcome).toEqual({ id: expect.any(String) })
      return { id: outcome?.id as string }
    }
    const close = () => latchkey.close()
    return { database, clock, latchkey, create, importOne, [Symbol.asyncDispose]: close }
  }

  test('has each rule judged in every way in which a key comes to be or changes', async () => {
    await using stage = await open()
    const { latchkey, clock, create, importOne } = stage
    const { keys, policies } = latchkey
    await keys.describePermissions({ permissions: [{ name: 'emails:send' }] })
    const soon = clock.in(hour / 2)
    const cases: { rule: PolicyRule; policy: SetPolicyInput; bad: Fields; good: Fields }[] = [
      {
        rule: 'max_lifetime_seconds',
        policy: { maxLifetimeSeconds: 3_600 },
        bad: { expiresAt: clock.in(hour + 1) },
        good: { expiresAt: clock.in(hour) },
      },
      {
        rule: 'max_lifetime_seconds',
        policy: { maxLifetimeSeconds: 3_600 },
        bad: { expiresAt: null },
        good: { expiresAt: soon },
      },
      {
        rule: 'require_expiry',
        policy: { requireExpiry: true },
        bad: { expiresAt: null },
        good: { expiresAt: soon },
      },
      {
        rule: 'permissions',
        policy: { permissions: ['emails:*'] },
        bad: { permissions: ['emails:send', 'files:read'] },
        good: { permissions: ['emails:send'] },
      },
      {
        rule: 'catalogued_only',
        policy: { cataloguedOnly: true },
        bad: { permissions: ['files:read'] },
        good: { permissions: ['emails:send'] },
      },
      {
        rule: 'prefixes',
        policy: { prefixes: ['re_test'] },
        bad: { prefix: 're' },
        good: { prefix: 're_test' },
      },
      {
        rule: 'require_allowed_ips',
        policy: { requireAllowedIps: true },
        bad: { allowedIps: [] },
        good: { allowedIps: ['192.0.2.0/24'] },
      },
    ]
    const held = ['emails:*', 'files:*', 'latchkey:self:derive']
    const parent = await callerBy(latchkey, (await create({ permissions: held })).key)
    const setters = [
      {
        set: (policy: SetPolicyInput) => policies.set(policy),
        lift: (): Promise<unknown> => policies.set({}),
      },
      {
        set: (policy: SetPolicyInput) => policies.setFor('acme', policy),
        lift: (): Promise<unknown> => policies.deleteFor('acme'),
      },
    ]
    // Of the deployment and of the organization in turn.
    for (const [at, { rule, policy, bad, good }] of cases.entries()) {
      const { set, lift } = setters[at % 2] as (typeof setters)[number]
      const [isOfExpiry, isOfPrefix] = ['expiresAt' in bad, 'prefix' in bad]
      const before = [await create(bad), await create(good)] as const
      const foreign = await importOne(good)
      const plain = await create()
      await set(policy)
      const outcomes = async (fields: Fields, { id }: { id: string }) => ({
        create: await ruleOf(create(fields)),
        // The token of another system has no prefix.
        ...(!isOfPrefix && {
          import: await ruleOf(importOne(fields)),
          update: await ruleOf(keys.update(plain.id, fields)),
        }),
        // A child that a key makes of itself always expires.
        ...(!(isOfExpiry && fields.expiresAt === null) && {
          derive: await ruleOf(keys.derive({ name: 'D', ...fields } as { name: string }, { actor: parent })),
        }),
        rotate: await ruleOf(keys.rotate(id)),
      })
      const refused = await outcomes(bad, before[0])
      expect(new Set(Object.values(refused)), `${rule} ${JSON.stringify(refused)}`).toEqual(new Set([rule]))
      const done = await outcomes(good, before[1])
      expect(new Set(Object.values(done)), `${rule} ${JSON.stringify(done)}`).toEqual(new Set(['done']))
      // A new token of Latchkey's own gets a prefix that is allowed.
      expect((await keys.rotate(foreign.id)).hint).toMatch(isOfPrefix ? /^re_test_/ : /^re_/)
      // What is there already stays as it is, and changes in what no rule is about.
      expect(await latchkey.verify(before[0].key)).toMatchObject({ valid: true })
      expect(await ruleOf(keys.update(before[0].id, { name: 'Renamed', tags: ['a'] }))).toBe('done')
      const preview = (change: object) => ruleOf(keys.preview(before[0].id, change))
      expect(await preview({ rotate: {} })).toBe(rule)
      if (!isOfPrefix) expect(await preview(bad)).toBe(rule)
      expect(await preview({ revoke: true })).toBe('done')
      await lift()
      expect(await ruleOf(create(bad))).toBe('done')
    }
    // Latchkey's own permissions are in no catalogue, and an empty one has nothing.
    await policies.set({ cataloguedOnly: true })
    expect(await ruleOf(create({ permissions: ['latchkey:keys:read'] }))).toBe('done')
    await keys.describePermissions({ replace: true })
    expect(await ruleOf(create({ permissions: ['emails:send'] }))).toBe('catalogued_only')
  })

  test('bounds how many live keys an organization has, however they come to be', async () => {
    await using stage = await open()
    const { latchkey, clock, create, importOne } = stage
    const { keys, policies, organizations } = latchkey
    const derives = { permissions: ['latchkey:self:derive'] }
    const parentKey = await create(derives)
    const parent = await callerBy(latchkey, parentKey.key)
    const [expiring, revoked] = [await create({ expiresAt: clock.in(hour) }), await create()]
    await policies.setFor('acme', { maxKeys: 3 })
    const ways = {
      create: () => create(),
      import: () => importOne(),
      derive: () => keys.derive({ name: 'D' }, { actor: parent }),
    }
    for (const [name, make] of Object.entries(ways)) {
      expect(await ruleOf(make()), name).toBe('max_keys')
      const { items } = await keys.list({ organizationId: 'acme', sort: '-created_at' })
      const last = items.find(({ id }) => ![parentKey.id, expiring.id].includes(id))
      await keys.revoke(last?.id ?? '')
      // One place is free: of a list, one is made.
      if (name === 'import') {
        const list = [1, 2].map((i) => ({ organizationId: 'acme', name: 'I', token: `two-at-once-${i}-00` }))
        expect((await keys.import(list)).map(({ code, rule }) => [code, rule])).toEqual([
          [undefined, undefined],
          ['policy', 'max_keys'],
        ])
      } else expect(await ruleOf(make()), name).toBe('done')
    }
    expect((await keys.get(revoked.id)).status).toBe('revoked')
    // One that has expired counts no more, and comes back only where there is room.
    clock.advance(2 * hour)
    const { items } = await keys.list({ organizationId: 'acme' })
    const free = 3 - items.length
    for (let i = 0; i < free; i++) await create()
    const back = { expiresAt: clock.in(hour) }
    expect(await ruleOf(keys.update(expiring.id, back))).toBe('max_keys')
    expect(await ruleOf(keys.update(expiring.id, { name: 'Old' }))).toBe('done')
    await policies.setFor('acme', { maxKeys: 4 })
    expect(await ruleOf(keys.update(expiring.id, back))).toBe('done')
    // A change of one that counts already takes no place, nor does a rotation.
    expect(await ruleOf(keys.update(expiring.id, { expiresAt: clock.in(2 * hour) }))).toBe('done')
    expect(await ruleOf(keys.rotate(expiring.id))).toBe('done')
    // Another organization has places of its own.
    await organizations.create({ id: 'globex', name: 'Globex' })
    expect(await ruleOf(create({ organizationId: 'globex' }))).toBe('done')
  })

  test('of an organization narrows that of the deployment, and never widens it', async () => {
    await using stage = await open()
    const { latchkey, create } = stage
    const { policies, organizations } = latchkey
    await organizations.create({ id: 'globex', name: 'Globex' })
    await policies.set({ permissions: ['emails:*', 'a:*:c'], prefixes: ['re', 're_test'], maxKeys: 2 })
    await policies.setFor('acme', { permissions: ['*', 'a:b:*'], prefixes: ['re_test'], maxKeys: 50 })
    const make = (permissions: string[], fields: Fields = {}) =>
      ruleOf(create({ permissions, prefix: 're_test', ...fields }))
    expect(await make(['files:read'])).toBe('permissions')
    expect(await make(['a:b:d'])).toBe('permissions')
    expect(await make([], { prefix: 're' })).toBe('prefixes')
    // Each pattern is in one policy alone; what both cover is allowed.
    expect(await make(['a:b:c', 'emails:send'])).toBe('done')
    expect(await make([], { prefix: 're', organizationId: 'globex' })).toBe('done')
    expect(await make([])).toBe('done')
    expect(await make([])).toBe('max_keys')
    await policies.set({})
    expect(await make([])).toBe('done')
    await policies.setFor('acme', { maxKeys: 2 })
    expect(await make([])).toBe('max_keys')
    await policies.deleteFor('acme')
    expect(await make(['files:read'], { prefix: 're' })).toBe('done')
  })

  test('exempts the keys of the root organization, and nobody else, whoever asks', async () => {
    await using stage = await open()
    const { latchkey, create } = stage
    const { policies, keys } = latchkey
    const root = await makeCaller(latchkey, 'root', ['latchkey:*'])
    const own = await keys.create({ organizationId: 'root', name: 'R', permissions: ['files:read'] })
    await policies.set({
      ...{ maxLifetimeSeconds: 60, requireExpiry: true, permissions: [], cataloguedOnly: true },
      ...{ prefixes: ['re_test'], requireAllowedIps: true, maxKeys: 0 },
    })
    const ofRoot = { organizationId: 'root', name: 'R', permissions: ['latchkey:keys:read'] }
    expect(await ruleOf(keys.create(ofRoot, { actor: root }))).toBe('done')
    expect(await ruleOf(keys.rotate(own.id, {}, { actor: root }))).toBe('done')
    expect(await ruleOf(keys.update(own.id, { permissions: ['*'] }, { actor: root }))).toBe('done')
    for (const options of [{}, { actor: root }])
      expect(await ruleOf(keys.create({ organizationId: 'acme', name: 'K' }, options))).not.toBe('done')
    // Beside those of others as well.
    const list = ['acme', 'root'].map((organizationId) => ({
      organizationId,
      name: 'I',
      token: `of-${organizationId}-elsewhere`,
    }))
    expect((await keys.import(list)).map(({ rule }) => rule)).toEqual(['require_expiry', undefined])
    expect(await codeOf(policies.setFor('root', {}))).toBe('root_organization')
    expect(await policies.getFor('root')).toMatchObject({ setAt: null, maxKeys: null })
    expect((await keys.list({ breaksPolicy: true })).items).toEqual([])
    await policies.set({})
    expect(await ruleOf(create())).toBe('done')
  })

  test('lets two processes at once make no key more than the last one', async () => {
    await using stage = await open()
    const { latchkey, database, clock, create } = stage
    await using other = await openLatchkey({ database, now: clock.now })
    const expired = await create({ expiresAt: clock.in(hour) })
    clock.advance(hour)
    const caller = await makeCaller(latchkey, 'acme', ['latchkey:keys:write'])
    await latchkey.policies.setFor('acme', { maxKeys: 6 })
    const input = { organizationId: 'acme', name: 'K' }
    const tokens = [1, 2, 3, 4].map((i) => ({ ...input, token: `at-the-same-time-${i}` }))
    const calls = [latchkey, other].flatMap(({ keys }) =>
      Array.from({ length: 6 }, (_, i) => ruleOf(keys.create(input, i % 2 === 0 ? { actor: caller } : {}))),
    )
    const imported = other.keys.import(tokens)
    const made = (await Promise.all(calls)).filter((outcome) => outcome === 'done').length
    const imports = (await imported).filter(({ code }) => code === undefined).length
    expect(made + imports).toBe(5)
    const { items } = await latchkey.keys.list({ organizationId: 'acme' })
    expect(items).toHaveLength(6)
    expect(await ruleOf(create())).toBe('max_keys')
    // As another process does it that makes a key live, and is not done yet.
    const last = items.find(({ id }) => id !== caller.keyId)
    await latchkey.keys.revoke(last?.id ?? '')
    await using direct = await connectDirectly(database)
    await direct.run(kind === 'SQLite' ? 'begin immediate' : 'begin')
    await direct.run("update organizations set name = name where id = 'acme'")
    const late = [
      create(),
      stage.importOne(),
      latchkey.keys.update(expired.id, { expiresAt: clock.in(2 * hour) }),
    ]
    const outcomes = Promise.all(late.map(ruleOf))
    await setTimeout(50)
    await direct.run(`update keys set revoked_at = null where id = '${last?.id}'`)
    await direct.run('commit')
    expect(await outcomes).toEqual(Array(3).fill('max_keys'))
  })

  test('that an organization sets waits for no key of another one, and keeps none waiting', async () => {
    await using stage = await open()
    const { latchkey, database, create } = stage
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const actor = await makeCaller(latchkey, 'acme', ['latchkey:organizations:write'])
    await using direct = await connectDirectly(database)
    const beside = async <T>(locks: string[], change: () => Promise<T>) => {
      if (kind === 'SQLite') return change()
      await direct.run('begin')
      for (const lock of locks) await direct.run(lock)
      return change().finally(() => direct.run('rollback'))
    }
    // As one holds them that makes a key, and one that sets a policy.
    const held = ['root', 'globex'].map((id) => lockOf(id, '_shared'))
    const set = () => latchkey.policies.setFor('acme', { maxKeys: 10 }, { actor })
    expect((await beside(held, set)).maxKeys).toBe(10)
    await beside([lockOf('acme')], () => create({ organizationId: 'globex' }))
  })

  test('that is set while a key is on its way is the one that it is judged by', async () => {
    await using stage = await open()
    const { latchkey, database, create } = stage
    const { id } = await create()
    await using direct = await connectDirectly(database)
    // As another process does it that sets a policy, and is not done yet.
    await direct.run(kind === 'SQLite' ? 'begin immediate' : 'begin')
    if (kind === 'PostgreSQL') await direct.run(lockOf('root'))
    const calls = [
      create(),
      latchkey.keys.rotate(id),
      latchkey.keys.update(id, { expiresAt: null }),
      stage.importOne(),
    ].map(ruleOf)
    const rules = JSON.stringify({ requireExpiry: true })
    await setTimeout(50)
    await direct.run(
      `insert into policies (id, rules, set_for, set_at, revision) values ('root', '${rules}', 'root', 1, 1)`,
    )
    await direct.run('commit')
    expect(await Promise.all(calls)).toEqual(Array(4).fill('require_expiry'))
  })

  test('lists the keys that break it, with the rules, a page at a time', async () => {
    await using stage = await open()
    const { latchkey, clock, create } = stage
    const { keys, policies, organizations } = latchkey
    await organizations.create({ id: 'globex', name: 'Globex' })
    const [bad, good, worse, foreign] = [
      await create(),
      await create({ expiresAt: clock.in(hour), allowedIps: ['192.0.2.1'] }),
      await create({ permissions: ['files:read'] }),
      await create({ organizationId: 'globex', expiresAt: clock.in(hour) }),
    ]
    const imported = await stage.importOne({ expiresAt: clock.in(hour) })
    await policies.set({ requireExpiry: true, prefixes: ['re'] })
    await policies.setFor('acme', { permissions: ['emails:*'], requireAllowedIps: true, maxKeys: 1 })
    const listOf = async (input: Parameters<typeof keys.list>[0]) => {
      const found: [string, readonly string[] | undefined][] = []
      for await (const { id, brokenRules } of keys.listAll({ ...input, limit: 1 }))
        found.push([id, brokenRules])
      return found
    }
    const broken = [
      [imported.id, ['require_allowed_ips']],
      [worse.id, ['require_expiry', 'permissions', 'require_allowed_ips']],
      [bad.id, ['require_expiry', 'require_allowed_ips']],
    ] as const
    const byId = (list: readonly (readonly [string, unknown])[]) => Object.fromEntries(list)
    expect(byId(await listOf({ breaksPolicy: true }))).toEqual(byId(broken))
    expect(byId(await listOf({ breaksPolicy: false }))).toEqual({ [good.id]: [], [foreign.id]: [] })
    expect(await listOf({ breaksPolicy: true, permission: 'files:read' })).toEqual([broken[1]])
    expect(await listOf({ breaksPolicy: true, organizationId: 'globex' })).toEqual([])
    expect((await keys.list({ organizationId: 'globex' })).items[0]).not.toHaveProperty('brokenRules')
    // An expiry is judged by when it was set.
    await policies.set({ maxLifetimeSeconds: 3_600 })
    clock.advance(hour / 2)
    expect(await listOf({ breaksPolicy: true, organizationId: 'globex' })).toEqual([])
    await policies.set({ maxLifetimeSeconds: 3_599 })
    expect(await listOf({ breaksPolicy: true, organizationId: 'globex' })).toEqual([
      [foreign.id, ['max_lifetime_seconds']],
    ])
    await keys.update(foreign.id, { expiresAt: clock.in(hour / 4) })
    expect(await listOf({ breaksPolicy: true, organizationId: 'globex' })).toEqual([])
    expect(await refusalOf(keys.list({ breaksPolicy: true, count: true }))).toMatchObject({
      code: 'invalid_input',
      errors: [{ path: 'count' }],
    })
    // A change of many keys must not take the filter for none.
    const filter = { breaksPolicy: true } as object
    expect(await codeOf(keys.bulk({ action: 'revoke', filter, dryRun: true }))).toBe('invalid_input')
  })
})
