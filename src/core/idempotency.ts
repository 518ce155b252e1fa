// A request that is to be done once, however often it is sent.

/** What such a request is known by, and what its answer is kept under. */
export interface IdempotentRequest {
  /** Method, path and Idempotency-Key: with the key that calls, they tell it from every other. */
  scope: string
  /** The token or the cookie's value by which the caller is known. No database has it. */
  secret: string
  /** What it asks for. */
  body: string
}
