// The cookie of a session: how it is set, read and taken back, and from which pages a request by it is believed.
import { maxSessionMs } from '../core/bounds.ts'
import type { ReadHeader } from './exchange.ts'

/**
 * Over TLS the name's prefix has the browser itself see to it that the cookie is Secure and of this very host
 * (RFC 6265bis, section 4.1.3.2): no other subdomain, and nobody on the way, can plant one.
 */
const secureName = '__Host-latchkey'
const plainName = 'latchkey'

/** Where the console's page shows the value of its own, which no other port of the host gets. */
export const pageValueHeader = 'latchkey-session'
/** Where a person says for which organization it acts. */
export const organizationHeader = 'latchkey-organization'

/** The Set-Cookie of a new session. No script can read it, and no other site's page makes the browser send it. */
export function sessionCookie(value: string, overTls: boolean): string {
  return setCookie(overTls ? secureName : plainName, value, maxSessionMs / 1000)
}

/** The Set-Cookie that takes a session's cookie back. */
export function takenCookie(name: string): string {
  return setCookie(name, '', 0)
}

function setCookie(name: string, value: string, maxAgeSeconds: number): string {
  const secure = name === secureName ? '; Secure' : ''
  return `${name}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Strict${secure}`
}

/**
 * Reads the session's cookie from a Cookie header; undefined if there is none. Where the browser is known to
 * speak TLS the plain name does not count. One name with two values is '', which opens nothing: who planted which?
 */
export function readSessionCookie(
  cookies: string,
  overTls: boolean,
): { name: string; value: string } | undefined {
  for (const name of overTls ? [secureName] : [secureName, plainName]) {
    const values = new Set(
      cookies
        .split(';')
        // No other whitespace stands between cookies (RFC 6265, section 4.2.1). To a browser it is a part of the
        // name, which the prefix's rules then do not guard: anyone could plant it.
        .map((cookie) => cookie.replace(/^[ \t]+|[ \t]+$/g, ''))
        .filter((cookie) => cookie.startsWith(`${name}=`))
        .map((cookie) => cookie.slice(name.length + 1)),
    )
    if (values.size > 0) return { name, value: values.size === 1 ? ([...values][0] as string) : '' }
  }
  return undefined
}

/**
 * Whether a request by a cookie may have been made by a page that is not ours, on a neighbouring subdomain too. The
 * browser tells in Sec-Fetch-Site (W3C Fetch Metadata, section 2.4), which no page can set; `none` is the person
 * itself, by the address bar or a bookmark. A browser that is too old for it, or that speaks plain HTTP to another
 * machine, sends Origin (RFC 6454) with all that changes anything, and that must be this host, as in OWASP's advice
 * on cross-site request forgery, 'Verifying Origin With Standard Headers'. A cookie that was set over TLS is not for
 * a page that came without: a man in the middle could have written that.
 */
export function isCrossSite(method: string, cookieName: string, header: ReadHeader): boolean {
  return isFromOtherSite(method, cookieName === secureName, header)
}

/** The same of a request that need not bring a session's cookie, which came over TLS or not. */
export function isFromOtherSite(method: string, overTls: boolean, header: ReadHeader): boolean {
  const isRead = method === 'GET' || method === 'HEAD'
  const site = header('sec-fetch-site')
  if (site !== undefined) return site !== 'same-origin' && !(isRead && site === 'none')
  const origin = header('origin')
  if (origin === undefined) return !isRead
  const host = header('host')?.toLowerCase()
  if (host === undefined) return true
  return origin !== `https://${host}` && (overTls || origin !== `http://${host}`)
}
