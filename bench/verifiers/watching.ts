// Verifiers of several servers that ask about tokens again and again, and the servers asked beside them: tells its parent, for
// `bench/sections/leaks.ts`, when the last of them accepted one.
import { setTimeout } from 'node:timers/promises'
import { createClient, createVerifier } from '../../src/client/index.ts'
import type { Verdict } from '../../src/core/shapes/verification.ts'

/** Who watches: so many verifiers of each server. */
export interface WatchingOrder {
  urls: string[]
  token: string
  verifiersOfEach: number
}

/** Begins to watch tokens, each by all or, in turn, by one. */
export interface WatchOrder {
  tokens: string[]
  by: 'all' | 'one'
}

/** Comes when all that watch have refused. */
export interface LastAccept {
  /** Nanoseconds by `process.hrtime`, which is one clock for a machine. */
  at: bigint
}

/** How long those who watch rest between two looks: a look at a thousand tokens takes milliseconds itself. */
const restMs = { all: 1, one: 10 }
/** A refusal that a later verdict takes back shows within so long. */
const quietMs = 100

interface Pair {
  token: string
  cached?: (token: string) => Verdict | undefined
  verify: (token: string) => Promise<Verdict>
  isAsking: boolean
  accepts: boolean | undefined
}

const { urls, token, verifiersOfEach }: WatchingOrder = JSON.parse(process.argv[2] ?? '')
const verifiers = urls.flatMap((url) =>
  Array.from({ length: verifiersOfEach }, () => createVerifier({ url, token })),
)
const clients = urls.map((url) => createClient({ url, token }))
await Promise.all(verifiers.map((verifier) => verifier.ready()))

let pairs: Pair[] = []
let rest = 1
let lastAccept = 0n

function pairsOf({ tokens, by }: WatchOrder): Pair[] {
  const watches = (token: string, first: number, step: number) => [
    ...verifiers
      .filter((_, i) => i % step === first % step)
      .map((verifier) => ({
        token,
        cached: (asked: string) => verifier.verifyCached(asked),
        verify: (asked: string) => verifier.verify(asked),
      })),
    ...(first % step < clients.length || step === 1
      ? clients.map((client) => ({ token, verify: (asked: string) => client.verify(asked) }))
      : []),
  ]
  return tokens
    .flatMap((token, i) => watches(token, i, by === 'all' ? 1 : verifiers.length))
    .map((pair) => ({ ...pair, isAsking: false, accepts: undefined }))
}

function look(pair: Pair): void {
  const cached = pair.cached?.(pair.token)
  if (cached) note(pair, cached)
  if (cached || pair.isAsking) return
  pair.isAsking = true
  void pair
    .verify(pair.token)
    // An error is no verdict: it is asked again.
    .then(
      (verdict) => note(pair, verdict),
      () => {},
    )
    .finally(() => {
      pair.isAsking = false
    })
}

function note(pair: Pair, { valid }: Verdict): void {
  pair.accepts = valid
  if (valid) lastAccept = process.hrtime.bigint()
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    for (const pair of pairs) look(pair)
    await setTimeout(rest)
  }
}

process.on('message', async (order: WatchOrder) => {
  pairs = pairsOf(order)
  rest = restMs[order.by]
  await until(() => pairs.every(({ accepts }) => accepts === true))
  process.send?.('watching')
  const isQuiet = () => Number(process.hrtime.bigint() - lastAccept) / 1e6 > quietMs
  await until(() => pairs.every(({ accepts }) => accepts === false) && isQuiet())
  process.send?.({ at: lastAccept } satisfies LastAccept)
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
