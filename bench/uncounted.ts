// Latchkey without counting, to hold what counting costs against it: last uses are noted as ever.
import { bareCircumstances } from '../src/verdict/circumstances.ts'

type Cache = Pick<typeof import('../src/verdict/cache.ts'), 'FactsCache'>['FactsCache']
type Tallies = Pick<typeof import('../src/verdict/tally.ts'), 'Tallies'>['Tallies']

/** Has the caches and tallies that are made from now on count nothing. */
export function stopCounting({ prototype: cache }: Cache, { prototype: tallies }: Tallies): void {
  const { noteUse } = cache
  cache.circumstancesOf = () => bareCircumstances
  cache.noteUse = function (facts, at) {
    noteUse.call(this, facts, at, bareCircumstances, 0)
  }
  tallies.enter = () => {}
}
