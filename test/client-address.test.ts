// The address of a client, as proxies tell it: with ports, in brackets, in quotes, and only by those that are trusted.
import { request } from 'node:http'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findClientAddress, isOverTls, parseProxies } from '../src/http/client-address.ts'
import { makeSqlite } from './setup/databases.ts'
import { startTestServer } from './setup/server.ts'

const trusted = parseProxies(['127.0.0.1', '10.0.0.0/8', '2001:db8::/32'])

function find(remote: string, headers: Record<string, string>): string | undefined {
  return findClientAddress(remote, (name) => headers[name], trusted)
}

describe('the address of a client', () => {
  test.each([
    ['a stranger is believed nothing', '203.0.113.7', '198.51.100.1', '203.0.113.7'],
    ['a trusted proxy is believed', '127.0.0.1', '203.0.113.7', '203.0.113.7'],
    ['what the client itself wrote before it is not', '127.0.0.1', '1.1.1.1, 203.0.113.7', '203.0.113.7'],
    [
      'a chain is followed to its first stranger',
      '10.1.2.3',
      '1.1.1.1, 203.0.113.7, 10.9.9.9',
      '203.0.113.7',
    ],
    ['rubbish ends the chain', '10.1.2.3', '203.0.113.7, unknown', '10.1.2.3'],
    ['an empty header ends the chain', '10.1.2.3', '', '10.1.2.3'],
    ['IPv4 in IPv6 is IPv4', '::ffff:10.0.0.1', '::ffff:203.0.113.7', '203.0.113.7'],
    ['IPv4 in IPv6 is IPv4 in any spelling', '10.0.0.1', '0:0:0:0:0:FFFF:CB00:7107', '203.0.113.7'],
    ['IPv6 too', '2001:db8::1', '2001:db9::1', '2001:db9::1'],
    ['IPv6 has one spelling', '10.1.2.3', '2001:DB9:0:0::0001', '2001:db9::1'],
    ['IPv4 with a port', '127.0.0.1', '203.0.113.7:4711', '203.0.113.7'],
    ['IPv6 with a port', '127.0.0.1', '[2001:db9::1]:4711', '2001:db9::1'],
    ['IPv6 in brackets', '127.0.0.1', '[2001:db9::1]', '2001:db9::1'],
    ['IPv6 with an interface', '127.0.0.1', 'fe80::1%eth0', 'fe80::1'],
    ['quotes', '127.0.0.1', '"[2001:db9::1]:4711"', '2001:db9::1'],
    ['a port behind a trusted proxy', '127.0.0.1', '203.0.113.7:1, 10.9.9.9:2', '203.0.113.7'],
    ['a port that is none', '127.0.0.1', '203.0.113.7:http', '127.0.0.1'],
    ['a port that is too long', '127.0.0.1', '203.0.113.7:123456', '127.0.0.1'],
    ['IPv4 in brackets is no address', '127.0.0.1', '[203.0.113.7]:80', '127.0.0.1'],
    ['an address with more behind it', '127.0.0.1', '203.0.113.7 x', '127.0.0.1'],
  ])('X-Forwarded-For: %s', (_, remote, forwarded, wanted) => {
    expect(find(remote, { 'x-forwarded-for': forwarded })).toBe(wanted)
  })

  test.each([
    ['an address', 'for=203.0.113.7', '203.0.113.7'],
    [
      'any case, other parameters, white space',
      'proto=http; FOR=203.0.113.7 ;by=203.0.113.43',
      '203.0.113.7',
    ],
    ['IPv6 in quotes and brackets', 'for="[2001:db9::1]"', '2001:db9::1'],
    ['ports', 'for="203.0.113.7:4711"', '203.0.113.7'],
    ['IPv6 with a port', 'For="[2001:DB9::1]:47011"', '2001:db9::1'],
    ['an obfuscated port', 'for="203.0.113.7:_gazonk"', '203.0.113.7'],
    ['several', 'for=1.1.1.1, for=203.0.113.7, for=10.9.9.9', '203.0.113.7'],
    ['escapes within quotes', 'for="203.0.113\\.7"', '203.0.113.7'],
    ['unknown ends the chain', 'for=203.0.113.7, for=unknown', '127.0.0.1'],
    ['an obfuscated identifier ends the chain', 'for=203.0.113.7, for=_hidden', '127.0.0.1'],
    ['an obfuscated identifier behind a proxy', 'for=_hidden, for="10.9.9.9:80"', '10.9.9.9'],
    ['an element without for ends the chain', 'for=203.0.113.7, by=10.9.9.9', '127.0.0.1'],
    ['for twice ends the chain', 'for=203.0.113.7;for=203.0.113.8', '127.0.0.1'],
    ['commas and semicolons within quotes', 'for=203.0.113.7;host="a, for=1.1.1.1; b"', '203.0.113.7'],
    ['a quote that the client leaves open', 'for="1.1.1.1, for=203.0.113.7', '203.0.113.7'],
    ['an escaped quote that the client leaves', 'for=1.1.1.1;host="\\", for=203.0.113.7', '203.0.113.7'],
    ['nothing', '', '127.0.0.1'],
    ['a name that only ends so', 'xfor=203.0.113.7', '127.0.0.1'],
  ])('Forwarded: %s', (_, forwarded, wanted) => {
    expect(find('127.0.0.1', { forwarded })).toBe(wanted)
    expect(find('198.51.100.9', { forwarded })).toBe('198.51.100.9')
  })

  test('without either header it is the proxy', () => {
    expect(find('10.1.2.3', {})).toBe('10.1.2.3')
  })

  test('X-Forwarded-For alone counts if both came: a client may have sent the other itself', () => {
    const forwarded = 'for=198.51.100.1'
    expect(find('10.1.2.3', { 'x-forwarded-for': '203.0.113.7', forwarded })).toBe('203.0.113.7')
    expect(find('10.1.2.3', { 'x-forwarded-for': 'unknown', forwarded })).toBe('10.1.2.3')
  })

  const ipv4 = fc.ipV4().filter((address) => address !== '0.0.0.0')
  const strangers = fc.oneof(
    ipv4.map((address) => address.replace(/^(?:10|127)\./, '203.')),
    fc.ipV6().map((address) => address.replace(/^2001:/, '2002:')),
  )
  const proxies = fc.oneof(
    ipv4.map((address) => address.replace(/^\d+/, '10')),
    fc.constantFrom('2001:db8::1', '2001:db8:0:1::2'),
  )
  const ports = fc.option(fc.integer({ min: 0, max: 65_535 }), { nil: undefined })
  const attackers = fc.string({ maxLength: 60, unit: 'binary-ascii' })

  test('whatever a client writes before it, and however proxies write addresses, the same client is found', () => {
    const chains = fc.record({
      client: strangers,
      chain: fc.array(fc.tuple(proxies, ports, fc.boolean()), { maxLength: 4 }),
      port: ports,
      quoted: fc.boolean(),
      forged: attackers,
    })
    fc.assert(
      fc.property(chains, ({ client, chain, port, quoted, forged }) => {
        const nodes = [[client, port, quoted] as const, ...chain].map(([address, at, inQuotes]) =>
          writeNode(address, at, inQuotes),
        )
        const wanted = findClientAddress(client, () => undefined, trusted)
        const list = nodes.join(', ')
        expect(find('127.0.0.1', { 'x-forwarded-for': `${forged}, ${list}` })).toBe(wanted)
        const elements = nodes.map((node) => (/[:"]/.test(node) ? `for=${quote(node)}` : `for=${node}`))
        expect(find('127.0.0.1', { forwarded: `${forged}, ${elements.join(', ')}` })).toBe(wanted)
      }),
      { numRuns: 500 },
    )
  })

  test('whatever stands in the headers, only an address comes out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 200 }), (text) => {
        for (const name of ['x-forwarded-for', 'forwarded'])
          expect(find('127.0.0.1', { [name]: text })).toMatch(/^[\da-f:.]+$/)
      }),
    )
  })

  test.each(['', 'proxy', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/8/8', '::/129', '10.0.0.0/-1'])(
    '%o is no proxy',
    (proxy) => {
      expect(() => parseProxies([proxy])).toThrow(RangeError)
    },
  )
})

test('TLS is known by a trusted proxy’s word, in either header, and by no one else’s', () => {
  const isTls = (peer: string, headers: Record<string, string>) =>
    isOverTls((name) => headers[name], peer, trusted)
  expect(isTls('10.0.0.1', { 'x-forwarded-proto': 'http, https' })).toBe(true)
  expect(isTls('10.0.0.1', { forwarded: 'for=203.0.113.7;proto=HTTPS' })).toBe(true)
  expect(isTls('10.0.0.1', { forwarded: 'proto=https, for=203.0.113.7' })).toBe(false)
  expect(isTls('10.0.0.1', { forwarded: 'proto=https', 'x-forwarded-proto': 'http' })).toBe(false)
  expect(isTls('10.0.0.1', { forwarded: 'proto=https', 'x-forwarded-for': '203.0.113.7' })).toBe(false)
  expect(isTls('203.0.113.7', { forwarded: 'proto=https', 'x-forwarded-proto': 'https' })).toBe(false)
})

test('several lines of a header are one list in their order, at both doors, and in the audit log', async () => {
  await using ownDatabase = makeSqlite()
  const { url } = ownDatabase
  const server = await startTestServer(url, { trustedProxies: ['127.0.0.1', '10.0.0.0/8'] })
  const lines = [
    ['x-forwarded-for', '1.1.1.1', 'x-forwarded-for', '203.0.113.7:4711', 'x-forwarded-for', '"10.9.9.9:80"'],
    ['forwarded', 'for=1.1.1.1', 'forwarded', 'for="203.0.113.8:4711"', 'forwarded', 'for=10.9.9.9'],
  ]
  for (const headers of lines) {
    await new Promise<void>((resolve, reject) => {
      const body = '{"name":"Behind a proxy"}'
      const own = ['authorization', `Bearer ${server.rootKey}`, 'content-type', 'application/json']
      const rest = ['content-length', String(body.length), 'host', 'x']
      const options = { method: 'POST', headers: [...own, ...rest, ...headers] as unknown as string[] }
      const outgoing = request(`${server.url}/v1/keys`, options, (answer) =>
        answer.resume().on('end', resolve),
      )
      outgoing.on('error', reject).end(body)
    })
  }
  const { items } = await server.latchkey.audit.list({ action: 'key.created', limit: 2 })
  expect(items.map(({ ip }) => ip)).toEqual(['203.0.113.8', '203.0.113.7'])
  await server.close()
})

/** An address as proxies write it: with a port, in brackets, in quotes. */
function writeNode(address: string, port: number | undefined, inQuotes: boolean): string {
  const host = address.includes(':') && (port !== undefined || inQuotes) ? `[${address}]` : address
  const node = port === undefined ? host : `${host}:${port}`
  return inQuotes ? quote(node) : node
}

function quote(text: string): string {
  return text.startsWith('"') ? text : `"${text}"`
}
