// A batch that a relay is asked for: what it judges as calls, and what once more because that took long.
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { MemoryVerifier } from '../src/client/verifier/verifier.ts'
import { LatchkeyError } from '../src/core/errors.ts'
import type { Purpose } from '../src/core/purpose.ts'
import type { Verdict, VerifyOptions, VerifyRequest } from '../src/core/shapes/verification.ts'
import { Slices } from '../src/fairness/slices.ts'
import type { Asker } from '../src/fairness/turns.ts'
import { verifyBatch } from '../src/relay/batch.ts'
import { RelayJudge } from '../src/relay/judge.ts'
import { createAcme } from './setup/acme.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

let server: TestServer

beforeAll(async () => {
  server = await startTestServer('sqlite::memory:')
  await createAcme(server.latchkey)
  return () => server.close()
})

const create = (more: object = {}) =>
  server.latchkey.keys.create({ organizationId: 'acme', name: 'K', ...more })

const credits = [{ name: 'credits', limit: 4, resets: null }]

/** Judges as a relay does, and notes what it is asked to judge. Its time passes where a test says so. */
class WatchedJudge extends RelayJudge {
  time = 0
  readonly judged: { key: string; asked: VerifyOptions; purpose: Purpose }[] = []
  readonly prepared: string[] = []
  passTime = async () => {}
  passTimeAtOnce = () => {}

  override verifyCached(key: string, asked: VerifyOptions = {}, purpose: Purpose = 'request') {
    const verdict = super.verifyCached(key, asked, purpose)
    if (verdict === undefined) return undefined
    this.passTimeAtOnce()
    this.judged.push({ key, asked, purpose })
    return verdict
  }

  override async verify(
    key: string,
    asked: VerifyOptions = {},
    asker: Asker & { purpose?: Purpose } = {},
  ): Promise<Verdict> {
    this.judged.push({ key, asked, purpose: asker.purpose ?? 'request' })
    const verdict = await super.verify(key, asked, asker)
    await this.passTime()
    return verdict
  }

  override prepare(key: string, asker: Asker): Promise<void> {
    this.prepared.push(key)
    return super.prepare(key, asker)
  }
}

/** Notes who has work in slices, and in how many steps. */
class WatchedSlices extends Slices {
  readonly ran: [asker: string, steps: number][] = []

  override run<Result>(asker: string, work: Generator<void, Result>): Promise<Result> {
    return super.run(asker, this.#watch(asker, work))
  }

  *#watch<Result>(asker: string, work: Generator<void, Result>): Generator<void, Result> {
    for (let steps = 0; ; steps++) {
      const { done, value } = work.next()
      if (done) {
        this.ran.push([asker, steps])
        return value
      }
      yield
    }
  }
}

async function openJudge() {
  const slices = new WatchedSlices()
  const verifier = new MemoryVerifier({ url: server.url, token: server.rootKey })
  await verifier.ready()
  const judge = new WatchedJudge(verifier, slices)
  const clock = { monotonic: () => judge.time }
  return {
    judge,
    slices,
    ask: (requests: readonly VerifyRequest[], asker: Asker = {}) =>
      verifyBatch(judge, slices, requests, undefined, asker, clock),
    close: () => verifier.close(),
    [Symbol.asyncDispose]: () => verifier.close(),
  }
}

test('what was valid is judged again as no call, at no cost, and what has ended since is told', async () => {
  await using relay = await openJudge()
  const { judge } = relay
  const [ends, gone] = [await create(), await create()]
  await server.latchkey.keys.revoke(gone.id)
  const drawing = await create({ limits: credits })
  judge.passTime = async () => {
    judge.passTime = async () => {}
    await server.latchkey.keys.revoke(ends.id)
    await expect.poll(() => judge.verifyCached(ends.key, {}, 'heartbeat')?.valid).not.toBe(true)
    judge.judged.length = 0
    judge.time += 101
  }
  const verdicts = await relay.ask([
    { key: ends.key },
    { key: drawing.key, cost: 2 },
    { key: gone.key },
    { key: ends.key },
  ])
  expect(verdicts.map(({ code }) => code)).toEqual(['revoked', 'valid', 'revoked', 'revoked'])
  // What was drawn is told with the verdict that drew it.
  expect(verdicts[1]).toMatchObject({ limits: [{ name: 'credits', remaining: 2 }] })
  expect(judge.prepared.toSorted()).toEqual([ends.key, gone.key, drawing.key].toSorted())
  expect(new Set(judge.judged.map(({ key }) => key))).toEqual(new Set([ends.key, drawing.key]))
  for (const { asked, purpose } of judge.judged)
    expect([purpose, asked.cost]).toEqual(['heartbeat', undefined])
  await relay.close()
  const calls = async (id: string) => (await server.latchkey.usage.readKey(id, { by: 'total' })).rows
  expect(await calls(ends.id)).toMatchObject([{ calls: 2, valid: 2 }])
  expect(await calls(drawing.id)).toMatchObject([{ calls: 1, valid: 1 }])
})

test('no verdict is told that is older than 100 ms, and the fourth look that takes longer is the last', async () => {
  await using relay = await openJudge()
  const { judge } = relay
  /** Asks for one token, each of whose first judgements takes so long. */
  const ask = async (slow: number, milliseconds: number) => {
    judge.judged.length = 0
    judge.passTimeAtOnce = () => {
      if (judge.judged.length < slow) judge.time += milliseconds
    }
    const { key } = await create()
    const told = await relay.ask([{ key }]).catch(({ code }) => [{ code }])
    return [told[0]?.code, ...judge.judged.map(({ purpose }) => purpose)]
  }
  const looks = (count: number) => Array.from({ length: count }, () => 'heartbeat')
  expect(await ask(1, 100)).toEqual(['valid', 'request'])
  expect(await ask(1, 101)).toEqual(['valid', 'request', ...looks(1)])
  expect(await ask(4, 101)).toEqual(['valid', 'request', ...looks(4)])
  expect(await ask(9, 101)).toEqual(['upstream_unavailable', 'request', ...looks(4)])
})

test('a batch gives way after 16 tokens or permissions, in the name of its caller, and learns of no token twice', async () => {
  await using relay = await openJudge()
  const { key } = await create({ permissions: ['a:*'] })
  const many = (more: object = {}) => Array.from({ length: 32 }, () => ({ key, ...more }))
  const callers: [Asker, string][] = [
    [{ keyId: 'caller', ip: '192.0.2.7' }, 'caller'],
    [{ ip: '192.0.2.7' }, '192.0.2.7'],
    [{}, ''],
  ]
  for (const [caller, name] of callers) {
    relay.slices.ran.length = 0
    await relay.ask(many(), caller)
    await relay.ask(many({ permissions: ['a:b'] }), caller)
    expect(relay.slices.ran).toEqual([2, 2, 4, 4].map((steps) => [name, steps]))
  }
  expect(relay.judge.prepared).toEqual([key])
})

test('one of a batch that fails while others are still to be judged fails the batch, and nothing else', async () => {
  await using relay = await openJudge()
  const { judge } = relay
  const [{ key: drawing }, { key: other }] = [await create({ limits: credits }), await create()]
  await relay.ask([{ key: other }])
  // Reported to nobody who waits for it, it would end the process.
  const unheard: unknown[] = []
  const note = (error: unknown) => void unheard.push(error)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  judge.verify = () => Promise.reject(new LatchkeyError('upstream_unavailable', 'Away.'))
  // Each takes a slice.
  judge.passTimeAtOnce = () => {
    for (const end = performance.now() + 0.6; performance.now() < end; );
  }
  const asking = relay.ask([drawing, ...Array.from({ length: 64 }, () => other)].map((key) => ({ key })))
  await expect(asking).rejects.toMatchObject({ code: 'upstream_unavailable' })
  expect(unheard).toEqual([])
})
