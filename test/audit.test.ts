// The audit log: who did what, to whom it is shown, and how it is paged.
import { expect, test } from 'vitest'
import { type Caller, type ListAuditInput, openLatchkey } from '../src/index.ts'
import { parseToken } from '../src/token.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

const nobody = '0192f0c1-0000-7000-8000-000000000000'

onEachDatabase('the audit log', (makeDatabase) => {
  test('each event says who did it, from where, to what, and when', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    const root = await latchkey.ensureRootKey()
    const caller: Caller = {
      keyId: root?.id as string,
      organizationId: 'root',
      permissions: ['latchkey:*'],
      requestId: 'req-1',
      ip: '203.0.113.7',
    }
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' }, caller)
    clock.advance(1000)
    const created = await latchkey.keys.create(
      { organizationId: 'acme', name: 'CI', permissions: ['a'], metadata: { innerName: 1 } },
      caller,
    )
    const shared = { actor: caller.keyId, organizationId: 'acme', requestId: 'req-1', ip: '203.0.113.7' }
    const { items } = await latchkey.audit.list({ organizationId: 'acme' }, caller)
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
      },
      {
        ...shared,
        id: expect.any(String),
        at: clock.in(-1000),
        action: 'organization.created',
        keyId: null,
        changes: { name: 'Acme' },
      },
    ])
    const [first] = (await latchkey.audit.list({ organizationId: 'root' })).items
    expect(first).toMatchObject({ action: 'key.created', actor: null, requestId: null, ip: null })
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
    const { items: whole } = await latchkey.audit.list()
    expect(whole).toHaveLength(14)
    expect(whole.map((event) => event.id)).toEqual(
      whole
        .map((event) => event.id)
        .sort()
        .reverse(),
    )
    const filters: [ListAuditInput, number][] = [
      [{ organizationId: 'acme' }, 7],
      [{ keyId: ids[4] as string }, 2],
      [{ action: 'key.rotated' }, 6],
      [{ organizationId: 'acme', action: 'key.rotated', keyId: ids[0] as string }, 1],
      [{ organizationId: 'acme', keyId: ids[4] as string }, 0],
      [{ keyId: nobody }, 0],
    ]
    for (const [filter, count] of filters) {
      const expected = whole.filter(
        (event) =>
          (filter.organizationId ?? event.organizationId) === event.organizationId &&
          (filter.keyId ?? event.keyId) === event.keyId &&
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
    const caller: Caller = { keyId: nobody, organizationId: 'acme', permissions: ['latchkey:*'] }
    const { items } = await latchkey.audit.list({}, caller)
    expect(items.map((event) => event.organizationId)).toEqual(['acme'])
    expect((await latchkey.audit.list({ keyId: foreignKey }, caller)).items).toEqual([])
    const foreign = await refusalOf(latchkey.audit.list({ organizationId: 'globex' }, caller))
    const unknown = await refusalOf(latchkey.audit.list({ organizationId: 'initech' }, caller))
    expect(foreign).toEqual(unknown)
    expect(foreign.code).toBe('organization_not_found')
    const root = { ...caller, organizationId: 'root' }
    expect(await codeOf(latchkey.audit.list({ organizationId: 'initech' }, root))).toBe(
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
      actor: 'x',
    }
    for (const [path, value] of Object.entries(wrong)) {
      const error = await refusalOf(latchkey.audit.list({ [path]: value }))
      expect([error.code, error.errors?.[0]?.path]).toEqual(['invalid_input', path])
    }
  })
})
