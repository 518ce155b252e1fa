// What a verifier reports of what it has counted, to a server that is away, refuses or answers.
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { createVerifier } from '../src/client/index.ts'
import { createRequester } from '../src/client/request/request.ts'
import { UsageReporter } from '../src/client/verifier/usage.ts'
import type { Verdict } from '../src/core/shapes/verification.ts'
import { assembleToken } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { Tallies } from '../src/verdict/tally.ts'
import { createAcme } from './setup/acme.ts'
import { makeDatabase } from './setup/databases.ts'
import { startTestServer } from './setup/server.ts'

const valid = { valid: true, code: 'valid' } as Verdict
const token = assembleToken('re', '0123456789abcdef', new Uint8Array(32))
const begun = Date.UTC(2026, 0, 31, 12, 30)

interface Report {
  number: number
  counts: { measure: string; amount: number }[]
}

test('what is counted while the server is away is added up, and sent once it is back', async () => {
  await using stage = await openStage()
  stage.status = 500
  for (let round = 0; round < 5; round++) {
    stage.count(2)
    await stage.round()
  }
  stage.status = 200
  stage.count(1)
  await stage.round()
  const numbers = stage.reports.map(({ number }) => number)
  expect(new Set(numbers)).toEqual(new Set([1, 2]))
  // The first is the same each time that it is sent; the second has the rounds after it, in one row.
  expect(stage.taken.map(({ number, counts }) => [number, counts])).toMatchObject([
    [1, [{ measure: 'valid', amount: 2 }]],
    [2, [{ measure: 'valid', amount: 9 }]],
  ])
})

test('a report that a server refuses for what it is keeps none from being sent', async () => {
  await using stage = await openStage()
  stage.status = 422
  stage.count(1)
  await stage.round()
  stage.status = 200
  stage.count(3)
  await stage.round()
  expect(stage.taken).toMatchObject([{ number: 2, counts: [{ amount: 3 }] }])
})

test('a report whose caller is refused is kept: its token may be mended', async () => {
  await using stage = await openStage()
  stage.status = 403
  stage.count(1)
  await stage.round()
  stage.status = 200
  await stage.round()
  expect(stage.taken).toMatchObject([{ number: 1, counts: [{ amount: 1 }] }])
})

test('a call that reserves is counted once: what memory refuses by the verifier, and the rest by the server', async () => {
  await using database = await makeDatabase('SQLite')
  const limits = [{ name: 'credits', limit: 10, resets: null }]
  let id = ''
  {
    await using server = await startTestServer(database.url)
    await createAcme(server.latchkey)
    const created = await server.latchkey.keys.create({ organizationId: 'acme', name: 'K', limits })
    id = created.id
    await using verifier = createVerifier({ url: server.url, token: server.rootKey })
    const asked = { cost: 4, reserveSeconds: 60 }
    expect(await verifier.verify(created.key, asked)).toMatchObject({ reservation: expect.any(String) })
    expect(await verifier.verify(created.key, { ...asked, permissions: ['a:b'] })).toMatchObject({
      code: 'insufficient_permissions',
    })
  }
  await using latchkey = await openLatchkey({ database: database.url })
  expect((await latchkey.usage.readKey(id, { by: 'total' })).rows).toMatchObject([
    { calls: 2, valid: 1, refused: { insufficient_permissions: 1 }, units: [{ units: 4 }] },
  ])
})

/** A reporter whose rounds the test runs, and a server that answers as it is told. */
async function openStage() {
  const stage = { status: 200, reports: [] as Report[], taken: [] as Report[] }
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const report = JSON.parse(Buffer.concat(parts).toString()) as Report
    stage.reports.push(report)
    if (stage.status === 200) stage.taken.push(report)
    response.writeHead(stage.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ at: new Date(begun) }))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const tallies = new Tallies()
  const reporter = new UsageReporter({
    server: createRequester({ url, token, timeoutMs: 300 }),
    clock: {
      now: () => begun,
      monotonic: () => 0,
      after: () => () => {},
    },
    tallies,
    capacity: 10,
    collect: () => {},
  })
  return Object.assign(stage, {
    count(calls: number) {
      for (let i = 0; i < calls; i++) tallies.count(tallies.of('key', 'acme'), valid, begun)
    },
    /** Reports, as at the end of ten seconds. */
    round: () => reporter.close(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  })
}
