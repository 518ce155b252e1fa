// One exact token bucket, which knows every call at its own instant: what limits over several processes are held against.

export interface Bucket {
  limit: number
  windowSeconds: number
  burst: number
}

/** How many of the calls it admits that begin at these instants, in milliseconds; it is full at the first of them. */
export function admittedBy({ limit, windowSeconds, burst }: Bucket, instants: readonly number[]): number {
  const sorted = Float64Array.from(instants).sort()
  const perMs = limit / (windowSeconds * 1000)
  let level = burst
  let at = sorted[0] ?? 0
  let admitted = 0
  for (const instant of sorted) {
    level = Math.min(burst, level + (instant - at) * perMs)
    at = instant
    // A unit that is whole but for what binary fractions lose.
    if (level < 1 - 1e-9) continue
    level--
    admitted++
  }
  return admitted
}
