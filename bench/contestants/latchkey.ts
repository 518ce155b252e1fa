// Latchkey's `verifyCached` in a process of its own, on keys in random order that are all warm: `node latchkey.ts
// <database> <keys> [uncounted][,placed]`: without counting (`uncounted.ts`), and with the context of each call.
import { setImmediate } from 'node:timers/promises'
import {
  type CallContext,
  type Latchkey,
  openLatchkey,
  type Verdict,
  type VerifyOptions,
} from '../../src/index.ts'
import { FactsCache } from '../../src/verdict/cache.ts'
import { Tallies } from '../../src/verdict/tally.ts'
import { inRandomOrder, placeOf, wanted } from '../dataset.ts'
import { callsAtOnce, makeLoop } from '../loop.ts'
import { stopCounting } from '../uncounted.ts'
import { serveTurns } from './turns.ts'

/** Keys that are verified at once for the first time. */
const block = 2_000
/** What each key costs then, so that the process has seen many units used, and holds about as many. */
const firstCost = 1_000
/** A key that nobody uses gives its units back after ten seconds: those that are warm are verified as often as this. */
const touchEveryMs = 3_000
const maxTouches = 20

/** Verifies all keys, block by block, until memory can answer for each; throws if it never can. */
async function warm(latchkey: Latchkey, tokens: readonly string[]): Promise<void> {
  // From its first read on it follows changes, and reads at once.
  await latchkey.verify(tokens[0] as string)
  let touchedAt = performance.now()
  for (let known = 0; known < tokens.length; known += block) {
    const some = tokens.slice(known, known + block)
    for (let i = 0; i < 2; i++)
      await Promise.all(some.map((token) => latchkey.verify(token, { cost: firstCost })))
    if (performance.now() - touchedAt < touchEveryMs) continue
    touchedAt = performance.now()
    await touch(latchkey, tokens.slice(0, known))
  }
  for (let i = 0; i < maxTouches; i++) if ((await touch(latchkey, tokens)) === 0) return
  throw new Error('Memory cannot answer for all keys.')
}

/** Verifies each once, from memory if that can answer; returns how many it could not. */
async function touch(latchkey: Latchkey, tokens: readonly string[]): Promise<number> {
  const waiting: Promise<Verdict>[] = []
  for (const [i, token] of tokens.entries()) {
    if (latchkey.verifyCached(token) === undefined) waiting.push(latchkey.verify(token))
    if (i % callsAtOnce === 0) await setImmediate()
  }
  await Promise.all(waiting)
  return waiting.length
}

const [database = '', keys, mode] = process.argv.slice(2)
if (mode?.includes('uncounted')) stopCounting(FactsCache, Tallies)
const latchkey = await openLatchkey({ database, cachedSecrets: Number(keys) })
const tokens = inRandomOrder(Number(keys))
await warm(latchkey, tokens)
const loop = await makeLoop()
const places = tokens.map((_, i) => placeOf(i))
/** An object of its own for each call, as those of a middleware. */
const askedOf = (at: number): VerifyOptions => {
  const { ip, userAgent, operation } = places[at] as CallContext
  return { permissions: wanted, context: { ip, userAgent, operation } }
}
const { verifies, missed } = loop.countingVerifier(latchkey, mode?.includes('placed') ? askedOf : undefined)
serveTurns((turnMs) => loop.rateOfCalls(tokens, verifies, turnMs), { missed, close: () => latchkey.close() })
