// Limits under callers that mean harm, and under crowds: what one of them does is no harm to others, and makes no units.
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test, vi } from 'vitest'
import { createVerifier } from '../src/client/index.ts'
import { leaseMs } from '../src/core/bounds.ts'
import type { Allowance } from '../src/core/limits.ts'
import { rateLimitHeaders } from '../src/core/rate-limit-headers.ts'
import type { GrantsInput } from '../src/core/shapes/grants.ts'
import { type Latchkey, type LimitInput, openLatchkey, type Verdict } from '../src/index.ts'
import { Allotments } from '../src/verdict/allotment.ts'
import { systemClock } from '../src/verdict/clock.ts'
import type { CountedLimit } from '../src/verdict/holding.ts'
import { Grants } from '../src/verification/grants.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { startTestServer } from './setup/server.ts'

const plenty = { name: 'credits', limit: 1_000_000, resets: 'monthly' } as const

async function open(database: string): Promise<Latchkey> {
  const latchkey = await openLatchkey({ database })
  await createAcme(latchkey)
  return latchkey
}

async function makeKey(latchkey: Latchkey, limits: LimitInput[]) {
  return latchkey.keys.create({ organizationId: 'acme', name: 'K', limits })
}

type Asked = GrantsInput['counters'][number]

/** A counter of a key, as a message of a verifier asks for it. */
function asked(keyId: string, more: Partial<Asked> = {}): Asked {
  const counter = { keyId, scope: 'key', name: 'credits', kind: 'quota', epoch: 0 } as const
  return { ...counter, unspent: 0, need: 0, want: 0, ...more }
}

onEachDatabase('limits of a crowd', (makeDatabase) => {
  test('of very many calls at once none is refused as if there were no units', async () => {
    await using latchkey = await open(await makeDatabase())
    const { key } = await makeKey(latchkey, [plenty])
    const verdicts = await Promise.all(Array.from({ length: 2_500 }, () => latchkey.verify(key)))
    expect(new Set(verdicts.map(({ code }) => code))).toEqual(new Set(['valid']))
  })
})

const quota: Allowance = { kind: 'quota', limit: 10, resets: null, anchor: null, overdraft: null }

function limitOf(organizationId: string, name: string, allowance = quota): CountedLimit {
  const whose = { scope: 'key', ownerId: 'key', organizationId, name } as const
  return { counterId: `${organizationId}/${name}`, ...whose, allowance, defaultCost: 1, epoch: 0 }
}

function makeAllotments(): Allotments {
  const clock = { monotonic: () => 0, after: () => () => {} }
  return new Allotments(
    clock,
    () => {},
    () => true,
  )
}

describe('calls that wait for limits', () => {
  test('give units of a rate back at once or not at all: its bucket may have been full meanwhile', () => {
    const allotments = makeAllotments()
    const rate = limitOf('acme', 'rate', { kind: 'rate', limit: 10, windowMs: 1_000, burst: 10 })
    const claims = [
      { limit: rate, cost: 2 },
      { limit: limitOf('acme', 'quota'), cost: 3 },
    ]
    allotments.giveBack(claims, true)
    expect(allotments.prepare()?.counters).toMatchObject([{ unused: 3 }])
    // Units of a period that is over come back to no other one.
    const late = makeAllotments()
    late.giveBack([{ limit: limitOf('acme', 'quota'), cost: 3, period: 1 }], true)
    expect(late.prepare()).toBeUndefined()
    const others = makeAllotments()
    others.giveBack(claims)
    expect(others.prepare()?.counters).toMatchObject([{ unused: 2 }, { unused: 3 }])
  })

  test('are bounded for each organization, and one too many gets no verdict', async () => {
    const allotments = makeAllotments()
    const [busy, other] = [limitOf('acme', 'busy'), limitOf('acme', 'other')]
    for (let i = 0; i < 16_384; i++) void allotments.wait([{ limit: busy, cost: 1 }])
    const tooMany = { code: 'too_many_requests' }
    await expect(allotments.wait([{ limit: busy, cost: 1 }])).rejects.toMatchObject(tooMany)
    // What only looks at the crowded limit does not come by the other one's units either.
    const mixed = [
      { limit: other, cost: 1 },
      { limit: busy, cost: 0 },
    ]
    await expect(allotments.wait(mixed)).rejects.toMatchObject(tooMany)
    let isSettled = false
    void allotments.wait([{ limit: limitOf('globex', 'calm'), cost: 1 }]).finally(() => {
      isSettled = true
    })
    await setTimeout(1)
    expect(isSettled).toBe(false)
  })
})

onOneDatabase('SQLite', 'limits that lead beyond the calendar', (makeDatabase) => {
  test('say that waiting does not help, and leave the lists of others readable', async () => {
    const server = await startTestServer(await makeDatabase())
    await createAcme(server.latchkey)
    const slow = { name: 'slow', limit: 1, windowSeconds: 2_592_000, burst: 10 ** 12 }
    const { key, id } = await makeKey(server.latchkey, [slow])
    const headers = { authorization: `Bearer ${key}` }
    const first = await fetch(`${server.url}/v1/auth?cost=1000000000000`, { headers })
    expect(first.headers.get('ratelimit')).toBe('"slow";r=0')
    const refused = await fetch(`${server.url}/v1/auth?cost=1000000000000`, { headers })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([402, null])
    const request = (method: string, path: string, body?: object) =>
      server.request<object>(method, path, { token: server.rootKey, ...(body && { body }) })
    expect(await request('POST', '/v1/keys/verify', { key, cost: 10 ** 12 })).toMatchObject({
      status: 200,
      json: { code: 'rate_limited', retry_after_ms: null, limits: [{ remaining: 0, resets_at: null }] },
    })
    expect(await request('GET', '/v1/keys')).toMatchObject({ status: 200 })
    expect(await request('GET', `/v1/keys/${id}`)).toMatchObject({
      json: { limits: [{ remaining: 0, resets_at: null }] },
    })
    await server.close()
  })
})

test('headers of limits hold no number that a structured field cannot hold', () => {
  const limit = { name: 'credits', scope: 'key', id: 'k', limit: 10 ** 12, remaining: 10 ** 15 } as const
  const key = {
    keyId: 'k',
    organizationId: 'acme',
    name: 'K',
    permissions: [],
    expiresAt: null,
    metadata: {},
  }
  const verdict = { valid: true, code: 'valid', ...key, limits: [{ ...limit, resetsAt: null }] } as const
  expect(rateLimitHeaders(verdict as unknown as Verdict, 0).ratelimit).toBe('"credits";r=999999999999999')
})

onOneDatabase('SQLite', 'messages of verifiers that mean harm', (makeDatabase) => {
  async function start() {
    const database = await makeDatabase()
    const latchkey = await open(database)
    const other = await openLatchkey({ database })
    const { key, id } = await makeKey(latchkey, [{ name: 'credits', limit: 10_000, resets: null }])
    let used = 0
    for (; used < 100; used++) {
      await latchkey.verify(key)
      await setTimeout(2)
    }
    const ask = (sequence: number, counters: Asked[], verifier = 'v') =>
      latchkey.verifiers.draw({ verifier, sequence, counters }, id, { organizationId: 'acme' })
    /** Another process gets what is left when all is given back: nothing is stuck with the first one. */
    const drain = async (spent: number) => {
      const take = async () => (await other.verify(key, { cost: 10_000 - used - spent })).code
      // A recall may come late on a busy machine; what is stuck never comes.
      await expect.poll(take).toBe('valid')
    }
    const close = async () => {
      await latchkey.close()
      await other.close()
    }
    return { database, latchkey, key, id, ask, drain, [Symbol.asyncDispose]: close }
  }

  test('that name a counter twice get it once', async () => {
    await using stage = await start()
    const { id, ask, drain } = stage
    const { counters } = await ask(1, [asked(id, { want: 50 }), asked(id, { want: 50 })])
    expect(counters[0]?.granted).toBeGreaterThan(0)
    expect(counters[1]).toMatchObject({ granted: 0, given: 0, kept: 0 })
    const back = counters[0]?.granted ?? 0
    await ask(2, [asked(id, { back }), asked(id, { back })])
    await drain(0)
  })

  test('that overtake each other are lent what the numbers say, and nothing is stuck', async () => {
    await using stage = await start()
    const { latchkey, id, ask, drain } = stage
    const [first, second] = await Promise.all([
      ask(1, [asked(id, { want: 50, need: 1, least: 1 })]),
      ask(2, [asked(id, { want: 50 })]),
    ])
    // The second did not know of the first one's units: they count as spent.
    const spent = (first.counters[0]?.granted ?? 0) + (first.counters[0]?.given ?? 0)
    await ask(3, [asked(id, { back: second.counters[0]?.granted ?? 0 })])
    await drain(spent)
    expect((await latchkey.keys.get(id)).limits).toMatchObject([{ held: 0, remaining: 0 }])
  })

  test('that come late, when their verifier is forgotten, leave nothing with it', async () => {
    await using stage = await start()
    const { id, ask, drain } = stage
    // Of the answer to an old message that came late nobody hears: what it lent would be out as long as the verifier lives.
    const late = await ask(9, [asked(id, { want: 50, need: 1, least: 1 })], 'late')
    expect(late.counters).toMatchObject([{ granted: 0, given: 1 }])
    const next = await ask(10, [asked(id, { want: 50 })], 'late')
    const back = next.counters[0]?.granted ?? 0
    expect(back).toBeGreaterThan(0)
    await ask(11, [asked(id, { back })], 'late')
    await drain(1)
  })

  test('that come late, and are still being answered when the next one comes, leave nothing with it', async () => {
    await using stage = await start()
    const { id, ask, drain } = stage
    const [late, next] = await Promise.all([
      ask(9, [asked(id, { want: 50, need: 1, least: 1 })], 'late'),
      ask(10, [asked(id, { want: 50 })], 'late'),
    ])
    expect(late.counters).toMatchObject([{ granted: 0, given: 1 }])
    const back = next.counters[0]?.granted ?? 0
    expect(back).toBeGreaterThan(0)
    await ask(11, [asked(id, { back })], 'late')
    await drain(1)
  })

  test('that ask for very much leave time and memory to others', async () => {
    await using stage = await start()
    const { latchkey, ask } = stage
    const limits = Array.from({ length: 8 }, (_, i) => ({ name: `c${i}`, limit: 0, resets: null }))
    const keys = await Promise.all(Array.from({ length: 125 }, () => makeKey(latchkey, limits)))
    const counters = keys.flatMap(({ id }) =>
      limits.map(({ name }) => asked(id, { name, need: 256, least: 1 })),
    )
    await using direct = await connectDirectly(stage.database)
    // No draw ends before this does.
    await direct.run('begin immediate')
    const refused: string[] = []
    const asking = Array.from({ length: 12 }, (_, i) =>
      ask(1, counters, `v${i}`).catch(({ code }) => refused.push(code)),
    )
    // Eight of them have 16,384 pieces of calls under way.
    await vi.waitFor(() => expect(refused).toEqual(Array(4).fill('too_many_requests')), 10_000)
    await direct.run('rollback')
    await Promise.all(asking)
    expect(refused).toHaveLength(4)
    expect((await latchkey.verify(stage.key)).code).toBe('valid')
  }, 60_000)

  test('of ever new names are refused before others are', async () => {
    await using stage = await start()
    const { latchkey, id, ask } = stage
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1_100 }, (_, i) => ask(1, [asked(id)], `flood${i}`)),
    )
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused.length).toBe(76)
    const { id: another } = await makeKey(latchkey, [plenty])
    const message = { verifier: 'good', sequence: 1, counters: [asked(another)] }
    const answer = await latchkey.verifiers.draw(message, another, { organizationId: 'acme' })
    expect(answer.counters).toHaveLength(1)
  })

  test('that come again with other counters keep no more than was lent', async () => {
    await using stage = await start()
    const { latchkey, id, ask, drain } = stage
    const { counters } = await ask(1, [asked(id, { want: 50 })])
    const back = counters[0]?.granted ?? 0
    expect(back).toBeGreaterThan(0)
    const { id: poor } = await makeKey(latchkey, [{ name: 'credits', limit: 1, resets: null }])
    await ask(2, [asked(id, { unspent: back, period: 0 })])
    // The same number again, about another counter.
    const again = await ask(2, [asked(poor, { unspent: back })])
    expect(again.counters[0]).toMatchObject({ keyId: id })
    await ask(3, [asked(id, { back }), asked(poor, { back })])
    await drain(0)
    expect((await latchkey.keys.get(poor)).limits).toMatchObject([{ remaining: 1 }])
  })
})

onOneDatabase('SQLite', 'a verifier', (makeDatabase) => {
  test('draws from the limits of an organization with the longest id', async () => {
    const server = await startTestServer(await makeDatabase())
    const id = 'a'.repeat(128)
    await server.latchkey.organizations.create({ id, name: 'Long' })
    await server.latchkey.organizations.update(id, { limits: [plenty] })
    const { key } = await server.latchkey.keys.create({ organizationId: id, name: 'K' })
    await using verifier = createVerifier({ url: server.url, token: server.rootKey })
    expect((await verifier.verify(key)).code).toBe('valid')
    await server.close()
  })

  test('whose message the server will never take fails its calls, and goes on with others', async () => {
    const server = await startTestServer(await makeDatabase())
    await createAcme(server.latchkey)
    const [bad, good] = [await makeKey(server.latchkey, [plenty]), await makeKey(server.latchkey, [plenty])]
    const target = new URL(server.url)
    const proxy = createServer(async (incoming, outgoing) => {
      const isDraw = incoming.url === '/v1/grants'
      const body = isDraw ? await text(incoming) : undefined
      const sent = body?.includes(bad.id) ? '{}' : body
      const length = sent === undefined ? {} : { 'content-length': String(Buffer.byteLength(sent)) }
      const { method, url: path, headers } = incoming
      const options = { port: target.port, method, path, headers: { ...headers, ...length } }
      const upstream = request(options, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(outgoing)
      })
      if (sent === undefined) incoming.pipe(upstream)
      else upstream.end(sent)
    }).listen(0)
    await once(proxy, 'listening')
    const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
    const verifier = createVerifier({ url, token: server.rootKey })
    await expect(verifier.verify(bad.key)).rejects.toMatchObject({ code: 'invalid_input' })
    expect((await verifier.verify(good.key)).code).toBe('valid')
    await verifier.close()
    proxy.closeAllConnections()
    proxy.close()
    await server.close()
  })
})

test.each([
  { knows: 'process-0', told: { server: 'process-0', ageMs: leaseMs } },
  { knows: null, told: { server: 'process-1', ageMs: 0 } },
])('a server that is evicted while it serves renews nothing that it lent before: $knows', async (one) => {
  const clock = { ...systemClock, monotonic: () => 0, now: () => 0 }
  let holder = 'process-0'
  const follower = {
    start: async () => {},
    subscribe: () => {},
    get id() {
      return holder
    },
    lease: { age: () => 0, holds: () => true },
  }
  const allotments = new Allotments(
    clock,
    () => {},
    () => true,
  )
  // While the limits are read, the process is evicted, and registered anew.
  const read = async () => {
    holder = 'process-1'
    return []
  }
  const memory = { allotments, clock, follower } as unknown as ConstructorParameters<typeof Grants>[0]
  const store = { read, dialect: 'sqlite' } as unknown as ConstructorParameters<typeof Grants>[1]
  const grants = new Grants(memory, store, () => {})
  const message = { verifier: 'v', sequence: 1, server: one.knows, counters: [asked('key')] }
  const answer = await grants.serve(message as Parameters<Grants['serve']>[0], 'key', undefined)
  expect(answer).toMatchObject(one.told)
})
