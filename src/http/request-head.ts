// What RFC 9110 and RFC 9112 ask of the head of a request, whatever it is for. The server looks here before any way of serving
// sees the request, so that all of them give the same answer.
import type { IncomingMessage } from 'node:http'
import { type ErrorCode, LatchkeyError } from '../core/errors.ts'
import { holdsToken } from './exchange.ts'
import type { Reply } from './reply.ts'

/** The methods that some route takes. */
export const allMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE'

/**
 * Looks at the head of a request, and gives its target as a path and a query, whatever form it came in. Returns the answer to a
 * request that no route is to see; undefined for all others. The answer is a refusal (`malformed_request`, `expectation_failed`,
 * `unsupported_transfer_coding`), which it throws, or that to `OPTIONS *`.
 */
export function readHead(incoming: IncomingMessage): (() => Reply) | undefined {
  const fault = fieldsFault(incoming)
  if (fault !== undefined) return () => refuse(...fault)
  const { method, url = '' } = incoming
  // Nearly all come so.
  if (url.startsWith('/')) return undefined
  if (url === '*' && method === 'OPTIONS')
    return () => ({ status: 200, headers: { allow: allMethods }, body: null })
  // Refused for that before all else.
  if (holdsToken(url)) return () => refuse('token_in_url', 'The URL contains a token.')
  const target = toOriginForm(url)
  if (target === undefined)
    return () =>
      refuse('malformed_request', 'The target must be a path, or an address with http or https and a host.')
  incoming.url = target
  return undefined
}

type Fault = [code: ErrorCode, detail: string]

function fieldsFault({ rawHeaders, httpVersion }: IncomingMessage): Fault | undefined {
  if (httpVersion !== '1.1' && httpVersion !== '1.0')
    return ['malformed_request', 'The request must be of HTTP/1.1 or HTTP/1.0.']
  let hosts = 0
  let isHostValid = true
  let codings: string | undefined
  let expectation: string | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string
    // Most names are told apart by their length and their first letter alone.
    if ((name.charCodeAt(0) | 0x20) !== initialsByLength[name.length]) continue
    const value = rawHeaders[i + 1] as string
    switch (name === 'Host' ? 'host' : name.toLowerCase()) {
      case 'host':
        hosts++
        isHostValid &&= isHost(value)
        break
      case 'transfer-encoding':
        codings = codings === undefined ? value : `${codings},${value}`
        break
      case 'expect':
        expectation = expectation === undefined ? value : `${expectation},${value}`
    }
  }
  return (
    hostFault(hosts, isHostValid, httpVersion) ??
    (codings === undefined ? undefined : codingFault(codings, httpVersion)) ??
    (expectation === undefined ? undefined : expectationFault(expectation, httpVersion))
  )
}

/** No two of these names have the same length. */
const initialsByLength: number[] = Array.from({ length: 32 }, () => 0)
for (const name of ['host', 'transfer-encoding', 'expect']) initialsByLength[name.length] = name.charCodeAt(0)

/** RFC 9112, section 3.2: a request of HTTP/1.1 names its host once. It may be empty. */
function hostFault(hosts: number, isValid: boolean, version: string): Fault | undefined {
  if (hosts > 1) return ['malformed_request', 'The request must have one Host header, and has several.']
  if (hosts === 0 && version !== '1.0') return ['malformed_request', 'The request must have a Host header.']
  return isValid
    ? undefined
    : ['malformed_request', 'The Host header must be a host name or address, with a port or none.']
}

/** RFC 9112, section 6.1: what comes in a coding that nobody here decodes would be read as something else. */
function codingFault(field: string, version: string): Fault | undefined {
  if (version === '1.0')
    return ['malformed_request', 'A request of HTTP/1.0 must have no Transfer-Encoding header.']
  const codings = listOf(field)
  if (codings.length === 1 && codings[0] === 'chunked') return undefined
  if (codings.every((coding) => coding === 'chunked'))
    return ['malformed_request', 'The body must be chunked once.']
  return ['unsupported_transfer_coding', 'Send the body with no other Transfer-Encoding than chunked.']
}

/** RFC 9110, section 10.1.1. A request of HTTP/1.0 expects nothing. */
function expectationFault(field: string, version: string): Fault | undefined {
  if (version === '1.0' || listOf(field).every((expectation) => expectation === '100-continue'))
    return undefined
  return ['expectation_failed', 'The only expectation that this server meets is 100-continue.']
}

/** The members of a list (RFC 9110, section 5.6.1), in lower case. */
function listOf(field: string): string[] {
  return field
    .split(',')
    .map((member) => member.trim().toLowerCase())
    .filter((member) => member !== '')
}

// RFC 3986, section 3.2.2 and 3.2.3, without user information (RFC 9110, section 4.2.4).
const hostPattern =
  /^(?:\[[0-9A-Fa-f:.]+\]|\[v[0-9A-Fa-f]+\.[\w.~!$&'()*+,;=:-]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::\d*)?$/

let lastHost = ''

/** Most requests name the host that the one before named. */
function isHost(value: string): boolean {
  if (value === lastHost) return true
  if (!hostPattern.test(value)) return false
  lastHost = value
  return true
}

/**
 * Takes the path and the query out of the absolute form, which a server must accept (RFC 9112, section 3.2.2). They stay as
 * they stand there: nothing is decoded or resolved. Undefined for what is of no such form.
 */
function toOriginForm(target: string): string | undefined {
  const [, authority = '', rest = ''] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target) ?? []
  if (!hostPattern.test(authority) || /^(?::|$)/.test(authority)) return undefined
  return rest.startsWith('/') ? rest : `/${rest}`
}

function refuse(code: ErrorCode, detail: string): never {
  throw new LatchkeyError(code, detail)
}
