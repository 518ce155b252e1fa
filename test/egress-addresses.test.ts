// Which addresses and URLs are targets: by the registries, and in every spelling.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AddressPolicy, isNetwork, refusalOf } from '../src/egress/addresses.ts'
import { readRegistry, specialIpv4, specialIpv6 } from '../src/egress/special-purpose.ts'
import { targetFault } from '../src/egress/target.ts'

const nothingAllowed: AddressPolicy = { allowed: [], forbidden: ['8.8.4.4', '2606:4700::44'] }
const loopbackAllowed: AddressPolicy = { allowed: ['127.0.0.0/8'], forbidden: [] }

test('every block of the registries is judged as they say, and what is around it as before', () => {
  for (const { network, isGloballyReachable, name } of readRegistry(specialIpv4)) {
    const first = network.split('/')[0] as string
    expect(refusalOf(first, nothingAllowed) === undefined, `${network} ${name}`).toBe(isGloballyReachable)
  }
  for (const { network } of readRegistry(specialIpv6)) {
    const first = network.split('/')[0] as string
    // That of a translator is judged by the address inside, here 0.0.0.0.
    expect(refusalOf(first, nothingAllowed), network).toBeTypeOf('string')
  }
  expect([readRegistry(specialIpv4).length, readRegistry(specialIpv6).length]).toEqual([26, 25])
  expect(() => readRegistry('Name,Block\na,b\n')).toThrow('no registry')
  expect(() => readRegistry(specialIpv4.replace(',False,True\n', '\n'))).toThrow('cells')
})

test('an address is judged by what it leads to, in whichever form it comes', () => {
  const inside = [
    ...[
      '127.0.0.1',
      '127.255.255.254',
      '0.0.0.0',
      '10.0.0.1',
      '100.64.0.1',
      '169.254.169.254',
      '192.168.1.1',
    ],
    ...['172.31.255.255', '198.19.0.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255'],
    ...['192.0.0.8', '192.88.99.1', '168.63.129.16', '8.8.4.4', '::', '::1', '::2', '::ffff:8.8.4.4'],
    ...['::ffff:127.0.0.1', '::127.0.0.1', '64:ff9b::10.0.0.1', '2002:7f00:1::', '2002:a9fe:a9fe::1'],
    ...[
      '64:ff9b:1::8.8.8.8',
      '2001::1',
      '2001:0:808:808::1',
      'fe80::1',
      'fe80::1%eth0',
      'fd00:ec2::254',
      'ff02::1',
    ],
    ...[
      'fec0::1',
      '4000::1',
      '3fff::1',
      '5f00::1',
      '2606:4700::44',
      '2606:4700:0:0::44',
      '2001:db8::1',
      '100::1',
    ],
    // What means another address to another program is none.
    ...[
      '0177.0.0.1',
      '127.1',
      '2130706433',
      '0x7f.1',
      '127.0.0.1.',
      ' 8.8.8.8',
      '',
      'localhost',
      '1:2:3',
      '::1::',
    ],
  ]
  for (const address of inside) expect(refusalOf(address, nothingAllowed), address).toBeTypeOf('string')
  const outside = [
    ...['8.8.8.8', '1.1.1.1', '11.0.0.1', '100.128.0.1', '172.32.0.1', '192.0.0.9', '223.255.255.255'],
    ...['2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8', '2002:808:808::1', '3ffe::1', '2a00::1'],
  ]
  for (const address of outside) expect(refusalOf(address, nothingAllowed), address).toBeUndefined()
  const policy = { allowed: ['10.1.0.0/16', 'fd00::/8', '8.8.4.4/32'], forbidden: ['8.8.4.4'] }
  for (const address of ['10.1.2.3', '::ffff:10.1.2.3', 'fd00::1', '8.8.4.4', '2002:a01:203::'])
    expect(refusalOf(address, policy), address).toBeUndefined()
  for (const address of ['10.2.0.1', 'fe80::1', '127.0.0.1'])
    expect(refusalOf(address, policy), address).toBeTypeOf('string')
})

test('no spelling of a forbidden IPv4 address inside of an IPv6 address is let through', () => {
  const policy = { allowed: [], forbidden: [] }
  const byte = fc.integer({ min: 0, max: 255 })
  const hex = (high: number, low: number) => ((high << 8) | low).toString(16)
  fc.assert(
    fc.property(fc.tuple(byte, byte, byte, byte), ([a, b, c, d]) => {
      const plain = refusalOf(`${a}.${b}.${c}.${d}`, policy)
      const tail = `${hex(a, b)}:${hex(c, d)}`
      for (const wrapped of [
        `::ffff:${tail}`,
        `0:0:0:0:0:FFFF:${tail}`,
        `64:ff9b::${tail}`,
        `2002:${tail}::1`,
      ])
        expect(refusalOf(wrapped, policy), wrapped).toBe(plain)
    }),
    { examples: [[[127, 0, 0, 1]], [[169, 254, 169, 254]], [[8, 8, 8, 8]], [[168, 63, 129, 16]]] },
  )
})

test('a network is one only with nothing behind its bits', () => {
  for (const network of ['10.1.0.0/16', '127.0.0.0/8', 'fd00::/8', '0.0.0.0/0', '::/0', '10.1.2.3/32'])
    expect(isNetwork(network), network).toBe(true)
  for (const network of [
    '10.1.0.1/16',
    '10.0.0.0',
    '10/8',
    '10.0.0.0/33',
    'fd00::/129',
    '010.0.0.0/8',
    'a/8',
    '',
  ])
    expect(isNetwork(network), network).toBe(false)
})

test('a URL that leads inside in any spelling is no target, and the sentence says why', () => {
  const inside = [
    ...[
      '127.0.0.1',
      '2130706433',
      '0x7f000001',
      '0177.0.0.1',
      '127.1',
      '127.0.0.1.',
      '[::1]',
      '[::ffff:7f00:1]',
    ],
    ...[
      '[::ffff:127.0.0.1]',
      'localhost',
      'LOCALHOST',
      'localhost.',
      'a.localhost',
      '169.254.169.254',
      '0',
      '[fd00::1]',
    ],
    ...['１２７.0.0.1', '127。0。0。1', '8.8.4.4', '[64:ff9b::a00:1]', '10.0.0.1:8443', '%31%32%37.0.0.1'],
  ]
  for (const host of inside)
    expect(targetFault(`https://${host}/`, nothingAllowed), host).toContain('everybody')
  const faults: Record<string, string> = {
    'https://a:b@example.com/': 'credentials',
    'https://user@example.com/': 'credentials',
    'https://example.com/#a': 'fragment',
    'https://example.com/#': 'fragment',
    'http://example.com/': 'https://',
    'http://8.8.8.8/': 'https://',
    'ftp://example.com/': 'https://',
    'javascript:alert(1)': 'https://',
    'file:///etc/passwd': 'https://',
    '//example.com/': 'absolute',
    'example.com': 'absolute',
    'https://': 'absolute',
    'https://1.2.3.4.5/': 'absolute',
    'https://[fe80::1%25eth0]/': 'absolute',
    '': 'absolute',
    [`https://example.com/${'a'.repeat(2_030)}`]: 'characters',
  }
  for (const [url, sentence] of Object.entries(faults))
    expect(targetFault(url, nothingAllowed), url).toContain(sentence)
  for (const url of [
    'https://example.com',
    'https://example.com:8443/a?b=c',
    'https://8.8.8.8/',
    'https://bücher.example/',
  ])
    expect(targetFault(url, nothingAllowed), url).toBeUndefined()
  for (const url of [
    'http://127.0.0.1:80/',
    'http://localhost/',
    'https://127.1/',
    'http://receiver.internal/',
  ])
    expect(targetFault(url, loopbackAllowed), url).toBeUndefined()
  for (const url of ['http://10.0.0.1/', 'http://8.8.8.8/', 'https://10.0.0.1/'])
    expect(targetFault(url, loopbackAllowed), url).toBeTypeOf('string')
})
