// How often a test repeats itself: often enough in each run to find the faults that it was written for, and more often
// where there is time.

/** How many rounds this run has: the first number, or the second with `TEST_LONG=1`. */
export function rounds(inEachRun: number, whenLong: number): number {
  return process.env.TEST_LONG === '1' ? whenLong : inEachRun
}

/** The cases of tests that install much from elsewhere: only with `TEST_LONG=1`, and else none at all. */
export function casesIfLong<Case>(cases: readonly Case[]): readonly Case[] {
  return process.env.TEST_LONG === '1' ? cases : []
}
