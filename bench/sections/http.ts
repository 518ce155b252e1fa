// Over HTTP: one process of Latchkey against bare node:http servers and better-auth, 64 connections, all in turn.
import { join } from 'node:path'
import { openLatchkey } from '../../src/index.ts'
import { createDatabase, fillDatabase, rootToken, tokenOf, wanted } from '../dataset.ts'
import { type LoadRequest, loader, loadServer } from '../load.ts'
import { makeLoop } from '../loop.ts'
import { type ServerProcess, serveKnows, serverCore, startLatchkey, startOther } from '../processes.ts'
import { type Bar, type Figure, type Findings, medianOf, ratiosOf, say, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { inRandomOrder } from './in-process.ts'

/** Different tokens that are asked about over HTTP, in turn. */
const askedAbout = 1_000
const batchSize = 100

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
  await using hello = await startOther('hello', [], { core: serverCore })
  await using floor = await startOther(
    'floor',
    [JSON.stringify(await captureAnswer(latchkey, verifies[0]))],
    {
      core: serverCore,
    },
  )
  await using betterSqlite = await startBetterAuth(`sqlite:${join(folder, 'better-auth-http.db')}`, warmKeys)
  await using betterPostgres = await startBetterAuth(
    await createDatabase(settings.postgresUrl, 'better_auth_http'),
    warmKeys,
  )
  await using library = await openLatchkey({ database })
  for (const token of asked) await library.verify(token)
  const loop = await makeLoop()

  const rateOf =
    (server: ServerProcess, requests: readonly LoadRequest[], seconds = loadSeconds) =>
    async () =>
      (await loadServer(server.url, requests, seconds)).requestsPerSecond
  const values = await takeTurns(settings.rounds, {
    'hello world': rateOf(hello, auths),
    'GET /v1/auth': rateOf(latchkey, auths),
    'node:http, the same answer': rateOf(floor, verifies),
    'POST /v1/keys/verify': rateOf(latchkey, verifies),
    'POST /v1/keys/verify/batch, 100 each': rateOf(latchkey, batches),
    'verifyCached in the process, the same tokens': loop.rateOfCalls(
      asked,
      loop.countingVerifier(library).verifies,
      turnMs,
    ),
    'better-auth on SQLite, verifyApiKey': rateOf(betterSqlite, verifies.map(toPeer)),
    'better-auth on PostgreSQL, verifyApiKey': rateOf(betterPostgres, verifies.map(toPeer)),
    'better-auth on PostgreSQL, its handler': rateOf(betterPostgres, asked.map(sessionRequest)),
  })
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
  const bars: Bar[] = [
    {
      what: 'POST verify over HTTP, one process',
      promised: 'at least 0.8 of the floor',
      beside: '`node:http` that reads and parses the same request and gives the same answer',
      sense: 'at least',
      bound: 0.8,
      unit: '',
      values: ratiosOf(values['POST /v1/keys/verify'], values['node:http, the same answer']),
    },
    {
      what: 'GET auth over HTTP, one process',
      promised: 'at least 0.7 of the floor',
      beside: '`node:http` that answers `hello world`',
      sense: 'at least',
      bound: 0.7,
      unit: '',
      values: ratiosOf(values['GET /v1/auth'], values['hello world']),
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
  return {
    title: 'Over HTTP',
    figures: [
      figure('floor', 'hello world'),
      figure('ours', 'GET /v1/auth', 'hello world'),
      figure('floor', 'node:http, the same answer'),
      figure('ours', 'POST /v1/keys/verify', 'node:http, the same answer'),
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
      ...(await measureWorkers(settings, database, verifies)),
    ],
    bars,
    notes: [
      `One process of each, all of it on one processor, its log thread and its SQLite thread included; \`${loader}\` with 64 connections on the other, asking about ${askedAbout} keys in turn. Latchkey logs a line a request, as it does by default, to a file.`,
      'better-auth 1.7 has no route that judges a token for somebody else: "verifyApiKey" is a bare node:http server that calls it, "its handler" is GET /get-session with an `x-api-key`.',
    ],
  }
}

/** Two workers against one, where the server has them: there the load shares the processors with the server. */
async function measureWorkers(
  { rounds, loadSeconds, folder }: Settings,
  database: string,
  requests: readonly LoadRequest[],
): Promise<Figure[]> {
  if (!serveKnows('--workers')) {
    say('skipped two workers against one: `latchkey serve` has no --workers')
    return []
  }
  const log = join(folder, 'workers.log')
  await using one = await startLatchkey(database, { log }, ['--workers', '1'])
  await using two = await startLatchkey(database, { log }, ['--workers', '2'])
  const rateOf = (server: ServerProcess) => async () =>
    (await loadServer(server.url, requests, loadSeconds)).requestsPerSecond
  const values = await takeTurns(rounds, { 'one worker': rateOf(one), 'two workers': rateOf(two) })
  return [
    {
      what: 'POST /v1/keys/verify, one worker, any processor',
      unit: 'requests a second',
      values: values['one worker'],
    },
    {
      what: 'POST /v1/keys/verify, two workers, any processor',
      unit: 'requests a second',
      values: values['two workers'],
      beside: { what: 'one worker', ratios: ratiosOf(values['two workers'], values['one worker']) },
    },
  ]
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

/** What Latchkey answers to a request, for a server that shall answer the same. */
async function captureAnswer(
  server: ServerProcess,
  request: LoadRequest | undefined,
): Promise<{ headers: Record<string, string>; body: string }> {
  const { path = '', headers = {}, ...init } = request ?? {}
  const response = await fetch(server.url + path, { ...init, headers } as RequestInit)
  const body = await response.text()
  // What node:http adds by itself is left to it.
  const own = [...response.headers].filter(([name]) => !['connection', 'keep-alive', 'date'].includes(name))
  return { headers: Object.fromEntries(own), body }
}
