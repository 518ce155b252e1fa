// Tells a person that work is still going on, if it takes longer than expected.
import { printNote } from './output.ts'

const patienceMs = 5000

/** Waits for a promise and notes every few seconds how long it has taken so far. */
export async function whileWaiting<T>(promise: Promise<T>, what: string): Promise<T> {
  const start = performance.now()
  const timer = setInterval(
    () => printNote(`${what}: ${Math.round((performance.now() - start) / 1000)} s so far.`),
    patienceMs,
  )
  try {
    return await promise
  } finally {
    clearInterval(timer)
  }
}
