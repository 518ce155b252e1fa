// The tables of leaks as they lie in the database; see `tables.ts` and `leaks.ts`.

/** Tokens that somebody has reported, until they are acted on: ours or not, live or not. */
export interface LeakReportsTable {
  id: string
  /** Under which kid the token would be stored; of another system's token there is a row for each recipe. */
  kid: string
  /** What would be stored in its place. */
  digest: Uint8Array
  /** Who reports it, such as `possession`. */
  source: string
  /** Where it was found. */
  url: string | null
  /** The request that it came with. */
  request_id: string | null
  /** When it is to be acted on: at once, or later if that failed. */
  due_at: number
}

/** On which day a secret was last told of as exposed, by each source: once a day. */
export interface LeaksToldTable {
  kid: string
  source: string
  /** The start of the day, UTC. */
  day: number
}

export interface LeakTables {
  leak_reports: LeakReportsTable
  leaks_told: LeaksToldTable
}
