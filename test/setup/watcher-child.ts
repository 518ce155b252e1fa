// A process that judges tokens again and again and remembers when each was last found valid; see `watcher.ts`.
import { setTimeout } from 'node:timers/promises'
import { openLatchkey } from '../../src/latchkey.ts'
import type { Order, Reply, Sight, WatcherSettings } from './watcher.ts'

interface Watched extends Sight {
  token: string
  permissions: string[]
  asking: boolean
}

const settings: WatcherSettings = JSON.parse(process.argv[2] as string)
let offset = 0
const latchkey = await openLatchkey({ database: settings.database, now: () => Date.now() + offset })
const watched = new Map<string, Watched>()

function judge(watch: Watched): void {
  const begunAt = process.hrtime.bigint()
  const { permissions } = watch
  const cached = latchkey.verifyCached(watch.token, { permissions })
  // A verdict from memory stands as soon as it is asked for; one from the store only once it is there.
  if (cached) note(watch, cached.code, begunAt, begunAt)
  if (cached || watch.asking) return
  watch.asking = true
  latchkey
    .verify(watch.token, { permissions })
    .then(
      (verdict) => verdict.code,
      (error: { code?: string }) => error.code ?? 'crashed',
    )
    .then((code) => {
      watch.asking = false
      note(watch, code, begunAt, process.hrtime.bigint())
    })
}

function note(watch: Watched, code: string, begunAt: bigint, at: bigint): void {
  if (watch.codes.at(-1)?.code !== code) watch.codes.push({ code, at })
  if (code !== 'valid') return
  if (at > watch.acceptedAt) watch.acceptedAt = at
  if (begunAt > watch.acceptBegunAt) watch.acceptBegunAt = begunAt
}

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  let sights: Sight[] = []
  if (order.kind === 'watch') {
    const { token, permissions } = order
    watched.set(token, { token, permissions, asking: false, codes: [], acceptedAt: 0n, acceptBegunAt: 0n })
  } else sights = order.tokens.map((token) => watched.get(token) as Sight)
  const reply: Reply = { id, sights }
  process.send?.(reply)
})
process.on('disconnect', () => process.exit())
const ready: Reply = { id: 0, sights: [] }
process.send?.(ready)

if (settings.clockSteps) {
  const dayMs = 86_400_000
  setInterval(() => {
    const isBack = settings.clockSteps === 'back' || Math.random() < 0.5
    offset += (isBack ? -1 : 1) * Math.floor(Math.random() * 3 * dayMs)
  }, 150)
}
for (;;) {
  for (const watch of watched.values()) judge(watch)
  // Idle most of the time, so that a SIGSTOP hardly ever lands between a verdict and the note of it.
  await setTimeout(1)
}
