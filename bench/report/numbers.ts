// Numbers as people read them.
import { medianOf } from '../rounds.ts'

/** With thousands apart where it is large, with three digits that count where it is small. */
export function formatNumber(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 0.1 ? 2 : 4
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** The median, and what lies around it. */
export function formatSpread(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map(formatNumber)
  return `${formatNumber(medianOf(values))} (${least}–${most})`
}
