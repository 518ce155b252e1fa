// IP addresses and networks, read by hand: on the path of each call of a key that is bound to some, and in browsers too.

/** A network, or a single address. IPv4 lies where IPv6 maps it (RFC 4291, section 2.5.5.2), so both are compared alike. */
export interface Network {
  /** The first address, in eight groups of 16 bits. */
  readonly groups: readonly number[]
  /** How many of the first bits count, of 128. */
  readonly bits: number
}

const octet = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`
const ipv4 = new RegExp(String.raw`^${octet}(?:\.${octet}){3}$`)
const longestAddress = 45
const groupBits = 16
const allBits = 128
const mappedBits = 96

/** Tells whether a text is an address, without a zone. */
export function isAddress(text: string): boolean {
  return text.length <= longestAddress && (ipv4.test(text) || readIpv6(text) !== undefined)
}

/** Reads an address, without a zone; undefined for anything else. */
function readAddress(text: string): readonly number[] | undefined {
  if (text.length > longestAddress) return undefined
  return ipv4.test(text) ? [0, 0, 0, 0, 0, 0xffff, ...groupsOfIpv4(text)] : readIpv6(text)
}

/** RFC 4291, section 2.2. */
function readIpv6(text: string): readonly number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2 || !text.includes(':')) return undefined
  const [before = [], after = []] = halves.map((half) => (half === '' ? [] : half.split(':')))
  const last = (halves.length === 2 ? after : before).at(-1) ?? ''
  const endsInIpv4 = ipv4.test(last)
  const read = (groups: string[], isLast: boolean) =>
    groups.flatMap((group, i) =>
      isLast && endsInIpv4 && i === groups.length - 1 ? groupsOfIpv4(group) : readGroup(group),
    )
  const first = read(before, halves.length === 1)
  const second = read(after, halves.length === 2)
  const missing = 8 - first.length - second.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const groups = [...first, ...Array.from({ length: missing }, () => 0), ...second]
  return groups.every((group) => group >= 0) ? groups : undefined
}

/** -1 for what is no group. */
function readGroup(text: string): number {
  return /^[0-9a-f]{1,4}$/i.test(text) ? Number.parseInt(text, 16) : -1
}

function groupsOfIpv4(text: string): [number, number] {
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number)
  return [a * 256 + b, c * 256 + d]
}

/**
 * Reads an address or a network, such as `192.0.2.7`, `10.0.0.0/8` or `2001:db8::/32`: undefined for anything else, and for a
 * network with bits set behind its length. Programs differ in what they take such a one for.
 */
export function readNetwork(text: string): Network | undefined {
  const [, address = '', length] = /^([^/]*)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? []
  const groups = readAddress(address)
  if (groups === undefined) return undefined
  const bits = length === undefined ? allBits : Number(length) + (ipv4.test(address) ? mappedBits : 0)
  if (bits > allBits) return undefined
  const network = { groups, bits }
  const last = groups.every((group, i) => (group & ~maskOf(bits, i)) === 0)
  return last ? network : undefined
}

/** Says what is wrong with an address or a network that a key is to be bound to. */
export function networkFault(text: string): string | undefined {
  if (readNetwork(text) !== undefined) return undefined
  if (text.includes('%')) return 'Must have no zone: leave out the % and what follows.'
  const [address = '', length = ''] = text.split('/')
  const bits = /^\d{1,3}$/.test(length) ? Number(length) + (ipv4.test(address) ? mappedBits : 0) : -1
  const groups = readAddress(address)
  if (groups === undefined || bits < 0 || bits > allBits)
    return 'Must be an address or a network, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32.'
  const masked = groups.map((group, i) => group & maskOf(bits, i))
  return `Must have no bits behind the length of the network, such as ${writeNetwork({ groups: masked, bits })}.`
}

/** Which bits of a group count. */
function maskOf(bits: number, group: number): number {
  const counting = Math.min(groupBits, Math.max(0, bits - group * groupBits))
  return (0xffff << (groupBits - counting)) & 0xffff
}

/** Writes a network in its one form: IPv6 as RFC 5952 has it, IPv4 as such, and a single address without a length. */
export function writeNetwork({ groups, bits }: Network): string {
  const address = canonicalAddress(groups.map((group) => group.toString(16)).join(':'))
  if (bits === allBits) return address
  return `${address}/${address.includes(':') ? bits : bits - mappedBits}`
}

/** One form for each address: IPv6 as RFC 5952 writes it, and IPv4 as such even inside of it. */
export function canonicalAddress(ip: string): string {
  if (!ip.includes(':')) return ip
  const bare = (URL.parse(`http://[${ip}]`)?.hostname ?? ip).replace(/[[\]]/g, '')
  const [, high = '', low = ''] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(bare) ?? []
  if (high === '') return bare
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
}

/** Tells whether an address is of one of some networks; what is no address is of none. */
export function isWithin(networks: readonly Network[], ip: unknown): boolean {
  const address = typeof ip === 'string' ? readAddress(ip) : undefined
  return address !== undefined && networks.some((network) => contains(network, address))
}

function contains({ groups, bits }: Network, address: readonly number[]): boolean {
  // A network of IPv6 that lies around all of IPv4 has none of its addresses.
  if (isMapped(address) && !(bits >= mappedBits && isMapped(groups))) return false
  for (let i = 0; i * groupBits < bits; i++)
    if ((((groups[i] as number) ^ (address[i] as number)) & maskOf(bits, i)) !== 0) return false
  return true
}

function isMapped(groups: readonly number[]): boolean {
  return groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
}
