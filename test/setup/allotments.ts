// For a memory whose keys have no limits.
import { Allotments } from '../../src/verdict/allotment.ts'
import { systemClock } from '../../src/verdict/clock.ts'

/** Makes allotments that nobody draws for: a call that would wait for one fails the test. */
export function noDraws(): Allotments {
  return new Allotments(
    systemClock,
    () => {
      throw new Error('A key without limits draws nothing.')
    },
    () => false,
  )
}
