// A process that does by the library what its parent orders, by the parent's clock; see `../torture/stale-callers.ts`.
import { LatchkeyError, openLatchkey } from '../../src/index.ts'
import type { Order, Outcome } from '../torture/stale-callers.ts'

let now = Date.UTC(2026, 0, 31, 12)
const latchkey = await openLatchkey({ database: process.argv[2] as string, now: () => now })

process.on('message', async (order: Order) => {
  now = order.now
  process.send?.(await obey(order))
})
process.on('disconnect', () => process.exit())

async function obey({ method, input }: Order): Promise<Outcome> {
  try {
    const path = [...method]
    const verb = path.pop() as string
    const noun = path.reduce<object>((holder, name) => Reflect.get(holder, name), latchkey)
    return { value: await Reflect.get(noun, verb).apply(noun, input) }
  } catch (error) {
    return error instanceof LatchkeyError ? { code: error.code } : { fault: String(error) }
  }
}
