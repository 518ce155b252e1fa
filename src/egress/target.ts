// What may be said of a target at once, by its URL alone. What its name stands for is judged at each connection.
import { type AddressPolicy, isAllowed, refusalOf } from './addresses.ts'

const maxLength = 2_048

/**
 * Tells why a URL is no target, in a sentence for whoever gave it; undefined if it may be one. An IP address is judged
 * here in whichever spelling it came: the URL standard (section 3.5) writes all of them in one way.
 */
export function targetFault(text: string, policy: AddressPolicy): string | undefined {
  if (text.length > maxLength) return `Must be at most ${maxLength} characters long.`
  const url = URL.parse(text)
  if (url === null) return 'Must be an absolute URL, such as https://example.com/webhooks.'
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Must begin with https://.'
  if (url.username !== '' || url.password !== '')
    return 'Must not hold credentials: receivers know a message by its signature.'
  if (text.includes('#')) return 'Must not have a fragment: it is never sent.'
  const host = hostOf(url)
  const isLocal = host === 'localhost' || host.endsWith('.localhost')
  const address = isLocal ? '127.0.0.1' : host
  const isAddress = isLocal || /[:]|^[\d.]+$/.test(host)
  const refusal = isAddress ? refusalOf(address, policy) : undefined
  if (refusal !== undefined)
    return `Must lead to an address that everybody can reach, and ${host} is not (${refusal}).`
  if (url.protocol === 'https:') return undefined
  const mayBePlain = isAddress ? isAllowed(address, policy) : policy.allowed.length > 0
  return mayBePlain ? undefined : 'Must begin with https://.'
}

/** The host of a URL as an address is written, and a name without the dot at its end. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}
