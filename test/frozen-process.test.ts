// A process that is frozen amid a change of its own, or amid writing last uses, holds up nobody else for long:
// PostgreSQL gives its locks back, and nothing half done stays behind.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { LatchkeyError } from '../src/core/errors.ts'
import type { CreatedKey } from '../src/core/shapes/keys.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { childProgram } from './setup/children.ts'
import { makePostgres } from './setup/databases.ts'
import { connectDirectly, type DirectConnection } from './setup/direct.ts'
import type { Deed } from './setup/frozen-child.ts'
import { startProxy } from './setup/proxy.ts'

/** Others' changes succeed within this time, and are refused with `store_unavailable` until then. */
const heldUpMs = 3_000
/** How long a test tries before it says that nobody gives the locks back. */
const patienceMs = 8_000

interface Freezing {
  what: string
  /** What the frozen process does with a key. */
  deed: (key: CreatedKey) => Deed
  /** The statement behind which nothing of it arrives any more. */
  statement: string
  /** Which key another process revokes meanwhile. */
  revoked: 'the same key' | 'another key'
  /** How the frozen process's own deed ends once it goes on. */
  outcome: string
}

const freezings: Freezing[] = [
  {
    what: 'amid writing last uses',
    deed: ({ key }) => ({ kind: 'note a use', token: key }),
    statement: 'for no key update',
    revoked: 'the same key',
    outcome: 'done',
  },
  {
    what: 'amid a change, whose locks it has',
    deed: ({ id }) => ({ kind: 'revoke', id }),
    statement: 'pg_advisory_xact_lock',
    revoked: 'the same key',
    outcome: 'store_unavailable',
  },
  {
    what: 'amid a change, when every other one waits for it',
    deed: ({ id }) => ({ kind: 'revoke', id }),
    statement: 'change_counter" set',
    revoked: 'another key',
    outcome: 'store_unavailable',
  },
]

test.for(freezings)(
  'a process that is frozen $what holds up others for at most 3 s',
  async ({ deed, statement, revoked, outcome }) => {
    await using ownDatabase = await makePostgres()
    const { url } = ownDatabase
    {
      await using latchkey = await openLatchkey({ database: url })
      await using proxy = await startProxy(url)
      await createAcme(latchkey)
      const [key, other] = [await makeKey(), await makeKey()]
      const child = await startChild(proxy.url)
      const stalled = proxy.stallAfter(statement)
      const answered = once(child, 'message')
      child.send(deed(key))
      const release = await stalled
      child.kill('SIGSTOP')
      await using direct = await connectDirectly(url)
      await untilRun(direct, statement)

      const target = revoked === 'the same key' ? key : other
      expect(await untilRevoked(target.id)).toBeLessThan(heldUpMs)

      child.kill('SIGCONT')
      release()
      expect(await answered).toEqual([outcome, undefined])
      if (target === other) expect((await latchkey.keys.get(key.id)).status).toBe('active')
      // Each revocation with its event, its change and its number, and nothing of the one that was broken off.
      expect(await direct.run(`select key_id from audit_events where action = 'key.revoked'`)).toEqual([
        { key_id: target.id },
      ])
      expect(await direct.run('select subject_id from changes where topic is not null')).toEqual([
        { subject_id: target.id },
      ])
      child.kill('SIGKILL')
      await once(child, 'exit')

      async function makeKey(): Promise<CreatedKey> {
        return latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
      }

      /** Revokes a key again and again until that succeeds; gives after how many milliseconds it did. */
      async function untilRevoked(id: string): Promise<number> {
        const begunAt = performance.now()
        for (;;) {
          const askedAt = performance.now()
          const code = await latchkey.keys.revoke(id).then(
            () => undefined,
            (error: LatchkeyError) => error.code,
          )
          const now = performance.now()
          if (code === undefined || now - begunAt > patienceMs) return now - begunAt
          expect(code).toBe('store_unavailable')
          expect(now - askedAt).toBeLessThan(2_000)
          await setTimeout(20)
        }
      }
    }
  },
)

test('a process whose every answer comes late holds up no change of another key', async () => {
  await using ownDatabase = await makePostgres()
  const { url } = ownDatabase
  {
    await using latchkey = await openLatchkey({ database: url })
    await using proxy = await startProxy(url)
    await createAcme(latchkey)
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    // Opened last, and used once: what it does by itself at its opening is done, and its jobs have not begun.
    await using slow = await openLatchkey({ database: proxy.url })
    await slow.keys.update(id, { name: 'Slow' })
    // Four answers take longer than a change waits for a lock.
    proxy.fail({ delayMs: 300 })
    let isDone = false
    const revoked = slow.keys.revoke(id).finally(() => {
      isDone = true
    })
    let others = 0
    for (; !isDone; others++) {
      const { id: other } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
      await latchkey.keys.revoke(other)
    }
    expect(others).toBeGreaterThan(0)
    await revoked
    proxy.heal()
  }
})

/** Waits until the server has run a statement of somebody else's. */
async function untilRun(direct: DirectConnection, statement: string): Promise<void> {
  const query = `select from pg_stat_activity
    where pid <> pg_backend_pid() and datname = current_database() and state <> 'active' and position($1 in query) > 0`
  while ((await direct.run(query, [statement])).length === 0) await setTimeout(5)
}

async function startChild(database: string): Promise<ChildProcess> {
  const { path, env } = childProgram('frozen-child')
  const child = fork(path, [database], {
    env,
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  return child
}
