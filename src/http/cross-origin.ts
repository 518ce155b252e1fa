// What scripts of pages of other origins may ask and read (Fetch Standard, section 3.2): with a token in a header, never with the
// cookies of their visitor.
import type { Reply } from './reply.ts'

/** The headers of answers that pages of any origin may read. */
export const crossOriginHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'Latchkey-As-Of, Link, Retry-After, X-Request-Id',
}

/** So long a browser may remember a preflight, in seconds. */
const rememberedSeconds = 7_200

/** The answer to a preflight of such a call. */
export function preflight(methods: readonly string[]): Reply {
  return {
    status: 204,
    headers: {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key',
      'access-control-max-age': String(rememberedSeconds),
    },
    body: null,
  }
}
