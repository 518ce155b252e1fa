// A verifier in front of a slow server, and strangers with made-up tokens: nobody waits longer than asked, and another
// address has its turn.
import { expect, test } from 'vitest'
import { createVerifier } from '../src/client/index.ts'
import { generateToken } from '../src/core/token.ts'
import { systemRandom } from '../src/domain/random.ts'
import { makeSqlite } from './setup/databases.ts'
import { startServerProxy } from './setup/http-proxy.ts'
import { startTestServer } from './setup/server.ts'

const strangers = 3_000
const timeoutMs = 4_000
/** What timers, and a busy machine, may add to a deadline. */
const slackMs = 3_000

test(`${strangers} made-up tokens of one address hold up neither their own callers nor another address`, async () => {
  await using ownDatabase = makeSqlite()
  const { url } = ownDatabase
  const server = await startTestServer(url)
  const { key } = await server.latchkey.keys.create({ organizationId: 'root', name: 'CI' })
  const proxy = await startServerProxy(server.url)
  const verifier = createVerifier({ url: proxy.url, token: server.rootKey, timeoutMs })
  await verifier.ready()
  proxy.delay(200)
  const startedAt = performance.now()
  const flood = Array.from({ length: strangers }, () =>
    verifier.verify(generateToken('re', systemRandom).token, {}, { ip: '192.0.2.1' }).then(
      ({ code }) => code,
      ({ code }) => code,
    ),
  )
  expect(await verifier.verify(key, {}, { ip: '192.0.2.2' })).toMatchObject({ valid: true })
  const codes = await Promise.all(flood)
  const waitedMs = performance.now() - startedAt
  expect(new Set(codes)).toEqual(new Set(['not_found', 'timed_out']))
  expect(waitedMs).toBeLessThan(timeoutMs + slackMs)
  await verifier.close()
  await proxy[Symbol.asyncDispose]()
  await server.close()
})
