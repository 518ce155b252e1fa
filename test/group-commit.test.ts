// What is asked for together is written together; clients that ask again at once share every batch.
import { setImmediate, setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { GroupCommit } from '../src/commit/group-commit.ts'

interface Asked {
  name: number
  done: () => void
}

/** Writes for so long, and keeps the names of each batch. */
function open(writeMs: number, maxAtOnce = 100) {
  const batches: number[][] = []
  let isWriting = false
  const commits = new GroupCommit<Asked>(async (batch) => {
    expect(isWriting).toBe(false)
    isWriting = true
    batches.push(batch.map(({ name }) => name))
    await setTimeout(writeMs)
    isWriting = false
    for (const { done } of batch) done()
  }, maxAtOnce)
  const ask = (name: number) => new Promise<void>((done) => commits.add({ name, done }))
  return { batches, ask }
}

test('clients that ask again as soon as they are answered come together in every batch', async () => {
  const { batches, ask } = open(5)
  const client = async (name: number) => {
    // They do not begin at the same time.
    await setTimeout(name)
    for (let i = 0; i < 20; i++) {
      await ask(name)
      // Its answer goes out, and its next request comes in.
      await setImmediate()
    }
  }
  await Promise.all(Array.from({ length: 16 }, (_, name) => client(name)))
  expect(batches.flat()).toHaveLength(320)
  // Two unequal groups, in turns, would make about forty.
  expect(batches.length).toBeLessThan(35)
})

test('those that do not come again are not waited for, and one alone waits for nobody', async () => {
  const { batches, ask } = open(0)
  await Promise.all([1, 2, 3].map(ask))
  await ask(1)
  await setTimeout(20)
  await ask(1)
  await ask(2)
  expect(batches).toEqual([[1, 2, 3], [1], [1], [2]])
})

test('what comes while a batch is written comes into the next, as many as may be at once', async () => {
  const { batches, ask } = open(5, 3)
  const first = ask(0)
  await setTimeout(1)
  await Promise.all([first, ...[1, 2, 3, 4].map(ask)])
  expect(batches).toEqual([[0], [1, 2, 3], [4]])
})
