// Two servers of one Latchkey, with the hot calls' own doors and without, and requests that go through both.
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { pino } from 'pino'
import { expect } from 'vitest'
import { type Latchkey, openLatchkey } from '../../src/index.ts'
import { createApp, createPipeline } from '../../src/server/app.ts'
import { createHotDoor } from '../../src/server/direct-routes.ts'
import { createFastPath } from '../../src/server/fast-path.ts'
import { makeSqlite } from './databases.ts'

/** A request. */
export interface Sent {
  method?: string
  path: string
  headers?: Record<string, string | string[]>
  body?: string | Uint8Array
  chunked?: boolean
}

/** A server, with what it wrote in its log. */
export interface Door {
  url: string
  lines: Record<string, unknown>[]
  /** How many requests the hot door took, and how many of them the fast path. */
  taken: number
  fast: number
  close: () => Promise<void>
}

/** The answer of a server, without the headers of the connection. */
export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** Both servers, with a token of each kind that a verdict tells apart, by name. */
export interface Doors extends AsyncDisposable {
  latchkey: Latchkey
  hot: Door
  app: Door
  tokens: Record<string, string>
  /** Sends the same through both doors, twice, so that memory answers too; gives the answer that both gave. */
  throughBoth(sent: Sent): Promise<Answer>
  /** The headers of a call of the root key with a JSON body. */
  asRoot(): Record<string, string>
}

/** The header of a JSON body. */
export const json = { 'content-type': 'application/json' }

/** Opens both servers on a new SQLite database. */
export async function openDoors(): Promise<Doors> {
  const tokens: Record<string, string> = {}
  const database = makeSqlite()
  const latchkey = await openLatchkey({ database: database.url })
  tokens.root = (await latchkey.ensureRootKey())?.key as string
  for (const id of ['acme', 'globex']) await latchkey.organizations.create({ id, name: id })
  const create = (organizationId: string, permissions: string[], expiresAt: Date | null = null) =>
    latchkey.keys.create({
      organizationId,
      name: 'Ключ "x" 🔑',
      permissions,
      expiresAt,
      metadata: { a: ['ü', 1] },
    })
  tokens.plain = (await create('acme', ['emails:send', 'files:*'])).key
  tokens.expiring = (await create('acme', ['emails:send'], new Date(Date.now() + 3_600_000))).key
  tokens.foreign = (await create('globex', ['emails:send'])).key
  tokens.verifier = (await create('acme', ['latchkey:keys:verify'])).key
  const revoked = await create('acme', [])
  tokens.revoked = revoked.key
  await latchkey.keys.revoke(revoked.id)
  const rotated = await create('acme', [])
  tokens.rotated = rotated.key
  await latchkey.keys.rotate(rotated.id)
  tokens.unknown = (await create('acme', [])).key.replace(/^re_.{16}/, 're_0000000000000000')
  const hot = await openDoor(latchkey, true)
  const app = await openDoor(latchkey, false)
  return {
    latchkey,
    hot,
    app,
    tokens,
    throughBoth: (sent) => throughBoth(hot, app, sent),
    asRoot: () => ({ ...json, authorization: `Bearer ${tokens.root}` }),
    async [Symbol.asyncDispose]() {
      await hot.close()
      await app.close()
      await latchkey.close()
      await database.remove()
    },
  }
}

async function openDoor(latchkey: Latchkey, withHotDoor: boolean): Promise<Door> {
  const lines: Record<string, unknown>[] = []
  const log = pino(
    { base: null, timestamp: false },
    { write: (line: string) => void lines.push(JSON.parse(line)) },
  )
  const pipeline = createPipeline(latchkey, { log, logVerdicts: 'all' })
  const takeFast = createFastPath(pipeline)
  const takeHot = createHotDoor(pipeline)
  const listener = getRequestListener(createApp(pipeline).fetch, { overrideGlobalObjects: false })
  const door = { url: '', lines, taken: 0, fast: 0, close: async () => {} }
  const server = createServer((incoming, outgoing) => {
    if (withHotDoor && takeFast(incoming, outgoing)) door.fast++
    else if (withHotDoor && takeHot(incoming, outgoing)) door.taken++
    else void listener(incoming, outgoing)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  door.url = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  door.close = () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections())
  return door
}

function send(door: Door, { method = 'POST', path, headers = {}, body, chunked = false }: Sent) {
  return new Promise<Answer>((resolve, reject) => {
    const length = body === undefined || chunked ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const request = httpRequest(door.url + path, {
      method,
      headers: { 'x-request-id': 'the-same', ...length, ...headers },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { date: _, connection: __, 'keep-alive': ___, ...rest } = response.headers
        resolve({
          status: response.statusCode as number,
          headers: rest,
          body: Buffer.concat(chunks).toString(),
        })
      })
    })
    if (chunked) for (const part of [body?.slice(0, 5), body?.slice(5)]) request.write(part as string)
    else if (body !== undefined) request.write(body)
    request.end()
  })
}

async function throughBoth(hot: Door, app: Door, sent: Sent): Promise<Answer> {
  const answers = []
  for (const door of [hot, app, hot, app]) {
    const before = door.lines.length
    const answer = await send(door, sent)
    const lines = door.lines.slice(before).map(({ duration_ms: _, ...line }) => line)
    answers.push({ answer, lines })
  }
  for (const other of answers.slice(1)) expect(other).toEqual(answers[0])
  expect(answers[0]?.lines).toHaveLength(1)
  return (answers[0] as (typeof answers)[number]).answer
}
