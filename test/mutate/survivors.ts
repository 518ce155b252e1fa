// The mutants that may live, each with the reason: most of them change how much work is done and not what comes of it.

/** A mutant by what it is, not where, so that it is found again when lines move. */
export interface Survivor {
  file: string
  was: string
  becomes: string
  why: string
}

const quickWay = 'a quick way to the same answer: without it, the long way gives it'

export const survivors: readonly Survivor[] = [
  { file: 'src/permissions.ts', was: 'wildcard === granted.length - 1', becomes: 'false', why: quickWay },
  { file: 'src/permissions.ts', was: '-', becomes: '+', why: quickWay },
]
