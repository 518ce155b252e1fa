// Lists over HTTP among hostile neighbours: searches whose clients go away, and large pages that nobody reads.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { addManyKeys } from './setup/bulk.ts'
import { makeSqlite } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

async function start(): Promise<
  TestServer & { database: string; createToken: (name: string) => Promise<string> }
> {
  const { url: database, remove } = makeSqlite()
  const server = await startTestServer(database)
  onTestFinished(async () => {
    await server.close()
    await remove()
  })
  await createAcme(server.latchkey)
  const createToken = async (name: string) => {
    const permissions = ['latchkey:keys:read', 'latchkey:audit:read']
    return (await server.latchkey.keys.create({ organizationId: 'acme', name, permissions })).key
  }
  return { ...server, database, createToken }
}

async function ask(server: TestServer, token: string, path: string): Promise<Socket> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  socket.on('error', () => {})
  socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`)
  return socket
}

/** Waits until something is so. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(10)
}

test('searches whose clients have gone are dropped, and changes wait for none of them', async () => {
  const server = await start()
  const thief = await server.createToken('thief')
  await using direct = await connectDirectly(server.database)
  await addManyKeys(direct, 'acme', 20_000, Date.now())
  const sockets: Socket[] = []
  for (let i = 0; i < 100; i++)
    sockets.push(await ask(server, thief, '/v1/keys?q=zzzz&status=all&sort=name&limit=1000'))
  await setTimeout(50)
  for (const socket of sockets) socket.destroy()
  await server.latchkey.keys.create({ organizationId: 'acme', name: 'new' })
  await until(() => server.log.filter(({ route }) => route === '/v1/keys').length === 100)
  const problems = server.log.flatMap(({ route, problem }) => (route === '/v1/keys' ? [problem] : []))
  expect(problems).toContain('client_gone')
  expect(problems).not.toContain('internal')
})

const path = '/v1/audit-log?limit=1000'

/** A server whose pages of the audit log are large, and two who ask for them. */
async function startWithLargePages() {
  const server = await start()
  const [greedy, modest] = [await server.createToken('greedy'), await server.createToken('modest')]
  const { latchkey } = server
  const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'large' })
  for (let i = 0; i < 150; i++)
    await latchkey.keys.update(id, { metadata: { note: `${i % 2}`.repeat(4000) } })
  return { server, greedy, modest }
}

/** Asks one behind the other on a connection that is never read from: what the kernel does not take stays with us. */
async function askUnread(server: TestServer, token: string, count: number): Promise<Socket> {
  const socket = await ask(server, token, path)
  for (let i = 1; i < count; i++)
    socket.write(`GET ${path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`)
  return socket
}

test('one key holds no more large pages in memory than its share, however many connections leave them unread', async () => {
  const { server, greedy, modest } = await startWithLargePages()
  const sockets = await Promise.all(Array.from({ length: 20 }, () => askUnread(server, greedy, 10)))
  const isPage = ({ route, status }: Record<string, unknown>) => route === '/v1/audit-log' && status === 200
  const written = () => server.log.filter(isPage).length
  for (let before = -1; before !== written(); await setTimeout(1_500)) before = written()
  expect(written()).toBeLessThan(150)
  expect(await server.request('GET', path, { token: modest })).toMatchObject({ status: 200 })
  for (const socket of sockets) socket.destroy()
  // The server hears of their end a moment later.
  await expect.poll(async () => (await server.request('GET', path, { token: greedy })).status).toBe(200)
})

test('one key holds no more large pages in memory than its share, however many it asks for and leaves unread', async () => {
  const { server, greedy, modest } = await startWithLargePages()
  const socket = await askUnread(server, greedy, 60)
  const page = await server.request<unknown[]>('GET', path, { token: modest })
  expect(page).toMatchObject({ status: 200 })
  expect(page.text.length).toBeLessThan(1_200_000)
  expect(page.headers.get('link')).toMatch(/rel="next"/)
  await setTimeout(500)
  const written = server.log.filter(({ route, status }) => route === '/v1/audit-log' && status === 200)
  expect(written.length).toBeLessThan(60)
  socket.destroy()
  expect(await server.request('GET', '/v1/audit-log?limit=1', { token: greedy })).toMatchObject({
    status: 200,
  })
})
