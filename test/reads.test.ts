// Reads beside changes: a search that finds little costs bounded time, callers take turns, large pages are cut, and
// what nobody waits for is not done.
import { describe, expect, test } from 'vitest'
import { FairLine } from '../src/fairness/fair-line.ts'
import { type Caller, type Latchkey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { addManyKeys } from './setup/bulk.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf } from './setup/refusal.ts'

const now = Date.UTC(2026, 0, 31)

onEachDatabase('reads', (makeDatabase) => {
  async function open(keys: number): Promise<Latchkey> {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database, now: () => now })
    await createAcme(latchkey)
    await using direct = await connectDirectly(database)
    if (keys > 0) await addManyKeys(direct, 'acme', keys, now)
    return latchkey
  }

  test('a search that finds nothing among many ends its page early, and goes on where it stopped', async () => {
    await using latchkey = await open(52_000)
    for (const search of [
      { q: 'key 77', sort: 'name' },
      { q: 'zzzz' },
      { q: 'KEY 99', status: 'revoked' },
    ] as const) {
      const found: string[] = []
      let pages = 0
      let after: string | undefined
      do {
        const page = await latchkey.keys.list({
          status: 'all',
          ...search,
          limit: 1000,
          ...(after && { after }),
        })
        found.push(...page.items.map(({ id }) => id))
        after = page.next
        pages++
      } while (after !== undefined)
      expect(pages).toBeGreaterThan(1)
      expect(new Set(found).size).toBe(found.length)
      expect(found.length > 0).toBe(search.q !== 'zzzz')
    }
  })

  test('a page of large events holds few of them, and those after it are on the next', async () => {
    await using latchkey = await open(0)
    const metadata = { note: 'x'.repeat(4000) }
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', metadata })
    for (let i = 0; i < 299; i++)
      await latchkey.keys.update(id, { metadata: { note: String(i % 10).repeat(4000) } })
    const ids: string[] = []
    const lengths: number[] = []
    let after: string | undefined
    do {
      const page = await latchkey.audit.list({ keyId: id, limit: 1000, ...(after && { after }) })
      expect(JSON.stringify(page.items).length).toBeLessThan(1_200_000)
      ids.push(...page.items.map((event) => event.id))
      lengths.push(page.items.length)
      after = page.next
    } while (after !== undefined)
    expect(ids).toHaveLength(300)
    expect(ids).toEqual(ids.toSorted().reverse())
    expect(lengths.length).toBeGreaterThan(2)
  })

  test('a search whose caller has gone is not gone on with', async () => {
    await using latchkey = await open(20_000)
    const controller = new AbortController()
    const { signal } = controller
    const searches = Array.from({ length: 100 }, () =>
      latchkey.keys.list({ q: 'zzzz', status: 'all' }, { actor: caller('acme', 'thief'), signal }),
    )
    controller.abort()
    for (const search of await Promise.allSettled(searches))
      expect(search).toMatchObject({ status: 'rejected', reason: { name: 'AbortError' } })
    expect((await latchkey.keys.list({ limit: 1 })).items).toHaveLength(1)
  })

  test('a key that asks for too much at once is refused, and others are answered meanwhile', async () => {
    await using latchkey = await open(20_000)
    const searches = Array.from({ length: 400 }, () =>
      latchkey.keys.list({ q: 'zzzz', status: 'all' }, { actor: caller('acme', 'greedy') }).then(
        () => 'answered',
        (error: { code: string }) => error.code,
      ),
    )
    const finished: string[] = []
    const all = Promise.all(searches).then(() => finished.push('greedy'))
    const others = Promise.all([
      latchkey.keys.list({ limit: 1 }, { actor: caller('acme', 'modest') }),
      latchkey.keys.create({ organizationId: 'acme', name: 'new' }),
      latchkey.checkWritable(),
    ]).then(() => finished.push('others'))
    await Promise.all([all, others])
    expect(finished).toEqual(['others', 'greedy'])
    expect(await Promise.all(searches)).toContain('too_many_reads')
  })
})

function caller(organizationId: string, keyId: string): Caller {
  return {
    type: 'key',
    keyId,
    organizationId,
    kid: '0000000000000000',
    permissions: [],
  }
}

describe('the line of reads', () => {
  const bounds = {
    width: 1,
    widthOfOrganization: 1,
    widthOfKey: 1,
    maxWaiting: 100,
    maxWaitingOfKey: 50,
    patienceMs: 10_000,
  }
  const turn = (organizationId: string, keyId: string, signal?: AbortSignal) => ({
    organizationId,
    keyId,
    signal,
  })

  test('organizations take turns, then their keys; what has no caller comes first', async () => {
    const line = new FairLine(bounds)
    const order: string[] = []
    const leave = await line.enter()
    const work = ['a1', 'a1', 'a1', 'a2', 'b1', 'b1', '']
    const done = work.map((name) =>
      line.run(async () => order.push(name), name === '' ? undefined : turn(name.charAt(0), name)),
    )
    leave()
    await Promise.all(done)
    expect(order).toEqual(['', 'a1', 'b1', 'a2', 'b1', 'a1', 'a1'])
  })

  test('one key waits no deeper than its bound, and whoever goes away makes room', async () => {
    const line = new FairLine({ ...bounds, maxWaitingOfKey: 2 })
    const leave = await line.enter()
    const controller = new AbortController()
    const gone = line.run(async () => 'done', turn('a', '1', controller.signal))
    const stays = line.run(async () => 'done', turn('a', '1'))
    expect(await codeOf(line.run(async () => 'done', turn('a', '1')))).toBe('too_many_reads')
    controller.abort(new Error('gone'))
    await expect(gone).rejects.toThrow('gone')
    const next = line.run(async () => 'done', turn('a', '1'))
    const other = line.run(async () => 'done', turn('a', '2'))
    leave()
    expect(await Promise.all([stays, next, other])).toEqual(['done', 'done', 'done'])
  })

  test('an organization with many keys leaves room to wait for others, however full the line is', async () => {
    const line = new FairLine({ ...bounds, maxWaiting: 20, maxWaitingOfKey: 10 })
    const leave = await line.enter(turn('a', '0'))
    const crowd = ['1', '2', '3'].flatMap((key) =>
      Array.from({ length: 10 }, () =>
        line.run(async () => 'done', turn('a', key)).catch(({ code }) => code),
      ),
    )
    const others = ['b', 'c', 'd'].map((organization) =>
      line.run(async () => 'done', turn(organization, '1')),
    )
    leave()
    expect(await Promise.all(others)).toEqual(['done', 'done', 'done'])
    const refused = (await Promise.all(crowd)).filter((code) => code === 'store_unavailable')
    expect(refused).toHaveLength(13)
  })

  test('who waits too long is told so, and the line goes on', async () => {
    const line = new FairLine({ ...bounds, patienceMs: 10 })
    const leave = await line.enter(turn('a', '1'))
    expect(await codeOf(line.run(async () => {}, turn('b', '1')))).toBe('store_unavailable')
    leave()
    expect(await line.run(async () => 'done', turn('b', '1'))).toBe('done')
  })

  test('who waits too long for its own work is told that it is too much, and not that the database is slow', async () => {
    const line = new FairLine({ ...bounds, width: 2, widthOfOrganization: 2, patienceMs: 10 })
    await line.enter(turn('a', '1'))
    expect(await codeOf(line.run(async () => {}, turn('a', '1')))).toBe('too_many_reads')
    await line.enter(turn('a', '2'))
    expect(await codeOf(line.run(async () => {}, turn('b', '1')))).toBe('store_unavailable')
  })

  test('one key and one organization run no more at once than their share', async () => {
    const line = new FairLine({ ...bounds, width: 4, widthOfOrganization: 3, widthOfKey: 2 })
    const running = { a1: 0, a2: 0, b1: 0 }
    const holds = Promise.withResolvers<void>()
    const start = (name: keyof typeof running) =>
      line.run(
        () => {
          running[name]++
          return holds.promise
        },
        turn(name.charAt(0), name),
      )
    const all = (['a1', 'a1', 'a1', 'a1', 'a2', 'a2', 'b1'] as const).map(start)
    await new Promise(setImmediate)
    expect(running).toEqual({ a1: 2, a2: 1, b1: 1 })
    holds.resolve()
    await Promise.all(all)
    expect(running).toEqual({ a1: 4, a2: 2, b1: 1 })
  })

  test('work that needs the same for itself alone runs one after the other, and holds up nobody else', async () => {
    const line = new FairLine({ ...bounds, width: 4, widthOfOrganization: 3, widthOfKey: 2, patienceMs: 10 })
    const order: string[] = []
    const needs = (name: string, alone?: string) =>
      line.run(async () => void order.push(name), { ...turn(name.charAt(0), name), alone })
    const leave = await line.enter({ ...turn('a', 'a1'), alone: 'K' })
    const own = [needs('a1', 'K'), needs('a1', 'L'), needs('a1')]
    const other = needs('b1', 'K')
    await Promise.all(own.slice(1))
    expect(order).toEqual(['a1', 'a1'])
    // Its own work is in the way of the first, a stranger's in that of the other.
    expect(await Promise.all([own[0], other].map((work) => codeOf(work as Promise<void>)))).toEqual([
      'too_many_reads',
      'store_unavailable',
    ])
    leave()
    const again = await line.enter({ ...turn('a', 'a1'), alone: 'K' })
    const waiting = [needs('a1', 'K'), needs('a2', 'K'), needs('b1', 'K')]
    again()
    await Promise.all(waiting)
    expect(order.slice(2)).toEqual(['a1', 'b1', 'a2'])
  })
})
