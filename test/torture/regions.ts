// Three regions with an ocean between each two: `node test/torture/regions.ts [round trip in ms]` prints how long verifications
// take in each, how late a revocation is, and what answers when the ocean is cut. Regions are network namespaces, so it needs
// root, `ip`, /dev/net/tun and Python. Region eu has the server, us a relay of it, and ap two: one of the server, and one behind
// the relay of us.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { openLatchkey } from '../../src/latchkey.ts'
import { makeSqlite } from '../setup/databases.ts'

const roundTripMs = process.argv[2] ?? '150'
const regions = ['eu', 'us', 'ap'] as const
type Region = (typeof regions)[number]
const namespaceOf = (region: Region) => `lk-${region}`
const oceans = [
  ['eu', '10.99.1.1', 'us', '10.99.1.2'],
  ['eu', '10.99.2.1', 'ap', '10.99.2.2'],
  ['us', '10.99.3.1', 'ap', '10.99.3.2'],
] as const
const verifying = ['latchkey:keys:verify']

const running: ChildProcess[] = []
const { url: database, remove } = makeSqlite()
const latchkey = await openLatchkey({ database })
const { key: rootKey } = await latchkey.createRootKey()
await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
const [forRelays, asking] = await Promise.all(
  ['relays', 'callers'].map(
    async (name) =>
      (await latchkey.keys.create({ organizationId: 'root', name, permissions: verifying })).key,
  ),
)
const issue = async (more: object = {}) =>
  latchkey.keys.create({ organizationId: 'acme', name: 'K', ...more })

/** Starts a program in a region, and waits for its first line. */
async function start(
  region: Region,
  args: string[],
  env: Record<string, string> = {},
): Promise<ChildProcess> {
  const words = ['netns', 'exec', namespaceOf(region), process.execPath, ...args]
  const child = spawn('ip', words, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } })
  running.push(child)
  return child
}

async function serve(region: Region, args: string[], env: Record<string, string> = {}): Promise<void> {
  const child = await start(region, ['src/cli/main.ts', ...args, '--log-level', 'silent'], env)
  await once(child.stdout as NodeJS.ReadableStream, 'data')
}

type Ask = (what: string, more: object) => Promise<Record<string, unknown>>

/** Starts a client in a region. */
async function startClient(region: Region): Promise<Ask> {
  const child = await start(region, ['test/torture/regions-client.ts'])
  const waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>()
  createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
    const { id, error, ...given } = JSON.parse(line)
    if (error === undefined) waiting.get(id)?.resolve(given)
    else waiting.get(id)?.reject(new Error(`${region}: ${error}`))
  })
  let last = 0
  return (what, more) => {
    const id = ++last
    const answer = Promise.withResolvers<Record<string, unknown>>()
    waiting.set(id, answer)
    child.stdin?.write(`${JSON.stringify({ id, what, token: asking, ...more })}\n`)
    return answer.promise
  }
}

const server = { eu: 'http://127.0.0.1:7373', us: 'http://10.99.1.1:7373', ap: 'http://10.99.2.1:7373' }
const relayOf = 'http://127.0.0.1:7374'
/** From where and whom clients ask. */
const views = [
  ['eu, the server', 'eu', server.eu],
  ['us, its relay', 'us', relayOf],
  ['ap, its relay', 'ap', relayOf],
  ['ap, a relay behind that of us', 'ap', 'http://127.0.0.1:7375'],
] as const

const ms = (value: unknown) => `${Number(value).toFixed(Number(value) < 10 ? 1 : 0)} ms`

try {
  for (const region of regions) execFileSync('ip', ['netns', 'add', namespaceOf(region)])
  const links: ChildProcess[] = []
  for (const [from, fromIp, to, toIp] of oceans) {
    const args = [
      'test/torture/regions-link.py',
      namespaceOf(from),
      fromIp,
      namespaceOf(to),
      toIp,
      roundTripMs,
    ]
    const link = spawn('python3', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    running.push(link)
    links.push(link)
    await once(link.stdout as NodeJS.ReadableStream, 'data')
  }
  await serve('eu', ['serve', '--host', '0.0.0.0', '--database', database])
  const env = { LATCHKEY_KEY: forRelays as string }
  await serve('us', ['relay', '--host', '0.0.0.0', '--port', '7374', '--upstream', server.us], env)
  await serve('ap', ['relay', '--port', '7374', '--upstream', server.ap], env)
  await serve('ap', ['relay', '--port', '7375', '--upstream', 'http://10.99.3.1:7374'], env)
  const clients = Object.fromEntries(
    await Promise.all(regions.map(async (region) => [region, await startClient(region)] as const)),
  ) as Record<Region, Ask>

  console.log(`\nround trip ${roundTripMs} ms; a verification, median of 50 (known) or of 5 (new)`)
  for (const [name, region, url] of views) {
    const { key } = await issue()
    await clients[region]('measure', { url, key, times: 5 })
    const known = await clients[region]('measure', { url, key, times: 50 })
    const fresh: number[] = []
    for (let i = 0; i < 5; i++)
      fresh.push(
        Number((await clients[region]('measure', { url, key: (await issue()).key, times: 1 })).median),
      )
    fresh.sort((a, b) => a - b)
    console.log(`${name}: known ${ms(known.median)}, new ${ms(fresh[2])}`)
  }
  for (const region of ['us', 'ap'] as const) {
    const { key } = await issue()
    await clients[region]('measure', { url: server[region], key, times: 5 })
    const { median } = await clients[region]('measure', { url: server[region], key, times: 20 })
    console.log(`${region}, the server itself, through the ocean: ${ms(median)}`)
  }

  console.log('\na revocation: last accepted after its acknowledgement, in 10 rounds (median, most)')
  const late = views.map(() => [] as number[])
  for (let round = 0; round < 10; round++) {
    const { id, key } = await issue()
    const seen = await watchEverywhere(clients, key)
    const { at } = await clients.eu('call', {
      url: `${server.eu}/v1/keys/${id}`,
      method: 'DELETE',
      token: rootKey,
    })
    for (const [i, look] of seen.entries()) {
      const { acceptedAt } = await look.until('revoked')
      ;(late[i] as number[]).push(Math.max(0, Number(acceptedAt) - Number(at)))
    }
  }
  for (const [i, [name]] of views.entries()) {
    const sorted = (late[i] as number[]).sort((a, b) => a - b)
    console.log(`${name}: ${ms(sorted[5])}, ${ms(sorted[9])}`)
  }

  console.log('\na quota of 500, drawn in all places at once until each is refused')
  const quota = await issue({ limits: [{ name: 'credits', limit: 500, resets: null }] })
  const drawn = await Promise.all(
    views.map(([, region, url]) => clients[region]('draw', { url, key: quota.key, times: 4 })),
  )
  console.log(views.map(([name], i) => `${name}: ${drawn[i]?.drawn}`).join('; '))
  console.log(`in all: ${drawn.reduce((sum, each) => sum + Number(each.drawn), 0)}`)

  console.log('\nevery ocean cut for 10 s, and a key revoked meanwhile')
  const [revoked, kept] = [await issue(), await issue()]
  const [ofRevoked, ofKept] = [
    await watchEverywhere(clients, revoked.key),
    await watchEverywhere(clients, kept.key),
  ]
  for (const link of links) link.kill('SIGUSR1')
  const cutAt = Date.now()
  await clients.eu('call', { url: `${server.eu}/v1/keys/${revoked.id}`, method: 'DELETE', token: rootKey })
  await setTimeout(10_000)
  const during = await Promise.all(ofKept.map((look) => look.now()))
  for (const link of links) link.kill('SIGUSR2')
  const healedAt = Date.now()
  for (const [i, [name]] of views.entries()) {
    const [, lastCode] = [during[i]?.acceptedAt, codesOf(during[i]).at(-1)]
    const again = await ofKept[i]?.until('valid')
    const after = await ofRevoked[i]?.until('revoked')
    const backAt = codesOf(again).findLast(([code]) => code === 'valid')?.[1] ?? 0
    const isAway = lastCode?.[0] !== 'valid'
    const acceptedMs = Number(during[i]?.acceptedAt) - cutAt
    const revokedMs = Math.max(0, Number(after?.acceptedAt) - cutAt)
    console.log(
      isAway
        ? `${name}: valid for ${ms(acceptedMs)}, then ${lastCode?.[0]}; verdicts again ${ms(backAt - healedAt)} after; the revoked key was accepted for ${ms(revokedMs)}`
        : `${name}: goes on; the revoked key was accepted for ${ms(revokedMs)}`,
    )
  }
} finally {
  for (const child of running) child.kill('SIGKILL')
  for (const region of regions) {
    // What was started by `ip` is not its own process group: the namespace knows who is in it.
    const pids = execFileSync('ip', ['netns', 'pids', namespaceOf(region)], { encoding: 'utf8' })
    for (const pid of pids.split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL')
    execFileSync('ip', ['netns', 'del', namespaceOf(region)])
  }
  await latchkey.close()
  remove()
}
process.exit(0)

type Seen = Record<string, unknown>

function codesOf(seen: Seen | undefined): [code: string, at: number][] {
  return (seen?.codes ?? []) as [string, number][]
}

/** Has a token watched from everywhere, once each has found it valid. */
async function watchEverywhere(clients: Record<Region, Ask>, key: string) {
  const looks = views.map(([, region, url]) => {
    const now = () => clients[region]('seen', { url, key })
    const until = async (code: string) => {
      for (;;) {
        const seen = await now()
        if (codesOf(seen).at(-1)?.[0] === code) return seen
        await setTimeout(20)
      }
    }
    return { now, until }
  })
  for (const [, region, url] of views) await clients[region]('watch', { url, key })
  for (const look of looks) await look.until('valid')
  // Known everywhere by now.
  await setTimeout(1_000)
  return looks
}
