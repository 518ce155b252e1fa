// Draws units of limits for a verifier through its server, and holds them under the lease of the process that granted them.
//
// A verifier has its units from one process of the server, and spends them only while that one's own lease holds. If its
// messages reach different processes, as behind a proxy that takes each in turn, it holds none for a while: each call then asks.
import { askMs, askTimeoutMs } from '../../core/bounds.ts'
import type { Granted, GrantsAnswer } from '../../core/shapes/grants.ts'
import { Allotments } from '../../verdict/allotment.ts'
import type { Claim, Message, Outcome } from '../../verdict/claims.ts'
import type { Clock } from '../../verdict/clock.ts'
import type { DrawAnswer } from '../../verdict/counter.ts'
import { Lease } from '../../verdict/lease.ts'
import type { LatchkeyClientError } from '../errors.ts'
import type { Requester } from '../request/request.ts'
import { noEvent } from './events.ts'

/** Two messages begin so far apart at least. */
const betweenMs = 20
const sweepEveryMs = 1_000
/** After a message that was not answered. */
const pauseMs = 100
/** For so long it holds nothing after its messages reached another process, and twice as long each time after that. */
const roamingMs = { first: 10_000, most: 600_000 }
/** How long a close goes on giving units back. */
const lastMs = 1_000

/** Units at hand, which only the lease of their grant lets be spent. */
class LeasedAllotments extends Allotments {
  readonly #isLeased: () => boolean

  constructor(clock: Pick<Clock, 'monotonic' | 'after'>, wake: () => void, isLeased: () => boolean) {
    super(clock, wake, isLeased)
    this.#isLeased = isLeased
  }

  override take(claims: readonly Claim[], now: number): Outcome | undefined {
    return this.#isLeased() ? super.take(claims, now) : undefined
  }
}

/** A message as it was sent: until it is answered, it is sent again as it was. */
interface Sent {
  message: Message | undefined
  sequence: number
  /** The process that granted what is held; null for any. */
  server: string | null
  /** It holds nothing for a while, and takes what its calls need from any process. */
  isRoaming: boolean
}

/** The units of a verifier, and the messages by which they come and go. */
export class VerifierGrants {
  readonly allotments: Allotments
  readonly #server: Requester
  readonly #clock: Clock
  /** A name of its own, which says nothing; another one once it has let go of all that it held under it. */
  #name = crypto.randomUUID()
  readonly #lease = new Lease()
  #granter: string | null = null
  #sequence = 0
  #sent: Sent | undefined
  #under: Promise<void> | undefined
  #isTimed = false
  #isClosing = false
  #isStarted = false
  #startedAt = Number.NEGATIVE_INFINITY
  #renewedAt = Number.NEGATIVE_INFINITY
  #roamsUntil = Number.NEGATIVE_INFINITY
  #roamingMs = roamingMs.first
  #callOff: (() => void)[] = []

  constructor(server: Requester, clock: Clock) {
    this.#server = server
    this.#clock = clock
    const isLeased = () => this.#lease.holds(clock.monotonic(), clock.now())
    this.allotments = new LeasedAllotments(clock, () => this.#wake(), isLeased)
  }

  /** Gives all units back, as far as there is time. */
  async close(): Promise<void> {
    this.#isClosing = true
    for (const callOff of this.#callOff) callOff()
    await this.#under
    const startedAt = this.#clock.monotonic()
    this.allotments.giveAllBack()
    while (this.allotments.hasNews && this.#clock.monotonic() - startedAt < lastMs) {
      const message = this.allotments.prepare()
      if (message === undefined || !(await this.#send(message))) return
    }
  }

  #wake(): void {
    if (this.#isTimed || this.#under !== undefined || this.#isClosing) return
    if (!this.#isStarted) {
      this.#isStarted = true
      this.#repeat(sweepEveryMs, () => this.allotments.sweep())
      this.#repeat(askMs, () => this.#renew())
    }
    this.#isTimed = true
    const wait = this.#startedAt + betweenMs - this.#clock.monotonic()
    // What is asked for in the same turn of the event loop goes together.
    this.#clock.after(Math.max(0, Math.ceil(wait)), () => this.#start())
  }

  #repeat(everyMs: number, act: () => void): void {
    const at = this.#callOff.length
    const again = () => {
      act()
      this.#callOff[at] = this.#clock.after(everyMs, again)
    }
    this.#callOff[at] = this.#clock.after(everyMs, again)
  }

  /** Has a message renew the lease while it lasts: what is held for nobody goes back by itself. */
  #renew(): void {
    const now = this.#clock.monotonic()
    const isHolding = this.#granter !== null && this.allotments.size > 0
    if (!isHolding || this.#under !== undefined || now - this.#renewedAt < askMs) return
    if (this.#isClosing || this.#sent !== undefined || !this.#lease.holds(now, this.#clock.now())) return
    this.#run(undefined)
  }

  #start(): void {
    this.#isTimed = false
    if (this.#isClosing || this.#under !== undefined) return
    const message = this.allotments.prepare()
    if (message !== undefined) this.#run(message)
  }

  #run(message: Message | undefined): void {
    this.#startedAt = this.#clock.monotonic()
    this.#under = this.#send(message).then((isDone) => {
      this.#under = undefined
      if (!this.allotments.hasNews) return
      if (isDone) this.#wake()
      else this.#clock.after(pauseMs, () => this.#wake())
    })
  }

  async #send(message: Message | undefined): Promise<boolean> {
    const monotonic = this.#clock.monotonic()
    if (this.#sent === undefined || this.#sent.message !== message) {
      const isRoaming = monotonic < this.#roamsUntil
      const server = isRoaming ? null : this.#granter
      this.#sent = { message, sequence: ++this.#sequence, server, isRoaming }
    }
    const sent = this.#sent
    const now = this.#clock.now()
    try {
      const answer = await this.#server.send<GrantsAnswer>('POST', '/v1/grants', {
        body: this.#write(sent),
        repeatable: false,
        options: { timeoutMs: askTimeoutMs },
      })
      const { server, ageMs, recalled, counters } = readAnswer(
        answer,
        message?.counters.length ?? 0,
        sent.server,
      )
      this.#sent = undefined
      if (sent.server !== null && server !== sent.server) this.#roam()
      else {
        // Once the lease was over, the server has counted what it lent as spent. Of that the answer tells for the counters of
        // the message alone.
        const isUnbroken = this.#lease.holds(this.#clock.monotonic(), this.#clock.now())
        if (!isUnbroken && this.#granter !== null) this.allotments.dropBeside(message)
        if (!sent.isRoaming) {
          this.#granter = server
          this.#renewedAt = monotonic
          this.#lease.confirm(monotonic - ageMs, now - ageMs)
        }
        if (message !== undefined) this.allotments.accept(message, counters.map(readGranted))
        // Also what it tells of by its stream: that may be late, or leave something out.
        if (recalled === null) this.allotments.recallAll()
        else for (const counterId of recalled) this.allotments.recall(counterId)
      }
      return true
    } catch (error) {
      if (message !== undefined) this.allotments.fail(message, error)
      if (isRefused(error)) this.#startOver()
      return false
    }
  }

  /** The message reached a process that has granted nothing: what the other one granted is let go of. */
  #roam(): void {
    this.#roamsUntil = this.#clock.monotonic() + this.#roamingMs
    this.#roamingMs = Math.min(2 * this.#roamingMs, roamingMs.most)
    this.#startOver()
  }

  /** Lets go of what it holds, and of a message that the server will never take: all others would wait behind it. */
  #startOver(): void {
    this.#sent = undefined
    this.#granter = null
    this.#name = crypto.randomUUID()
    this.#sequence = 0
    this.#lease.drop()
    this.allotments.drop()
  }

  #write({ message, sequence, server, isRoaming }: Sent): object {
    const counters = (message?.counters ?? []).map(
      ({ holding: { limit }, epoch, period, unspent, back, unused, need, least, want }) => ({
        ...(limit.scope === 'organization' ? { organizationId: limit.ownerId } : { keyId: limit.ownerId }),
        scope: limit.scope,
        name: limit.name,
        kind: limit.allowance.kind,
        epoch,
        period,
        unspent: isRoaming ? 0 : unspent,
        back: isRoaming ? 0 : back,
        unused: isRoaming ? 0 : unused,
        need,
        least,
        want: isRoaming ? 0 : want,
      }),
    )
    return { verifier: this.#name, server, sequence, counters }
  }
}

/** Whether the server refused a message for what it is, so that it would refuse it again. */
function isRefused(error: unknown): boolean {
  const { status = 0 } = error as LatchkeyClientError
  return status >= 400 && status < 500 && status !== 408 && status !== 429
}

/** Reads an answer. Throws `unexpected_answer` for anything else: no unit is made of it. */
function readAnswer(answer: GrantsAnswer, asked: number, expected: string | null): GrantsAnswer {
  // An older server names none.
  const { server, ageMs, recalled = [], counters } = Object(answer) as GrantsAnswer
  const isElsewhere = expected !== null && server !== expected
  const isSound =
    typeof server === 'string' &&
    Number.isFinite(ageMs) &&
    ageMs >= 0 &&
    (recalled === null || (Array.isArray(recalled) && recalled.every((id) => typeof id === 'string'))) &&
    Array.isArray(counters) &&
    (isElsewhere || (counters.length === asked && counters.every(isGranted)))
  if (!isSound) throw noEvent('The grants from the server have an unknown format.')
  return { server, ageMs, recalled, counters }
}

function isGranted(granted: Granted): boolean {
  const { granted: units, given, kept, emptyForMs, remaining, period, resetsInMs } = Object(granted)
  const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
  const counts = [units, given, kept, emptyForMs, remaining, ...(resetsInMs === null ? [] : [resetsInMs])]
  return counts.every(isCount) && Number.isSafeInteger(period)
}

function readGranted(granted: Granted): DrawAnswer {
  const { granted: units, given, kept, period, remaining, emptyForMs, resetsInMs, resetsAt } = granted
  const endsAt = resetsAt instanceof Date ? resetsAt.getTime() : null
  return {
    granted: units,
    given,
    kept,
    period,
    left: remaining,
    elsewhere: 0,
    emptyForMs,
    endsInMs: resetsInMs,
    endsAt,
  }
}
