// The mutants that may live, each with the reason: most of them change how much work is done and not what comes of it.

/** A mutant by what it is, not where, so that it is found again when lines move. */
export interface Survivor {
  file: string
  was: string
  becomes: string
  why: string
}

export const survivors: readonly Survivor[] = [
  {
    file: 'src/lease.ts',
    was: 'timer.unref?.()',
    becomes: ';',
    why: 'whether a wait keeps a process alive is held by tests of whole processes, not of the lease',
  },
]
