// How much is kept of the places from which calls come, and of what they call: as the operator says.
import { canonicalAddress } from './addresses.ts'

/** For each part, whether it is kept. Of an address `network` keeps what many clients share. */
export interface KeptPlaces {
  ip: 'whole' | 'network' | 'off'
  userAgent: 'whole' | 'off'
  operation: 'whole' | 'off'
}

export const allOfPlaces: KeptPlaces = { ip: 'whole', userAgent: 'whole', operation: 'whole' }

/** From where a call comes, and what it calls; `''` for what is not known. */
export interface Place {
  operation: string
  ip: string
  userAgent: string
}

/** What is kept of a place: of what is kept already, all of it. */
export function keepPlace<Kept extends Place>(place: Kept, kept: KeptPlaces): Kept {
  const { ip, userAgent, operation } = place
  return {
    ...place,
    ip: kept.ip === 'off' || ip === '' ? '' : kept.ip === 'network' ? networkOf(ip) : canonicalAddress(ip),
    userAgent: kept.userAgent === 'off' ? '' : userAgent,
    operation: kept.operation === 'off' ? '' : operation,
  }
}

/** The network of 24 bits, of 48 with IPv6. */
function networkOf(ip: string): string {
  if (ip.includes('/')) return ip
  const address = canonicalAddress(ip)
  if (!address.includes(':')) return address.replace(/\.\d+$/, '.0/24')
  const [before = '', after] = address.split('::')
  const groups = before === '' ? [] : before.split(':')
  const missing = after === undefined ? 0 : 8 - groups.length - (after === '' ? 0 : after.split(':').length)
  const whole = [...groups, ...Array.from({ length: missing }, () => '0'), ...(after ? after.split(':') : [])]
  return `${canonicalAddress(`${whole.slice(0, 3).join(':')}::`)}/48`
}
