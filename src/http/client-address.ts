// Where a request comes from, and whether over TLS: told by the proxies that the operator trusts, and by no one else.
import { BlockList, isIP, SocketAddress } from 'node:net'
import type { RequestParts } from '../core/request-context.ts'

/** Reads a header by its lower-case name: one of several lines as all of them in order, with commas between. */
type ReadHeader = (name: string) => string | undefined

/** A longer chain of proxies is believed no further than this. */
const maxProxies = 32
/** A longer element of `Forwarded` is no honest one. */
const maxElementLength = 512

/** Reads addresses and networks (`10.0.0.0/8`, `::1`). Throws RangeError for anything else. */
export function parseProxies(proxies: readonly string[]): BlockList {
  const list = new BlockList()
  for (const proxy of proxies) {
    const [address = '', length, ...rest] = proxy.split('/')
    const family = familyOf(address)
    const bits = length === undefined ? undefined : Number(/^\d{1,3}$/.test(length) ? length : Number.NaN)
    const mostBits = family === 'ipv4' ? 32 : 128
    if (family === undefined || rest.length > 0 || (bits !== undefined && !(bits <= mostBits))) {
      throw new RangeError(`${proxy} is neither an address nor a network.`)
    }
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, bits, family)
  }
  return list
}

/**
 * Returns the nearest address that is no trusted proxy. The chain of addresses is read from its end, where our own
 * proxies wrote, and believed no further than the first address that is not theirs. An entry that is no address
 * (`unknown`, an obfuscated identifier, rubbish) ends the chain at the proxy that wrote it.
 */
export function findClientAddress(
  remoteAddress: string | undefined,
  header: ReadHeader,
  trusted: BlockList,
): string | undefined {
  const address = plainAddress(remoteAddress)
  // Most requests come without a proxy: the headers are not read for them.
  if (address === undefined || !isTrusted(address, trusted)) return address
  return findAddressBehind(address, header, trusted)
}

/** The same for a peer that is a trusted proxy. */
function findAddressBehind(proxy: string, header: ReadHeader, trusted: BlockList): string {
  let address = proxy
  for (const before of forwardedAddresses(header)) {
    if (before === undefined) break
    address = before
    if (!isTrusted(address, trusted)) break
  }
  return address
}

/** What a trusted proxy tells of the request for which it asks; undefined from any other peer. */
export function readProxiedRequest(
  peer: string | undefined,
  header: ReadHeader,
  trusted: BlockList,
): RequestParts | undefined {
  const address = plainAddress(peer)
  if (address === undefined || !isTrusted(address, trusted)) return undefined
  const ip = findAddressBehind(address, header, trusted)
  return {
    // Of a proxy that does not tell, nothing is known of its client.
    ip: ip === address ? undefined : ip,
    userAgent: header('user-agent'),
    method: header('x-forwarded-method'),
    target: header('x-forwarded-uri'),
  }
}

/**
 * Tells whether the client is known to have spoken TLS: its browser names its own page's origin (RFC 6454,
 * section 7), which no page can forge, or a trusted proxy says so.
 */
export function isOverTls(header: ReadHeader, peer: string | undefined, trusted: BlockList): boolean {
  if (header('origin')?.startsWith('https://')) return true
  const address = plainAddress(peer)
  if (address === undefined || !isTrusted(address, trusted)) return false
  const scheme = header('x-forwarded-proto')?.split(',').at(-1)?.trim()
  return (scheme ?? lastForwardedScheme(header))?.toLowerCase() === 'https'
}

/**
 * Gives the addresses that proxies wrote down, the nearest first; undefined for an entry that is none. If
 * `X-Forwarded-For` came, it alone counts: most proxies write that one, and let a `Forwarded` (RFC 7239) of the
 * client's own pass.
 */
function* forwardedAddresses(header: ReadHeader): Generator<string | undefined> {
  const forwardedFor = header('x-forwarded-for')
  if (forwardedFor !== undefined) {
    for (const node of forwardedFor.split(',').slice(-maxProxies).reverse()) yield readNode(unquote(node))
    return
  }
  const forwarded = header('forwarded')
  if (forwarded === undefined) return
  for (const element of lastElements(forwarded)) yield readNode(readParameter(element, 'for'))
}

function lastForwardedScheme(header: ReadHeader): string | undefined {
  const forwarded = header('x-forwarded-for') === undefined ? header('forwarded') : undefined
  const [last] = forwarded === undefined ? [] : lastElements(forwarded, 1)
  return last === undefined ? undefined : readParameter(last, 'proto')
}

/**
 * Splits a list at its commas outside of quotes (RFC 9110, section 5.6.1), the last element first. It is read from
 * the end, so that a quote which a client leaves open swallows nothing that our proxies wrote behind it.
 */
function lastElements(list: string, count = maxProxies): string[] {
  const elements: string[] = []
  let end = list.length
  let isQuoted = false
  for (let i = end - 1; i >= -1 && elements.length < count; i--) {
    const letter = i === -1 ? ',' : list[i]
    if (letter === '"' && !isEscaped(list, i)) isQuoted = !isQuoted
    else if (letter === ',' && (!isQuoted || i === -1)) {
      elements.push(list.slice(i + 1, end))
      end = i
    }
  }
  return elements
}

function isEscaped(text: string, index: number): boolean {
  let backslashes = 0
  while (text[index - 1 - backslashes] === '\\') backslashes++
  return backslashes % 2 === 1
}

/** Reads one parameter of an element (RFC 7239, section 4); undefined if it is not there once. */
function readParameter(element: string, name: string): string | undefined {
  if (element.length > maxElementLength) return undefined
  const pairs = element.match(/[^;"]+(?:"(?:[^"\\]|\\.)*")?/g) ?? []
  const values = pairs.flatMap((pair) => {
    const [, key, value] = /^\s*([^\s=]+)=(.*?)\s*$/.exec(pair) ?? []
    return key?.toLowerCase() === name && value !== undefined ? [unquote(value)] : []
  })
  return values.length === 1 ? values[0] : undefined
}

/** Reads an address with or without its port (RFC 7239, section 6): `192.0.2.1:80`, `[2001:db8::1]:_port`. */
function readNode(node: string | undefined): string | undefined {
  if (node === undefined) return undefined
  const bracketed = /^\[([^\]]+)\](?::(?:\d{1,5}|_[\w.-]+))?$/.exec(node)?.[1]
  if (bracketed !== undefined)
    return isIP(bracketed.replace(/%.*$/, '')) === 6 ? plainAddress(bracketed) : undefined
  const withPort = /^([\d.]+):(?:\d{1,5}|_[\w.-]+)$/.exec(node)?.[1]
  const address = plainAddress(withPort ?? node) ?? ''
  return isIP(address) === 0 ? undefined : address
}

function unquote(text: string): string {
  const trimmed = text.trim()
  const quoted = /^"(.*)"$/s.exec(trimmed)?.[1]
  return quoted === undefined ? trimmed : quoted.replace(/\\(.)/gs, '$1')
}

/** One form for each address: without an interface, IPv4 as such even inside IPv6, IPv6 as RFC 5952 writes it. */
function plainAddress(address: string | undefined): string | undefined {
  if (address === undefined || !address.includes(':')) return address
  // As a server on all addresses is told of each IPv4 peer: the long way took a microsecond of every request.
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? []
  if (mapped !== undefined) return mapped
  const bare = address.replace(/%.*$/, '')
  const canonical = isIP(bare) === 6 ? new SocketAddress({ address: bare, family: 'ipv6' }).address : bare
  return canonical.replace(/^::ffff:(?=\d+\.)/, '')
}

function isTrusted(address: string, trusted: BlockList): boolean {
  const family = familyOf(address)
  return family !== undefined && trusted.check(address, family)
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  return ([undefined, 'ipv4', 'ipv6'] as const)[isIP(address) === 4 ? 1 : isIP(address) === 6 ? 2 : 0]
}
