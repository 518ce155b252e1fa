// Runs Latchkey on a Patroni cluster that fails over under load, and holds what was acknowledged against the database
// afterwards: `node test/torture/patroni.ts [rounds] [--only=switchover,kill,pause,cut] [--haproxy]`. Needs Debian's
// patroni, etcd-server, postgresql and, with --haproxy, haproxy.
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { openLatchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { type Cluster, startCluster } from './patroni-cluster.ts'
import { type Findings, Load } from './patroni-load.ts'
import type { PatroniNode } from './patroni-node.ts'

const kinds = ['switchover', 'kill', 'pause', 'cut'] as const
type Kind = (typeof kinds)[number]

const quietMs = 3_000
const pauseMs = 18_000
const backTimeoutMs = 60_000
/** Thousands of keys are asked for at once, beside processes that work. */
const compareTimeoutMs = 10_000

interface Round extends Findings {
  kind: Kind
  /** From the fault until the new primary took a commit of a plain client on a new connection. */
  writableMs: number
  /** From then until the last of the processes had created a key. */
  backMs: number
}

const now = () => Number(process.hrtime.bigint()) / 1e6

/** Does one of the four to the primary, and waits until all is as it was. */
async function runRound(cluster: Cluster, load: Load, kind: Kind, number: number): Promise<Round> {
  const { primary, standby } = await cluster.whole()
  await setTimeout(quietMs)
  const begun = now()
  const writable = untilWritable(standby, begun)
  await beginFault(cluster, kind, number, primary, standby)
  const writableAt = await writable
  const backAt = await untilAllCreate(load, writableAt)
  await endFault(kind, primary, begun)
  await cluster.whole()
  // What a process believes of the former primary, it may believe for two seconds.
  await setTimeout(quietMs)
  const findings = await load.judge(begun)
  findings.violations.push(...(await compare(cluster, load)))
  return { kind, ...findings, writableMs: writableAt - begun, backMs: backAt - writableAt }
}

async function beginFault(
  cluster: Cluster,
  kind: Kind,
  number: number,
  primary: PatroniNode,
  standby: PatroniNode,
): Promise<void> {
  if (kind === 'switchover') await cluster.switchOver(primary, standby)
  else if (kind === 'kill') primary.kill()
  else if (kind === 'pause') primary.pause('all')
  else {
    // In every other round nobody tells the primary that it is deposed: its Patroni hangs.
    if (number % 2 === 0) primary.pause('patroni')
    primary.cut()
  }
}

async function endFault(kind: Kind, primary: PatroniNode, begun: number): Promise<void> {
  if (kind === 'pause' || kind === 'cut') await setTimeout(Math.max(0, begun + pauseMs - now()))
  if (kind === 'kill') primary.start()
  if (kind === 'pause' || kind === 'cut') primary.resume()
  if (kind === 'cut') {
    // What was deposed goes on answering for a while before it learns of it.
    await setTimeout(2_000)
    primary.mend()
  }
}

/** When a plain client's commit was first acknowledged by a node, on a connection made for it. */
async function untilWritable(node: PatroniNode, begun: number): Promise<number> {
  while (now() - begun < backTimeoutMs) {
    const client = connectTo(node)
    try {
      await client.connect()
      await client.query('insert into public.probe default values')
      return now()
    } catch {
      await setTimeout(30)
    } finally {
      client.end().catch(() => {})
    }
  }
  throw new Error('The other node did not become primary.')
}

/** When the last of the processes was told of a key created after an instant. */
async function untilAllCreate(load: Load, instant: number): Promise<number> {
  while (now() - instant < backTimeoutMs) {
    const first = load.processes.map((name) => load.firstCreation(name, instant))
    if (!first.includes(undefined)) return Math.max(...(first as number[]))
    await setTimeout(20)
  }
  throw new Error('A process created no key for a minute after the other node was primary.')
}

/** Compares what was acknowledged with what the database has; a sentence for each difference. */
async function compare(cluster: Cluster, load: Load): Promise<string[]> {
  const { primary } = await cluster.whole()
  const told = [...load.keys.values()].map((key) => ({ ...key }))
  const client = connectTo(primary, compareTimeoutMs)
  await client.connect()
  const { rows } = await client.query<{ id: string; is_revoked: boolean }>(
    'select id, revoked_at is not null as is_revoked from latchkey.keys where id = any($1)',
    [told.map(({ id }) => id)],
  )
  await client.end()
  const found = new Map(rows.map(({ id, is_revoked }) => [id, is_revoked]))
  return told.flatMap(({ id, process, revokedAt }) => {
    const isRevoked = found.get(id)
    if (isRevoked === undefined) return [`The key ${id}, whose creation ${process} acknowledged, is lost.`]
    if (revokedAt !== undefined && !isRevoked)
      return [`The revocation of ${id}, which ${process} acknowledged, is lost.`]
    return []
  })
}

function connectTo({ place }: PatroniNode, timeoutMs = 500): pg.Client {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: place.port,
    user: 'postgres',
    database: 'postgres',
    connectionTimeoutMillis: 300,
    query_timeout: timeoutMs,
  })
  client.on('error', () => {})
  return client
}

function describe({ kind, writableMs, backMs, worstAcceptMs, ...counts }: Round): string {
  const { created, revoked, verifications, refused, failures, violations } = counts
  const failed = Object.entries(failures).map(([code, count]) => `${count} ${code}`)
  return [
    `${kind}: new primary after ${seconds(writableMs)}, all create again ${seconds(backMs)} later`,
    `last accept ${seconds(worstAcceptMs)} after the acknowledgement`,
    `${created} created, ${revoked} revoked, ${verifications} verifications (${refused} refused), failed: ${failed.join(', ') || 'none'}`,
    violations.length === 0 ? 'nothing lost' : violations.slice(0, 5).join(' '),
  ].join('; ')
}

const seconds = (milliseconds: number) => `${(milliseconds / 1_000).toFixed(2)} s`

/** The worst of each kind, as a table for people. */
function printTable(rounds: readonly Round[]): void {
  console.log(
    '\n| event | rounds | new primary, worst | creations after it, worst | last accept, worst | violations |',
  )
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const kind of kinds) {
    const own = rounds.filter((round) => round.kind === kind)
    if (own.length === 0) continue
    const worst = (figure: (round: Round) => number) => seconds(Math.max(...own.map(figure)))
    const cells = [
      kind,
      own.length,
      worst(({ writableMs }) => writableMs),
      worst(({ backMs }) => backMs),
      worst(({ worstAcceptMs }) => worstAcceptMs),
      own.reduce((sum, { violations }) => sum + violations.length, 0),
    ]
    console.log(`| ${cells.join(' | ')} |`)
  }
}

async function startLoad(cluster: Cluster, load: Load): Promise<void> {
  {
    await using latchkey = await openLatchkey({ database: cluster.directUrl })
    await createAcme(latchkey)
  }
  const client = connectTo((await cluster.whole()).primary)
  await client.connect()
  await client.query('create table public.probe (at timestamptz default now())')
  await client.end()
  await load.start('direct', cluster.directUrl, 0)
  await load.start('balanced', cluster.balancedUrl, 0)
  // It remembers next to nothing, so that it reads nearly every verdict from the database.
  await load.start('forgetful', cluster.balancedUrl, 4)
  // Nothing but what it reads tells it that its server is deposed.
  await load.start('reading', cluster.balancedUrl, 0, 'none')
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' }, haproxy: { type: 'boolean', default: false } },
})
const wanted = values.only?.split(',') ?? kinds
const chosen = kinds.filter((kind) => wanted.includes(kind))
const rounds: Round[] = []
const load = new Load()
const cluster = await startCluster(values.haproxy)
let failure: unknown
const interrupted = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => reject(new Error(`Ended by ${signal}.`)))
})
try {
  await Promise.race([interrupted, runAll()])
} catch (error) {
  failure = error
} finally {
  load.end()
  await cluster.end()
}
printTable(rounds)
if (failure) console.error(failure)
// A client whose server died in a failover may keep a process alive for ever.
process.exit(failure || rounds.some(({ violations }) => violations.length > 0) ? 1 : 0)

async function runAll(): Promise<void> {
  await startLoad(cluster, load)
  for (let number = 0; number < Number(positionals[0] ?? 10); number++) {
    for (const kind of chosen) {
      const round = await runRound(cluster, load, kind, number)
      rounds.push(round)
      console.log(describe(round))
    }
  }
}
