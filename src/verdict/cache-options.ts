// How much a cache of facts may hold, as options say it.

import { type OptionFault, wholeNumberFault } from '../core/options.ts'
import type { CacheBounds } from './cache.ts'

/** The cache that options ask for. */
export interface CacheOptions {
  /**
   * How many secrets are remembered at the most: 0 to 16,000,000, at some 300 bytes each with two permissions; 100,000
   * if absent. With 0, nothing is remembered, and each verification asks the database.
   */
  cachedSecrets?: number
  /**
   * How many bytes they may take: a secret counts with its name, its permissions, its metadata and its own limits. 0 to
   * 1,099,511,627,776; 1,280 times `cachedSecrets` if absent, and so 122 MiB of 100,000.
   */
  cacheBytes?: number
}

const defaultSecrets = 100_000
const maxSecrets = 16_000_000
const maxBytes = 2 ** 40
const defaultBytesPerSecret = 1_280

/** Finds what is wrong with the bounds of a cache. */
export function cacheFault({ cachedSecrets, cacheBytes }: CacheOptions): OptionFault | undefined {
  return (
    wholeNumberFault('cachedSecrets', cachedSecrets, 0, maxSecrets) ??
    wholeNumberFault('cacheBytes', cacheBytes, 0, maxBytes)
  )
}

/** The bounds that options ask for. */
export function cacheBoundsOf({ cachedSecrets = defaultSecrets, cacheBytes }: CacheOptions): CacheBounds {
  return { secrets: cachedSecrets, bytes: cacheBytes ?? cachedSecrets * defaultBytesPerSecret }
}
