// Organizations: who may make, see and rename them.
import { expect, test } from 'vitest'
import { type Caller, openLatchkey } from '../src/index.ts'
import { makeCaller, readerOf } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly, readAll } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { makeSchema } from './setup/schema-fixture.ts'

onEachDatabase('organizations', (makeDatabase, kind) => {
  test('an organization has the id that the operator gives, or one made here', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    const given = await latchkey.organizations.create({ id: 'Cust_42.eu-1', name: 'Ünï & Co 😀' })
    expect(given).toEqual({
      id: 'Cust_42.eu-1',
      name: 'Ünï & Co 😀',
      limits: [],
      plan: null,
      ...{
        suspendedAt: null,
        suspendedBy: null,
        suspendedReason: null,
        grantablePermissions: [],
        signIn: 'any',
      },
      createdAt: clock.in(0),
      revision: String(clock.now()),
    })
    expect(await latchkey.organizations.get(given.id)).toEqual(given)
    const made = await latchkey.organizations.create({ name: 'Acme' })
    expect(made.id).toMatch(/^[0-9a-f-]{36}$/)
    expect(await latchkey.organizations.get(made.id)).toEqual(made)
  })

  test('an id is taken once, `root` from the start, however many ask at once', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, (_, i) => latchkey.organizations.create({ id: 'acme', name: `Acme ${i}` })),
    )
    expect(outcomes.filter((outcome) => outcome.status === 'fulfilled')).toHaveLength(1)
    expect(await codeOf(latchkey.organizations.create({ id: 'acme', name: 'Acme' }))).toBe(
      'organization_exists',
    )
    expect(await codeOf(latchkey.organizations.create({ id: 'root', name: 'Mine' }))).toBe(
      'organization_exists',
    )
    expect((await latchkey.audit.list()).items).toHaveLength(1)
    // Ids differ by case, as the operator's own may.
    expect((await latchkey.organizations.create({ id: 'ACME', name: 'Acme' })).id).toBe('ACME')
  })

  test('a new name is recorded, the same name is not', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    const { createdAt } = await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    for (let i = 0; i < 2; i++) {
      const renamed = await latchkey.organizations.update('acme', { name: 'Acme Inc' })
      expect(renamed).toEqual({
        ...{ id: 'acme', name: 'Acme Inc', limits: [], plan: null, createdAt },
        ...{
          suspendedAt: null,
          suspendedBy: null,
          suspendedReason: null,
          grantablePermissions: [],
          signIn: 'any',
        },
        revision: expect.any(String),
      })
    }
    const { items } = await latchkey.audit.list({ organizationId: 'acme' })
    expect(items.map(({ action, changes }) => ({ action, changes }))).toEqual([
      { action: 'organization.updated', changes: { name: { from: 'Acme', to: 'Acme Inc' } } },
      { action: 'organization.created', changes: { name: 'Acme' } },
    ])
  })

  test('pages are newest first and hold each once', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    for (let i = 0; i < 12; i++) {
      await latchkey.organizations.create({ id: `org-${i}`, name: 'Same name' })
      clock.advance(i % 3)
    }
    const { items: whole } = await latchkey.organizations.list()
    expect(whole).toHaveLength(12)
    expect(whole.map(({ createdAt }) => createdAt.getTime())).toEqual(
      whole.map(({ createdAt }) => createdAt.getTime()).sort((a, b) => b - a),
    )
    for (const limit of [1, 5, 11, 12]) {
      const walked = []
      let after: string | undefined
      do {
        const page = await latchkey.organizations.list({ limit, ...(after !== undefined && { after }) })
        walked.push(...page.items)
        after = page.next
      } while (after !== undefined)
      expect(walked).toEqual(whole)
    }
  })

  test('q finds its text in names and ids, in any case, and takes no character for a wildcard', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    const all = {
      percent: '100% sure',
      snake_case: 'Ärger STRASSE',
      'Dot.Dash-1': 'back\\slash',
      snakeXcase: 'ﬁsh',
      plain: 'Plain',
    }
    for (const [id, name] of Object.entries(all)) await latchkey.organizations.create({ id, name })
    const find = async (q: string, caller?: Caller) =>
      (await latchkey.organizations.list({ q }, caller && { actor: caller })).items.map(({ id }) => id).sort()
    const found = {
      '%': ['percent'],
      _: ['snake_case'],
      '\\': ['Dot.Dash-1'],
      'dOT.dASH': ['Dot.Dash-1'],
      SNAKE: ['snakeXcase', 'snake_case'],
      snake_: ['snake_case'],
      ärger: ['snake_case'],
      'A\u0308RGER': ['snake_case'],
      fish: ['snakeXcase'],
      SURE: ['percent'],
      a: ['Dot.Dash-1', 'plain', 'snakeXcase', 'snake_case'],
      absent: [],
    }
    for (const [q, expected] of Object.entries(found)) expect(await find(q), q).toEqual(expected)
    expect(await find('a', readerOf('plain'))).toEqual(['plain'])
    expect(await find('snake', readerOf('plain'))).toEqual([])
    await latchkey.organizations.update('plain', { name: 'Émile' })
    expect([await find('éMILE'), await find('PLAIN')]).toEqual([['plain'], ['plain']])
    const walked: string[] = []
    let after: string | undefined
    do {
      const page = await latchkey.organizations.list({
        q: 'a',
        limit: 1,
        ...(after !== undefined && { after }),
      })
      walked.push(...page.items.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    expect(walked.sort()).toEqual(found.a)
    for (const q of ['', ' ', 'a\0', 'x'.repeat(257)]) {
      expect((await refusalOf(latchkey.organizations.list({ q }))).errors?.[0]?.path).toBe('q')
    }
  })

  test('organizations of a database from before there was a search are found', async () => {
    const database = await makeDatabase('nothing')
    await makeSchema(database, 3)
    {
      await using direct = await connectDirectly(database)
      await direct.run(`insert into organizations (id, name, created_at)
        with recursive numbers (i) as (select 0 union all select i + 1 from numbers where i < 2)
        select 'org-' || i, 'ÉCOLE ' || i, 1 from numbers`)
      await direct.run(`insert into organizations (id, name, created_at)
        with recursive numbers (i) as (select 100 union all select i + 1 from numbers where i < 1200)
        select 'many-' || i, 'ÄRGER ' || i, i from numbers`)
    }
    await using latchkey = await openLatchkey({ database })
    const { items } = await latchkey.organizations.list({ q: 'école' })
    expect(items.map(({ id }) => id).sort()).toEqual(['org-0', 'org-1', 'org-2'])
    expect((await latchkey.organizations.list({ q: 'ärger', limit: 1000 })).next).toBeDefined()
    expect((await latchkey.organizations.list({ q: 'ärger 1200' })).items).toHaveLength(1)
  })

  test('a foreign organization is refused in the same words as an unknown one, and nothing changes', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const caller = await makeCaller(latchkey, 'acme', ['*', 'latchkey:*'])
    const before = await readAll(database)
    for (const id of ['globex', 'initech', 'root', '', '..', "x' or 1=1", 'a\0', 'x'.repeat(200)]) {
      const { code, message } = await refusalOf(latchkey.organizations.get(id, { actor: caller }))
      expect([code, message]).toEqual(['organization_not_found', 'No organization has this id.'])
      const renaming = await refusalOf(latchkey.organizations.update(id, { name: 'Mine' }, { actor: caller }))
      expect([renaming.code, renaming.message]).toEqual([code, message])
    }
    expect(await codeOf(latchkey.organizations.create({ name: 'Mine' }, { actor: caller }))).toBe(
      'root_organization_required',
    )
    expect((await latchkey.organizations.list({}, { actor: caller })).items.map(({ id }) => id)).toEqual([
      'acme',
    ])
    expect(await readAll(database)).toBe(before)
    expect((await latchkey.organizations.list({}, { actor: readerOf('root') })).items).toHaveLength(2)
    expect(await latchkey.organizations.get('globex', { actor: readerOf('root') })).toMatchObject({
      name: 'Globex',
    })
    expect(await codeOf(latchkey.organizations.get('initech', { actor: readerOf('root') }))).toBe(
      'organization_not_found',
    )
  })

  test('a caller who may not suspend an organization keeps no change of it waiting', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    for (const id of ['acme', 'globex']) await latchkey.organizations.create({ id, name: id })
    const actor = await makeCaller(latchkey, 'acme', ['latchkey:organizations:write'])
    await using other = await connectDirectly(database)
    if (kind === 'PostgreSQL') {
      await other.run('begin')
      // As a change by a key of that organization holds it.
      await other.run(`select pg_advisory_xact_lock_shared(hashtextextended('globex', ${0x6c61_7464}))`)
    }
    expect(await codeOf(latchkey.organizations.suspend('globex', {}, { actor }))).toBe(
      'organization_not_found',
    )
    if (kind === 'PostgreSQL') await other.run('rollback')
  })

  test('bad input is refused with its path', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    const wrong: [path: string, input: Record<string, unknown>][] = [
      ['id', { id: '', name: 'Acme' }],
      ['id', { id: 'a b', name: 'Acme' }],
      ['id', { id: '..', name: 'Acme' }],
      ['id', { id: 'é', name: 'Acme' }],
      ['id', { id: 'a/b', name: 'Acme' }],
      ['id', { id: 'x'.repeat(129), name: 'Acme' }],
      ['id', { id: 7, name: 'Acme' }],
      ['name', { id: 'acme' }],
      ['name', { name: '' }],
      ['name', { name: 'a\u0007' }],
      ['colour', { name: 'Acme', colour: 'red' }],
      ['plan', { name: 'Acme', plan: 'Pro!' }],
      ['limits[0].windowSeconds', { name: 'Acme', limits: [{ name: 'requests', limit: 1 }] }],
    ]
    for (const [path, input] of wrong) {
      const error = await refusalOf(latchkey.organizations.create(input as never))
      expect([error.code, error.errors?.[0]?.path]).toEqual(['invalid_input', path])
    }
    expect((await latchkey.organizations.list()).items).toEqual([])
  })
})
