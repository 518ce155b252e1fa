// One request and what becomes known of it on its way to an answer; the log and the metrics are made from it.
import { randomUUID } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import type { VerdictCode } from '../schemas.ts'
import { containsToken } from '../token.ts'

/** A request under way. What is optional is noted by whoever finds it out. */
export interface Exchange {
  readonly requestId: string
  readonly method: string
  /** The client's address, as far as it can be believed. */
  readonly ip: string | undefined
  /** The address of whoever connected: the client, or the last proxy before us. */
  readonly peer: string | undefined
  /** By the monotonic clock, in milliseconds. */
  readonly startedAt: number
  /** The path template of the route; undefined where there is none. */
  route?: string
  /** The id of the key that calls. */
  keyId?: string
  /** The name of the cookie by which it calls, where it shows no token; never its value. */
  cookieName?: string
  /** The public part of the token that was refused, or that was judged for the caller. */
  kid?: string
  /** The codes of all verdicts given, a batch's too. */
  verdicts?: readonly VerdictCode[]
  /** What went wrong, where the answer is a problem. */
  error?: unknown
}

/** Reads a header by its lower-case name. */
export type ReadHeader = (name: string) => string | undefined

// A token is longer, and so can never stand whole in a request id.
const requestIdPattern = /^[A-Za-z0-9_-]{1,64}$/

/** Begins an exchange. `remoteAddress` is the peer's; a proxy's only where it is trusted. */
export function openExchange(
  method: string,
  header: ReadHeader,
  remoteAddress: string | undefined,
  trustedProxies: BlockList,
): Exchange {
  const asked = header('x-request-id')
  return {
    requestId: asked !== undefined && requestIdPattern.test(asked) ? asked : randomUUID(),
    method,
    peer: remoteAddress,
    ip: clientAddress(remoteAddress, header('x-forwarded-for'), trustedProxies),
    startedAt: performance.now(),
  }
}

/** Reads addresses and networks (`10.0.0.0/8`, `::1`). Throws RangeError for anything else. */
export function parseProxies(proxies: readonly string[]): BlockList {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = '', length, ...rest] = proxy.split('/')
    const family = familyOf(address)
    const bits = length === undefined ? undefined : Number(/^\d{1,3}$/.test(length) ? length : Number.NaN)
    const mostBits = family === 'ipv4' ? 32 : 128
    if (family === undefined || rest.length > 0 || (bits !== undefined && !(bits <= mostBits))) {
      throw new RangeError(`Not an address or a network: ${proxy}`)
    }
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, bits, family)
  }
  return list
}

/**
 * The nearest address that is no trusted proxy: `X-Forwarded-For` is read from its end, where our own
 * proxies wrote, and believed no further than the first address that is not theirs.
 */
export function clientAddress(
  remoteAddress: string | undefined,
  forwardedFor: string | undefined,
  trusted: BlockList,
): string | undefined {
  let address = plainAddress(remoteAddress)
  if (forwardedFor === undefined) return address
  const forwarded = forwardedFor.split(',').slice(-32)
  while (address !== undefined && isTrusted(address, trusted)) {
    const before = plainAddress(forwarded.pop()?.trim())
    if (before === undefined || familyOf(before) === undefined) break
    address = before
  }
  return address
}

/**
 * Whether the client is known to have spoken TLS: its browser names its own page's origin (RFC 6454, section 7),
 * which no page can forge, or a trusted proxy says so.
 */
export function isOverTls(header: ReadHeader, peer: string | undefined, trusted: BlockList): boolean {
  if (header('origin')?.startsWith('https://')) return true
  const address = plainAddress(peer)
  const forwarded = header('x-forwarded-proto')?.split(',').at(-1)?.trim().toLowerCase()
  return forwarded === 'https' && address !== undefined && isTrusted(address, trusted)
}

/** Tells whether a URL, as it came, holds a token: percent-encoded too, once or more. */
export function holdsToken(url: string): boolean {
  let text = url
  for (let round = 0; round < 3; round++) {
    if (containsToken(text)) return true
    if (!text.includes('%')) return false
    text = text.replace(/%([0-7][0-9A-Fa-f])/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    )
  }
  return containsToken(text)
}

function plainAddress(address: string | undefined): string | undefined {
  // An IPv4 client on a socket that also listens on IPv6, and a link-local one with its interface.
  return address?.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = familyOf(address)
  return family !== undefined && trusted.check(address, family)
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  return ([undefined, 'ipv4', 'ipv6'] as const)[isIP(address) === 4 ? 1 : isIP(address) === 6 ? 2 : 0]
}
