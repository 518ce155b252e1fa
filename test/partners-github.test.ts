// How reports of GitHub are known: by a signature over their bytes, and keys that a server of GitHub's publishes.
import { expect, onTestFinished, test } from 'vitest'
import { GithubKeys } from '../src/domain/partners/github-keys.ts'
import { openPartners } from '../src/domain/partners/partners.ts'
import { Egress } from '../src/egress/requests.ts'
import { listOf, makeSigner, signed, startKeyServer } from './setup/github.ts'

const policy = async () => ({ allowed: ['127.0.0.0/8'], forbidden: [] })

function useEgress(): Egress {
  const egress = new Egress({ policy })
  onTestFinished(() => egress.close())
  return egress
}

/** Keys, and a clock that a test sets. */
function useKeys(url: string) {
  const clock = { now: 0 }
  const warnings: string[] = []
  const warn = (text: string) => void warnings.push(text)
  const keys = new GithubKeys({ url, egress: useEgress(), monotonic: () => clock.now, warn })
  return { keys, clock, warnings }
}

function usePartners(githubKeysUrl: string) {
  const warnings: string[] = []
  const settings = { githubKeysUrl, githubLabels: false, gitlabTokens: [] }
  const partners = openPartners(settings, {
    // Nothing here is looked for.
    engine: undefined as never,
    egress: useEgress(),
    monotonic: () => performance.now(),
    warn: (text) => void warnings.push(text),
  })
  const isOf = (body: string, headers: Record<string, string>) =>
    partners.isOfGithub(Buffer.from(body), {
      keyId: headers['github-public-key-identifier'],
      signature: headers['github-public-key-signature'],
    })
  return { isOf, warnings }
}

/** As GitHub's documentation of its partner program has it, and as its server published the keys then. */
const published = {
  body: '[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]',
  headers: {
    'github-public-key-identifier': 'bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c',
    'github-public-key-signature':
      'MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==',
  },
  keys: [
    {
      id: '90a421169f0a406205f1563a953312f0be898d3c7b6c06b681aa86a874555f4a',
      pem: '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\nkCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==\n-----END PUBLIC KEY-----\n',
    },
    {
      id: 'bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c',
      pem: '-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd\nAjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==\n-----END PUBLIC KEY-----\n',
    },
  ],
}

test('the example that GitHub publishes is signed by GitHub, and with any other byte it is not', async () => {
  const server = await startKeyServer((_, response) => response.end(listOf(...published.keys)))
  const { isOf } = usePartners(server.url)
  expect(await isOf(published.body, published.headers)).toBe(true)
  const bytes = [...published.body].keys()
  const others = [...bytes].map((i) => `${published.body.slice(0, i)}~${published.body.slice(i + 1)}`)
  const answers = await Promise.all(others.map((body) => isOf(body, published.headers)))
  expect(answers).not.toContain(true)
  expect(await isOf(`${published.body}\n`, published.headers)).toBe(false)
  // Every byte of the signature counts too.
  const signature = Buffer.from(published.headers['github-public-key-signature'], 'base64')
  for (const i of signature.keys()) {
    const changed = Buffer.from(signature)
    changed[i] = (changed[i] as number) ^ 1
    const headers = { ...published.headers, 'github-public-key-signature': changed.toString('base64') }
    expect(await isOf(published.body, headers), `byte ${i}`).toBe(false)
  }
  expect(server.asked).toBe(1)
})

test('a signature by another key, or in another form, is none', async () => {
  const [mine, other] = [makeSigner('mine'), makeSigner('other')]
  const wide = makeSigner('wide', 'P-384')
  const server = await startKeyServer((_, response) => response.end(listOf(mine, other, wide)))
  const { isOf } = usePartners(server.url)
  const body = '[]'
  const right = signed(mine, body)
  const with_ = (signature: string, id = 'mine') => ({
    'github-public-key-identifier': id,
    'github-public-key-signature': signature,
  })
  const der = Buffer.from(right['github-public-key-signature'] as string, 'base64')
  const integer = (bytes: number[]) => [2, bytes.length, ...bytes]
  const sequence = (...parts: number[][]) => {
    const flat = parts.flat()
    return Buffer.from([0x30, flat.length, ...flat]).toString('base64')
  }
  const order = [...Buffer.from('00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')]
  expect(await isOf(body, right)).toBe(true)
  const wrong: Record<string, Record<string, string>> = {
    'of another key': { ...signed(other, body), 'github-public-key-identifier': 'mine' },
    'under the name of another key': { ...right, 'github-public-key-identifier': 'other' },
    'of a key that nobody has': { ...right, 'github-public-key-identifier': 'nobody' },
    'of another curve': signed(wide, body),
    'without a key': { 'github-public-key-signature': right['github-public-key-signature'] as string },
    'without a signature': { 'github-public-key-identifier': 'mine' },
    'with an id of no form': { ...right, 'github-public-key-identifier': 'mine mine' },
    empty: with_(''),
    'r and s zero': with_(sequence(integer([0]), integer([0]))),
    'r zero': with_(sequence(integer([0]), integer([1]))),
    's zero': with_(sequence(integer([1]), integer([0]))),
    'r and s the order': with_(sequence(integer(order), integer(order))),
    negative: with_(sequence(integer([0xff]), integer([0xff]))),
    'one number': with_(sequence(integer([1]))),
    'no sequence': with_(Buffer.from(integer([1])).toString('base64')),
    'with a length beyond its end': with_(Buffer.from([0x30, 0x7f, ...der.subarray(2)]).toString('base64')),
    'with bytes behind it': with_(Buffer.concat([der, Buffer.from([0])]).toString('base64')),
    'a length in its long form': with_(Buffer.from([0x30, 0x81, ...der.subarray(1)]).toString('base64')),
    'cut short': with_(der.subarray(0, -1).toString('base64')),
    'as two numbers, raw': with_(Buffer.alloc(64, 1).toString('base64')),
    'in hexadecimal': with_(der.toString('hex')),
    'of no base64': with_(`${right['github-public-key-signature']}!`),
    'very long': with_('A'.repeat(100_000)),
  }
  for (const [name, headers] of Object.entries(wrong)) expect(await isOf(body, headers), name).toBe(false)
})

test('of the two signatures that an ECDSA signature stands for, both are right', async () => {
  const signer = makeSigner('mine')
  const server = await startKeyServer((_, response) => response.end(listOf(signer)))
  const { isOf } = usePartners(server.url)
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const { 'github-public-key-signature': text = '' } = signed(signer, '[]')
  const der = Buffer.from(text, 'base64')
  const length = der[3] as number
  const r = der.subarray(4, 4 + length)
  const s = BigInt(`0x${der.subarray(6 + length).toString('hex')}`)
  const hex = (order - s).toString(16).padStart(64, '0')
  const twin = Buffer.from(
    Number.parseInt(hex.slice(0, 2), 16) > 0x7f ? `00${hex}` : hex.replace(/^(?:00)+(?=[0-7])/, ''),
    'hex',
  )
  const bytes = Buffer.from([0x30, 4 + length + twin.length, 2, length, ...r, 2, twin.length, ...twin])
  const headers = {
    'github-public-key-identifier': 'mine',
    'github-public-key-signature': bytes.toString('base64'),
  }
  expect(await isOf('[]', headers)).toBe(true)
})

test('the keys are read once for all who ask at once, and an unknown one at most once a minute', async () => {
  const [first, second] = [makeSigner('first'), makeSigner('second')]
  let list = listOf(first)
  const server = await startKeyServer((_, response) => response.end(list))
  const { keys, clock } = useKeys(server.url)
  const ids = Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? 'first' : `unknown-${i}`))
  const found = await Promise.all(ids.map((id) => keys.find(id)))
  expect(found.map((key) => key !== undefined)).toEqual(ids.map((id) => id === 'first'))
  expect(server.asked).toBe(1)

  list = listOf(second)
  clock.now += 59_999
  expect(await keys.find('second')).toBeUndefined()
  expect(server.asked).toBe(1)
  clock.now += 1
  expect(await keys.find('second')).toBeDefined()
  for (let i = 0; i < 20; i++) expect(await keys.find(`unknown-${i}`)).toBeUndefined()
  // The server has it no more.
  expect(await keys.find('first')).toBeUndefined()
  expect(server.asked).toBe(2)

  // One that is known takes no question, until the list is an hour old: then it may be withdrawn.
  clock.now += 3_599_999
  expect(await keys.find('second')).toBeDefined()
  expect(server.asked).toBe(2)
  list = listOf(first)
  clock.now += 1
  expect(await keys.find('second')).toBeUndefined()
  expect(server.asked).toBe(3)
})

test('while the server does not answer, nobody is told that a key is unknown, and known ones are believed for a day', async () => {
  const signer = makeSigner('mine')
  let isAway = true
  const server = await startKeyServer((_, response) => {
    if (isAway) response.writeHead(500).end()
    else response.end(listOf(signer))
  })
  const { keys, clock, warnings } = useKeys(server.url)
  const unavailable = { code: 'key_server_unavailable', status: 503 }
  for (let i = 0; i < 10; i++) await expect(keys.find('mine')).rejects.toMatchObject(unavailable)
  expect(server.asked).toBe(1)
  expect(warnings).toEqual(["GitHub's keys cannot be read: The server answers 500."])
  clock.now += 20_000
  await expect(keys.find('mine')).rejects.toMatchObject({ ...unavailable, retryAfterMs: 40_000 })

  isAway = false
  clock.now += 40_000
  expect(await keys.find('mine')).toBeDefined()
  isAway = true
  clock.now += 60_000
  await expect(keys.find('other')).rejects.toMatchObject(unavailable)
  clock.now += 23 * 3_600_000
  expect(await keys.find('mine')).toBeDefined()
  clock.now += 3_600_000
  await expect(keys.find('mine')).rejects.toMatchObject(unavailable)
  isAway = false
  clock.now += 60_000
  expect(await keys.find('mine')).toBeDefined()
})

test('who has waited for the keys takes no place of those who come later', async () => {
  const signer = makeSigner('mine')
  let list = listOf(makeSigner('other'))
  const server = await startKeyServer((_, response) => response.end(list))
  const { keys, clock } = useKeys(server.url)
  for (let i = 0; i < 70; i++) {
    expect(await keys.find('mine')).toBeUndefined()
    clock.now += 60_000
  }
  list = listOf(signer)
  expect(await keys.find('mine')).toBeDefined()
})

test('a server of keys that is hostile costs a bounded time, and says nothing', async () => {
  const list = listOf(makeSigner('mine'))
  const hostile: Record<string, Parameters<typeof startKeyServer>[0]> = {
    redirects: (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(list),
    'answers without JSON': (_, response) => response.end('<html>'),
    'answers with another shape': (_, response) => response.end('{"public_keys":{"mine":1}}'),
    'answers null': (_, response) => response.end('null'),
    'answers nothing': (_, response) => response.end(),
    'has no key of the right kind': (_, response) => response.end(listOf(makeSigner('mine', 'P-384'))),
    'has keys that are none': (_, response) => response.end(listOf({ id: 'mine', pem: 'x' })),
    'is endless': (_, response) => {
      const more = (error?: Error | null) => void (error || response.write(' '.repeat(65_536), more))
      more()
    },
    'is too long': (_, response) => response.end(' '.repeat(65_536) + list),
    'hangs up': (_, response) => void response.destroy(),
    'claims an encoding': (_, response) => response.writeHead(204).end(),
  }
  for (const [name, answer] of Object.entries(hostile)) {
    const server = await startKeyServer(answer)
    const { keys, warnings } = useKeys(server.url)
    await expect(keys.find('mine'), name).rejects.toMatchObject({ code: 'key_server_unavailable' })
    expect(warnings, name).toHaveLength(1)
    expect(server.asked, name).toBe(1)
  }
  // Nobody listens.
  const { keys } = useKeys('http://127.0.0.1:1/keys')
  await expect(keys.find('mine')).rejects.toMatchObject({ code: 'key_server_unavailable' })
})

test('so many reports wait for a server that does not answer, and those beyond are refused at once', async () => {
  const asked = Promise.withResolvers<void>()
  let hangUp = () => {}
  const server = await startKeyServer((_, response) => {
    hangUp = () => void response.destroy()
    asked.resolve()
  })
  const { keys } = useKeys(server.url)
  const reports = Array.from({ length: 100 }, () => keys.find('mine').catch(({ code }) => code as string))
  let settled = 0
  for (const one of reports) void one.then(() => settled++)
  await asked.promise
  expect(settled).toBe(36)
  hangUp()
  expect(new Set(await Promise.all(reports))).toEqual(new Set(['key_server_unavailable']))
})
