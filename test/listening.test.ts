// How a server listens: alone on its port, however many sockets it has there and whoever else begins at the same time.
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, createServer as createPlainServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { type Listening, listen } from '../src/http/listening.ts'

const host = '127.0.0.1'
const backlog = 100

/** Begins to listen; the server and what stops its other sockets. */
async function begin(
  port: number,
  on = host,
): Promise<{ server: Server; listening: Listening; port: number }> {
  const server = createServer((_, outgoing) => outgoing.end('served'))
  const listening = await listen(server, { host: on, port, backlog })
  onTestFinished(async () => {
    server.close()
    server.closeAllConnections()
    await listening.stop()
  })
  return { server, listening, port: (server.address() as { port: number }).port }
}

test('a port that another server has is refused, and so is one that two ask for at once', async () => {
  for (let round = 0; round < 20; round++) {
    const { server, listening, port } = await begin(0)
    await expect(begin(port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    server.close()
    await listening.stop()
    const statuses = (await Promise.allSettled(Array.from({ length: 3 }, () => begin(port)))).map(
      ({ status }) => status,
    )
    expect(statuses.filter((status) => status === 'fulfilled')).toHaveLength(1)
  }
})

test('servers that begin at the same time on any free port get a port each', async () => {
  const begun = await Promise.all(Array.from({ length: 20 }, () => begin(0)))
  expect(new Set(begun.map(({ port }) => port)).size).toBe(begun.length)
})

test('while another process takes the port, a server waits, and not for ever', async () => {
  const { server, listening, port } = await begin(0)
  const taking = await keepName(port)
  // The port is free to see.
  server.close()
  await listening.stop()
  const late = begin(port)
  expect(await Promise.race([late, setTimeout(200, 'waits')])).toBe('waits')
  taking.close()
  await late
  await keepName(port)
  await expect(begin(port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('a server begins although somebody connects to the name by which it keeps its port', async () => {
  const free = await begin(0)
  free.server.close()
  await free.listening.stop()
  let isKnocking = true
  const knock = () => {
    if (!isKnocking) return
    const neighbour = connect(`\0latchkey-port-${free.port}`)
    neighbour.once('error', () => setImmediate(knock))
    onTestFinished(() => void neighbour.destroy())
  }
  for (let i = 0; i < 4; i++) knock()
  await begin(free.port, 'localhost')
  isKnocking = false
})

/** Takes the name by which a process keeps a port while it begins there. */
async function keepName(port: number) {
  const keeper = createPlainServer().listen(`\0latchkey-port-${port}`)
  await once(keeper, 'listening')
  onTestFinished(() => void keeper.close())
  return keeper
}

test('each of many connections is served, and none is taken after the stop', async () => {
  const { server, listening, port } = await begin(0)
  const answers = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const answer = await fetch(`http://${host}:${port}`, { headers: { connection: 'close' } })
      return answer.text()
    }),
  )
  expect(answers).toEqual(Array(200).fill('served'))
  const closed = once(server, 'close')
  server.close()
  await listening.stop()
  await closed
  const [error] = await once(connect(port, host), 'error')
  expect(error.code).toBe('ECONNREFUSED')
})
