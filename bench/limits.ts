// Limits of the keys that are measured.
import type { LimitGiven } from '../src/core/stored-limits.ts'

/** A rate and a quota with so many units that they refuse nothing. */
export const ampleLimits: readonly LimitGiven[] = [
  { name: 'requests', limit: 1e9, windowSeconds: 60, defaultCost: 1 },
  { name: 'credits', limit: 1e9, resets: 'monthly', defaultCost: 1 },
]

/** What a customer of many has. */
export const hundredAMinute: readonly LimitGiven[] = [
  { name: 'requests', limit: 100, windowSeconds: 60, defaultCost: 1 },
]
