// What a token is verified for.

/**
 * A `request` is a call of the API that the operator offers, and `management` a call of Latchkey's own API: both are uses
 * of the key, and only the first will draw from its limits. A `heartbeat` comes by itself while a stream is open, or
 * before a request is served: it is no use of the key.
 */
export type Purpose = 'request' | 'management' | 'heartbeat'
