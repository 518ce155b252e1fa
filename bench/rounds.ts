// Turns taken one after the other, so that whatever else the machine does meets all contestants alike; and what
// the turns gave, as medians, spreads and ratios within a round.

/** Something measured several times. */
export interface Figure {
  what: string
  unit: string
  /** One a round. */
  values: number[]
  /** Whose it is, where the chart shows it. */
  role?: 'ours' | 'floor' | 'peer'
  /** What it is held against, and the ratio to that within each round. */
  beside?: { what: string; ratios: number[] }
}

/** A figure that was promised to be at least, or at most, so much. */
export interface Bar {
  what: string
  promised: string
  /** Against what, in words. */
  beside: string
  sense: 'at least' | 'at most'
  bound: number
  unit: string
  /** One a round. */
  values: number[]
}

/** What a section found. */
export interface Findings {
  title: string
  figures: Figure[]
  bars: Bar[]
  /** Sentences for the report: what was done, and what surprises in it. */
  notes: string[]
}

export type Turn = () => Promise<number>

/**
 * Gives each contestant its turn, round after round, after one that does not count. Every second round runs
 * backwards, so that nobody always comes after the same one.
 */
export async function takeTurns<Name extends string>(
  rounds: number,
  turns: Record<Name, Turn>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(turns) as Name[]
  const values = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, number[]>
  for (const name of names) await turns[name]()
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      const value = await turns[name]()
      values[name].push(value)
      say(`round ${round + 1} of ${rounds}: ${name}: ${value.toPrecision(4)}`)
    }
  }
  return values
}

/** Each value by the other's of the same round. */
export function ratiosOf(values: readonly number[], others: readonly number[]): number[] {
  return values.map((value, i) => value / (others[i] as number))
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** The value that a part of them, such as 0.99, does not exceed. */
export function quantileOf(values: readonly number[], part: number): number {
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] as number
}

/** Whether the median keeps the promise, and in how many rounds it was kept. */
export function judgeBar({ sense, bound, values }: Bar): { isMet: boolean; roundsMet: number } {
  const keeps = (value: number) => (sense === 'at least' ? value >= bound : value <= bound)
  return { isMet: keeps(medianOf(values)), roundsMet: values.filter(keeps).length }
}

/** Tells on standard error how far a run has come. */
export function say(text: string): void {
  process.stderr.write(`  ${text}\n`)
}
