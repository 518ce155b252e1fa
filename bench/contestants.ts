// Contestants that each have a process of their own, so that none meets another's heap, timers or compiled code; their
// turns are taken one after the other all the same.
import { fork } from 'node:child_process'
import { join } from 'node:path'
import type { Order, Taken } from './contestants/turns.ts'
import { ratiosOf, type Turn } from './rounds.ts'

export interface Contestant extends AsyncDisposable {
  /** Takes a turn of so many milliseconds. */
  take(turnMs: number): Promise<Taken>
}

/** Starts a program of `contestants/` and resolves when it is ready for its first turn. */
export async function startContestant(name: string, ...args: readonly string[]): Promise<Contestant> {
  const script = join(import.meta.dirname, 'contestants', `${name}.ts`)
  const profile = process.env.BENCH_PROFILE
  const child = fork(script, args, {
    env: { ...process.env, NODE_ENV: 'production' },
    execArgv: profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [],
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const next = () =>
    new Promise<unknown>((done, fail) => {
      child.once('message', done)
      ended.then(() => fail(new Error(`The contestant ${name} ended.`)))
    })
  await next()
  return {
    take: (turnMs) => {
      child.send({ turnMs } satisfies Order)
      return next() as Promise<Taken>
    },
    [Symbol.asyncDispose]: async () => {
      child.disconnect()
      await ended
    },
  }
}

/** What the turns of a contestant showed beside their rate, the one that does not count left out. */
export interface Shown {
  /** Processor time of its process, in microseconds a call. */
  microseconds: number[]
  /** How many calls memory could not answer, in all turns. */
  missed: number
}

/** The turns of a contestant, as the rate of its calls; `shown` grows with each of them. */
export function turnsOf(contestant: Contestant, turnMs: number): { turn: Turn; shown: Shown } {
  const shown: Shown = { microseconds: [], missed: 0 }
  let isFirst = true
  const turn = async () => {
    const { rate, microseconds, missed } = await contestant.take(turnMs)
    if (!isFirst) {
      shown.microseconds.push(microseconds)
      shown.missed += missed
    }
    isFirst = false
    return rate
  }
  return { turn, shown }
}

/** How many times as much one takes as another, round by round. */
export function costRatios(shown: Shown, other: Shown): number[] {
  return ratiosOf(shown.microseconds, other.microseconds)
}
