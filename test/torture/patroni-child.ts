// A Latchkey that works without pause while its database fails over: creates, revokes and verifies, and tells its
// parent, a line each, what was acknowledged and when each token was last found valid. All times are of the
// machine's one monotonic clock, in milliseconds.
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { openLatchkey } from '../../src/latchkey.ts'

/** What the parent says: a token to verify from now on, one to forget, or a wish for {@link Report}. */
export type Order = { watch: string } | { forget: string } | { report: number }

export interface Sight {
  token: string
  /** When the last verification that found it valid began, and when it ended. */
  begunAt: number
  at: number
}

export interface Report {
  kind: 'report'
  number: number
  sights: Sight[]
  verifications: number
  /** Those without a verdict. */
  refused: number
  failures: Record<string, number>
}

export type Word =
  | { kind: 'ready' }
  | { kind: 'created'; id: string; token: string; at: number }
  | { kind: 'revoked'; id: string; token: string; at: number }
  /** From that instant on nobody judges by what was true before the revocation. */
  | { kind: 'applied'; token: string; at: number }
  | Report

const [database = '', remembered = '', changes = ''] = process.argv.slice(2)
const cachedSecrets = Number(remembered)
const latchkey = await openLatchkey({
  database,
  onWarning: () => {},
  ...(cachedSecrets > 0 && { cachedSecrets }),
})
const now = () => Number(process.hrtime.bigint()) / 1e6
const say = (word: Word) => process.stdout.write(`${JSON.stringify(word)}\n`)
const watched = new Map<string, Sight>()
/** No longer verified, and not yet reported. */
const forgotten: Sight[] = []
const own: { id: string; token: string; at: number }[] = []
let [verifications, refused] = [0, 0]
let failures: Record<string, number> = {}

async function attempt(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    const { code = 'crashed' } = error as { code?: string }
    failures[code] = (failures[code] ?? 0) + 1
    return false
  }
}

async function keepCreating(): Promise<never> {
  for (;;) {
    const done = await attempt(async () => {
      const { id, key: token } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
      own.push({ id, token, at: now() })
      say({ kind: 'created', id, token, at: now() })
    })
    await setTimeout(done ? 200 : 50)
  }
}

/** Revokes its own keys, oldest first; one whose revocation failed is revoked again until that is acknowledged. */
async function keepRevoking(): Promise<never> {
  for (let count = 0; ; ) {
    await setTimeout(50)
    const key = own[0]
    if (key === undefined || own.length < 6) continue
    const done = await attempt(async () => {
      await latchkey.keys.revoke(key.id)
      say({ kind: 'revoked', ...key, at: now() })
    })
    if (!done) continue
    own.shift()
    // As `wait=applied` does.
    if (count++ % 4 === 0)
      void latchkey.waitUntilApplied().then(() => say({ kind: 'applied', token: key.token, at: now() }))
  }
}

async function keepVerifying(): Promise<never> {
  for (;;) {
    await Promise.all([...watched.values()].map(judge))
    await setTimeout(20)
  }
}

async function judge(sight: Sight): Promise<void> {
  const begunAt = now()
  verifications++
  try {
    if (!(await latchkey.verify(sight.token)).valid) return
    sight.begunAt = begunAt
    sight.at = now()
  } catch {
    refused++
  }
}

createInterface(process.stdin)
  .on('line', (line) => {
    const order = JSON.parse(line) as Order
    if ('watch' in order) watched.set(order.watch, { token: order.watch, begunAt: 0, at: 0 })
    else if ('forget' in order) {
      const sight = watched.get(order.forget)
      if (sight) forgotten.push(sight)
      watched.delete(order.forget)
    } else {
      const sights = [...watched.values(), ...forgotten.splice(0)]
      say({ kind: 'report', number: order.report, sights, verifications, refused, failures })
      verifications = 0
      refused = 0
      failures = {}
    }
  })
  .on('close', () => process.exit())
say({ kind: 'ready' })
// A change that fails makes a process look for another server; one that changes nothing has only its looks.
await Promise.all([keepVerifying(), ...(changes === 'none' ? [] : [keepCreating(), keepRevoking()])])
