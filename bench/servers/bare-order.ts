// What the floor over HTTP is told before it serves.

/** What the floor knows: it answers nothing else. */
export interface BareOrder {
  caller: string
  /** The tokens that may be asked about, and the verdict that Latchkey gave on the first. */
  tokens: string[]
  permissions: string[]
  verdict: string
  /** The headers of each answer but its request id and its length. */
  headers: Record<string, string>
  workers?: number
}
