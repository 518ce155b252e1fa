// The verifier of TypeScript, for `bench/clients.ts`: reads what to do from a file, and prints what it found.
import { readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { createClient, createVerifier } from '../../src/client/index.ts'

interface Order {
  url: string
  token: string
  root: string
  tokens: string[]
  limited: string
  revoked: { id: string; token: string }[]
  permission: string
  seconds: number
}

const order: Order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'))
const { url, token, root, tokens, limited, permission, seconds } = order
const verifier = createVerifier({ url, token })
const client = createClient({ url, token: root })
await verifier.ready()
for (const one of tokens) await verifier.verify(one)

/** Verifications in a second of this process's processor time. */
async function rateOf(verify: (i: number) => ReturnType<typeof verifier.verify>): Promise<number> {
  const batch = 1_000
  const run = async (milliseconds: number) => {
    const [startedAt, before] = [performance.now(), process.cpuUsage()]
    let count = 0
    for (; performance.now() - startedAt < milliseconds; count += batch) {
      for (let i = 0; i < batch; i++) if (!(await verify(count + i)).valid) throw new Error('Refused.')
      // The stream and the questions beside it have their turn.
      await setTimeout()
    }
    const { user, system } = process.cpuUsage(before)
    return (count * 1e6) / (user + system)
  }
  await run(500)
  return run(seconds * 1_000)
}

const tokenAt = (i: number) => tokens[i % tokens.length] as string
const plain = await rateOf((i) => verifier.verify(tokenAt(i)))
const permissions = await rateOf((i) => verifier.verify(tokenAt(i), { permissions: [permission] }))
const limits = await rateOf(() => verifier.verify(limited))

const waits: number[] = []
for (const { id, token } of order.revoked) {
  await verifier.verify(token)
  await client.keys.revoke(id)
  const revokedAt = performance.now()
  let last = revokedAt
  while ((await verifier.verify(token)).valid) {
    last = performance.now()
    await setTimeout(1)
  }
  waits.push(last - revokedAt)
}
await verifier.close()
console.log(JSON.stringify({ plain, permissions, limits, last_accept_ms: waits }))
