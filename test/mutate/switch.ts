// Turns one fault on: the code under test asks here, at each place that holds one, whether it is the fault of the hour.
import { appendFileSync } from 'node:fs'

// Threads and processes that a test starts come to know it by their environment.
let active = Number(process.env.LATCHKEY_MUTANT ?? 0)
let reached: Set<number> | undefined = process.env.LATCHKEY_REACHED ? new Set() : undefined
let isTeller = process.env.LATCHKEY_REACHED !== undefined

/** Whether this fault is on. */
export function isOn(id: number): boolean {
  if (reached !== undefined && !reached.has(id)) {
    reached.add(id)
    if (isTeller) appendFileSync(process.env.LATCHKEY_REACHED as string, `${id}\n`)
  }
  return id === active
}

/** Turns a fault on, here and in what is started from now on; 0 turns every fault off. */
export function turnOn(id: number): void {
  active = id
  process.env.LATCHKEY_MUTANT = String(id)
}

/** Notes from now on into this set which faults are reached; undefined ends that. */
export function noteReached(ids: Set<number> | undefined): void {
  isTeller = false
  reached = ids
}
