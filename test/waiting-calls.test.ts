// A program that waits for a call of the library: it lives until the call is answered or refused, also if it has nothing else to do.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { childProgram } from './setup/children.ts'
import { makeDatabase } from './setup/databases.ts'
import { startProxy } from './setup/proxy.ts'

test.each(['verify', 'draw', 'batch', 'read', 'change'])(
  'a program lives until its call is refused, though every connection to its database is cut: %s',
  async (name) => {
    await using database = await makeDatabase('PostgreSQL')
    await using proxy = await startProxy(database.url)
    await using latchkey = await openLatchkey({ database: database.url })
    await createAcme(latchkey)
    const limits = [{ name: 'credits', limit: 1_000_000, resets: null }]
    const { key, id } = await latchkey.keys.create({ organizationId: 'acme', name: 'K', limits })
    const { key: other } = await latchkey.keys.create({ organizationId: 'acme', name: 'O' })
    const { path, env } = childProgram('waiting-child')
    const child = fork(path, [proxy.url, key, other, id, name], {
      env,
      execArgv: [],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    const { stdout } = child as { stdout: Readable }
    const told = Promise.race([once(stdout, 'data').then(String), once(stdout, 'end').then(() => 'ended')])
    await once(child, 'message')
    proxy.fail('cut')
    child.send('go')
    expect(await told).toBe('store_unavailable')
    child.kill('SIGKILL')
  },
)
