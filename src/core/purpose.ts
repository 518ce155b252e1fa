// What a token is verified for.

/**
 * A `request` is a call of the API that the operator offers, and `management` a call of Latchkey's own API: both are uses
 * of the key, and only the first will draw from its limits. A `heartbeat` comes by itself while a stream is open, or
 * before a request is served: it is no use of the key. An `attempt` is a request that is judged once more if this refuses it: no
 * refusal of it is counted.
 */
export type Purpose = 'request' | 'attempt' | 'management' | 'heartbeat'

/** Whether a token is verified for a call of the API that the operator offers. */
export function isRequest(purpose: Purpose): boolean {
  return purpose === 'request' || purpose === 'attempt'
}
