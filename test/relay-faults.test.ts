// The bound on staleness through two relays behind each other, with each way between them broken, and before a server that is
// paused. The bound of two seconds is asserted; the times below it are printed.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Latchkey, openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import { makeDatabase } from './setup/databases.ts'
import { freeze } from './setup/freeze.ts'
import { type ServerProxy, startServerProxy } from './setup/http-proxy.ts'
import { startTestRelay, type TestRelay } from './setup/relay.ts'
import { casesIfLong } from './setup/rounds.ts'
import { boundMs } from './setup/stage.ts'

const command = useCommand()

interface Scene {
  latchkey: Latchkey
  pid: number
  /** Between the server and the first relay, and between the relays. */
  near: ServerProxy
  far: ServerProxy
  relay: TestRelay
  token: string
}

/** What goes wrong; gives what mends it. */
const faults: Record<string, (scene: Scene) => () => void> = {
  'the first way cut': ({ near }) => {
    near.cut()
    return near.heal
  },
  'the first way held, and delivered at once': ({ near }) => {
    near.hold()
    return near.release
  },
  'the second way held, and delivered at once': ({ far }) => {
    far.hold()
    return far.release
  },
  'both ways swallowing': ({ near, far }) => {
    near.swallow()
    far.swallow()
    return () => {
      near.heal()
      far.heal()
    }
  },
  'the server stopped and resumed': ({ pid }) => freeze(pid),
}

const usual = 'the first way held, and delivered at once'
const others = Object.keys(faults).filter((name) => name !== usual)

test.each([usual, ...casesIfLong(others)])(
  'two relays behind each other accept nothing later than 2 s after its revocation: %s',
  tryFault,
)

async function tryFault(name: string): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await makeDatabase('PostgreSQL'))
  const latchkey = stack.use(await openLatchkey({ database: database.url }))
  await latchkey.createRootKey()
  await createAcme(latchkey)
  const make = async (organizationId: string, permissions: string[] = []) =>
    latchkey.keys.create({ organizationId, name: 'K', permissions })
  const verifying = ['latchkey:keys:verify']
  const [first, second, asking] = [
    await make('root', verifying),
    await make('root', verifying),
    await make('root', verifying),
  ]
  const served = await command.serve(['--database', database.url])
  stack.defer(async () => void (await served.stop('SIGKILL')))
  const near = stack.use(await startServerProxy(served.url))
  const between = stack.use(await startTestRelay(near.url, first.key))
  const far = stack.use(await startServerProxy(between.url))
  const relay = stack.use(await startTestRelay(far.url, second.key))
  const scene = { latchkey, near, far, relay, token: asking.key, pid: served.process.pid as number }
  const [revoked, kept] = [await make('acme'), await make('acme')]
  const watches = [watch(scene, revoked.key), watch(scene, kept.key)] as const
  // Remembered, so that it is memory that must forget.
  for (const seen of watches) await expect.poll(() => seen.codes.at(-1)).toBe('valid')
  await expect.poll(async () => (await relay.request('GET', '/readyz')).status).toBe(200)
  const mend = (faults[name] as (typeof faults)[string])(scene)
  const failedAt = performance.now()
  await latchkey.keys.revoke(revoked.id)
  const revokedAt = performance.now()
  // Neither is valid for ever without its server.
  for (const seen of watches) await expect.poll(() => seen.codes.at(-1)).toBe('upstream_unavailable')
  mend()
  await expect.poll(() => watches.map(({ codes }) => codes.at(-1))).toEqual(['revoked', 'valid'])
  for (const seen of watches) await seen.stop()
  const [first1] = watches
  console.log(`${name}: last accepted ${(first1.acceptedAt - revokedAt).toFixed(0)} ms after`)
  expect(first1.acceptedAt - revokedAt, name).toBeLessThanOrEqual(boundMs)
  const [, { gaps }] = watches
  expect(gaps.find((gap) => gap > failedAt) ?? 0, name).toBeLessThanOrEqual(failedAt + boundMs)
}

interface Watch {
  /** When an answer that came later still said valid: by the instant at which it came. */
  acceptedAt: number
  /** The codes of answers, each where it changed. */
  codes: string[]
  /** When valid answers ended, each time. */
  gaps: number[]
  stop(): Promise<void>
}

/** Has a token judged all the time, by requests of which some may be under way at once. */
function watch({ relay, token }: Scene, key: string): Watch {
  const seen: Watch = { acceptedAt: 0, codes: [], gaps: [], stop: async () => {} }
  let stopped = false
  const ask = async () => {
    const { json } = await relay.request('POST', '/v1/keys/verify', { token, body: { key } })
    const code = String(json.code)
    if (code === 'valid') seen.acceptedAt = performance.now()
    if (seen.codes.at(-1) === 'valid' && code !== 'valid') seen.gaps.push(seen.acceptedAt)
    if (seen.codes.at(-1) !== code) seen.codes.push(code)
  }
  const run = async () => {
    while (!stopped) await Promise.all([ask(), setTimeout(5)])
  }
  const running = run()
  seen.stop = () => {
    stopped = true
    return running
  }
  return seen
}
