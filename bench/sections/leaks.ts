// How soon a reported token opens nothing any more: in two processes on one database, and in verifiers elsewhere.
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { createDatabase, rootToken } from '../dataset.ts'
import { type ServerProcess, startLatchkey } from '../processes.ts'
import { type Bar, type Figure, type Findings, quantileOf, say } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { type DatabaseKind, databaseKinds } from '../stored.ts'
import type { LastAccept, WatchingOrder, WatchOrder } from '../verifiers/watching.ts'
import { call } from '../webhooks.ts'
import { prepareCreation } from './creation.ts'

const organizationId = 'organization-0'
const verifiersOfEach = 25
const inAReport = 1_000
/** Keys made at a time. */
const atOnce = 50

export async function measureLeaks(settings: Settings): Promise<Findings> {
  const figures: Figure[] = []
  const bars: Bar[] = []
  for (const kind of databaseKinds) {
    const { single, thousand, transactions } = await measureOn(settings, kind)
    const who = `two processes and ${2 * verifiersOfEach} verifiers`
    figures.push(
      { what: `${kind}: from a report to the last accept in ${who}`, unit: 'ms', values: single },
      {
        what: `${kind}: from a report of ${inAReport.toLocaleString('en')} tokens to the last accept of any`,
        unit: 'ms',
        values: thousand,
      },
    )
    bars.push(
      barOf(`${kind}: report to last accept in ${who}, p99`, 250, [quantileOf(single, 0.99)]),
      barOf(`${kind}: report to last accept in ${who}, the longest`, 2_000, [Math.max(...single)]),
      barOf(`${kind}: ${inAReport.toLocaleString('en')} tokens in one report`, 500, thousand),
      {
        what: `${kind}: transactions of such a report`,
        promised: 'at most one for 500 tokens',
        beside: 'no floor',
        sense: 'at most',
        bound: inAReport / 500,
        unit: '',
        values: transactions,
      },
    )
  }
  return {
    title: 'Reports of leaked tokens',
    figures,
    bars,
    notes: [
      'From before a report is sent to the last instant at which anyone accepted the token. All who watch ask about it about once a millisecond; verifiers answer from memory. Reports go to either server in turn.',
      'Of a thousand tokens, each is watched by one verifier, which asks about each every ten milliseconds or so. Transactions are counted by the instants of the revocations.',
    ],
  }
}

function barOf(what: string, bound: number, values: number[]): Bar {
  return {
    ...{ what, promised: `at most ${bound.toLocaleString('en')} ms`, beside: 'no floor' },
    ...{ sense: 'at most', bound, unit: 'ms', values },
  }
}

async function measureOn({ quick, rounds, folder, postgresUrl }: Settings, kind: DatabaseKind) {
  const database =
    kind === 'SQLite' ? `sqlite:${join(folder, 'leaks.db')}` : await createDatabase(postgresUrl, 'leaks')
  await prepareCreation(database)
  // Each report comes from an address of its own: of one, no more than 60 an hour are taken.
  const start = () =>
    startLatchkey(database, { log: join(folder, 'leaks.log') }, ['--trusted-proxy', '127.0.0.1'])
  await using one = await start()
  await using other = await start()
  const servers = [one, other] as const
  using watching = await startWatching({
    urls: servers.map(({ url }) => url),
    token: rootToken,
    verifiersOfEach,
  })
  let reports = 0
  const leak = async (tokens: string[], by: WatchOrder['by']) => {
    const { lastAccept } = await watching.begin({ tokens, by })
    const sentAt = process.hrtime.bigint()
    await report(servers[reports % 2] as ServerProcess, tokens, ++reports)
    // Before, if all had heard of it by their next look.
    return Math.max(0, Number((await lastAccept()) - sentAt) / 1e6)
  }
  const single: number[] = []
  for (let i = 0; i < (quick ? 10 : 200); i++) {
    const [key] = await createKeys(one, 1)
    single.push(await leak([key?.token as string], 'all'))
  }
  say(`${kind}: p99 ${quantileOf(single, 0.99).toFixed(1)} ms, longest ${Math.max(...single).toFixed(1)} ms`)
  const thousand: number[] = []
  const transactions: number[] = []
  for (let i = 0; i < rounds; i++) {
    const keys = await createKeys(one, inAReport)
    thousand.push(
      await leak(
        keys.map(({ token }) => token),
        'one',
      ),
    )
    transactions.push(await countInstants(one, keys))
    say(`${kind}: ${inAReport} tokens ${thousand.at(-1)?.toFixed(1)} ms`)
  }
  return { single, thousand, transactions }
}

async function report({ url }: ServerProcess, keys: string[], number: number): Promise<void> {
  const response = await fetch(`${url}/v1/leaks`, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'X-Forwarded-For': `198.18.${number >> 8}.${number & 255}`,
    },
    body: JSON.stringify({ keys }),
  })
  if (response.status !== 202) throw new Error(`A report: ${response.status} ${await response.text()}`)
}

interface Made {
  id: string
  token: string
}

async function createKeys(server: ServerProcess, count: number): Promise<Made[]> {
  const made: Made[] = []
  while (made.length < count) {
    const some = Array.from({ length: Math.min(atOnce, count - made.length) }, (_, i) =>
      call<{ id: string; key: string }>(server, 'POST', '/v1/keys', {
        ...{ organization_id: organizationId, name: `Key ${i}` },
      }),
    )
    for (const { id, key } of await Promise.all(some)) made.push({ id, token: key })
  }
  return made
}

/** At how many instants keys were revoked: all of a transaction have one. */
async function countInstants(server: ServerProcess, keys: readonly Made[]): Promise<number> {
  const instants = new Set<string>()
  for (let first = 0; first < keys.length; first += atOnce) {
    const read = keys
      .slice(first, first + atOnce)
      .map(({ id }) => call<{ revoked_at: string }>(server, 'GET', `/v1/keys/${id}`))
    for (const { revoked_at } of await Promise.all(read)) instants.add(revoked_at)
  }
  return instants.size
}

interface Watching extends Disposable {
  /** Resolves when all that watch have accepted the tokens; `lastAccept` does when none of them accepts any more. */
  begin(order: WatchOrder): Promise<{ lastAccept(): Promise<bigint> }>
}

async function startWatching(order: WatchingOrder): Promise<Watching> {
  const child = fork(join(import.meta.dirname, '../verifiers/watching.ts'), [JSON.stringify(order)], {
    serialization: 'advanced',
  })
  const ended = new Promise<void>((done) => child.once('exit', () => done()))
  const next = () =>
    new Promise<unknown>((done, fail) => {
      child.once('message', done)
      ended.then(() => fail(new Error('The verifiers ended.')))
    })
  await next()
  return {
    begin: async (order) => {
      const begun = next()
      child.send(order)
      await begun
      const ended = next() as Promise<LastAccept>
      return { lastAccept: async () => (await ended).at }
    },
    [Symbol.dispose]: () => void child.kill(),
  }
}
