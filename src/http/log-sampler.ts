// Bounds the lines that requests add to the log if they change nothing: a flood of them must neither fill a disk nor
// hide the rest.

/** Lines of one kind that are written in a window; the rest of them are counted. */
const maxLinesPerKind = 10
/** Kinds told apart in a window; lines of further ones are counted only. */
const maxKinds = 100
const windowMs = 1_000

/** How many lines were left out of the log, by the code of what they would have said. */
export type LeftOut = Record<string, number>

/** Decides which lines are written. */
export interface LogSampler {
  /** Tells whether to write a line that says a code, of a caller's request; counts it if not. */
  admits(code: string, caller: string): boolean
  /** Reports what was left out so far. */
  flush(): void
}

/**
 * Makes a sampler. It admits ten lines a second of each code and caller, and reports once a second, if it left any out,
 * how many. Ten callers' floods leave room for an eleventh's lines.
 */
export function createLogSampler(report: (leftOut: LeftOut) => void): LogSampler {
  const linesOfKind = new Map<string, number>()
  let leftOut: LeftOut | undefined
  let windowEnd: NodeJS.Timeout | undefined

  function flush(): void {
    clearTimeout(windowEnd)
    windowEnd = undefined
    linesOfKind.clear()
    const counts = leftOut
    leftOut = undefined
    if (counts) report(counts)
  }

  return {
    admits: (code, caller) => {
      // A timer in place of a look at the clock, so that the counts of a flood that has ended are reported too.
      windowEnd ??= setTimeout(flush, windowMs).unref()
      const kind = `${code} ${caller}`
      const lines = linesOfKind.get(kind) ?? 0
      const isAdmitted = lines < maxLinesPerKind && (lines > 0 || linesOfKind.size < maxKinds)
      if (isAdmitted) linesOfKind.set(kind, lines + 1)
      else {
        leftOut ??= {}
        leftOut[code] = (leftOut[code] ?? 0) + 1
      }
      return isAdmitted
    },
    flush,
  }
}
