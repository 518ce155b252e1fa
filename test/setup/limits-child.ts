// A process of its own that is killed or stopped: a server, or a service that judges one token without a pause and counts how
// often it was let in.
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { createVerifier } from '../../src/client/index.ts'
import { openLatchkey } from '../../src/latchkey.ts'
import { startServer } from '../../src/server/server.ts'

type Order =
  | { kind: 'server'; database: string; port: number }
  | { kind: 'verifier'; url: string; token: string; key: string }

async function serve({ database, port }: Extract<Order, { kind: 'server' }>): Promise<void> {
  const latchkey = await openLatchkey({ database })
  const log = pino({ level: 'silent' })
  const server = await startServer(latchkey, { host: '127.0.0.1', port, logVerdicts: 'none', log })
  process.send?.({ url: server.url })
}

async function judge({ url, token, key }: Extract<Order, { kind: 'verifier' }>): Promise<void> {
  const verifier = createVerifier({ url, token, timeoutMs: 1_000 })
  const codes: Record<string, number> = {}
  let cached = 0
  const note = (code: string) => {
    codes[code] = (codes[code] ?? 0) + 1
  }
  for (;;) {
    for (let i = 0; i < 10; i++) {
      const known = verifier.verifyCached(key)
      if (known?.valid) cached++
      try {
        note((known ?? (await verifier.verify(key))).code)
      } catch (error) {
        note((error as { code: string }).code)
        process.send?.({ codes, cached })
        await setTimeout(20)
      }
    }
    process.send?.({ codes, cached })
    await setTimeout(2)
  }
}

// The channel keeps the process alive, whatever it waits for.
process.on('message', (order: Order) => void (order.kind === 'server' ? serve(order) : judge(order)))
