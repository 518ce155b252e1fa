// What is asked of a token: for what, and from where.
import type { Purpose } from '../core/purpose.ts'
import { contextOf, type RequestParts } from '../core/request-context.ts'
import type { CallContext, VerifyOptions } from '../core/shapes/verification.ts'

/** What is asked of a token, and from where. */
export interface Asked extends VerifyOptions {
  /** From which address somebody calls Latchkey itself; a call of another API has that in its context. */
  ip?: string | undefined
  /** The request by which somebody calls Latchkey itself. */
  client?: RequestParts | undefined
}

export const nothingAsked: Asked = Object.freeze({})

/**
 * What somebody asks of a token by a request. Who calls Latchkey itself is judged by its address; who asks about a token of a call
 * tells in its context from where that came.
 */
export function askedBy(
  options: VerifyOptions = nothingAsked,
  purpose: Purpose | undefined,
  client: RequestParts | undefined,
): Asked {
  const isOwn = purpose === 'management' || purpose === 'heartbeat'
  return isOwn && client !== undefined ? { ...options, ip: client.ip, client } : options
}

/**
 * Whether a judgement is one of a token that somebody shows. A heartbeat is of one that was shown before, or a look at whose turn it is;
 * an attempt is judged once more, and so is what asks for management without saying by which request.
 */
export function isShown(purpose: Purpose, { client }: Asked): boolean {
  return purpose === 'request' || (purpose === 'management' && client !== undefined)
}

/** What is known of the call with which a token came. */
export function callContextOf({ client, context }: Asked): CallContext | undefined {
  return client === undefined ? context : contextOf(client)
}
