// Limits over real processes on one database, killed and stopped at random instants while they draw: together they never
// admit more than there is, and what is left can be had afterwards.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Latchkey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { excessOf, readAdmissions } from './setup/admissions.ts'
import { mulberry32 } from './setup/chance.ts'
import { childProgram } from './setup/children.ts'
import { onEachDatabase } from './setup/databases.ts'
import type { DrawingSettings } from './setup/drawing-child.ts'
import { freeze } from './setup/freeze.ts'
import { rounds } from './setup/rounds.ts'

const rate = { limit: 200, windowMs: 1_000, burst: 60 }
const total = 20_000
/** How long they run, and so long is the longest pause: longer than a lease, and than a barrier waits. */
const chaosMs = rounds(4_000, 60_000)
const longestPauseMs = 3_000

onEachDatabase('limits that are drawn by processes which are killed and stopped', (makeDatabase) => {
  test('admit no more than there is, and all that is left in the end', async () => {
    const database = await makeDatabase()
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-limits-'))
    const latchkey = await openLatchkey({ database })
    const herd = new Herd(database, folder)
    try {
      await createAcme(latchkey)
      const ofAcme = { organizationId: 'acme', name: 'K' }
      const limits = [{ name: 'requests', limit: rate.limit, windowSeconds: 1, burst: rate.burst }]
      const hot = await latchkey.keys.create({ ...ofAcme, limits })
      const prepaid = [{ name: 'credits', limit: total, resets: null }]
      const paid = await latchkey.keys.create({ ...ofAcme, limits: prepaid })
      await herd.run([hot.key, paid.key], latchkey)

      const drawn = readAdmissions(herd.paths, 0)
      expect(drawn.length).toBeGreaterThan(100)
      // Both clocks are read in whole milliseconds, or by another processor: less than a unit.
      expect(excessOf(drawn, rate)).toBeLessThan(1)
      const spent = readAdmissions(herd.paths, 1).length
      expect(spent).toBeGreaterThan(100)
      expect(spent).toBeLessThanOrEqual(total)
      // The dead are evicted, and what they held is gone; the rest can be had.
      await latchkey.waitUntilApplied()
      await expect.poll(async () => (await latchkey.verify(hot.key)).code).toBe('valid')
      await latchkey.verify(paid.key)
      const [{ remaining } = { remaining: 0 }] = (await latchkey.keys.get(paid.id)).limits
      expect(spent + remaining).toBeLessThanOrEqual(total)
      if (remaining > 0)
        await expect
          .poll(async () => (await latchkey.verify(paid.key, { cost: remaining })).code)
          .toBe('valid')
      expect((await latchkey.verify(paid.key)).code).toBe('quota_exceeded')
    } finally {
      herd.end()
      await latchkey.close()
      rmSync(folder, { recursive: true })
    }
  })
})

/** Three processes that draw. */
class Herd {
  readonly paths: string[] = []
  readonly #database: string
  readonly #folder: string
  readonly #children: ChildProcess[] = []
  readonly #random = mulberry32(Date.now())

  constructor(database: string, folder: string) {
    this.#database = database
    this.#folder = folder
  }

  /** Lets them draw, and has bad luck come over them. */
  async run(keys: string[], latchkey: Latchkey): Promise<void> {
    await Promise.all([0, 1, 2].map((slot) => this.#start(slot, keys)))
    const endsAt = performance.now() + chaosMs
    await Promise.all([
      ...[0, 1].map((slot) => this.#harm(slot, keys, endsAt)),
      this.#evict(latchkey, endsAt),
    ])
    this.end()
    await Promise.all(
      this.#children.map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')),
    )
  }

  end(): void {
    for (const child of this.#children) child.kill('SIGKILL')
  }

  async #start(slot: number, keys: string[]): Promise<void> {
    const path = join(this.#folder, `${this.paths.length}`)
    this.paths.push(path)
    const settings: DrawingSettings = { database: this.#database, keys, path }
    const program = childProgram('drawing-child')
    const child = fork(program.path, [JSON.stringify(settings)], { env: program.env })
    this.#children[slot] = child
    await once(child, 'message')
  }

  async #harm(slot: number, keys: string[], endsAt: number): Promise<void> {
    while (performance.now() < endsAt) {
      await setTimeout(100 + this.#random() * 900)
      const child = this.#children[slot] as ChildProcess
      if (this.#random() < 0.3) {
        child.kill('SIGKILL')
        await once(child, 'exit')
        await this.#start(slot, keys)
      } else {
        const goOn = freeze(child.pid as number)
        await setTimeout(this.#random() < 0.5 ? this.#random() * 300 : this.#random() * longestPauseMs)
        goOn()
      }
    }
  }

  /** Changes for which a barrier waits: it evicts those that do not confirm in time. */
  async #evict(latchkey: Latchkey, endsAt: number): Promise<void> {
    while (performance.now() < endsAt) {
      await latchkey.waitUntilApplied().catch(() => {})
      await setTimeout(this.#random() * 1_000)
    }
  }
}
