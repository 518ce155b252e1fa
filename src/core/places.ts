// How much is kept of the places from which calls come, and of what they call: as the operator says.

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
    ip: kept.ip === 'off' || ip === '' ? '' : kept.ip === 'network' ? networkOf(ip) : canonical(ip),
    userAgent: kept.userAgent === 'off' ? '' : userAgent,
    operation: kept.operation === 'off' ? '' : operation,
  }
}

/** One form for each address: IPv6 as RFC 5952 writes it, and IPv4 as such even inside of it. */
function canonical(ip: string): string {
  if (!ip.includes(':') || ip.includes('/')) return ip
  const bare = (URL.parse(`http://[${ip}]`)?.hostname ?? ip).replace(/[[\]]/g, '')
  const [, high = '', low = ''] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(bare) ?? []
  if (high === '') return bare
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
}

/** The network of 24 bits, of 48 with IPv6. */
function networkOf(ip: string): string {
  if (ip.includes('/')) return ip
  const address = canonical(ip)
  if (!address.includes(':')) return address.replace(/\.\d+$/, '.0/24')
  const [before = '', after] = address.split('::')
  const groups = before === '' ? [] : before.split(':')
  const missing = after === undefined ? 0 : 8 - groups.length - (after === '' ? 0 : after.split(':').length)
  const whole = [...groups, ...Array.from({ length: missing }, () => '0'), ...(after ? after.split(':') : [])]
  return `${canonical(`${whole.slice(0, 3).join(':')}::`)}/48`
}
