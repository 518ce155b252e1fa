// Batches in slices: others are served between them, and one asker's many batches take no more turns than another's one.
import { expect, test } from 'vitest'
import { Slices } from '../src/fairness/slices.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { makeSqlite } from './setup/databases.ts'

/** As long as two slices. */
function spin(): void {
  const end = performance.now() + 2
  while (performance.now() < end);
}

async function countTurns(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const count = () => {
    turns++
    if (!isOver) setImmediate(count)
  }
  setImmediate(count)
  await work
  isOver = true
  return turns
}

test('long work gives way after each slice, and its results come in order', async () => {
  const slices = new Slices()
  const items = Array.from({ length: 20 }, (_, i) => i)
  const work = slices.map('one', items, (item, index) => {
    spin()
    return item * 100 + index
  })
  expect(await countTurns(work)).toBeGreaterThanOrEqual(15)
  expect(await work).toEqual(items.map((i) => i * 101))
})

test('an asker with much work does not hold up another one', async () => {
  const slices = new Slices()
  const ended: string[] = []
  const start = (asker: string, name: string) =>
    slices.map(asker, Array.from({ length: 20 }), spin).then(() => ended.push(name))
  await Promise.all([...['a1', 'a2', 'a3', 'a4'].map((name) => start('busy', name)), start('other', 'b1')])
  expect(ended.indexOf('b1')).toBeLessThanOrEqual(1)
})

test('many pieces of work of one asker take one turn each, beside one that another asker has', async () => {
  const slices = new Slices()
  const done = { busy: 0, other: 0 }
  const items = Array.from({ length: 20 })
  const start = (asker: 'busy' | 'other') =>
    slices.map(asker, items, () => {
      spin()
      done[asker]++
    })
  const busy = Promise.all([start('busy'), start('busy'), start('busy'), start('busy')])
  await start('other')
  expect(done.other).toBe(items.length)
  expect(done.busy).toBeLessThanOrEqual(items.length + 2)
  await busy
  expect(done.busy).toBe(4 * items.length)
})

test('short work with nothing before it is done at once', () => {
  const slices = new Slices()
  let calls = 0
  for (let i = 0; i < 20; i++) void slices.map('one', [1], () => calls++)
  expect(calls).toBe(20)
})

test('short pieces of work behind a long one share a slice, and long ones take one each', async () => {
  const slices = new Slices()
  const turnsOf = (work: () => void) => {
    const long = slices.map('one', [1, 2], spin)
    return countTurns(Promise.all([long, ...Array.from({ length: 20 }, () => slices.map('one', [1], work))]))
  }
  expect(await turnsOf(() => {})).toBeLessThan(15)
  expect(await turnsOf(spin)).toBeGreaterThanOrEqual(20)
})

test('what the end of a piece sets going counts in the time of the slice that it shares', async () => {
  const slices = new Slices()
  const long = slices.map('one', [1, 2], spin)
  const short = Array.from({ length: 20 }, () => slices.map('one', [1], () => {}).then(spin))
  expect(await countTurns(Promise.all([long, ...short]))).toBeGreaterThanOrEqual(20)
})

test('short items share a slice, also behind one that took longer than that', async () => {
  const slices = new Slices()
  const work = slices.map('one', Array.from({ length: 5_000 }), (_, i) => i === 0 && spin())
  expect(await countTurns(work)).toBeLessThan(500)
})

test('work that fails throws that, and the next one of the same asker goes on', async () => {
  const slices = new Slices()
  const failed = slices.map('one', [1], () => {
    throw new RangeError('broken')
  })
  const next = slices.map('one', [1, 2], (item) => item + 1)
  await expect(failed).rejects.toThrow('broken')
  expect(await next).toEqual([2, 3])
})

test('a batch judges what is in memory, what is not, and what is none, each by its own question', async () => {
  await using ownDatabase = makeSqlite()
  const { url } = ownDatabase
  {
    await using maker = await openLatchkey({ database: url })
    await maker.createRootKey()
    const permissions = Array.from({ length: 127 }, (_, i) => `*:*:z${i}`)
    const made = await Promise.all(
      Array.from({ length: 20 }, () =>
        maker.keys.create({ organizationId: 'root', name: 'CI', permissions }),
      ),
    )
    await using latchkey = await openLatchkey({ database: url })
    for (const { key } of made.slice(10)) await latchkey.verify(key)
    const requests = Array.from({ length: 1_000 }, (_, i) => ({
      key: i % 50 === 49 ? 'nothing' : (made[i % 20]?.key ?? ''),
      permissions: Array.from({ length: 30 }, (_, n) => (i % 2 ? `a:b:z${n}` : `a:b:y${n}`)),
    }))
    const verdicts = await latchkey.verifyBatch(requests, {}, { keyId: 'caller' })
    const expected = requests.map(({ key }, i) =>
      key === 'nothing' ? 'malformed' : i % 2 ? 'valid' : 'insufficient_permissions',
    )
    expect(verdicts.map(({ code }) => code)).toEqual(expected)
  }
})
