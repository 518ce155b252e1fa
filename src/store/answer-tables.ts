// The tables of what was answered, for who asks again. Instants are integers of milliseconds.

/** Reservations that were settled. */
export interface SettlementsTable {
  id: string
  cost: string
  answer: string
  kept_until: number
}

/** Requests that came with an Idempotency-Key and were done. */
export interface IdempotentRequestsTable {
  /** What tells it from every other: see `commit/claims.ts`. */
  id: string
  /** The key that asked. */
  key_id: string
  kept_until: number
  /** What it has made. From here on null only within the transaction that does it. */
  made_id: string | null
  salt: Uint8Array | null
  /** What it asked for, by a key that the database does not have. */
  body_mac: Uint8Array | null
  /** What it was answered, sealed by such a key. */
  answer: Uint8Array | null
}
