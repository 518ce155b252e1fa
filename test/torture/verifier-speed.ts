// How fast a verifier judges from memory: `node test/torture/verifier-speed.ts [tokens]`, in one run beside the server's
// own engine, with the digest in plain script too, and over HTTP to the same server.
import { createVerifier } from '../../src/client/index.ts'
import { sha256InPlainScript } from '../../src/client/verifier/sha256.ts'
import { createAcme } from '../setup/acme.ts'
import { makeSqlite } from '../setup/databases.ts'
import { startTestServer } from '../setup/server.ts'

const count = Number(process.argv[2] ?? 100_000)
const { url: database, remove } = makeSqlite()
const server = await startTestServer(database, { cachedSecrets: count + 100 })
const { latchkey } = server
await createAcme(latchkey)
const permissions = ['emails:send']
const tokens: string[] = []
while (tokens.length < count) {
  const batch = Array.from({ length: 500 }, () =>
    latchkey.keys.create({ organizationId: 'acme', name: 'K', permissions }),
  )
  for (const { key } of await Promise.all(batch)) tokens.push(key)
}
const verifier = createVerifier({ url: server.url, token: server.rootKey, cachedSecrets: count })
await verifier.ready()

/** Makes sure that memory answers for every token, asking for many at a time. */
async function warm(verify: (token: string) => Promise<{ valid: boolean }>): Promise<void> {
  for (let start = 0; start < count; start += 50) {
    const verdicts = await Promise.all(tokens.slice(start, start + 50).map(verify))
    if (!verdicts.every(({ valid }) => valid)) throw new Error('Not every token is valid.')
  }
}

const question = { permissions }
/** How often memory did not answer: the loop leaves the server little time to renew a lease. */
let misses = 0

/** Judgements a second, of tokens in no order that a processor could guess. */
async function measure(judge: (token: string) => unknown, seconds = 2): Promise<number> {
  let judged = 0
  let place = 1
  const began = performance.now()
  let elapsed = 0
  while (elapsed < seconds * 1_000) {
    for (let i = 0; i < 5_000; i++) {
      place = (place * 48_271) % 2_147_483_647
      if (judge(tokens[place % count] as string) === undefined) misses++
    }
    judged += 5_000
    elapsed = performance.now() - began
    // Lets the lease be renewed.
    await new Promise(setImmediate)
  }
  return (judged * 1_000) / elapsed
}

async function measureHttp(seconds = 3): Promise<number> {
  let judged = 0
  const endsAt = performance.now() + seconds * 1_000
  const body = (token: string) => JSON.stringify({ key: token, permissions })
  const headers = { authorization: `Bearer ${server.rootKey}`, 'content-type': 'application/json' }
  const run = async (from: number) => {
    for (let i = from; performance.now() < endsAt; i += 16) {
      const token = tokens[i % count] as string
      const answer = await fetch(`${server.url}/v1/keys/verify`, {
        method: 'POST',
        headers,
        body: body(token),
      })
      if (!((await answer.json()) as { valid: boolean }).valid) throw new Error('Not valid.')
      judged++
    }
  }
  await Promise.all(Array.from({ length: 16 }, (_, from) => run(from)))
  return judged / seconds
}

await warm((token) => latchkey.verify(token))
await warm((token) => verifier.verify(token))
const rounds: [engine: number, local: number][] = []
for (let round = 0; round < 5; round++) {
  rounds.push([
    await measure((token) => latchkey.verifyCached(token, question)),
    await measure((token) => verifier.verifyCached(token, question)),
  ])
}
const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
const engine = median(rounds.map(([value]) => value))
const local = median(rounds.map(([, value]) => value))
const http = await measureHttp()
const script = await measure(sha256InPlainScript, 1)
const show = (value: number) => Math.round(value).toLocaleString('en')
console.log(
  `${show(count)} tokens: the engine ${show(engine)}/s, the verifier ${show(local)}/s (${(local / engine).toFixed(2)} of it)`,
)
console.log(
  `over HTTP, server in the same process, 16 at once: ${show(http)}/s; the verifier is ${(local / http).toFixed(0)} times as fast`,
)
console.log(`memory did not answer ${misses} times`)
console.log(`a digest in plain script: ${show(script)}/s`)
await verifier.close()
await server.close()
await remove()
