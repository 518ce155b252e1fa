// A real process that is frozen with a use of an old token which it has not written: no other one ends the token meanwhile, and
// none once it goes on.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { childProgram } from './setup/children.ts'
import { makeClock } from './setup/clock.ts'
import { onOneDatabase } from './setup/databases.ts'
import { hour, minute } from './setup/graces.ts'

const patience = { timeout: 40_000, interval: 250 }

onOneDatabase('PostgreSQL', 'a grace until nobody uses the token', (makeDatabase) => {
  test('goes on while a frozen process has a use to write, and begins anew when it writes that', {
    timeout: 120_000,
  }, async () => {
    const database = await makeDatabase()
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-clock-'))
    await using stack = new AsyncDisposableStack()
    stack.defer(() => rmSync(folder, { recursive: true }))
    const clockFile = join(folder, 'now')
    const clock = makeClock()
    const advance = (milliseconds: number) => {
      clock.advance(milliseconds)
      writeFileSync(clockFile, String(clock.now()))
    }
    advance(0)
    const latchkey = await openLatchkey({ database, now: clock.now })
    stack.use(latchkey)
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.keys.rotate(id, { grace: { untilSilentSeconds: 3_600 } })
    const child = await startChild(database, clockFile)
    stack.defer(() => void child.kill('SIGKILL'))
    child.send(key)
    expect(await once(child, 'message')).toEqual(['valid', undefined])
    child.kill('SIGSTOP')

    const old = async () => (await latchkey.keys.get(id)).secrets[1]
    const runs = () => {
      advance(minute)
      return latchkey.jobCounts().find(({ kind }) => kind === 'graces')?.done ?? 0
    }
    advance(hour + 5 * minute)
    await expect.poll(runs, { ...patience, interval: 2_000 }).toBeGreaterThan(1)
    expect((await old())?.silentAt).not.toBeNull()

    child.kill('SIGCONT')
    await expect.poll(async () => (await old())?.silentAt, patience).toEqual(clock.in(hour))
    expect((await latchkey.audit.list({ action: 'key.grace_ended' })).items).toEqual([])

    // Nobody uses it any more, and the other process says so at its next flush.
    advance(hour + 2 * minute)
    const ended = async () => (await latchkey.audit.list({ action: 'key.grace_ended' })).items.length
    const untilEnded = async () => {
      advance(minute)
      return ended()
    }
    await expect.poll(untilEnded, { ...patience, interval: 3_000 }).toBe(1)
  })
})

async function startChild(database: string, clockFile: string): Promise<ChildProcess> {
  const { path, env } = childProgram('grace-child')
  const child = fork(path, [database, clockFile], {
    env,
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  return child
}
