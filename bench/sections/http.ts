// Over HTTP: one process of Latchkey against bare node:http servers and better-auth, 64 connections, all in turn.
import { join } from 'node:path'
import { openLatchkey } from '../../src/index.ts'
import { createDatabase, fillDatabase, inRandomOrder, rootToken, tokenOf, wanted } from '../dataset.ts'
import { type LoadRequest, loader, loadMeasured } from '../load.ts'
import { makeLoop, warm } from '../loop.ts'
import { type ServerProcess, serverCore, startLatchkey, startOther } from '../processes.ts'
import { type Bar, type Figure, type Findings, medianOf, ratiosOf, type Turn, takeTurns } from '../rounds.ts'
import type { BareOrder } from '../servers/bare-order.ts'
import type { Settings } from '../settings.ts'
import { measureWorkers } from './http-workers.ts'

/** Different tokens that are asked about over HTTP, in turn. */
const askedAbout = 1_000
const batchSize = 100
const ourVerify = 'POST /v1/keys/verify'
const ourAuth = 'GET /v1/auth'
const ourIntrospect = 'POST /v1/introspect'
const bareVerify = 'node:http, the work of POST /v1/keys/verify'
const bareAuth = 'node:http, the work of GET /v1/auth'
const beside = 'bare `node:http` that does the same work'

export async function measureHttp(settings: Settings): Promise<Findings> {
  const { folder, warmKeys, turnMs, loadSeconds } = settings
  const path = join(folder, 'http.db')
  const database = `sqlite:${path}`
  await fillDatabase(database, warmKeys)
  const asked = inRandomOrder(warmKeys).slice(0, askedAbout)
  const verifies = asked.map(verifyRequest)
  const auths = asked.map(authRequest)
  const batches = Array.from({ length: Math.floor(asked.length / batchSize) }, (_, i) =>
    batchRequest(asked.slice(i * batchSize, (i + 1) * batchSize)),
  )
  const log = join(folder, 'http.log')
  await using latchkey = await startLatchkey(database, { core: serverCore, log })
  const order = await bareOrder(latchkey, asked, verifies[0])
  await using bare = await startOther('bare', [JSON.stringify(order)], { core: serverCore })
  await using betterSqlite = await startBetterAuth(`sqlite:${join(folder, 'better-auth-http.db')}`, warmKeys)
  await using betterPostgres = await startBetterAuth(
    await createDatabase(settings.postgresUrl, 'better_auth_http'),
    warmKeys,
  )
  await using library = await openLatchkey({ database })
  await warm(library, asked)
  const loop = await makeLoop()

  const spent = new Map<string, number[]>()
  const load =
    (what: string, server: ServerProcess, requests: readonly LoadRequest[]): Turn =>
    async () => {
      const result = await loadMeasured(server, requests, loadSeconds)
      spent.set(what, [...(spent.get(what) ?? []), result.microseconds])
      return result.requestsPerSecond
    }
  const turns = {
    [bareAuth]: load(bareAuth, bare, auths),
    [ourAuth]: load(ourAuth, latchkey, auths),
    [bareVerify]: load(bareVerify, bare, verifies),
    [ourVerify]: load(ourVerify, latchkey, verifies),
    [ourIntrospect]: load(ourIntrospect, latchkey, asked.map(introspectRequest)),
    'POST /v1/keys/verify/batch, 100 each': load('', latchkey, batches),
    'verifyCached in the process, the same tokens': loop.rateOfCalls(
      asked,
      loop.countingVerifier(library).verifies,
      turnMs,
    ),
    'better-auth on SQLite, verifyApiKey': load('', betterSqlite, verifies.map(toPeer)),
    'better-auth on PostgreSQL, verifyApiKey': load('', betterPostgres, verifies.map(toPeer)),
    'better-auth on PostgreSQL, its handler': load('', betterPostgres, asked.map(sessionRequest)),
  }
  const values = await takeTurns(settings.rounds, turns)
  // Without the turn that does not count.
  const microseconds = (what: string) => (spent.get(what) ?? []).slice(1)
  const verdicts = values['POST /v1/keys/verify/batch, 100 each'].map((requests) => requests * batchSize)
  const inProcess = values['verifyCached in the process, the same tokens']
  const figure = (
    role: Figure['role'] & string,
    what: keyof typeof values,
    beside?: keyof typeof values,
  ): Figure => ({
    role,
    what,
    unit: 'requests a second',
    values: values[what],
    ...(beside && { beside: { what: beside, ratios: ratiosOf(values[what], values[beside]) } }),
  })
  const cost = (what: string, floor?: string): Figure => ({
    what: `${what}, processor time`,
    unit: 'µs a request',
    values: microseconds(what),
    ...(floor !== undefined && {
      beside: { what: floor, ratios: ratiosOf(microseconds(what), microseconds(floor)) },
    }),
  })
  const costs = (ours: string, floor: string): number[] => ratiosOf(microseconds(ours), microseconds(floor))
  const bars: Bar[] = [
    {
      what: 'POST verify over HTTP, processor time a request',
      promised: 'at most 1.3 times the floor',
      beside: beside,
      sense: 'at most',
      bound: 1.3,
      unit: '×',
      values: costs(ourVerify, bareVerify),
    },
    {
      what: 'GET auth over HTTP, processor time a request',
      promised: 'at most 1.3 times the floor',
      beside: beside,
      sense: 'at most',
      bound: 1.3,
      unit: '×',
      values: costs(ourAuth, bareAuth),
    },
    {
      what: 'POST introspect over HTTP, answers for the same processor time',
      promised: 'at least 0.9 of POST verify',
      beside: ourVerify,
      sense: 'at least',
      bound: 0.9,
      unit: '×',
      values: costs(ourVerify, ourIntrospect),
    },
    {
      what: `Batch of ${batchSize} over HTTP, verdicts`,
      promised: 'at least 250,000 a second, or 0.5 of the in-process figure',
      beside: `the in-process figure, of which it is ${medianOf(ratiosOf(verdicts, inProcess)).toFixed(2)}`,
      sense: 'at least',
      bound: Math.min(250_000, medianOf(inProcess) / 2),
      unit: 'a second',
      values: verdicts,
    },
  ]
  const workers = await measureWorkers(settings, database, verifies, order)
  return {
    title: 'Over HTTP',
    figures: [
      figure('floor', bareAuth),
      figure('ours', ourAuth, bareAuth),
      figure('floor', bareVerify),
      figure('ours', ourVerify, bareVerify),
      cost(bareAuth),
      cost(ourAuth, bareAuth),
      cost(bareVerify),
      cost(ourVerify, bareVerify),
      figure('ours', ourIntrospect, ourVerify),
      cost(ourIntrospect, ourVerify),
      {
        ...figure('ours', 'POST /v1/keys/verify/batch, 100 each'),
        unit: 'verdicts a second',
        values: verdicts,
        beside: {
          what: 'verifyCached in the process, the same tokens',
          ratios: ratiosOf(verdicts, inProcess),
        },
      },
      { ...figure('ours', 'verifyCached in the process, the same tokens'), unit: 'a second' },
      figure('peer', 'better-auth on SQLite, verifyApiKey', 'POST /v1/keys/verify'),
      figure('peer', 'better-auth on PostgreSQL, verifyApiKey', 'POST /v1/keys/verify'),
      figure('peer', 'better-auth on PostgreSQL, its handler', 'GET /v1/auth'),
      ...workers.figures,
    ],
    bars: [...bars, ...workers.bars],
    notes: [
      `One process of each, all of it on one processor, its log thread and its SQLite thread included; \`${loader}\` with 64 connections on the other, asking about ${askedAbout} keys in turn. The floor is \`bench/servers/bare.ts\`: \`node:http\` that digests and looks up both tokens, parses the body and sends the same headers and bytes, and does nothing else. Processor time is what the process and its children used, user and system, by /proc.`,
      'better-auth 1.7 has no route that judges a token for somebody else: "verifyApiKey" is a bare node:http server that calls it, "its handler" is GET /get-session with an `x-api-key`.',
    ],
  }
}

function startBetterAuth(database: string, count: number): Promise<ServerProcess> {
  return startOther('better-auth', [database, String(count)], { core: serverCore })
}

export function verifyRequest(token: string): LoadRequest {
  return {
    method: 'POST',
    path: '/v1/keys/verify',
    headers: { Authorization: `Bearer ${rootToken}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ key: token, permissions: wanted }),
  }
}

function introspectRequest(token: string): LoadRequest {
  return {
    method: 'POST',
    path: '/v1/introspect',
    headers: { Authorization: `Bearer ${rootToken}`, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token, permission: wanted[0] as string }).toString(),
  }
}

function authRequest(token: string): LoadRequest {
  return {
    method: 'GET',
    path: `/v1/auth?permission=${wanted}`,
    headers: { Authorization: `Bearer ${token}` },
  }
}

function batchRequest(tokens: readonly string[]): LoadRequest {
  const body = JSON.stringify(tokens.map((key) => ({ key, permissions: wanted })))
  return { ...verifyRequest(tokenOf(0)), path: '/v1/keys/verify/batch', body }
}

function toPeer(request: LoadRequest): LoadRequest {
  return { ...request, path: '/verify' }
}

function sessionRequest(token: string): LoadRequest {
  return { method: 'GET', path: '/api/auth/get-session', headers: { 'X-Api-Key': token } }
}

/** What the floor must know to answer as Latchkey does. */
async function bareOrder(
  server: ServerProcess,
  tokens: string[],
  request: LoadRequest | undefined,
): Promise<BareOrder> {
  const { path = '', headers = {}, ...init } = request ?? {}
  const response = await fetch(server.url + path, { ...init, headers } as RequestInit)
  const verdict = await response.text()
  // What node:http adds by itself is left to it, and what differs between answers to the floor.
  const left = ['connection', 'keep-alive', 'date', 'content-length', 'x-request-id']
  const own = [...response.headers].filter(([name]) => !left.includes(name))
  return { caller: rootToken, tokens, permissions: wanted, verdict, headers: Object.fromEntries(own) }
}
