// Units that are called back of verifiers elsewhere: these hear of it by the answers that renew their lease, whatever their
// stream of changes leaves out, and what a verifier that ended has is called back by nobody.
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createVerifier } from '../src/client/index.ts'
import { leaseMs } from '../src/core/bounds.ts'
import type { Quota } from '../src/core/limits.ts'
import { writeLimits } from '../src/core/stored-limits.ts'
import type { Sink } from '../src/http/streams.ts'
import { Audience, noChanges } from '../src/server/audience.ts'
import { Allotments } from '../src/verdict/allotment.ts'
import { countLimits } from '../src/verdict/owners.ts'
import { Grants } from '../src/verification/grants.ts'
import { Recalls } from '../src/verification/recalls.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { startTestServer } from './setup/server.ts'
import { boundMs } from './setup/stage.ts'

/** Passes all on but what a stream tells of counters, and changes the answers to messages. */
async function startProxy(serverUrl: string, change: (answer: string) => string) {
  const { port } = new URL(serverUrl)
  const proxy = createServer((incoming, outgoing) => {
    const { method, url: path, headers } = incoming
    const upstream = request({ port, method, path, headers }, async (answer) => {
      const isStream = path === '/v1/changes'
      const { 'content-length': _, ...others } = answer.headers
      outgoing.writeHead(answer.statusCode ?? 500, path === '/v1/grants' ? others : answer.headers)
      if (path === '/v1/grants') outgoing.end(change(await text(answer)))
      else if (!isStream) answer.pipe(outgoing)
      else {
        outgoing.flushHeaders()
        answer.on('data', (event: Buffer) => {
          outgoing.write(String(event).replaceAll(/"counters":\[[^\]]*\],?/g, ''))
        })
      }
    })
    upstream.on('error', () => outgoing.destroy())
    incoming.pipe(upstream)
  }).listen(0)
  await once(proxy, 'listening')
  const close = async () => {
    proxy.closeAllConnections()
    proxy.close()
  }
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  return { url, [Symbol.asyncDispose]: close }
}

onEachDatabase('units that were taken away', (makeDatabase) => {
  test.each([
    { says: 'which', change: (answer: string) => answer },
    { says: 'all', change: (answer: string) => answer.replace(/"recalled":\["[^\]]*\]/, '"recalled":null') },
  ])(
    'are spent no longer than the bound by a verifier to which no stream tells of it: $says',
    async (one) => {
      const server = await startTestServer(await makeDatabase())
      await createAcme(server.latchkey)
      const credits = { name: 'credits', limit: 1_000_000, resets: 'monthly' } as const
      const { id, key } = await server.latchkey.keys.create({
        organizationId: 'acme',
        name: 'K',
        limits: [credits],
      })
      await using proxy = await startProxy(server.url, one.change)
      const verifier = createVerifier({ url: proxy.url, token: server.rootKey })
      await verifier.ready()
      for (let cached = 0; cached < 100; await setTimeout(1)) {
        if (verifier.verifyCached(key)?.valid) cached++
        else await verifier.verify(key)
      }
      await server.latchkey.keys.addUnits(id, 'credits', { add: -1_000_000 })
      const takenAt = performance.now()
      let spentAt = takenAt
      let last: string | undefined
      while (performance.now() - takenAt < 1.5 * boundMs) {
        last = (verifier.verifyCached(key) ?? (await verifier.verify(key))).code
        if (last === 'valid') spentAt = performance.now()
        await setTimeout(50)
      }
      expect(last).toBe('quota_exceeded')
      expect(spentAt - takenAt).toBeLessThanOrEqual(boundMs)
      await verifier.close()
      await server.close()
    },
  )
})

const quota: Quota = { kind: 'quota', limit: 100_000, resets: null, anchor: null, overdraft: null }

/** A process that lends units of very many limits of a key, with its time in the test's hands. */
async function startLender(names: readonly string[]) {
  let now = 0
  let timers: { at: number; run: () => void }[] = []
  const clock = {
    monotonic: () => now,
    now: () => now,
    after: (delay: number, run: () => void) => {
      timers.push({ at: now + delay, run })
      return () => {}
    },
  }
  const pass = (milliseconds: number) => {
    now += milliseconds
    const due = timers.filter(({ at }) => at <= now)
    timers = timers.filter(({ at }) => at > now)
    for (const { run } of due) run()
  }
  const allotments = new Allotments(
    clock,
    () => {},
    () => true,
  )
  const limits = names.map((name) => ({ name, allowance: quota, defaultCost: 1, epoch: 0, isSet: true }))
  for (const { limit } of countLimits('key', 'key', 'acme', limits))
    void allotments.wait([{ limit, cost: 1 }])
  for (let message = allotments.prepare(); message !== undefined; message = allotments.prepare()) {
    const answer = { granted: 20, given: 1, kept: 0, period: 0, left: 100, elsewhere: 0 }
    const never = { emptyForMs: 0, endsInMs: null, endsAt: null }
    allotments.accept(
      message,
      message.counters.map(() => ({ ...answer, ...never })),
    )
  }
  let tell: (news: { changed: { topic: string; id: string }[] | undefined }) => void = () => {}
  const follower = {
    start: async () => {},
    subscribe: (listener: typeof tell) => {
      tell = listener
    },
    id: 'process' as string | undefined,
    lease: { age: () => 0, holds: () => true },
  }
  const row = { scope: 'key', id: 'key', organizationId: 'acme', planned: null }
  const read = async () => [{ ...row, limits: writeLimits({ limits, removed: {} }) }]
  const memory = { allotments, clock, follower } as unknown as ConstructorParameters<typeof Grants>[0]
  const store = { read, dialect: 'sqlite' } as unknown as ConstructorParameters<typeof Grants>[1]
  const lost: number[] = []
  const grants = new Grants(memory, store, (_, units) => lost.push(units))
  const sequences = new Map<string, number>()
  const send = (
    verifier: string,
    asked: readonly string[],
    more: { want: number; unspent?: number; back?: number },
    server?: string,
  ) => {
    const counter = { keyId: 'key', scope: 'key', kind: 'quota', epoch: 0, period: 0 } as const
    const none = { unspent: 0, back: 0, unused: 0, need: 0, least: 0 }
    const counters = asked.map((name) => ({ ...counter, ...none, name, ...more }))
    const sequence = (sequences.get(verifier) ?? 0) + 1
    sequences.set(verifier, sequence)
    return grants.serve({ verifier, server, sequence, counters }, 'key', undefined)
  }
  const recall = (called: readonly string[] | undefined) =>
    tell({ changed: called?.map((name) => ({ topic: 'limit', id: `key/key/${name}/never` })) })
  return { send, recall, pass, lost, grants, follower }
}

test('each answer names what is called back, until it has come back', async () => {
  const { send, recall } = await startLender(['one', 'two', 'three'])
  await send('v', ['one', 'two'], { want: 4 })
  recall(['two', 'three'])
  expect((await send('v', [], { want: 0 })).recalled).toEqual(['key/key/two/never'])
  expect((await send('v', ['two'], { unspent: 4, want: 4 })).recalled).toEqual(['key/key/two/never'])
  expect((await send('v', ['two'], { unspent: 0, want: 4 })).recalled).toEqual([])
  recall(undefined)
  expect((await send('v', [], { want: 0 })).recalled).toEqual(['key/key/one/never', 'key/key/two/never'])
  expect((await send('w', [], { want: 0 })).recalled).toEqual([])
})

test('an answer calls all back that would name too many', async () => {
  const names = Array.from({ length: 1_001 }, (_, i) => `n${i}`)
  const { send, recall } = await startLender(names)
  await send('v', names.slice(0, 500), { want: 4 })
  await send('v', names.slice(500), { want: 4 })
  recall(names.slice(1))
  expect((await send('v', [], { want: 0 })).recalled).toHaveLength(1_000)
  recall(names.slice(0, 1))
  expect((await send('v', [], { want: 0 })).recalled).toBeNull()
})

test('what was called back long ago is not known by its name', () => {
  const recalls = new Recalls()
  const hear = (count: number) =>
    recalls.hear(Array.from({ length: count }, () => ({ topic: 'limit', id: 'c', organizationId: 'acme' })))
  recalls.hear([{ topic: 'key', id: 'k', organizationId: 'acme' }])
  expect(recalls.count).toBe(0)
  hear(20_000)
  expect(recalls.since(0)).toHaveLength(20_000)
  hear(1)
  expect(recalls.since(0)).toBeUndefined()
  expect(recalls.since(10_000)).toBeUndefined()
  expect(recalls.since(10_001)).toHaveLength(10_000)
  expect(recalls.since(20_001)).toEqual([])
  recalls.hear(undefined)
  expect(recalls.since(20_001)).toBeUndefined()
  expect(recalls.since(recalls.count)).toEqual([])
})

test('what a verifier has that is heard of no more is spent, also if another was heard of a moment before', async () => {
  const { send, pass, lost } = await startLender(['one', 'two'])
  pass(1_000)
  await send('v', ['one'], { want: 4 })
  pass(leaseMs - 50)
  await send('w', ['two'], { want: 4 })
  expect(lost).toEqual([])
  pass(50)
  expect(lost).toEqual([])
  pass(leaseMs)
  pass(leaseMs)
  expect(lost).toEqual([4, 4])
})

test('a stream tells of a bounded number of counters at once, and nobody forgets facts because of more', () => {
  const sent: string[] = []
  const verifiers = { sequence: () => 7 } as unknown as ConstructorParameters<typeof Audience>[0]
  const audience = new Audience(verifiers, undefined, {
    send: (_, bytes) => sent.push(new TextDecoder().decode(bytes)),
    judge: () => {},
  })
  audience.readers.set({} as Sink, { token: 't', keyId: 'k', judges: new Set(['organization']) })
  const recall = (counters: string[]) => audience.hear({ ...noChanges, counters })
  // The first is told at once, and the others wait.
  recall(['first'])
  for (let i = 0; i < 12_000; i += 3_000) recall(Array.from({ length: 3_000 }, (_, j) => `c${i + j}`))
  audience.hear({ ...noChanges, keys: ['key'] })
  audience.tell()
  expect(sent).toHaveLength(2)
  expect(sent[1]).not.toContain('event: forget')
  expect(sent[1]).toContain('"key_ids":["key"]')
  expect(sent[1]?.match(/"c\d+"/g)).toHaveLength(10_000)
})

test('a process that stops names what verifiers have of it, once, and lends no more', async () => {
  const { send, recall, grants } = await startLender(['one', 'two', 'three'])
  expect(grants.hasLent()).toBe(false)
  await send('v', ['one', 'two'], { want: 4 })
  await send('w', ['two', 'three'], { want: 4 })
  await send('w', ['three'], { back: 4, want: 0 })
  recall(undefined)
  expect(grants.hasLent()).toBe(true)
  const told = ['one', 'two'].map((name) => ({
    topic: 'limit',
    id: `key/key/${name}/never`,
    organizationId: 'acme',
  }))
  expect(grants.recall()).toEqual(told)
  expect((await send('v', ['three'], { want: 4 })).counters[0]).toMatchObject({ granted: 0 })
  await send('v', ['one', 'two'], { back: 4, want: 0 })
  await send('w', ['two'], { back: 4, want: 0 })
  expect(grants.hasLent()).toBe(false)
  expect(grants.recall()).toEqual([])
})

test('a process serves nothing to a verifier that has units of another one, and nobody while it has no name', async () => {
  const { send, follower } = await startLender(['one'])
  const other = await send('v', ['one'], { want: 4 }, 'another')
  expect(other).toMatchObject({ server: 'process', recalled: [], counters: [] })
  expect((await send('w', ['one'], { want: 4 }, 'process')).counters[0]).toMatchObject({ granted: 4 })
  follower.id = undefined
  await expect(send('w', ['one'], { want: 4 })).rejects.toMatchObject({ code: 'store_unavailable' })
})
