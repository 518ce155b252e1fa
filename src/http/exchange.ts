// One request and what becomes known of it on its way to an answer; the log and the metrics are made from it.
import { randomUUID } from 'node:crypto'
import type { BlockList } from 'node:net'
import type { VerdictCode } from '../core/shapes/verification.ts'
import { containsToken } from '../core/token.ts'
import { findClientAddress } from './client-address.ts'

/** The part of a trace that a request is. Ids are lower-case hexadecimal. */
export interface Trace {
  traceId: string
  spanId: string
  /** The caller's span; undefined if it has none. */
  parentId: string | undefined
  /** What the systems before this one say to each other. */
  state: string | undefined
  isSampled: boolean
}

/** A request under way. Optional fields are set by the code that finds them out. */
export interface Exchange {
  readonly requestId: string
  readonly method: string
  /** The client's address, as far as it can be believed. */
  readonly ip: string | undefined
  /** The address of the peer: the client, or the last proxy before us. */
  readonly peer: string | undefined
  /** When the request came, by the monotonic clock, in milliseconds. */
  readonly startedAt: number
  /** The path template of the route; undefined if there is none. */
  route?: string | undefined
  /** The id of the key that calls. */
  keyId?: string | undefined
  /** The id of the member that calls, if it is no key. */
  memberId?: string | undefined
  /** The id of the portal session that calls. */
  portalSessionId?: string | undefined
  /** The name of the cookie by which it calls, if it shows no token; never its value. */
  cookieName?: string
  /** The public part of the token that was refused, or that was judged for the caller. */
  kid?: string | undefined
  /** The codes of all verdicts given, a batch's too. */
  verdicts?: readonly VerdictCode[]
  /** The trace that it belongs to, if a collector is told of requests. */
  trace?: Trace | undefined
  /** What went wrong, if the answer is a problem. */
  error?: unknown
}

/** Reads a header by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined

const requestIdPattern = /^[A-Za-z0-9_-]{1,64}$/

/** Begins an exchange. `remoteAddress` is the peer's; a proxy's only if it is trusted. */
export function openExchange(
  method: string,
  header: ReadHeader,
  remoteAddress: string | undefined,
  trustedProxies: BlockList,
  startedAt = performance.now(),
): Exchange {
  return {
    requestId: chooseRequestId(header('x-request-id')),
    method,
    peer: remoteAddress,
    ip: findClientAddress(remoteAddress, header, trustedProxies),
    startedAt,
  }
}

/** The id that the caller gave to its request, if it has the form of one and not of a token; else a new one. */
export function chooseRequestId(asked: string | undefined): string {
  return asked !== undefined && requestIdPattern.test(asked) && !containsToken(asked) ? asked : randomUUID()
}

/** The page to which a provider sends a browser back. What it sends is its own, and random: some of it has the form of a token. */
const ofProvider = /^(\/sign-in\/callback\/[^/?#]+)\?/

/** Tells whether a URL, as it came, holds a token: percent-encoded too, once or more. */
export function holdsToken(url: string): boolean {
  let text = ofProvider.exec(url)?.[1] ?? url
  for (let round = 0; round < 3; round++) {
    if (containsToken(text)) return true
    if (!text.includes('%')) return false
    text = text.replace(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
  }
  return containsToken(text)
}
