// `--import` it before a built server: that counts nothing then.
import { stopCounting } from '../uncounted.ts'

// By a name that is found when it runs: nothing is checked or built before there is a build.
const built = new URL('../../dist/verdict/', import.meta.url)
const { FactsCache } = await import(new URL('cache.js', built).href)
const { Tallies } = await import(new URL('tally.js', built).href)
stopCounting(FactsCache, Tallies)
