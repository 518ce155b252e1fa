// The barrier on real databases, at the instants that decide: a follower that confirms while it is being given up.

import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { waitUntilApplied } from '../src/coherence/barrier.ts'
import { openChangeLog } from '../src/coherence/change-log.ts'
import { generateToken } from '../src/core/token.ts'
import { systemRandom } from '../src/domain/random.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { openStore } from '../src/store/store.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { startWatcher } from './setup/watcher.ts'

onEachDatabase('the barrier', (makeDatabase) => {
  test('waits for a process that confirmed just before it was to be evicted, the next time too', async () => {
    const database = await makeDatabase()
    await using _ = await openLatchkey({ database })
    const store = await openStore(database)
    await using stack = new AsyncDisposableStack()
    stack.defer(() => store.close())
    const log = openChangeLog(store)
    const began = await log.register('late')
    let time = 0
    const clock = {
      now: () => time,
      monotonic: () => time,
      after: (milliseconds: number, callback: () => void) => {
        time += milliseconds
        setImmediate(callback)
        return () => {}
      },
    }
    // It confirms after two seconds, between the last look at it and what follows from that.
    let raised = began
    const first = await waitUntilApplied(
      {
        ...log,
        raiseBarrier: async () => {
          raised = await log.raiseBarrier()
          return raised
        },
        evict: async (sequence) => {
          expect(await log.unresponsive(sequence)).toHaveLength(1)
          expect(await log.confirm('late', raised)).toBe(true)
          return log.evict(sequence)
        },
      },
      clock,
    )
    expect(time).toBeGreaterThanOrEqual(2_000)
    expect(first.confirmed).toBe(true)
    // It acts on all of the first barrier, holds a lease, and has heard nothing of the second.
    expect((await waitUntilApplied(log, clock)).confirmed).toBe(false)
  })

  test('a process that finds the log of changes cut short forgets all it knew', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.waitUntilApplied()
    expect((await latchkey.verify(key)).valid).toBe(true)
    await using direct = await connectDirectly(database)
    // A revocation whose word is lost, as by a database that was cleaned or restored by hand.
    await direct.run('update keys set revoked_at = 1')
    expect((await latchkey.verify(key)).valid).toBe(true)
    await direct.run('delete from changes')
    await direct.run('update change_counter set value = value + 1')
    while ((await latchkey.verify(key)).valid) await setTimeout(10)
    expect((await latchkey.verify(key)).code).toBe('revoked')
  })

  test.each([
    [
      'a gap behind the change that it saw last',
      [
        'update change_counter set value = value + 5',
        'insert into changes (sequence) select value from change_counter',
      ],
    ],
    ['another change in the place of that', ["update changes set mark = 'of another history'"]],
  ])('a process that finds %s forgets all it knew', async (_, statements) => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.waitUntilApplied()
    await using direct = await connectDirectly(database)
    const codeOf = async () => (await latchkey.verify(key)).code
    expect(await codeOf()).toBe('valid')
    await direct.run('update keys set revoked_at = 1')
    expect(await codeOf()).toBe('valid')
    for (const statement of statements) await direct.run(statement)
    // Long before the next barrier would find it out.
    await expect.poll(codeOf, { timeout: 15_000 }).toBe('revoked')
  })

  test('waits for no process that crashed a while ago, and names none', async () => {
    const database = await makeDatabase()
    const { token } = generateToken('re', systemRandom)
    const crashed = await Promise.all([1, 2, 3].map(() => startWatcher({ database })))
    for (const watcher of crashed) await watcher.begin(token)
    for (const watcher of crashed) await watcher.until(token, 'not_found')
    for (const watcher of crashed) await watcher[Symbol.asyncDispose]()
    const names = crashed.map(({ pid }) => `${hostname()}:${pid}`).sort()
    await using direct = await connectDirectly(database)
    const registered = async () =>
      (await direct.run('select name from followers order by name')).map(({ name }) => name)
    expect(await registered()).toEqual(names)
    await using latchkey = await openLatchkey({ database })
    // It begins to follow, as at any verification; nobody asks to wait for anything.
    expect((await latchkey.verify(token)).code).toBe('not_found')
    while ((await registered()).length > 1) await setTimeout(50)
    expect(await registered()).toEqual([`${hostname()}:${process.pid}`])
    expect(await latchkey.waitUntilApplied()).toMatchObject({ confirmed: true, silent: [] })
  })
})
