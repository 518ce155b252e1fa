// Requests beyond what a turn of the event loop has time for take turns, and connections are accepted between them.
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { Rounds } from '../src/fairness/rounds.ts'
import { noteNewcomer } from '../src/fairness/work-turns.ts'
import { Admission } from '../src/http/admission.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** Serves by an admission whose handler keeps the thread busy for so long; each request is named by its path. */
async function serveSlowly(busyMs: number) {
  const served: string[] = []
  const admission = new Admission(
    (incoming, outgoing) => {
      served.push(incoming.url as string)
      const until = performance.now() + busyMs
      while (performance.now() < until);
      outgoing.end('done')
    },
    ({ url = '' }: IncomingMessage) => url.split('/').slice(1, 3),
  )
  const server: Server = createServer((incoming, outgoing) =>
    admission.admit(incoming, outgoing, performance.now()),
  )
  server.on('connection', noteNewcomer)
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 }, resolve))
  ends.push(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    ends.push(() => socket.destroy())
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('connect', resolve))
    return socket
  }
  return { served, open, server }
}

function ask(socket: Socket, path: string): Promise<unknown> {
  const answered = new Promise((resolve) => socket.once('data', resolve))
  socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
  return answered
}

test('a request takes its caller’s turn, and is not behind all those that came before it', async () => {
  const { served, open } = await serveSlowly(1)
  const crowd = await Promise.all(Array.from({ length: 300 }, open))
  const good = await open()
  const answers = crowd.map((socket) => ask(socket, '/callers/hostile'))
  await answers[0]
  await ask(good, '/callers/good')
  expect(served.indexOf('/callers/good')).toBeLessThan(200)
  await Promise.all(answers)
  expect(served).toHaveLength(301)
})

test('nobody asks whose the requests are for which the turn has time', async () => {
  const rounds = 20
  const together = 5
  let served = 0
  let asked = 0
  const admission = new Admission(
    (_, outgoing) => {
      served++
      outgoing.end('done')
    },
    () => {
      asked++
      return ['callers', 'one']
    },
  )
  // Each comes, as it seems, long after the one before: in a turn only the first is served at once.
  let now = performance.now()
  const server = createServer((incoming, outgoing) => {
    now += 10
    admission.admit(incoming, outgoing, now)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  ends.push(() => {
    socket.destroy()
    server.close()
  })
  for (let round = 1; round <= rounds; round++) {
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(together))
    while (served < round * together) await setTimeout(1)
  }
  // A few, if the process was paused amid a turn.
  expect(asked).toBeLessThan((rounds * (together - 1)) / 2)
})

test('connections are accepted while others ask without end', async () => {
  const { served, open, server } = await serveSlowly(1)
  const crowd = await Promise.all(Array.from({ length: 100 }, open))
  let isOver = false
  const crowds = crowd.map(async (socket) => {
    while (!isOver) await ask(socket, '/callers/hostile')
  })
  await setTimeout(50)
  const before = served.length
  const accepted = new Promise<void>((resolve) => {
    let count = 0
    server.on('connection', () => {
      if (++count === 100) resolve()
    })
  })
  const newcomers = Array.from({ length: 100 }, open)
  await accepted
  const meanwhile = served.length - before
  isOver = true
  await Promise.all([...newcomers, ...crowds])
  // One turn for each of them in which everybody else is served would be ten thousand requests.
  expect(meanwhile).toBeLessThan(1_000)
})

test('groups take turns, and within each its own groups, down to single items in their order', () => {
  const rounds = new Rounds<string>()
  for (const item of ['a1', 'a2', 'a3']) rounds.add(item, ['one', 'a'])
  rounds.add('b1', ['one', 'b'])
  for (const item of ['c1', 'c2']) rounds.add(item, ['two', 'c'])
  const taken: unknown[] = []
  while (rounds.size > 0) taken.push(rounds.take())
  expect(taken).toEqual(['a1', 'c1', 'b1', 'c2', 'a2', 'a3'])
  expect(rounds.take()).toBeUndefined()
})
