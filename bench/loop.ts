// The loops around calls that answer at once. A loop of its own for each contestant, as each call in a program has a
// place of its own: were they to share one, V8 would compile it for their mix, and measure that.
import { setImmediate } from 'node:timers/promises'
import type { Latchkey, VerifyOptions } from '../src/index.ts'
import { wanted } from './dataset.ts'
import type { Turn } from './rounds.ts'

/** Calls between two turns of the event loop, some milliseconds apart: without them no lease is renewed. */
export const callsAtOnce = 4_096

/** Calls under way at once where each waits for a database. */
export const atOnce = 16

let loops = 0

/** This module anew, with nothing compiled yet. */
export function makeLoop(): Promise<typeof import('./loop.ts')> {
  return import(`./loop.ts?${++loops}`)
}

/**
 * Verifies each token once, so that memory knows it. Between turns of the event loop: a process without them renews no lease, and is
 * evicted by its own barrier, which has it forget all.
 */
export async function warm(latchkey: Latchkey, tokens: readonly string[]): Promise<void> {
  for (const [i, token] of tokens.entries()) {
    await latchkey.verify(token)
    if (i % callsAtOnce === 0) await setImmediate()
  }
}

/**
 * Verifies from memory, for one permission unless told what to ask of the token at a place; counts when memory may not answer, and asks the
 * store then, without waiting for it. Throws where the verdict is not the right one.
 */
export function countingVerifier(
  latchkey: Latchkey,
  askedOf?: (at: number) => VerifyOptions,
): {
  verifies: (token: string, at: number) => boolean
  missed: () => number
} {
  let missed = 0
  const plain = { permissions: wanted }
  return {
    verifies: (token, at) => {
      const asked = askedOf === undefined ? plain : askedOf(at)
      const verdict = latchkey.verifyCached(token, asked)
      if (verdict === undefined) {
        missed++
        void latchkey.verify(token, asked)
      } else if (!verdict.valid) throw new Error(`A valid token was ${verdict.code}.`)
      return true
    },
    missed: () => missed,
  }
}

/** Calls a second of something that answers at once, on the texts in turn. */
export function rateOfCalls(
  texts: readonly string[],
  judges: (text: string, at: number) => boolean,
  turnMs: number,
): Turn {
  return async () => {
    const start = performance.now()
    let calls = 0
    let at = 0
    while (performance.now() - start < turnMs) {
      for (let i = 0; i < callsAtOnce; i++) {
        if (!judges(texts[at] as string, at)) throw new Error('A token was not found.')
        if (++at === texts.length) at = 0
      }
      calls += callsAtOnce
      await setImmediate()
    }
    return (calls * 1000) / (performance.now() - start)
  }
}

/** Answers a second of something that takes a while, several under way at once. */
export function rateAtOnce(
  tokens: readonly string[],
  judge: (token: string) => Promise<boolean>,
  turnMs: number,
  many = atOnce,
): Turn {
  let next = 0
  return async () => {
    const start = performance.now()
    let calls = 0
    await Promise.all(
      Array.from({ length: many }, async () => {
        while (performance.now() - start < turnMs) {
          if (!(await judge(tokens[next++ % tokens.length] as string)))
            throw new Error('A valid token was refused.')
          calls++
        }
      }),
    )
    return (calls * 1000) / (performance.now() - start)
  }
}
