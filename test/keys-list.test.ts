// Lists of keys: what is in them, in which order, and page by page while the keys change.
import { describe, expect, test } from 'vitest'
import { type Caller, type Key, type Latchkey, type ListKeysInput, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { readerOf } from './setup/callers.ts'
import { type Clock, makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

const second = 1000
const sorts = ['-created_at', '-last_used_at', 'last_used_at', 'expires_at', 'name'] as const

onEachDatabase('lists of keys', (makeDatabase) => {
  async function open(): Promise<{ latchkey: Latchkey; clock: Clock; database: string }> {
    const database = await makeDatabase()
    const clock = makeClock()
    const latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    return { latchkey, clock, database }
  }

  async function names(latchkey: Latchkey, input: ListKeysInput, caller?: Caller): Promise<string[]> {
    return (await latchkey.keys.list(input, caller && { actor: caller })).items.map((key) => key.name)
  }

  async function walk(latchkey: Latchkey, input: ListKeysInput, between = async () => {}): Promise<Key[]> {
    const keys: Key[] = []
    let after: string | undefined
    do {
      const page = await latchkey.keys.list({ ...input, ...(after !== undefined && { after }) })
      keys.push(...page.items)
      after = page.next
      await between()
    } while (after !== undefined)
    return keys
  }

  test('a long page, which is read in slices, holds what short ones hold, in the same order', async () => {
    const latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const create = (_: unknown, i: number) =>
      latchkey.keys.create({ organizationId: 'acme', name: `key ${i}` })
    await Promise.all(Array.from({ length: 230 }, create))
    for (const sort of ['-created_at', 'name'] as const) {
      const whole = await latchkey.keys.list({ sort, limit: 1000 })
      expect(whole.next).toBeUndefined()
      expect(new Set(whole.items.map(({ id }) => id)).size).toBe(230)
      const short: string[] = []
      for (let after: string | undefined, first = true; first || after !== undefined; first = false) {
        const page = await latchkey.keys.list({ sort, limit: 130, ...(after !== undefined && { after }) })
        expect(page.items.length).toBeLessThanOrEqual(130)
        short.push(...page.items.map(({ id }) => id))
        after = page.next
      }
      expect(short).toEqual(whole.items.map(({ id }) => id))
    }
    await latchkey.close()
  })

  test('each status lists its own keys, at the instant of asking', async () => {
    const { latchkey, clock } = await open()
    const create = (name: string, expiresAt: Date | null = null) =>
      latchkey.keys.create({ organizationId: 'acme', name, expiresAt })
    await create('lasting')
    await create('expiring', clock.in(10 * second))
    await latchkey.keys.revoke((await create('revoked')).id)
    await latchkey.keys.revoke((await create('expired and revoked', clock.in(second))).id)
    const byStatus = async () => ({
      active: await names(latchkey, { status: 'active', sort: 'name' }),
      expired: await names(latchkey, { status: 'expired', sort: 'name' }),
      revoked: await names(latchkey, { status: 'revoked', sort: 'name' }),
      all: await names(latchkey, { status: 'all', sort: 'name' }),
    })
    const revoked = ['expired and revoked', 'revoked']
    const all = ['expired and revoked', 'expiring', 'lasting', 'revoked']
    clock.advance(10 * second - 1)
    expect(await byStatus()).toEqual({ active: ['expiring', 'lasting'], expired: [], revoked, all })
    clock.advance(1)
    expect(await byStatus()).toEqual({ active: ['lasting'], expired: ['expiring'], revoked, all })
    expect(await names(latchkey, { sort: 'name' })).toEqual(['lasting'])
    await latchkey.close()
  })

  test('the newest is first by creation; the latest used by use; names go without case', async () => {
    const { latchkey, clock, database } = await open()
    const tokens: string[] = []
    for (const name of ['b', 'C', 'É', 'a', 'e', '😀', 'A', '_']) {
      tokens.push((await latchkey.keys.create({ organizationId: 'acme', name })).key)
      clock.advance(second)
    }
    for (const i of [2, 0, 5]) {
      await latchkey.verify(tokens[i] as string)
      clock.advance(second)
    }
    await latchkey.close()
    const again = await openLatchkey({ database, now: clock.now })
    expect(await names(again, {})).toEqual(['_', 'A', '😀', 'e', 'a', 'É', 'C', 'b'])
    expect(await names(again, { sort: '-last_used_at' })).toEqual(['😀', 'b', 'É', '_', 'A', 'e', 'a', 'C'])
    expect(await names(again, { sort: 'name' })).toEqual(['_', 'a', 'A', 'b', 'C', 'e', 'É', '😀'])
    await again.close()
  })

  test('keys that nobody uses and keys that end are found, in an order in which they can be dealt with', async () => {
    const { latchkey, clock, database } = await open()
    const day = 86_400_000
    const create = (name: string, more: object = {}) =>
      latchkey.keys.create({ organizationId: 'acme', name, ...more })
    const idle = await create('idle', { expiresAt: clock.in(200 * day) })
    await create('never', { expiresAt: clock.in(95 * day) })
    const busy = await create('busy', { expiresAt: clock.in(92 * day) })
    const revoked = await create('revoked')
    await create('ended', { expiresAt: clock.in(day) })
    clock.advance(day / 2)
    for (const { key } of [idle, revoked]) await latchkey.verify(key)
    await latchkey.keys.revoke(revoked.id)
    clock.advance(90 * day)
    await latchkey.verify(busy.key)
    await create('new')
    clock.advance(day / 2)
    await latchkey.close()
    await using again = await openLatchkey({ database, now: clock.now })
    const list = (input: ListKeysInput) => names(again, { sort: 'last_used_at', ...input })
    const unusedSince = new Date(clock.now() - 90 * day)
    expect((await list({})).sort()).toEqual(['busy', 'idle', 'never', 'new'])
    expect(await list({ unusedSince })).toEqual(['never', 'idle'])
    expect(await list({ unusedSince, sort: 'name' })).toEqual(['idle', 'never'])
    expect(await list({ unusedSince, neverUsed: false })).toEqual(['idle'])
    expect(await list({ unusedSince, neverUsed: false, status: 'all' })).toEqual(['idle', 'revoked'])
    expect((await list({ neverUsed: true })).sort()).toEqual(['never', 'new'])
    expect(await list({ neverUsed: true, sort: 'name' })).toEqual(['never', 'new'])
    expect(await list({ neverUsed: false })).toEqual(['idle', 'busy'])
    expect(await list({ neverUsed: false, sort: '-last_used_at' })).toEqual(['busy', 'idle'])
    expect(await list({ neverUsed: false, sort: 'name' })).toEqual(['busy', 'idle'])
    expect(await list({ sort: 'expires_at' })).toEqual(['busy', 'never', 'idle'])
    expect(await list({ sort: 'expires_at', status: 'all' })).toEqual(['ended', 'busy', 'never', 'idle'])
    expect(await list({ sort: 'expires_at', status: 'expired' })).toEqual(['ended'])
    const expiresBefore = new Date(clock.now() + 7 * day)
    expect(await list({ expiresBefore, sort: 'expires_at' })).toEqual(['busy', 'never'])
    expect(await list({ expiresBefore: new Date(clock.now() + 4 * day), sort: 'expires_at' })).toEqual([
      'busy',
    ])
    expect(await list({ expiresBefore, sort: 'name', q: 'EV' })).toEqual(['never'])
    expect(await list({ expiresBefore, sort: 'name', status: 'all' })).toEqual(['busy', 'ended', 'never'])
  })

  test('filters page as well: each key that fits once, in order, however instants tie', async () => {
    const { latchkey, clock } = await open()
    const expiresAt = (i: number) => (i % 3 === 0 ? null : clock.in(day + (i % 5) * second))
    const day = 86_400_000
    for (let i = 0; i < 30; i++)
      await latchkey.keys.create({ organizationId: 'acme', name: `key ${i % 4}`, expiresAt: expiresAt(i) })
    clock.advance(second)
    const filters: ListKeysInput[] = [
      { neverUsed: true },
      { unusedSince: new Date(clock.now()) },
      { expiresBefore: clock.in(day + second) },
    ]
    for (const filter of filters)
      for (const sort of sorts) {
        const whole = (await latchkey.keys.list({ ...filter, sort, limit: 1000 })).items
        const listed = sort === 'expires_at' ? 20 : 30
        expect(whole).toHaveLength(filter.expiresBefore === undefined ? listed : 8)
        for (const limit of [1, 7]) expect(await walk(latchkey, { ...filter, sort, limit })).toEqual(whole)
      }
    await latchkey.close()
  })

  test('q finds its text in names, in any case, and takes no character for a wildcard', async () => {
    const { latchkey } = await open()
    const all = [
      '100% sure',
      '100 sure',
      'snake_case',
      'snakeXcase',
      'back\\slash',
      "O'Hara",
      'STRASSE Ärger',
      'ﬁsh',
    ]
    for (const name of all) await latchkey.keys.create({ organizationId: 'acme', name })
    const found = {
      '%': ['100% sure'],
      _: ['snake_case'],
      '\\': ['back\\slash'],
      "'": ["O'Hara"],
      SNAKE: ['snakeXcase', 'snake_case'],
      strasse: ['STRASSE Ärger'],
      ärger: ['STRASSE Ärger'],
      'A\u0308RGER': ['STRASSE Ärger'],
      fish: ['ﬁsh'],
      sure: ['100 sure', '100% sure'],
      '%sure': [],
      '\\%': [],
      absent: [],
    }
    for (const [q, expected] of Object.entries(found)) {
      expect((await names(latchkey, { q })).sort(), q).toEqual(expected)
    }
    await latchkey.close()
  })

  test('an organization lists its own keys; the root organization all, or those of one', async () => {
    const { latchkey } = await open()
    await latchkey.ensureRootKey()
    await latchkey.keys.create({ organizationId: 'acme', name: 'of acme' })
    await latchkey.keys.create({ organizationId: 'globex', name: 'of globex' })
    const caller = readerOf
    expect((await names(latchkey, {}, caller('root'))).sort()).toEqual(['Root key', 'of acme', 'of globex'])
    expect(await names(latchkey, { organizationId: 'globex' }, caller('root'))).toEqual(['of globex'])
    expect(await names(latchkey, {}, caller('acme'))).toEqual(['of acme'])
    expect(await names(latchkey, { organizationId: 'acme' }, caller('acme'))).toEqual(['of acme'])
    const foreign = await refusalOf(
      latchkey.keys.list({ organizationId: 'globex' }, { actor: caller('acme') }),
    )
    const unknown = await refusalOf(
      latchkey.keys.list({ organizationId: 'initech' }, { actor: caller('acme') }),
    )
    expect(foreign).toEqual(unknown)
    expect(foreign.code).toBe('organization_not_found')
    expect(await codeOf(latchkey.keys.list({ organizationId: 'initech' }, { actor: caller('root') }))).toBe(
      'organization_not_found',
    )
    await latchkey.close()
  })

  test('limits cut pages, and the pages together are the list, each key once, however instants and names tie', async () => {
    const { latchkey, clock } = await open()
    for (let i = 0; i < 23; i++) {
      await latchkey.keys.create({ organizationId: 'acme', name: `name ${i % 3}` })
      if (i % 4 === 0) clock.advance(1)
    }
    for (const sort of sorts) {
      if (sort === 'expires_at') continue
      const whole = (await latchkey.keys.list({ sort, limit: 1000 })).items
      expect(whole).toHaveLength(23)
      for (const limit of [1, 7, 22, 23, 24]) {
        expect(await walk(latchkey, { sort, limit })).toEqual(whole)
      }
      expect((await latchkey.keys.list({ sort, limit: 23 })).next).toBeUndefined()
    }
    await latchkey.close()
  })

  test('every page of the longest and oddest names can be asked for', async () => {
    const { latchkey } = await open()
    // U+FDFA unfolds into eighteen characters; a `"` takes two in a cursor.
    const odd = ['😀'.repeat(256), '\ufdfa'.repeat(256), '"'.repeat(256), '\\'.repeat(256), 'İ'.repeat(256)]
    for (const name of odd) await latchkey.keys.create({ organizationId: 'acme', name })
    const walked = await walk(latchkey, { sort: 'name', limit: 1 })
    expect(walked.map((key) => key.name).sort()).toEqual([...odd].sort())
    for (const name of odd) expect(await names(latchkey, { q: name })).toContain(name)
    await latchkey.close()
  })

  test('whoever walks the pages meets each key that was there once, while others come and go', async () => {
    const { latchkey, clock } = await open()
    const create = async () => {
      clock.advance(1)
      return latchkey.keys.create({ organizationId: 'acme', name: `key ${Math.random()}` })
    }
    for (const sort of ['-created_at', 'name'] as const) {
      const there = []
      for (let i = 0; i < 40; i++) there.push(await create())
      const lost = there.filter((_, i) => i % 5 === 0)
      const kept = there.filter((_, i) => i % 5 !== 0)
      const walked = await walk(latchkey, { sort, limit: 7, status: 'active' }, async () => {
        await Promise.all([create(), create()])
        const victim = lost.pop()
        if (victim) await latchkey.keys.revoke(victim.id)
      })
      const ids = walked.map((key) => key.id)
      expect(new Set(ids).size).toBe(ids.length)
      for (const { id } of kept) expect(ids).toContain(id)
    }
    await latchkey.close()
  })

  describe('bad input', () => {
    test('a cursor of another list, of another sort or of rubbish is refused', async () => {
      const { latchkey, clock } = await open()
      for (const name of ['a', 'b'])
        await latchkey.keys.create({ organizationId: 'acme', name, expiresAt: clock.in(second) })
      const cursors = new Map<string, string>()
      for (const sort of sorts) {
        cursors.set(sort, (await latchkey.keys.list({ sort, limit: 1 })).next as string)
      }
      cursors.set('organizations', (await latchkey.organizations.list({ limit: 1 })).next as string)
      cursors.set('audit', (await latchkey.audit.list({ limit: 1 })).next as string)
      const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
      const rubbish = [
        '',
        'x',
        '!!!',
        '😀',
        'x'.repeat(5000),
        encode(null),
        encode([]),
        encode({}),
        encode(['-created_at', 1]),
        encode(['-created_at', 1, 2]),
        encode(['-created_at', 1.5, 'a']),
        encode(['-created_at', 1e300, 'a']),
        encode(['-created_at', 'a', 'a']),
        encode(['-created_at', 1, 'a\0']),
        encode(['-created_at', 1, '\ud800']),
        encode(['-created_at', [1], 'a']),
        encode(['-created_at', 1, 'a', 'a']),
      ]
      for (const [of, after] of cursors) {
        for (const sort of sorts) {
          if (of === sort) expect((await latchkey.keys.list({ sort, after })).items).toHaveLength(1)
          else
            expect(await codeOf(latchkey.keys.list({ sort, after })), `${of} as ${sort}`).toBe(
              'invalid_input',
            )
        }
        if (of !== 'organizations') {
          expect(await codeOf(latchkey.organizations.list({ after }))).toBe('invalid_input')
        }
        if (of !== 'audit') expect(await codeOf(latchkey.audit.list({ after }))).toBe('invalid_input')
      }
      for (const after of rubbish) {
        const error = await refusalOf(latchkey.keys.list({ after }))
        expect([error.code, error.errors?.[0]?.path], after).toEqual(['invalid_input', 'after'])
      }
      await latchkey.close()
    })

    test('limits, sorts, statuses and fields that do not exist are refused', async () => {
      const { latchkey } = await open()
      const wrong: Record<string, unknown>[] = [
        { limit: 0 },
        { limit: 1001 },
        { limit: 1.5 },
        { limit: '10' },
        { sort: 'created_at' },
        { sort: 'id; drop table keys' },
        { status: 'gone' },
        { neverUsed: 'yes' },
        { unusedSince: 'yesterday' },
        { expiresBefore: '2026-01-31' },
        { q: '' },
        { q: 'a\0' },
        { q: 'x'.repeat(257) },
        { organizationId: 'a b' },
        { offset: 1 },
      ]
      for (const input of wrong) {
        const error = await refusalOf(latchkey.keys.list(input))
        expect([error.code, error.errors?.[0]?.path]).toEqual(['invalid_input', Object.keys(input)[0]])
      }
      await latchkey.close()
    })
  })
})
