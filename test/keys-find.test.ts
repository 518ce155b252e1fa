// Finding keys: by what their owner says of them, by what they hold, and by what somebody has in hand of a token.
import { describe, expect, test } from 'vitest'
import { countItems } from '../src/domain/listing.ts'
import { type Key, type Latchkey, type ListKeysInput, openLatchkey } from '../src/index.ts'
import { keyTermsJob } from '../src/jobs/key-terms.ts'
import { openStore } from '../src/store/store.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { createAcme } from './setup/acme.ts'
import { addManyKeys } from './setup/bulk.ts'
import { makeCaller, readerOf } from './setup/callers.ts'
import { mulberry32 } from './setup/chance.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { runAll } from './setup/jobs.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

const day = 86_400_000
const sorts = ['-created_at', '-last_used_at', 'last_used_at', 'expires_at', 'name'] as const

onEachDatabase('keys', (makeDatabase) => {
  async function open() {
    const database = await makeDatabase()
    const clock = makeClock()
    const latchkey = await openLatchkey({ database, now: clock.now, prefixes: ['re', 're_test'] })
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    return { latchkey, clock, database }
  }

  test('have a description and tags, which are a set, and no verdict carries them', async () => {
    const { latchkey, clock } = await open()
    const caller = await makeCaller(latchkey, 'acme', ['latchkey:keys:write', 'emails:send'])
    const made = await latchkey.keys.create(
      { name: 'CI', description: 'Sends what is due.', tags: ['team:b', 'a', 'team:b'] },
      { actor: caller },
    )
    expect(made).toMatchObject({ description: 'Sends what is due.', tags: ['a', 'team:b'] })
    const verdict = await latchkey.verify(made.key)
    expect(JSON.stringify(verdict)).not.toMatch(/Sends|team:b|tags|description/)
    clock.advance(1)
    const kept = await latchkey.keys.update(made.id, { tags: null, name: 'CD' }, { actor: caller })
    expect(kept).toMatchObject({ description: 'Sends what is due.', tags: ['a', 'team:b'] })
    const changed = await latchkey.keys.update(made.id, { tags: ['z'], description: null }, { actor: caller })
    expect(changed).toMatchObject({ description: null, tags: ['z'], name: 'CD' })
    expect(await latchkey.keys.get(made.id)).toMatchObject({ description: null, tags: ['z'] })
    const events = await latchkey.audit.list({ keyId: made.id })
    expect(events.items.map(({ changes }) => changes)).toMatchObject([
      {
        description: { from: 'Sends what is due.', to: null },
        tags: { from: ['a', 'team:b'], to: ['z'] },
      },
      { name: { from: 'CI', to: 'CD' } },
      { description: 'Sends what is due.', tags: ['a', 'team:b'] },
    ])
    const plain = await latchkey.keys.create({ organizationId: 'acme', name: 'Plain' })
    expect(plain).toMatchObject({ description: null, tags: [] })
    await latchkey.close()
  })

  test('are found by every filter, all of which hold at once, in every order and page by page', async () => {
    const { latchkey, clock, database } = await open()
    const random = mulberry32(7)
    const pick = <T>(values: readonly T[]) => values[Math.floor(random() * values.length)] as T
    const some = <T>(values: readonly T[]) => values.filter(() => random() < 0.4)
    const creator = await makeCaller(latchkey, 'acme', ['latchkey:*', 'emails:*', 'files:read'])
    const tokens: string[] = []
    for (let i = 0; i < 40; i++) {
      const made = await latchkey.keys.create(
        {
          name: `key ${i % 7}`,
          description: pick([null, 'Übermittelt Rechnungen', 'key 3']),
          organizationId: 'acme',
          tags: some(['a', 'b', 'c_1', 'cx1']),
          permissions: some(['emails:*', 'emails:send', 'files:read']),
          expiresAt: pick([null, clock.in(day + i), clock.in(9 * day)]),
          prefix: pick(['re', 're_test']),
        },
        random() < 0.5 ? { actor: creator } : {},
      )
      tokens.push(made.key)
      if (i % 3 > 0) clock.advance(1)
    }
    clock.advance(1000)
    for (const token of tokens) if (random() < 0.3) await latchkey.verify(token)
    clock.advance(1000)
    await latchkey.close()

    const again = await openLatchkey({ database, now: clock.now })
    const all = new Map<string, Key[]>()
    for (const sort of sorts) all.set(sort, await walk(again, { sort, status: 'all' }))
    const randomFilters = (): ListKeysInput => ({
      ...(random() < 0.4 && { tag: some(['a', 'b', 'c_1', 'cx1', 'none']) }),
      ...(random() < 0.3 && { permission: pick(['emails:*', 'emails:send', 'files:*']) }),
      ...(random() < 0.3 && { createdBy: pick([creator.keyId, 'nobody']) }),
      ...(random() < 0.3 && { prefix: pick(['re', 're_test']) }),
      ...(random() < 0.2 && { q: pick(['KEY 3', 'übermittelt', 'zzz']) }),
      ...(random() < 0.3 && { expiresBefore: pick([clock.in(2 * day), clock.in(0)]) }),
      ...(random() < 0.3 && { neverUsed: random() < 0.5 }),
      ...(random() < 0.3 && { unusedSince: clock.in(-500) }),
      ...(random() < 0.3 && { organizationId: pick(['acme', 'globex']) }),
    })
    const check = async (filters: ListKeysInput) => {
      const sort = pick(sorts)
      const expected = (all.get(sort) ?? []).filter((key) => fits(key, filters)).map(({ id }) => id)
      const whole = await again.keys.list({ ...filters, sort, status: 'all', count: true })
      const what = JSON.stringify({ ...filters, sort })
      expect(
        whole.items.map(({ id }) => id),
        what,
      ).toEqual(expected)
      expect(whole.total, what).toEqual({ count: expected.length, isMore: false })
      const paged = await walk(again, { ...filters, sort, status: 'all', limit: 7 })
      expect(
        paged.map(({ id }) => id),
        what,
      ).toEqual(expected)
    }
    for (let i = 0; i < 40; i++) await check(randomFilters())
    // Keys of an earlier version have no terms. They are found all the same, and then get theirs.
    await using direct = await connectDirectly(database)
    const termsOf = async () =>
      JSON.stringify(await direct.run('select * from key_terms order by term, key_id'))
    const written = await termsOf()
    await direct.run('delete from key_terms')
    await direct.run('update keys set terms_revision = -1')
    for (let i = 0; i < 10; i++) await check(randomFilters())
    await writeTerms(database)
    expect(await termsOf()).toBe(written)
    for (let i = 0; i < 10; i++) await check(randomFilters())
    await again.close()
  })

  test('are found by a permission in its own letters, large and small', async () => {
    const { latchkey } = await open()
    const make = (name: string, permission: string, tags: string[]) =>
      latchkey.keys.create({ organizationId: 'acme', name, permissions: [permission], tags })
    await make('large', 'Emails:Send_x', ['old'])
    await make('small', 'emails:send_x', [])
    await make('other', 'emails:sendyx', [])
    const found = async (filter: ListKeysInput) =>
      (await latchkey.keys.list({ ...filter, sort: 'name' })).items.map(({ name }) => name)
    expect(await found({ permission: 'emails:send_x' })).toEqual(['small'])
    expect(await found({ permission: 'emails:send_x', tag: ['old'] })).toEqual([])
    expect(await found({ permission: 'Emails:Send_x', tag: ['old'] })).toEqual(['large'])
    await latchkey.close()
  })

  test('have the terms of what they hold, however they are changed, also by a program that knows none', async () => {
    const { latchkey, clock, database } = await open()
    await using direct = await connectDirectly(database)
    const termsOf = async (id: string) => {
      const rows = await direct.run(`select term from key_terms where key_id = '${id}' order by term`)
      return rows.map(({ term }) => term)
    }
    const { id } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'CI',
      permissions: ['emails:send'],
      tags: ['b', 'a'],
      createdBy: 'user_1',
    })
    expect(await termsOf(id)).toEqual([
      'created_by:user_1',
      'permission:emails:send',
      'prefix:re',
      'tag:a',
      'tag:b',
    ])
    await latchkey.keys.update(id, { tags: ['c', 'b'], permissions: ['emails:*'] })
    const changed = ['created_by:user_1', 'permission:emails:*', 'prefix:re', 'tag:b', 'tag:c']
    expect(await termsOf(id)).toEqual(changed)
    clock.advance(1)
    await latchkey.keys.rotate(id)
    await latchkey.keys.revoke(id)
    expect(await termsOf(id)).toEqual(changed)
    const found = async (permission: string) =>
      (await latchkey.keys.list({ permission, status: 'all' })).items.map((key) => key.id)
    expect(await found('emails:*')).toEqual([id])
    await direct.run(`update keys set permissions = '["files:read"]', revision = revision + 1`)
    expect([await found('files:read'), await found('emails:*')]).toEqual([[id], []])
    await writeTerms(database)
    expect(await termsOf(id)).toContain('permission:files:read')
    expect([await found('files:read'), await found('emails:*')]).toEqual([[id], []])
    await latchkey.close()
  })

  test('are found among many that fit, and among many that do not', async () => {
    const { latchkey, clock, database } = await open()
    await using direct = await connectDirectly(database)
    await addManyKeys(direct, 'acme', 1_300, clock.now())
    await writeTerms(database)
    const everyone = await walk(latchkey, { status: 'all' })
    expect(everyone).toHaveLength(1_300)
    for (const filters of [
      { permission: 'emails:send' },
      { permission: 'emails:send', prefix: 're', organizationId: 'acme' },
      { permission: 'emails:send', sort: 'name' },
      { tag: ['rare'] },
      { tag: ['rare'], permission: 'emails:send', sort: 'name' },
      { permission: 'emails:send', organizationId: 'globex' },
      { neverUsed: true },
    ] satisfies ListKeysInput[]) {
      const what = JSON.stringify(filters)
      const expected = everyone.filter((key) => fits(key, filters)).map(({ id }) => id)
      const page = await latchkey.keys.list({ ...filters, status: 'all', count: true })
      const first = await latchkey.keys.list({ ...filters, status: 'all', limit: 1 })
      if (first.next !== undefined) {
        const second = await latchkey.keys.list({ ...filters, status: 'all', count: true, after: first.next })
        expect(second.total, what).toBeUndefined()
      }
      const walked = await walk(latchkey, { ...filters, status: 'all', limit: 400 })
      expect(new Set(walked.map(({ id }) => id)), what).toEqual(new Set(expected))
      expect(walked, what).toHaveLength(expected.length)
      if (!('sort' in filters))
        expect(
          walked.map(({ id }) => id),
          what,
        ).toEqual(expected)
      expect(page.total?.isMore ? expected.length : page.total?.count, what).toBe(expected.length)
    }
    await latchkey.close()
  })

  test('are found by the kid or the hint of any token that they have or had, in reach alone', async () => {
    const { latchkey, clock } = await open()
    const create = { organizationId: 'acme', name: 'CI', prefix: 're_test' }
    const { id, hint } = await latchkey.keys.create(create)
    clock.advance(1)
    const { hint: next } = await latchkey.keys.rotate(id)
    await latchkey.keys.create(create)
    const found = async (input: ListKeysInput, organizationId = 'acme') => {
      const { items } = await latchkey.keys.list(input, { actor: readerOf(organizationId) })
      return items.map((key) => key.id)
    }
    const kid = hint.slice('re_test_'.length, -1)
    for (const input of [
      { kid },
      { hint },
      { hint: next },
      { hint: hint.slice(0, -1) },
      { hint: `${hint.slice(0, -1)}...` },
      { hint, sort: 'name', neverUsed: true },
    ] satisfies ListKeysInput[]) {
      expect(await found(input), JSON.stringify(input)).toEqual([id])
      expect(await found(input, 'globex'), JSON.stringify(input)).toEqual([])
    }
    for (const input of [
      { kid: '0000000000000000' },
      { hint: `re_${kid}…` },
      { kid, prefix: 're' },
      { hint, prefix: 're' },
      { hint, tag: ['a'] },
      { kid, status: 'revoked' },
    ] satisfies ListKeysInput[])
      expect(await found(input), JSON.stringify(input)).toEqual([])
    await latchkey.close()
  })

  describe('bad input', () => {
    test('descriptions, tags and filters in a wrong shape are refused, and change nothing', async () => {
      const { latchkey } = await open()
      const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', tags: ['a'] })
      for (const [path, wrong] of [
        ['tags[0]', { tags: ['Upper'] }],
        ['tags[0]', { tags: [''] }],
        ['tags[0]', { tags: ['x'.repeat(64)] }],
        ['tags[0]', { tags: ['-a'] }],
        ['tags[0]', { tags: ['a b'] }],
        ['tags[1]', { tags: ['a', 'ä'] }],
        ['tags[0]', { tags: [1] }],
        ['tags', { tags: Array.from({ length: 17 }, (_, i) => `t${i}`) }],
        ['tags', { tags: 'a' }],
        ['description', { description: '' }],
        ['description', { description: ' ' }],
        ['description', { description: 'x'.repeat(1_001) }],
        ['description', { description: 'a\0' }],
        ['description', { description: 1 }],
      ] as [string, object][]) {
        const create = latchkey.keys.create({ organizationId: 'acme', name: 'CI', ...wrong } as never)
        for (const refused of [create, latchkey.keys.update(id, wrong as never)]) {
          const { code, errors } = await refusalOf(refused)
          expect([code, errors?.[0]?.path], JSON.stringify(wrong)).toEqual(['invalid_input', path])
        }
      }
      expect(await latchkey.keys.get(id)).toMatchObject({ tags: ['a'], description: null })
      for (const [path, wrong] of [
        ['tag[0]', { tag: ['Upper'] }],
        ['tag', { tag: 'a' }],
        ['tag', { tag: Array.from({ length: 17 }, () => 'a') }],
        ['permission', { permission: 'a b' }],
        ['createdBy', { createdBy: '' }],
        ['prefix', { prefix: 'Re' }],
        ['kid', { kid: 'short' }],
        ['kid', { kid: 'a'.repeat(17) }],
        ['hint', { hint: 're_short…' }],
        ['hint', { hint: 'x'.repeat(5_000) }],
        ['hint', { hint: 're_4kTz9WqLm2Xc7RbN…', kid: '4kTz9WqLm2Xc7RbN' }],
        ['count', { count: 'yes' }],
      ] as [string, object][]) {
        const { code, errors } = await refusalOf(latchkey.keys.list(wrong as never))
        expect([code, errors?.[0]?.path], JSON.stringify(wrong)).toEqual(['invalid_input', path])
      }
      const { next } = await latchkey.keys.list({ status: 'all', limit: 1, sort: 'name' })
      expect(next).toBeUndefined()
      expect(await codeOf(latchkey.keys.list({ tag: ['a'], after: 'x' }))).toBe('invalid_input')
      await latchkey.close()
    })
  })
})

test('the items of a list are counted up to ten thousand, through so many rows, and for so long', async () => {
  const turn = { keyId: undefined } as never
  const count = (slices: (n: number) => number, end: number, msEach = 0) => {
    let now = 0
    let n = 0
    const memory = { clock: { monotonic: () => now } }
    const store = { read: (query: (db: never) => unknown) => query(undefined as never) }
    return countItems({ store, memory } as never, turn, async () => {
      now += msEach
      n++
      return { count: slices(n), next: n === end ? undefined : [n, ''] }
    })
  }
  expect(await count(() => 4_000, 2)).toEqual({ count: 8_000, isMore: false })
  expect(await count((n) => (n < 3 ? 4_000 : 2_000), 3)).toEqual({ count: 10_000, isMore: false })
  expect(await count((n) => (n < 3 ? 4_000 : 2_001), 3)).toEqual({ count: 10_000, isMore: true })
  expect(await count(() => 4_000, 100)).toEqual({ count: 10_000, isMore: true })
  expect(await count(() => 1, 100)).toEqual({ count: 13, isMore: true })
  expect(await count(() => 1, 100, 30)).toEqual({ count: 4, isMore: true })
  expect(await count(() => 1, 4, 30)).toEqual({ count: 4, isMore: false })
})

async function walk(latchkey: Latchkey, input: ListKeysInput): Promise<Key[]> {
  const keys: Key[] = []
  for await (const key of latchkey.keys.listAll(input)) keys.push(key)
  return keys
}

/** What a list must hold, said of a key alone. */
function fits(key: Key, filters: ListKeysInput): boolean {
  const { tag = [], permission, createdBy, prefix, q, expiresBefore, neverUsed, unusedSince } = filters
  const { organizationId = key.organizationId } = filters
  const text = [key.name, key.description ?? ''].map((part) => part.toLowerCase())
  return (
    tag.every((one) => key.tags.includes(one)) &&
    (permission === undefined || key.permissions.includes(permission)) &&
    (createdBy === undefined || key.createdBy === createdBy) &&
    (prefix === undefined || new RegExp(`^${prefix}_[^_]*$`).test(key.hint)) &&
    (q === undefined || text.some((part) => part.includes(q.toLowerCase()))) &&
    (expiresBefore === undefined || (key.expiresAt !== null && key.expiresAt < new Date(expiresBefore))) &&
    (neverUsed === undefined || (key.lastUsedAt === null) === neverUsed) &&
    (unusedSince === undefined ||
      (key.createdAt < new Date(unusedSince) && (key.lastUsedAt ?? 0) < new Date(unusedSince))) &&
    key.organizationId === organizationId
  )
}

/** Does the work of writing missing terms. */
async function writeTerms(database: string): Promise<void> {
  const store = await openStore(database)
  await runAll(keyTermsJob(store, systemClock))
  await store.close()
}
