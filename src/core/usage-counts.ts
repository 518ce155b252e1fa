// What is counted of calls: as memory gathers it, as batches carry it and as it is added up in the database.
import type { Measure } from './measures.ts'
import type { Place } from './places.ts'

/** What a key has of a measure in an hour. */
export interface UsageCount {
  keyId: string
  organizationId: string
  /** Hours since 1970, by the database's clock as far as the process that counts knows it. */
  hour: number
  measure: Measure
  /** Negative in a settlement that gives back. */
  amount: number
}

/** How many calls of a secret had the same in common in an hour. */
export interface ProfileCount extends Place {
  keyId: string
  kid: string
  /** As that of a {@link UsageCount}. */
  hour: number
  /** The code of the verdict. */
  code: string
  /** Those asked for, in order, with spaces between: what of a grant they needed is found by what is granted when that is asked. */
  permissions: string
  /** Whether it counts calls of all kinds that found no room. */
  isRest: boolean
  calls: number
  /** The instant of the last call, in milliseconds since 1970. */
  last: number
}
