// A client in a region, for `regions.ts`: it does what it is told, a line of JSON each, and answers with one.
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'

interface Told {
  id: number
  what: 'call' | 'measure' | 'watch' | 'seen' | 'draw'
  url: string
  token: string
  key: string
  /** How often. */
  times: number
  method: string
  body?: object
}

interface Watch {
  acceptedAt: number
  /** Each code with the instant of its first answer in a row. */
  codes: [code: string, at: number][]
  isStopped: boolean
}

const watches = new Map<string, Watch>()

async function call(
  url: string,
  token: string,
  method: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    signal: AbortSignal.timeout(10_000),
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return (await response.json()) as Record<string, unknown>
}

const verify = ({ url, token, key }: Told) => call(`${url}/v1/keys/verify`, token, 'POST', { key })

async function measure(told: Told): Promise<object> {
  const took: number[] = []
  for (let i = 0; i < told.times; i++) {
    const begunAt = performance.now()
    const { valid } = await verify(told)
    took.push(performance.now() - begunAt)
    if (valid !== true) throw new Error('Not valid.')
  }
  took.sort((a, b) => a - b)
  return { median: took[Math.floor(took.length / 2)], most: took.at(-1) }
}

function watch(told: Told): object {
  const seen: Watch = { acceptedAt: 0, codes: [], isStopped: false }
  const ask = async () => {
    const code = await verify(told).then(
      (answer) => String(answer.code),
      () => 'no answer',
    )
    const at = Date.now()
    if (code === 'valid') seen.acceptedAt = at
    if (seen.codes.at(-1)?.[0] !== code) seen.codes.push([code, at])
    // No later answer of it says more.
    if (code === 'revoked') seen.isStopped = true
  }
  const run = async () => {
    while (!seen.isStopped) await Promise.all([ask(), setTimeout(5)])
  }
  void run()
  watches.set(`${told.url} ${told.key}`, seen)
  return {}
}

/** Draws from a limit until it refuses; how often it did not. */
async function draw(told: Told): Promise<object> {
  let drawn = 0
  const run = async () => {
    while ((await verify(told)).valid === true) drawn++
  }
  await Promise.all(Array.from({ length: told.times }, run))
  return { drawn }
}

async function answer(told: Told): Promise<object> {
  if (told.what === 'call')
    return { answer: await call(told.url, told.token, told.method, told.body), at: Date.now() }
  if (told.what === 'measure') return measure(told)
  if (told.what === 'draw') return draw(told)
  if (told.what === 'watch') return watch(told)
  const { acceptedAt, codes } = watches.get(`${told.url} ${told.key}`) as Watch
  return { acceptedAt, codes }
}

for await (const line of createInterface({ input: process.stdin })) {
  const told = JSON.parse(line) as Told
  void answer(told).then(
    (given) => process.stdout.write(`${JSON.stringify({ id: told.id, ...given })}\n`),
    (error: Error) => process.stdout.write(`${JSON.stringify({ id: told.id, error: error.message })}\n`),
  )
}
process.exit(0)
