// Asks a server by autocannon and prints what wrk.lua prints: `node autocannon.ts <url> <requests file> <seconds>
// <connections>`.
import { readFileSync } from 'node:fs'
import type { LoadRequest } from './load.ts'

interface Client {
  setRequests(requests: readonly LoadRequest[]): void
}

interface Result {
  requests: { total: number }
  duration: number
  latency: { p50: number; p99: number }
  non2xx: number
  errors: number
}

const [url, file = '', seconds, count] = process.argv.slice(2)
const connections = Number(count)
const requests: LoadRequest[] = JSON.parse(readFileSync(file, 'utf8'))
let clients = 0
/** Gives each connection requests of its own: with the same ones, all would ask about one key after the other at once. */
function setupClient(client: Client): void {
  const own = clients++ % Math.min(requests.length, connections)
  client.setRequests(requests.filter((_, i) => i % connections === own))
}
// By a name that the compiler does not follow: it is installed for a run only.
const name: string = 'autocannon'
const { default: autocannon }: { default: (options: object) => Promise<Result> } = await import(name)
const {
  requests: answered,
  duration,
  latency,
  non2xx,
  errors,
} = await autocannon({
  url,
  requests: requests.slice(0, 1),
  setupClient,
  duration: Number(seconds),
  connections,
})
const result = {
  requests: answered.total,
  microseconds: duration * 1e6,
  p50: latency.p50 * 1000,
  p99: latency.p99 * 1000,
  refused: non2xx,
  broken: errors,
}
console.log(`RESULT ${JSON.stringify(result)}`)
