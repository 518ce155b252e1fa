// What a request tells of its call, in its headers and its target: cut and cleaned, since it is its sender's own text.
import { maxOperationLength, maxUserAgentLength } from './bounds.ts'
import { addressFault } from './call-context.ts'
import type { CallContext } from './shapes/verification.ts'
import { redactTokens } from './token.ts'

/** A request, as far as it is known. */
export interface RequestParts {
  ip?: string | undefined
  userAgent?: string | undefined
  method?: string | undefined
  /** Its path, or its whole URL. */
  target?: string | undefined
}

/** The context of a request's call; undefined if nothing is known of it. */
export function contextOf({ ip, userAgent, method, target }: RequestParts): CallContext | undefined {
  const agent = userAgent === undefined ? '' : clean(userAgent, maxUserAgentLength)
  const operation = method === undefined || target === undefined ? '' : operationOf(method, target)
  const isKnown = ip !== undefined && addressFault(ip) === undefined
  if (!isKnown && agent === '' && operation === '') return undefined
  return {
    ...(isKnown && { ip }),
    ...(agent !== '' && { userAgent: agent }),
    ...(operation !== '' && { operation }),
  }
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const longestSegment = 24

/** `POST /emails/*`: the method and the path, in which `*` stands for what differs from call to call. */
function operationOf(method: string, target: string): string {
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  const segments = path
    .split('/')
    .map((segment) =>
      /^\d+$/.test(segment) || uuid.test(segment) || segment.length > longestSegment ? '*' : segment,
    )
  return clean(`${method} ${segments.join('/') || '/'}`, maxOperationLength)
}

/** A text without control characters and tokens, of so many characters at most. */
function clean(text: string, longest: number): string {
  const sound = text
    .slice(0, 4 * longest)
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
  return redactTokens(sound).slice(0, longest).toWellFormed().trim()
}
