// The audit log: who did what, to whom it is shown, and how it is paged.
import { expect, test } from 'vitest'
import { toEvent } from '../src/commit/audit-trail.ts'
import { operator, system } from '../src/core/actor.ts'
import { parseToken } from '../src/core/token.ts'
import { systemRandom } from '../src/domain/random.ts'
import { type ListAuditInput, openLatchkey } from '../src/index.ts'
import { callerBy, makeCaller, readerOf } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { sealNow } from './setup/sealed.ts'

const nobody = '0192f0c1-0000-7000-8000-000000000000'

onEachDatabase('the audit log', (makeDatabase) => {
  test('each event says who did it, from where, to what, and when', async () => {
    const clock = makeClock()
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database, now: clock.now })
    const root = await latchkey.ensureRootKey()
    const origin = { requestId: 'req-1', ip: '203.0.113.7' }
    const caller = { ...(await callerBy(latchkey, root?.key as string)), ...origin }
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' }, { actor: caller })
    clock.advance(1000)
    const created = await latchkey.keys.create(
      { organizationId: 'acme', name: 'CI', permissions: ['a'], metadata: { innerName: 1 } },
      { actor: caller },
    )
    const shared = {
      actor: caller.keyId,
      actorType: 'key',
      organizationId: 'acme',
      requestId: 'req-1',
      ip: '203.0.113.7',
      isErased: false,
      via: null,
    }
    await sealNow(database)
    const { items } = await latchkey.audit.list({ organizationId: 'acme' }, { actor: caller })
    expect(items).toEqual([
      {
        ...shared,
        id: expect.any(String),
        at: clock.in(0),
        action: 'key.created',
        keyId: created.id,
        changes: {
          name: 'CI',
          permissions: ['a'],
          expires_at: null,
          metadata: { innerName: 1 },
          kid: parseToken(created.key)?.kid,
          created_by: caller.keyId,
        },
        sequence: 2,
      },
      {
        ...shared,
        id: expect.any(String),
        at: clock.in(-1000),
        action: 'organization.created',
        keyId: null,
        changes: { name: 'Acme' },
        sequence: 1,
      },
    ])
    const [first] = (await latchkey.audit.list({ organizationId: 'root' })).items
    expect(first).toMatchObject({ actor: null, actorType: 'operator', requestId: null, ip: null })
    // Its own keys hear nothing of who acts for it from outside.
    const own = await makeCaller(latchkey, 'acme', ['latchkey:*'])
    const shown = (await latchkey.audit.list({ keyId: created.id }, { actor: own })).items
    expect(shown).toEqual([
      {
        ...items[0],
        actor: null,
        actorType: 'operator',
        requestId: null,
        ip: null,
        changes: expect.any(Object),
      },
    ])
    expect(shown[0]?.changes).not.toHaveProperty('created_by')
    const byCaller = { actor: caller.keyId }
    expect((await latchkey.audit.list(byCaller, { actor: own })).items).toEqual([])
    expect((await latchkey.audit.list(byCaller)).items).toHaveLength(2)
    await latchkey.keys.revoke(own.keyId, { actor: own })
    const [ended] = (await latchkey.audit.list({ action: 'key.revoked' }, { actor: own })).items
    expect(ended).toMatchObject({ actor: own.keyId, actorType: 'key' })
    expect((await latchkey.audit.list({ actor: own.keyId }, { actor: own })).items).toEqual([ended])
    await using direct = await connectDirectly(database)
    // An older program wrote none.
    await direct.run('update audit_events set actor_type = null')
    const kinds = (await latchkey.audit.list()).items.map(({ actor, actorType }) => [actor, actorType])
    expect(kinds).toEqual([
      [own.keyId, 'key'],
      [null, 'operator'],
      [caller.keyId, 'key'],
      [caller.keyId, 'key'],
      [null, 'operator'],
      [null, 'operator'],
    ])
  })

  test('it is listed newest first, filtered, and page by page', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    const ids: string[] = []
    for (const organizationId of ['acme', 'globex']) {
      await latchkey.organizations.create({ id: organizationId, name: organizationId })
      for (let i = 0; i < 3; i++) {
        const { id } = await latchkey.keys.create({ organizationId, name: 'CI' })
        await latchkey.keys.rotate(id)
        ids.push(id)
        clock.advance(i)
      }
    }
    const caller = await makeCaller(latchkey, 'root', ['latchkey:*'])
    await latchkey.keys.update(ids[4] as string, { name: 'Robot' }, { actor: caller })
    await latchkey.keys.revoke(ids[4] as string, { actor: caller })
    const { items: whole } = await latchkey.audit.list()
    expect(whole).toHaveLength(19)
    expect(whole.map((event) => event.id)).toEqual(
      whole
        .map((event) => event.id)
        .sort()
        .reverse(),
    )
    const filters: [ListAuditInput, number][] = [
      [{ organizationId: 'acme' }, 7],
      [{ keyId: ids[4] as string }, 4],
      [{ action: 'key.rotated' }, 6],
      [{ organizationId: 'acme', action: 'key.rotated', keyId: ids[0] as string }, 1],
      [{ organizationId: 'acme', keyId: ids[4] as string }, 0],
      [{ actor: caller.keyId }, 2],
      [{ actor: caller.keyId, organizationId: 'globex', action: 'key.updated' }, 1],
      [{ actor: caller.keyId, organizationId: 'acme' }, 0],
      [{ actor: caller.keyId, keyId: ids[4] as string }, 2],
      [{ actor: nobody }, 0],
      [{ keyId: nobody }, 0],
    ]
    for (const [filter, count] of filters) {
      const expected = whole.filter(
        (event) =>
          (filter.organizationId ?? event.organizationId) === event.organizationId &&
          (filter.keyId ?? event.keyId) === event.keyId &&
          (filter.actor ?? event.actor) === event.actor &&
          (filter.action ?? event.action) === event.action,
      )
      expect(expected).toHaveLength(count)
      expect((await latchkey.audit.list(filter)).items).toEqual(expected)
      for (const limit of [1, 2, 7]) {
        const walked = []
        let after: string | undefined
        do {
          const page = await latchkey.audit.list({ ...filter, limit, ...(after !== undefined && { after }) })
          walked.push(...page.items)
          after = page.next
        } while (after !== undefined)
        expect(walked).toEqual(expected)
      }
    }
  })

  test('an organization sees its own events alone, and a foreign one is as unknown as any', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    for (const id of ['acme', 'globex']) await latchkey.organizations.create({ id, name: id })
    const { id: foreignKey } = await latchkey.keys.create({ organizationId: 'globex', name: 'CI' })
    const caller = readerOf('acme')
    const { items } = await latchkey.audit.list({}, { actor: caller })
    expect(items.map((event) => event.organizationId)).toEqual(['acme'])
    expect((await latchkey.audit.list({ keyId: foreignKey }, { actor: caller })).items).toEqual([])
    const foreign = await refusalOf(latchkey.audit.list({ organizationId: 'globex' }, { actor: caller }))
    const unknown = await refusalOf(latchkey.audit.list({ organizationId: 'initech' }, { actor: caller }))
    expect(foreign).toEqual(unknown)
    expect(foreign.code).toBe('organization_not_found')
    const root = { ...caller, organizationId: 'root' }
    expect(await codeOf(latchkey.audit.list({ organizationId: 'initech' }, { actor: root }))).toBe(
      'organization_not_found',
    )
  })

  test('what cannot be asked for is refused with its path', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    const wrong = {
      keyId: 'x',
      action: 'key.deleted',
      limit: 0,
      after: 'x',
      organizationId: 'a b',
      actor: ' ',
      since: 'yesterday',
      until: '2026-01-31',
      format: 'csv',
    }
    for (const [path, value] of Object.entries(wrong)) {
      const error = await refusalOf(latchkey.audit.list({ [path]: value }))
      expect([error.code, error.errors?.[0]?.path]).toEqual(['invalid_input', path])
    }
    const instants = ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.001Z', '2025-01-31T12:00:00Z']
    for (const [since, until] of [
      [instants[0], instants[0]],
      [instants[1], instants[0]],
      ['2026-01-31T14:00:00+02:00', instants[0]],
    ] as const) {
      const error = await refusalOf(latchkey.audit.list({ since, until } as ListAuditInput))
      expect([error.code, error.errors?.[0]?.path]).toEqual(['invalid_input', 'until'])
    }
  })

  test('a time range holds what was done from its beginning on and before its end, to the millisecond', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    for (let i = 0; i < 12; i++) {
      await latchkey.organizations.create({ id: `org-${i}`, name: 'O' })
      // Also backwards: an id then is later than its instant says.
      clock.advance([1, 1, 0, 999, 1000, 1001, -1500, 3][i % 8] as number)
    }
    const { items: whole } = await latchkey.audit.list()
    const instants = [...new Set(whole.flatMap(({ at }) => [-1, 0, 1].map((by) => at.getTime() + by)))]
    for (const since of [undefined, ...instants]) {
      for (const until of [undefined, ...instants]) {
        if (since !== undefined && until !== undefined && since >= until) continue
        const range = {
          ...(since !== undefined && { since: new Date(since) }),
          ...(until !== undefined && { until: new Date(until).toISOString() }),
        }
        const expected = whole.filter(
          ({ at }) => at.getTime() >= (since ?? 0) && at.getTime() < (until ?? Infinity),
        )
        const { items, next } = await latchkey.audit.list({ ...range, limit: 5 })
        const rest = next === undefined ? [] : (await latchkey.audit.list({ ...range, after: next })).items
        expect([...items, ...rest]).toEqual(expected)
      }
    }
    // The first instant there is, and the last.
    const all = { since: new Date(0), until: '9999-12-31T23:59:59.999Z' }
    expect((await latchkey.audit.list(all)).items).toEqual(whole)
  })
})

test('an event names what acted by its own type, and a key alone by its id', () => {
  const source = { now: Date.now, random: systemRandom }
  const deed = { action: 'organization.created', organizationId: 'acme' } as const
  for (const actor of [operator, system])
    expect(toEvent(source, actor, deed)).toMatchObject({ actor: null, actor_type: actor.type, ip: null })
  const caller = { ...readerOf('acme'), requestId: 'req-1', ip: '203.0.113.7' }
  const event = { actor: caller.keyId, actor_type: 'key', request_id: 'req-1', ip: '203.0.113.7' }
  expect(toEvent(source, caller, deed)).toMatchObject(event)
})
