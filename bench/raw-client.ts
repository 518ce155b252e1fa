// A client that costs little itself: whole requests written to bare sockets, and of the answers only the status and
// the length read. Started by `askRaw` in a process of its own, with its
// order as JSON on standard input.
import { execFile } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import type { LoadRequest } from './load.ts'
import { clientCore, onCore } from './processes.ts'
import { quantileOf } from './rounds.ts'

export interface Order {
  url: string
  /** Sent in turn; a `#` in a body becomes the number of the request. */
  requests: readonly LoadRequest[]
  connections: number
  /** So many requests, as fast as they are answered; or else `seconds` of them at a pace. */
  count?: number
  perSecond?: number
  seconds?: number
}

export interface Answered {
  answered: number
  seconds: number
  p50Ms: number
  p99Ms: number
}

/** Sends what is ordered and throws where any answer is not 200. */
export async function askRaw(order: Order): Promise<Answered> {
  const asking = promisify(execFile)(...onCore(clientCore, [process.execPath, import.meta.filename]))
  asking.child.stdin?.end(JSON.stringify(order))
  return JSON.parse((await asking).stdout)
}

/** A connection with at most one request under way. */
interface Line {
  socket: Socket
  free: boolean
  /** When what is under way was due. */
  dueAt: number
  received: Buffer | undefined
}

async function run({
  url,
  requests,
  connections,
  count = Infinity,
  perSecond,
  seconds = 0,
}: Order): Promise<Answered> {
  const { hostname, port, host } = new URL(url)
  const parts = requests.map((request) => writeRequest(request, host))
  const lines = await Promise.all(Array.from({ length: connections }, () => open(hostname, Number(port))))
  const latencies: number[] = []
  const waiting: number[] = []
  let sent = 0
  const { promise: done, resolve, reject } = Promise.withResolvers<void>()

  function send(line: Line, dueAt: number): void {
    line.free = false
    line.dueAt = dueAt
    line.socket.write((parts[sent % parts.length] as (number: number) => string)(sent))
    sent++
  }

  for (const line of lines) {
    line.socket.on('error', reject)
    line.socket.on('data', (chunk: Buffer) => {
      line.received = line.received ? Buffer.concat([line.received, chunk]) : chunk
      const status = statusOfWhole(line.received)
      if (status === undefined) return
      line.received = undefined
      line.free = true
      const now = performance.now()
      latencies.push(now - line.dueAt)
      if (status !== '200') reject(new Error(`Answered with ${status}.`))
      if (perSecond === undefined && sent < count) send(line, now)
      const due = waiting.shift()
      if (due !== undefined) send(line, due)
      if (latencies.length === count) resolve()
    })
  }

  const start = performance.now()
  if (perSecond === undefined) for (const line of lines) if (sent < count) send(line, start)
  let due = 0
  const pace = setInterval(() => {
    if (perSecond === undefined) return
    const now = performance.now()
    // Due at this tick, not when a line is free: who waits for an answer would leave out the worst of them.
    for (const dueNow = ((now - start) / 1000) * perSecond; due < dueNow; due++) {
      const line = lines.find(({ free }) => free)
      if (line) send(line, now)
      else waiting.push(now)
    }
    if (now - start >= seconds * 1000) resolve()
  }, 1)
  await done
  clearInterval(pace)
  const took = (performance.now() - start) / 1000
  for (const { socket } of lines) socket.destroy()
  return {
    answered: latencies.length,
    seconds: took,
    p50Ms: quantileOf(latencies, 0.5),
    p99Ms: quantileOf(latencies, 0.99),
  }
}

async function open(host: string, port: number): Promise<Line> {
  const socket = connect({ host, port, noDelay: true })
  await new Promise((connected) => socket.once('connect', connected))
  return { socket, free: true, dueAt: 0, received: undefined }
}

/** The status of an answer that is there as a whole; undefined before. */
function statusOfWhole(received: Buffer): string | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const head = received.toString('latin1', 0, end)
  const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
  return received.length >= end + 4 + length ? head.slice(9, 12) : undefined
}

/** A request as it goes out, by its number: always nine digits, so that the length is known. */
function writeRequest(
  { method, path, headers = {}, body = '' }: LoadRequest,
  host: string,
): (number: number) => string {
  const digits = 9
  const [before = '', after] = body.split('#')
  const length = body.length + (after === undefined ? 0 : digits - 1)
  const fields = { ...headers, Host: host, ...(body && { 'Content-Length': String(length) }) }
  const pairs = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `${method} ${path} HTTP/1.1\r\n${pairs.join('')}\r\n${before}`
  return after === undefined ? () => head : (number) => head + String(number).padStart(digits, '0') + after
}

if (process.argv[1] === import.meta.filename)
  console.log(JSON.stringify(await run(JSON.parse(await text(process.stdin)))))
