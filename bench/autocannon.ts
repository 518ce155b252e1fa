// Asks a server by autocannon and prints what wrk.lua prints: `node autocannon.ts <url> <requests file> <seconds>
// <connections>`.
import { readFileSync } from 'node:fs'
import type { LoadRequest } from './load.ts'

interface Result {
  requests: { total: number }
  duration: number
  latency: { p50: number; p99: number }
  non2xx: number
  errors: number
}

const [url, file = '', seconds, connections] = process.argv.slice(2)
const requests: LoadRequest[] = JSON.parse(readFileSync(file, 'utf8'))
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
  requests,
  duration: Number(seconds),
  connections: Number(connections),
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
