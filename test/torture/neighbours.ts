// A good caller beside hostile neighbours: verifies, warm and cold, creates and revokes, while others do their worst to
// the same server. `node test/torture/neighbours.ts [--postgres] [--seconds 8] [--keys 500000] [--only <names>] [--json]`
// prints what it sees, beside each attack alone and beside all together.
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Latchkey, openLatchkey } from '../../src/latchkey.ts'
import { addManyKeys } from '../setup/bulk.ts'
import { makeSqlite } from '../setup/databases.ts'
import { connectDirectly } from '../setup/direct.ts'
import { startPostgres } from '../setup/postgres.ts'
import { attacks, type Stage } from './neighbours-attacks.ts'

/** What the good caller saw of one kind of call. */
export interface Seen {
  count: number
  refused: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

/** What it saw beside one attack. */
export interface Round {
  attack: string
  warm: Seen
  cold: Seen
  changes: Seen
  /** The server's resident memory at the end, in MiB. */
  rssMiB: number
  /** Why calls were refused, and how often. */
  refusals: Record<string, number>
}

interface GoodCaller {
  token: string
  known: string
  /** Tokens that the server has never seen; each is used once. */
  cold: string[]
}

const all = 'all together'
const warmEveryMs = 5
const coldEveryMs = 20
const changeEveryMs = 100

const { values } = parseArgs({
  options: {
    postgres: { type: 'boolean' },
    seconds: { type: 'string', default: '8' },
    keys: { type: 'string', default: '500000' },
    only: { type: 'string' },
    json: { type: 'boolean' },
  },
})
const seconds = Number(values.seconds)
const names = values.only?.split(',') ?? ['nothing', ...Object.keys(attacks), all]

async function main(): Promise<void> {
  const database = values.postgres ? await startPostgres() : makeSqlite()
  const end = 'stop' in database ? database.stop : database.remove
  let server: ChildProcess | undefined
  try {
    const { stage, good } = await prepare(database.url)
    const served = await serve(database.url)
    server = served.process
    const rounds: Round[] = []
    for (const name of names) {
      const round = await play(name, { ...stage, url: served.url }, good, served.process.pid as number)
      rounds.push(round)
      if (!values.json) show(round)
    }
    if (values.json) console.log(JSON.stringify(rounds))
    const stoppingAt = performance.now()
    served.process.kill('SIGTERM')
    const code = await served.ended
    const stopMs = Math.round(performance.now() - stoppingAt)
    if (!values.json)
      console.log(`SIGTERM, with a log that nobody read: exit code ${code} after ${stopMs} ms`)
  } finally {
    server?.kill('SIGKILL')
    await end()
  }
}

/** Fills the database: a good organization, and a hostile one with as much of everything as it may have. */
async function prepare(database: string): Promise<{ stage: Stage; good: GoodCaller }> {
  await using latchkey = await openLatchkey({ database })
  await latchkey.createRootKey()
  for (const id of ['good', 'hostile']) await latchkey.organizations.create({ id, name: id })
  const make = (organizationId: string, permissions: string[], metadata = {}) =>
    latchkey.keys.create({ organizationId, name: 'K', permissions, metadata })
  const verify = 'latchkey:keys:verify'
  const [read, write, audit] = ['latchkey:keys:read', 'latchkey:keys:write', 'latchkey:audit:read'] as const
  const old = await make('hostile', [])
  const stage = {
    url: '',
    owner: (await make('hostile', [read, write, verify])).key,
    reader: (await make('hostile', [read, audit])).key,
    patterns: (
      await make(
        'hostile',
        Array.from({ length: 127 }, (_, i) => `*:*:z${i}`),
      )
    ).key,
    heavy: await makeMany(latchkey, 300, { a: Array.from({ length: 250 }, () => ({})) }),
    oldId: old.id,
  }
  const good = {
    token: (await make('good', [read, write, verify])).key,
    known: (await make('good', ['emails:send'])).key,
    cold: await makeMany(latchkey, Math.ceil((names.length * seconds * 1_000) / coldEveryMs)),
  }
  await fill(database, old.id)
  return { stage, good }
}

async function makeMany(latchkey: Latchkey, count: number, metadata?: object): Promise<string[]> {
  const organizationId = metadata ? 'hostile' : 'good'
  const tokens: string[] = []
  while (tokens.length < count) {
    const some = Array.from({ length: Math.min(200, count - tokens.length) }, () =>
      latchkey.keys.create({ organizationId, name: 'K', ...(metadata && { metadata: { ...metadata } }) }),
    )
    for (const { key } of await Promise.all(some)) tokens.push(key)
  }
  return tokens
}

/** Many keys, large events and many old secrets, past Latchkey. */
async function fill(database: string, oldId: string): Promise<void> {
  await using direct = await connectDirectly(database)
  const keys = Number(values.keys)
  const now = Date.now()
  await addManyKeys(direct, 'hostile', keys, now)
  const numbers = (count: number) =>
    `with recursive numbers (i) as (select cast(1 as bigint) union all select i + 1 from numbers where i < ${count})`
  const digest = database.startsWith('sqlite:')
    ? 'randomblob(32)'
    : `decode(md5(cast(i as text)) || md5('b' || i), 'hex')`
  await direct.run(`${numbers(Math.min(keys, 100_000))}
    insert into secrets (kid, key_id, organization_id, prefix, digest, created_at, grace_ends_at, ended_at, last_used_at)
    select 'old' || cast(1000000000000 + i as text), '${oldId}', 'hostile', 're', ${digest}, ${now} - 1000000 + i,
      ${now} - 1000 + i * 0, ${now} - 1000, 0 from numbers`)
  const changes = JSON.stringify({
    metadata: { from: { a: 'x'.repeat(9_000) }, to: { a: 'y'.repeat(9_000) } },
  })
  await direct.run(`${numbers(1_000)}
    insert into audit_events (id, at, action, actor, organization_id, key_id, changes, request_id, ip)
    select '0192f0c1-0000-7000-9000-' || cast(100000000000 + i as text), ${now} - i, 'key.updated', null, 'hostile',
      '${oldId}', '${changes}', null, null from numbers`)
}

/** Serves in a process of its own, with a log that is open and that nobody reads. */
async function serve(
  database: string,
): Promise<{ url: string; process: ChildProcess; ended: Promise<number | null> }> {
  const main = join(import.meta.dirname, '../../src/cli/main.ts')
  const child = spawn(process.execPath, [main, 'serve', '--port', '0', '--log-verdicts', 'all'], {
    env: { ...process.env, LATCHKEY_DATABASE_URL: database },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    void ended.then((code) => reject(new Error(`The server ended with ${code}.`)))
    child.stdout.on('data', (chunk) => {
      const found = /^Latchkey serves (http:\S+)/m.exec(String(chunk))?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  return { url, process: child, ended }
}

/** Has the good caller call for some seconds beside an attack. */
async function play(attack: string, stage: Stage, good: GoodCaller, pid: number): Promise<Round> {
  const playing = attack === all ? Object.keys(attacks) : attack in attacks ? [attack] : []
  const script = join(import.meta.dirname, 'neighbours-attacks.ts')
  const attacker = spawn(process.execPath, [script, ...playing], { stdio: ['pipe', 'ignore', 'inherit'] })
  // The attackers have machines of their own: here they take what the server and the good caller leave.
  setPriority(attacker.pid as number, constants.priority.PRIORITY_LOW)
  attacker.stdin.end(JSON.stringify(stage))
  const refusals: Record<string, number> = {}
  const call = createCaller(stage.url, good.token, refusals)
  const verify = (key: string) => call('POST', '/v1/keys/verify', { key })
  await verify(good.known)
  // The attackers' process has to begin.
  await setTimeout(1_000)
  const endsAt = performance.now() + seconds * 1_000
  const [warm, cold, changes] = await Promise.all([
    repeat(endsAt, warmEveryMs, () => verify(good.known)),
    repeat(endsAt, coldEveryMs, () => verify(good.cold.pop() ?? good.known)),
    repeat(endsAt, changeEveryMs, async () => {
      const created = await call('POST', '/v1/keys', { name: 'Beside them' })
      const revoked = await call('DELETE', `/v1/keys/${created.json.id}`)
      return { ...revoked, milliseconds: Math.max(created.milliseconds, revoked.milliseconds) }
    }),
  ])
  const rssMiB = Math.round(
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
  )
  attacker.kill('SIGKILL')
  // What the attack left behind is over before the next one is measured.
  await setTimeout(1_000)
  return { attack, warm, cold, changes, rssMiB, refusals }
}

interface Called {
  ok: boolean
  milliseconds: number
  json: Record<string, unknown>
}

type Call = (method: string, path: string, body?: object) => Promise<Called>

/** Makes calls on connections of its own; one that gets no 200 is refused, whatever the reason. */
function createCaller(url: string, token: string, refusals: Record<string, number>): Call {
  const agent = new Agent({ keepAlive: true })
  return (method, path, body) =>
    new Promise((resolve) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const headers = {
        authorization: `Bearer ${token}`,
        ...(text !== undefined && { 'content-type': 'application/json', 'content-length': text.length }),
      }
      const begunAt = performance.now()
      const end = (reason: string | undefined, json: Record<string, unknown>) => {
        if (reason !== undefined) refusals[reason] = (refusals[reason] ?? 0) + 1
        resolve({ ok: reason === undefined, milliseconds: performance.now() - begunAt, json })
      }
      const outgoing = request(url + path, { method, agent, headers })
      outgoing.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message, {}))
      outgoing.on('response', async (incoming) => {
        let answer = ''
        for await (const chunk of incoming) answer += chunk
        const json = JSON.parse(answer)
        end(incoming.statusCode === 200 && json.valid !== false ? undefined : String(json.code), json)
      })
      outgoing.end(text)
    })
}

/** Calls at a pace, whether or not the calls before have been answered. */
async function repeat(endsAt: number, everyMs: number, call: () => Promise<Called>): Promise<Seen> {
  const calls: Promise<Called>[] = []
  let dueAt = performance.now()
  for (; dueAt < endsAt; dueAt += everyMs) {
    await setTimeout(Math.max(0, dueAt - performance.now()))
    calls.push(call())
  }
  const done = await Promise.all(calls)
  const sorted = done.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
  const at = (quantile: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * quantile))] ?? 0
  return {
    count: done.length,
    refused: done.filter(({ ok }) => !ok).length,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    maxMs: at(1),
  }
}

function show({ attack, warm, cold, changes, rssMiB, refusals }: Round): void {
  const column = ({ count, refused, p50Ms, p99Ms, maxMs }: Seen) =>
    `${[p50Ms, p99Ms, maxMs].map((ms) => ms.toFixed(1).padStart(8)).join('')} ${`${refused}/${count}`.padStart(10)}`
  if (attack === names[0]) {
    const heads = ['warm', 'cold', 'changes'].map((name) =>
      `${name}: p50, p99, max (ms), refused`.padStart(36),
    )
    console.log(`${'beside'.padEnd(18)}${heads.join('')}  RSS (MiB)`)
  }
  const reasons = Object.entries(refusals).map(([reason, count]) => ` ${reason} ${count}`)
  console.log(
    `${attack.padEnd(18)}${[warm, cold, changes].map((seen) => ` ${column(seen)}`).join('')} ${String(rssMiB).padStart(9)} ${reasons.join('')}`,
  )
}

await main()
