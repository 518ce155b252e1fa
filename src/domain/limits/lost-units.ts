// Tells the audit log of units that were lost: a process or a verifier that held them has ended, so they count as spent.
import type { Change, Writer } from '../../commit/commit.ts'
import { system } from '../../core/actor.ts'
import type { Clock } from '../../verdict/clock.ts'
import type { CountedLimit } from '../../verdict/holding.ts'

/** How long losses are added up, so that a counter has one event of many. */
const gatherMs = 5_000
/** How many events one transaction writes, and so one verifier that comes and goes can cause in that time. */
const maxEvents = 100
/** Of more counters at once, nothing is told. */
const maxCounters = 10_000

/** Tells of the units of a quota that were lost; those of a rate come again by themselves. */
export function recordLost(change: Change, limit: CountedLimit, lost: number): void {
  if (limit.allowance.kind === 'rate') return
  const { organizationId, ownerId, name, scope } = limit
  change.record({
    action: 'limit.units_lost',
    organizationId,
    ...(scope !== 'organization' && { keyId: ownerId }),
    changes: { name, units: lost },
  })
}

/** Units that were lent to verifiers which have ended, until the log knows of them. */
export class LostUnits {
  readonly #writer: Pick<Writer, 'commit'>
  readonly #clock: Clock
  readonly #lost = new Map<string, { limit: CountedLimit; units: number }>()
  #under: Promise<void> | undefined
  #callOff: (() => void) | undefined

  constructor(writer: Pick<Writer, 'commit'>, clock: Clock) {
    this.#writer = writer
    this.#clock = clock
  }

  /** Notes a loss, which the log is told of a little later. */
  note(limit: CountedLimit, units: number): void {
    if (units === 0 || limit.allowance.kind === 'rate') return
    const known = this.#lost.get(limit.counterId)
    if (known === undefined && this.#lost.size >= maxCounters) return
    this.#lost.set(limit.counterId, { limit, units: (known?.units ?? 0) + units })
    this.#callOff ??= this.#clock.after(gatherMs, () => this.#tell())
  }

  /** Tells of what is noted, as far as one transaction goes, and ends. */
  async stop(): Promise<void> {
    this.#callOff?.()
    await this.#under
    await this.#write()
  }

  #tell(): void {
    this.#callOff = undefined
    this.#under = this.#write().finally(() => {
      this.#under = undefined
      // The rest, and what could not be written.
      if (this.#lost.size > 0) this.#callOff ??= this.#clock.after(gatherMs, () => this.#tell())
    })
  }

  async #write(): Promise<void> {
    const told = [...this.#lost.values()].slice(0, maxEvents)
    if (told.length === 0) return
    for (const { limit } of told) this.#lost.delete(limit.counterId)
    try {
      await this.#writer.commit(system, { permission: 'any key' }, async (change) => {
        for (const { limit, units } of told) recordLost(change, limit, units)
      })
    } catch {
      // A database that is away now is told later.
      for (const { limit, units } of told) this.note(limit, units)
    }
  }
}
