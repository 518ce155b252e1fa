// A program that has nothing to do but wait for one call of the library, which its database does not answer. It says what became
// of the call.
import { writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { openLatchkey } from '../../src/latchkey.ts'

const [database, key, other, id, name] = process.argv.slice(2) as [string, string, string, string, string]
// By a clock that stands still, each draw waits for its turn.
const clock = name === 'draw' ? { monotonic: () => 1_000 } : {}
const latchkey = await openLatchkey({ database, ...clock })
const calls: Record<string, () => Promise<unknown>> = {
  verify: () => latchkey.verify(other),
  draw: () => latchkey.verify(key, { cost: 10_000 }),
  batch: () => latchkey.verifyBatch([{ key: other }]),
  read: () => latchkey.keys.get(id),
  change: () => latchkey.keys.update(id, { name: 'L' }),
}
await latchkey.verify(key)
process.once('message', async () => {
  // Until then all its connections are gone.
  await setTimeout(300)
  const tell = (outcome: string) => writeSync(1, outcome)
  calls[name]?.().then(
    () => tell('answered'),
    (error: { code?: string }) => tell(error.code ?? String(error)),
  )
})
process.send?.('open')
