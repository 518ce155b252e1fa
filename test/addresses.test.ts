// Addresses and networks, as keys are bound to them.
import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isAddress, isWithin, networkFault, readNetwork, writeNetwork } from '../src/core/addresses.ts'

const canonical = (text: string) => {
  const network = readNetwork(text)
  return network && writeNetwork(network)
}

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['192.0.2.7/32', '192.0.2.7'],
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['::FFFF:c000:0207', '192.0.2.7'],
  ['::ffff:10.0.0.0/104', '10.0.0.0/8'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
  ['2001:db8::/32', '2001:db8::/32'],
  ['2001:db8::1/128', '2001:db8::1'],
  ['::/0', '::/0'],
  ['::', '::'],
  ['64:ff9b::192.0.2.0/120', '64:ff9b::c000:200/120'],
])('%s is %s', (text, written) => {
  expect(canonical(text)).toBe(written)
  expect(canonical(written)).toBe(written)
})

test.each([
  ...[
    '',
    ' ',
    '192.0.2',
    '192.0.2.256',
    '192.0.02.7',
    '0x7f.0.0.1',
    '192.0.2.7 ',
    '192.0.2.7:80',
    'localhost',
  ],
  ...[
    '10.0.0.1/8',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/08',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '/8',
    '10.0.0.0/ 8',
  ],
  ...[
    'fe80::1%eth0',
    'fe80::1%25eth0',
    '2001:db8::1/32',
    '::/129',
    '2001:db8',
    ':::',
    '1::2::3',
    '::ffff:1.2.3.4/95',
  ],
  ...['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '[::1]', '::1.2.3.4.5', '1.2.3.4::', '12345::', 'g::'],
])('%j is neither an address nor a network', (text) => expect(readNetwork(text)).toBeUndefined())

test.each([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.0.0.0/8', '::ffff:10.1.2.3', true],
  ['::ffff:10.0.0.0/104', '10.1.2.3', true],
  ['0.0.0.0/0', '::1', false],
  ['::/0', '2001:db8::1', true],
  // All of IPv6 is not all of IPv4, in whichever form that comes.
  ['::/0', '10.0.0.1', false],
  ['::/0', '::ffff:10.0.0.1', false],
  ['::/80', '::ffff:10.0.0.1', false],
  ['2001:db8::/33', '2001:db8:8000::', false],
  ['2001:db8::/33', '2001:db8:7fff::', true],
  ['2001:db8::1', '2001:0db8:0::0001', true],
  // Only 96 bits tell a mapped address: 16 of them alone are any others.
  ['2001:db8::/32', '2001:db8::ffff:192.0.2.7', true],
  ['10.0.0.0/8', '0:0:0:1:0:ffff:10.0.0.1', false],
  ['10.0.0.0/8', '0000:0000:0000:0000:0000:ffff:10.100.100.100', true],
  ['255.0.0.0/8', '0000:0000:0000:0000:0000:ffff:255.255.255.255', true],
  ['10.0.0.0/8', 'no address', false],
  ['10.0.0.0/8', '', false],
])('of %s, %s: %j', (network, address, isIn) => {
  expect(isWithin([readNetwork(network) as NonNullable<ReturnType<typeof readNetwork>>], address)).toBe(isIn)
})

test.each([
  ['10.0.0.0/x', 'Must be an address or a network'],
  ['10.0.0.0/33', 'Must be an address or a network'],
  ['::/129', 'Must be an address or a network'],
  ['nowhere/8', 'Must be an address or a network'],
  ['fe80::1%eth0', 'Must have no zone'],
  ['10.0.0.1/0', 'such as 0.0.0.0/0.'],
  ['10.1.2.3/8', 'such as 10.0.0.0/8.'],
  ['2001:db8::1/32', 'such as 2001:db8::/32.'],
  ['::1/127', 'such as ::/127.'],
])('of %s it is said: %s', (text, sentence) => expect(networkFault(text)).toContain(sentence))

test('nothing is within no network, and what is no text within none', () => {
  expect(isWithin([], '10.0.0.1')).toBe(false)
  const all = ['0.0.0.0/0', '::/0'].map(
    (text) => readNetwork(text) as NonNullable<ReturnType<typeof readNetwork>>,
  )
  for (const address of [undefined, null, 7, {}, []]) expect(isWithin(all, address)).toBe(false)
  expect(isWithin(all, '::1') && isWithin(all, '127.0.0.1')).toBe(true)
})

const group = fc.integer({ min: 0, max: 0xffff }).map((number) => number.toString(16))
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => groups.join(':'))
const anyAddress = fc.oneof(fc.ipV4(), fc.ipV6(), ipv6)

test('they are read as Node reads them', () => {
  fc.assert(
    fc.property(fc.oneof(anyAddress, fc.string({ unit: fc.constantFrom(...'0123456789af:./') })), (text) => {
      expect(isAddress(text)).toBe(isIP(text) !== 0)
    }),
    { numRuns: 2_000 },
  )
})

test('an address is within a network if and only if Node finds it there', () => {
  fc.assert(
    fc.property(anyAddress, anyAddress, fc.nat(128), (base, address, length) => {
      const isV4 = isIP(base) === 4
      const bits = Math.min(length, isV4 ? 32 : 128)
      const read = readNetwork(base) as NonNullable<ReturnType<typeof readNetwork>>
      const list = new BlockList()
      list.addSubnet(base, bits, isV4 ? 'ipv4' : 'ipv6')
      const network = { groups: read.groups, bits: isV4 ? bits + 96 : bits }
      // Node finds an IPv4 address in an IPv6 network that maps it, and never the other way about.
      fc.pre(isIP(base) === isIP(address))
      fc.pre(!/^::ffff:/i.test(base) && !/^::ffff:/i.test(address))
      expect(isWithin([network], address)).toBe(list.check(address, isV4 ? 'ipv4' : 'ipv6'))
    }),
    { numRuns: 2_000 },
  )
})
