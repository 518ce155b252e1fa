// What connected verifiers cost a server: `node test/torture/verifiers.ts [count]` prints memory and CPU for each. The
// server is a process of its own; the readers read raw sockets and ask as `createVerifier` does.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { Agent, get } from 'node:http'
import { setTimeout } from 'node:timers/promises'
import { openLatchkey } from '../../src/latchkey.ts'
import { makeSqlite } from '../setup/databases.ts'

const count = Number(process.argv[2] ?? 1_000)
const { url: database, remove } = makeSqlite()
const latchkey = await openLatchkey({ database })
const { key } = await latchkey.createRootKey()
const server = spawn(
  process.execPath,
  ['--expose-gc', 'src/cli/main.ts', 'serve', '--port', '0', '--log-level', 'error', '--database', database],
  { stdio: ['ignore', 'pipe', 'inherit'] },
)
const [greeting] = (await once(server.stdout, 'data')) as [Buffer]
const url = /http:\S+/.exec(greeting.toString())?.[0] as string
const headers = { authorization: `Bearer ${key}` }
const pid = String(server.pid)

/** What the process holds, after a while in which nothing was asked of it. */
async function residentKib(): Promise<number> {
  await setTimeout(4_000)
  return Number(execFileSync('ps', ['-o', 'rss=', '-p', pid], { encoding: 'utf8' }))
}

/** The processor time that the process has used, in seconds. */
function cpuSeconds(): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function open(streams: number): Promise<() => void> {
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
  const requests = await Promise.all(
    Array.from({ length: streams }, async () => {
      const request = get(`${url}/v1/changes`, { agent, headers })
      const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
      response.resume()
      response.on('error', () => {})
      request.on('error', () => {})
      return request
    }),
  )
  return () => {
    for (const request of requests) request.destroy()
  }
}

// What the first streams make the process grow by belongs to none of them.
const warm = await open(count)
await setTimeout(2_000)
warm()
const before = await residentKib()
const cpuBefore = cpuSeconds()
await setTimeout(5_000)
const idle = (cpuSeconds() - cpuBefore) / 5
const close = await open(count)
const after = await residentKib()
const cpuAt = cpuSeconds()
await setTimeout(10_000)
const beating = (cpuSeconds() - cpuAt) / 10
console.log(`${count} streams: ${((after - before) / count).toFixed(1)} KiB each (${before} to ${after} KiB)`)
console.log(`processor: ${(100 * idle).toFixed(1)} % idle, ${(100 * beating).toFixed(1)} % with the beats`)
const asking = new Agent({ keepAlive: true, maxSockets: 50 })
const cpuAsking = cpuSeconds()
const began = performance.now()
for (let second = 0; second < 5; second++) {
  for (let i = 0; i < count * 2; i++)
    get(`${url}/v1/changes/latest`, { agent: asking, headers }, (answer) => answer.resume()).on(
      'error',
      () => {},
    )
  await setTimeout(Math.max(0, (second + 1) * 1_000 - (performance.now() - began)))
}
const seconds = (performance.now() - began) / 1_000
console.log(
  `processor: ${((100 * (cpuSeconds() - cpuAsking)) / seconds).toFixed(1)} % with ${count * 2} questions a second`,
)
asking.destroy()
close()
server.kill()
await latchkey.close()
await remove()
