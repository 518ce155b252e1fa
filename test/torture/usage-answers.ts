// Four processes make calls whose verdicts are known beforehand, and what was counted of them is held against that, to the last
// one: `node test/torture/usage-answers.ts [calls] [cuts]`, on SQLite and on a PostgreSQL of its own. On PostgreSQL their connections are
// cut so many times, each time after a commit has reached the server and before its answer comes back.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { LatchkeyError } from '../../src/core/errors.ts'
import { type Latchkey, openLatchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { mulberry32 } from '../setup/chance.ts'
import { makeSqlite } from '../setup/databases.ts'
import { startPostgres } from '../setup/postgres.ts'
import { type DatabaseProxy, startProxy } from '../setup/proxy.ts'
import { readUsageRows } from '../setup/usage.ts'

const processes = 4
const keyCount = 2_000
/** So few a second that its last cut finds a process at work. */
const pacePerSecond = 2_000
/** How long a commit that has reached the server may take there. */
const commitMs = 100
/** A process whose connections were cut has made others by then. */
const restMs = 300

/** How a key is, and so what becomes of a call with it. */
type State = 'plain' | 'revoked' | 'limited'

interface Subject {
  id: string
  token: string
  state: State
}

/** A call of a plan, and what is to be counted of it. */
interface Planned {
  token: string
  permissions: string[]
  counted: (readonly [keyId: string, measure: string, amount: number])[]
}

interface Order {
  database: string
  subjects: Subject[]
  seed: number
  calls: number
}

/** The calls of a process: the same ones for the same seed. */
function* plan({ subjects, seed, calls }: Omit<Order, 'database'>): Generator<Planned> {
  const chance = mulberry32(seed)
  for (let n = 0; n < calls; n++) {
    const kind = chance()
    if (kind < 0.01) {
      yield { token: 're_nonsense', permissions: [], counted: [['', 'malformed', 1]] }
      continue
    }
    const { id, token, state } = subjects[Math.floor(chance() * subjects.length)] as Subject
    const isForeign = chance() < 0.2
    const code = state === 'revoked' ? 'revoked' : isForeign ? 'insufficient_permissions' : 'valid'
    const draws = state === 'limited' && code === 'valid'
    yield {
      token,
      permissions: [isForeign ? 'domains:read' : 'emails:send'],
      counted: [[id, code, 1], ...(draws ? [[id, 'key/pages', 3] as const] : [])],
    }
  }
}

/** Throws unless all that four processes did was counted, and nothing else. */
async function checkAnswers(database: string, calls: number, cuts: number): Promise<void> {
  const subjects = await prepare(database)
  const proxies =
    cuts === 0 ? [] : await Promise.all(Array.from({ length: processes }, () => startProxy(database)))
  const orders = Array.from({ length: processes }, (_, i) => ({
    database: proxies[i]?.url ?? database,
    subjects,
    seed: i + 1,
    calls: Math.ceil(calls / processes),
  }))
  const children = orders.map(start)
  const exits = children.map((child) => once(child, 'exit'))
  const made = await Promise.all(
    proxies.map((proxy, i) => cutCommits(proxy, children[i] as ChildProcess, cuts / processes)),
  )
  const codes = (await Promise.all(exits)).map(([code]) => code as number | null)
  if (codes.some((code) => code !== 0)) throw new Error(`The processes ended with ${codes}.`)
  await Promise.all(proxies.map((proxy) => proxy[Symbol.asyncDispose]()))
  const expected = new Map<string, number>()
  for (const order of orders)
    for (const { counted } of plan(order))
      for (const [keyId, measure, amount] of counted) raise(expected, `${keyId} ${measure}`, amount)
  const written = new Map<string, number>()
  for (const { key, measure, amount } of await readUsageRows(database))
    raise(written, `${key} ${measure}`, amount)
  const wrong = [...new Set([...expected.keys(), ...written.keys()])].filter(
    (place) => expected.get(place) !== written.get(place),
  )
  const sum = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0)
  console.log({
    calls: orders.reduce((all, order) => all + order.calls, 0),
    lostAnswers: made.reduce((a, b) => a + b, 0),
    counts: expected.size,
    expected: sum(expected),
    counted: sum(written),
    wrong: wrong.length,
  })
  if (wrong.length > 0) throw new Error(`Not counted as it was: ${wrong.slice(0, 5)}.`)
}

function raise(counts: Map<string, number>, place: string, amount: number): void {
  counts.set(place, (counts.get(place) ?? 0) + amount)
}

/** Makes the keys. */
async function prepare(database: string): Promise<Subject[]> {
  await using latchkey = await openLatchkey({ database })
  await createAcme(latchkey)
  const subjects: Subject[] = []
  for (let n = 0; n < keyCount; n++) {
    const state: State = n % 10 === 0 ? 'revoked' : n % 10 === 1 ? 'limited' : 'plain'
    const { id, key } = await make(latchkey, state)
    if (state === 'revoked') await latchkey.keys.revoke(id)
    subjects.push({ id, token: key, state })
  }
  return subjects
}

function make(latchkey: Latchkey, state: State) {
  const limits = [{ name: 'pages', limit: 1e12, resets: null, defaultCost: 3 }]
  return latchkey.keys.create({
    organizationId: 'acme',
    name: 'Caller',
    permissions: ['emails:*'],
    ...(state === 'limited' && { limits }),
  })
}

function start(order: Order): ChildProcess {
  const child = fork(import.meta.filename, ['child'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send(order)
  return child
}

/** Cuts a process off after commits whose answers it has not got, while it runs; tells how often. */
async function cutCommits(proxy: DatabaseProxy, child: ChildProcess, cuts: number): Promise<number> {
  let made = 0
  let isOver = false
  const over = Promise.race([once(child, 'message'), once(child, 'exit')]).then(() => {
    isOver = true
  })
  /** Waits for a statement, and holds up the connection on which it comes; undefined if none comes any more. */
  const stall = (text: string) => {
    const stalled = proxy.stallAfter(text)
    void stalled.then((release) => isOver && release())
    return Promise.race([stalled, over])
  }
  while (made < cuts) {
    const release = await stall('usage_hours')
    if (release === undefined) break
    const committed = stall('commit')
    release()
    if ((await committed) === undefined) break
    await setTimeout(commitMs)
    proxy.fail('cut')
    proxy.heal()
    made++
    await setTimeout(restMs)
  }
  return made
}

/** Makes the calls of a plan, each until it has a verdict. */
async function makeCalls({ database, ...planned }: Order): Promise<void> {
  const latchkey = await openLatchkey({ database, onWarning: () => {} })
  const begunAt = performance.now()
  let calls = 0
  for (const { token, permissions, counted } of plan(planned)) {
    const verdict =
      latchkey.verifyCached(token, { permissions }) ?? (await verify(latchkey, token, permissions))
    const [[, code]] = counted as [Planned['counted'][number]]
    if (verdict.code !== code) throw new Error(`The verdict was ${verdict.code} and not ${code}.`)
    calls++
    const aheadMs = (calls / pacePerSecond) * 1_000 - (performance.now() - begunAt)
    if (aheadMs > 20) await setTimeout(aheadMs)
  }
  // What is left is written in an orderly stop.
  await new Promise((resolve) => process.send?.('made', resolve))
  await latchkey.close()
  process.exit(0)
}

async function verify(latchkey: Latchkey, token: string, permissions: string[]) {
  for (;;)
    try {
      return await latchkey.verify(token, { permissions })
    } catch (error) {
      if (!(error instanceof LatchkeyError && error.code === 'store_unavailable')) throw error
      await setTimeout(20)
    }
}

if (process.argv[2] === 'child') {
  // One that listens stays alive while its connections are cut.
  process.on('message', (order) => void makeCalls(order as Order))
} else if (import.meta.main) {
  const [calls, cuts] = [Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? 200)]
  const sqlite = makeSqlite()
  console.log('SQLite')
  await checkAnswers(sqlite.url, calls, 0)
  await sqlite.remove()
  const postgres = await startPostgres()
  console.log('PostgreSQL')
  await checkAnswers(postgres.url, calls, cuts)
  await postgres.stop()
}
