// Reports to the server what this verifier has counted, and which secrets were found valid here: in numbered batches, off the
// path of a verification.
//
// A batch is the same each time that it is sent, and the server's database writes a number of a source once. So it may be sent
// again to any server until one answers.
import { maxReportProfiles, maxReportRows } from '../../core/bounds.ts'
import { hourMs } from '../../core/periods.ts'
import type { ReportAnswer, ReportInput } from '../../core/shapes/usage.ts'
import type { ProfileCount, UsageCount } from '../../core/usage-counts.ts'
import type { Circumstances } from '../../verdict/circumstances.ts'
import type { Clock } from '../../verdict/clock.ts'
import type { Tallies } from '../../verdict/tally.ts'
import type { LatchkeyClientError } from '../errors.ts'
import type { Requester } from '../request/request.ts'

const reportEveryMs = 10_000
/** What no server takes for so long is not counted. */
const maxFrozenMs = 3_600_000
/** By these a server refuses a batch for what it is. */
const refusals = new Set([400, 413, 422])

interface Frozen {
  body: ReportInput
  frozenAt: number
}

/** What a reporter works with. */
export interface ReporterOptions {
  server: Requester
  clock: Clock
  tallies: Tallies
  /** How many uses are kept at most. */
  capacity: number
  /** Is called before each report, so that an owner of further uses can add them. */
  collect(): void
}

/** What the server does not know of yet: the counts, and the latest use of each secret. */
export class UsageReporter {
  readonly #options: ReporterOptions
  /** No other verifier has it. */
  readonly #source = globalThis.crypto.randomUUID()
  #uses = new Map<string, { at: number; circumstances: Circumstances }>()
  #frozen: Frozen[] = []
  #number = 0
  #callOff: (() => void) | undefined
  #reporting: Promise<void> = Promise.resolve()

  constructor(options: ReporterOptions) {
    this.#options = options
  }

  /** Whether a report waits that no server has taken. */
  get hasUnreported(): boolean {
    return this.#frozen.length > 0
  }

  /** Notes a use at an instant in milliseconds since 1970. */
  note(kid: string, at: number, circumstances: Circumstances): void {
    // With the server away for long, the oldest secrets are reported and the newest are not.
    if (this.#uses.size >= this.#options.capacity && !this.#uses.has(kid)) return
    if (at > (this.#uses.get(kid)?.at ?? 0)) this.#uses.set(kid, { at, circumstances })
  }

  /** Begins the rounds, at the first call. */
  start(): void {
    this.#callOff ??= this.#options.clock.after(reportEveryMs, () => {
      this.#callOff = undefined
      this.start()
      // Where the server is away, what was counted stays here and the next round tries again.
      void this.#report().catch(() => {})
    })
  }

  /** Ends the rounds after a last report. Where the server is away, what it does not know is lost. */
  async close(): Promise<void> {
    this.#callOff?.()
    await this.#report().catch(() => {})
  }

  #report(): Promise<void> {
    this.#reporting = this.#reporting.catch(() => {}).then(() => this.#send())
    return this.#reporting
  }

  async #send(): Promise<void> {
    // While the server is away, what is counted is added up: batches of their own would take memory without end.
    await this.#sendFrozen()
    this.#freeze()
    await this.#sendFrozen()
  }

  async #sendFrozen(): Promise<void> {
    while (this.#frozen.length > 0) {
      const [{ body, frozenAt }] = this.#frozen as [Frozen]
      const age = this.#options.clock.monotonic() - frozenAt
      if (age <= maxFrozenMs) await this.#sendOne(body)
      this.#frozen.shift()
    }
  }

  /** Divides all that was counted into batches; from then on each stays as it is. */
  #freeze(): void {
    const { tallies, clock, collect } = this.#options
    collect()
    const counts = [...tallies.collect().values()].flat().map(toWireCount)
    const profiles = tallies.collectProfiles().map(toWireProfile)
    const uses = [...this.#uses].map(([kid, { at, circumstances }]) => ({
      kid,
      at: new Date(at),
      ...contextOf(circumstances),
    }))
    this.#uses = new Map()
    const ofRows = Math.ceil(Math.max(counts.length, uses.length) / maxReportRows)
    const reports = Math.max(ofRows, Math.ceil(profiles.length / maxReportProfiles))
    for (let report = 0; report < reports; report++) {
      const [start, end, number] = [report * maxReportRows, (report + 1) * maxReportRows, ++this.#number]
      const body = {
        source: this.#source,
        number,
        counts: counts.slice(start, end),
        profiles: profiles.slice(report * maxReportProfiles, (report + 1) * maxReportProfiles),
        uses: uses.slice(start, end),
      }
      this.#frozen.push({ body, frozenAt: clock.monotonic() })
    }
  }

  async #sendOne(body: ReportInput): Promise<void> {
    const { server, clock, tallies } = this.#options
    const sentAt = clock.now()
    try {
      const { at } = await server.send<ReportAnswer>('POST', '/v1/usage/reports', { body, repeatable: true })
      const now = clock.now()
      tallies.setAhead(at.getTime() - (sentAt + now) / 2, now)
    } catch (error) {
      const { code, status } = error as LatchkeyClientError
      // All others would wait behind one that no server will ever take.
      if (status !== undefined && refusals.has(status)) return
      if (code !== 'route_not_found') throw error
      // A server of an older version takes the uses alone.
      const uses = body.uses.map(({ kid, at }) => ({ kid, at }))
      if (uses.length > 0) await server.send('POST', '/v1/keys/uses', { body: uses, repeatable: true })
    }
  }
}

function toWireCount({ keyId, hour, measure, amount }: UsageCount): ReportInput['counts'][number] {
  return { keyId: keyId === '' ? null : keyId, start: new Date(hour * hourMs), measure, amount }
}

type WireProfile = NonNullable<ReportInput['profiles']>[number]

function toWireProfile({ kid, hour, code, isRest, calls, ...profile }: ProfileCount): WireProfile {
  const { permissions, last } = profile
  return {
    kid,
    start: new Date(hour * hourMs),
    code,
    ...contextOf(profile),
    permissions: permissions === '' ? [] : permissions.split(' '),
    isRest,
    calls,
    last: new Date(last),
  }
}

function contextOf(
  place: Pick<Circumstances, 'operation' | 'ip' | 'userAgent'>,
): Pick<WireProfile, 'context'> {
  const { operation, ip, userAgent } = place
  const context = {
    ...(operation && { operation }),
    ...(ip && { ip }),
    ...(userAgent && { userAgent }),
  }
  return Object.keys(context).length === 0 ? {} : { context }
}
