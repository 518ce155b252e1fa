// To which addresses this process connects when somebody else names the target: to those that the whole internet can
// reach, and to the networks that the operator allows. Everything else is inside of something (RFC 6890): this machine,
// the network around it, or the cloud's own services, which trust whoever comes from here.
import ipaddr from 'ipaddr.js'
import { readRegistry, type SpecialBlock, specialIpv4, specialIpv6 } from './special-purpose.ts'

type Address = ipaddr.IPv4 | ipaddr.IPv6
/** An address, and how many of its first bits count. */
type Network = [Address, number]

/** What an operator allows and forbids beside what the registries say. */
export interface AddressPolicy {
  /** Networks that are reached although the internet cannot. */
  allowed: readonly string[]
  /** Addresses that are not reached although the internet can: of this machine, and of the database. */
  forbidden: readonly string[]
}

const reachableByAll = parseNetwork('2000::/3')
/** They carry an IPv4 address in their last 32 bits: mapped, compatible (RFC 4291), and of a translator (RFC 6052). */
const tailsOfIpv4 = ['::ffff:0:0/96', '::/96', '64:ff9b::/96'].map(parseNetwork)
/** It carries one behind its first 16 bits (RFC 3056). */
const sixToFour = parseNetwork('2002::/16')
/** Reachable from nowhere but inside of a cloud: there it answers with the machine's secrets. */
const platformAddress = parseNetwork('168.63.129.16/32')

interface Block extends SpecialBlock {
  parsed: Network
}

/** The narrowest first: it says more of an address than those around it. */
const blocksOfIpv4 = toBlocks(specialIpv4)
const blocksOfIpv6 = toBlocks(specialIpv6)

/**
 * Tells why an address is not connected to, in a word for people (`Loopback`); undefined if it may be. An address that
 * carries an IPv4 address is judged as that one. What is no address at all is refused too.
 */
export function refusalOf(text: string, policy: AddressPolicy): string | undefined {
  const address = parse(text)
  if (address === undefined) return 'not an address'
  const plain = embeddedIpv4(address) ?? address
  // It is what the operator says of an address that counts, in whichever form it comes.
  if (isInAllowed(plain, policy)) return undefined
  if (policy.forbidden.some((other) => isSame(other, plain))) return 'an address of this installation'
  return plain.kind() === 'ipv4' ? refusalOfIpv4(plain) : refusalOfIpv6(plain)
}

/** Tells whether a text is a network, such as `10.1.0.0/16` or `fd00::/8`: its address, and 0 in all bits behind. */
export function isNetwork(text: string): boolean {
  if (!ipaddr.isValidCIDR(text) || !isPlain(text.split('/')[0] ?? '')) return false
  const [address, bits] = ipaddr.parseCIDR(text)
  const first =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(text)
      : ipaddr.IPv6.networkAddressFromCIDR(text)
  return bits >= 0 && first.toNormalizedString() === address.toNormalizedString()
}

/** Tells whether the operator allows an address by name. */
export function isAllowed(text: string, policy: AddressPolicy): boolean {
  const address = parse(text)
  return address !== undefined && isInAllowed(embeddedIpv4(address) ?? address, policy)
}

/** Networks as they were read from a setting, which is the same list at each message. */
const readNetworks = new WeakMap<readonly string[], Network[]>()

function isInAllowed(address: Address, { allowed }: AddressPolicy): boolean {
  const networks = readNetworks.get(allowed) ?? allowed.map(parseNetwork)
  readNetworks.set(allowed, networks)
  return networks.some((network) => contains(network, address))
}

function refusalOfIpv4(address: Address): string | undefined {
  if (contains(platformAddress, address)) return 'the platform’s own service'
  const block = blocksOfIpv4.find(({ parsed }) => contains(parsed, address))
  if (block !== undefined) return block.isGloballyReachable ? undefined : block.name
  return address.range() === 'multicast' ? 'Multicast' : undefined
}

/** Of those that the registry names none is a receiver's: nobody is reached there but by a protocol of its own. */
function refusalOfIpv6(address: Address): string | undefined {
  const block = blocksOfIpv6.find(({ parsed }) => contains(parsed, address))
  if (block !== undefined) return block.name
  return contains(reachableByAll, address) ? undefined : 'not a global unicast address'
}

/** The IPv4 address that one of IPv6 stands for; undefined for any other. */
function embeddedIpv4(address: Address): Address | undefined {
  if (address.kind() === 'ipv4') return undefined
  const bytes = address.toByteArray()
  // `::` and `::1` are no IPv4 addresses in another form: they have a meaning of their own.
  if (bytes.slice(0, 15).every((byte) => byte === 0) && (bytes[15] ?? 0) <= 1) return undefined
  if (tailsOfIpv4.some((network) => contains(network, address))) return new ipaddr.IPv4(bytes.slice(12))
  if (contains(sixToFour, address)) return new ipaddr.IPv4(bytes.slice(2, 6))
  return undefined
}

function toBlocks(csv: string): Block[] {
  return readRegistry(csv)
    .map((block) => ({ ...block, parsed: parseNetwork(block.network) }))
    .sort((one, other) => other.parsed[1] - one.parsed[1])
}

function parseNetwork(text: string): Network {
  return ipaddr.parseCIDR(text)
}

/** An address in the one spelling of its family; an IPv6 zone is cut off: it says by which interface, not to whom. */
function parse(text: string): Address | undefined {
  const [plain = ''] = text.split('%')
  return isPlain(plain) ? ipaddr.parse(plain) : undefined
}

/** No octal, hexadecimal or shortened IPv4 address: what they mean differs between programs. */
function isPlain(text: string): boolean {
  return text.includes(':') ? ipaddr.IPv6.isValid(text) : ipaddr.IPv4.isValidFourPartDecimal(text)
}

function contains([network, bits]: Network, address: Address): boolean {
  return network.kind() === address.kind() && address.match(network, bits)
}

function isSame(text: string, address: Address): boolean {
  const other = parse(text)
  return (
    other !== undefined &&
    (embeddedIpv4(other) ?? other).toNormalizedString() === address.toNormalizedString()
  )
}
