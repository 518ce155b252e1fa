// How a contestant in a process of its own takes its turns: it says that it is ready, and then runs when it is told to.
import type { Turn } from '../rounds.ts'

export interface Order {
  turnMs: number
}

/** What one turn came to. */
export interface Taken {
  /** Calls a second. */
  rate: number
  /** Processor time of the whole process, all its threads, in microseconds a call. */
  microseconds: number
  /** How many calls memory could not answer. */
  missed: number
}

/** Takes turns until the parent ends the channel, and then closes. */
export function serveTurns(
  turnOf: (turnMs: number) => Turn,
  { missed = () => 0, close = async () => {} }: { missed?: () => number; close?: () => Promise<void> } = {},
): void {
  let turn: Turn | undefined
  process.on('message', async (order: Order) => {
    turn ??= turnOf(order.turnMs)
    const [missedBefore, used, start] = [missed(), process.cpuUsage(), performance.now()]
    const rate = await turn()
    const { user, system } = process.cpuUsage(used)
    const calls = (rate * (performance.now() - start)) / 1000
    const taken: Taken = { rate, microseconds: (user + system) / calls, missed: missed() - missedBefore }
    process.send?.(taken)
  })
  process.once('disconnect', async () => {
    await close()
    process.exit()
  })
  process.send?.('ready')
}
