// Counts verdicts in memory, by key, hour and code, and the units that calls draw by limit. Pure: whoever runs it writes the
// counts down (`verification/usage.ts`, `client/verifier/usage.ts`).
//
// The way of a valid verdict from memory: the cache raises one number of the secret's slot (`FactsCache.noteUse`), and tells of it
// when what was counted is collected, with the facts that tell what a call draws which names no cost. Nothing is looked up,
// allocated or sent. All other verdicts, and units, go by a map of keys.

import type { LimitScope } from '../core/limits.ts'
import { type Measure, unitsMeasure } from '../core/measures.ts'
import { hourMs } from '../core/periods.ts'
import type { Verdict } from '../core/shapes/verification.ts'
import type { ProfileCount, UsageCount } from '../core/usage-counts.ts'
import type { Claim } from './claims.ts'
import type { Facts } from './facts.ts'
import { Profiles } from './profiles.ts'

interface Refused {
  code: string
  calls: number
}

interface Drawn {
  scope: LimitScope
  name: string
  units: number
}

/** What was counted of a key since the last collection, beside what the cache has counted. */
export class Tally {
  readonly keyId: string
  readonly organizationId: string
  valid = 0
  refused: Refused[] | undefined = undefined
  drawn: Drawn[] | undefined = undefined
  /** It stands on the list of those that have something to collect. */
  isListed = false

  constructor(keyId: string, organizationId: string) {
    this.keyId = keyId
    this.organizationId = organizationId
  }
}

/** So many keys have a tally at most, before what they have counted is taken down. */
const maxTallies = 16_384
/** So many counts wait at most to be written: what is beyond, while the database is away for long, is not counted. */
const maxCounts = 1_000_000

/** All tallies of a process. */
export class Tallies {
  /** What the calls had in common. */
  readonly profiles = new Profiles()
  readonly #byKey = new Map<string, Tally>()
  readonly #unknown = new Tally('', '')
  #listed: Tally[] = []
  /** What was counted in hours that are over, or is given back, by key. */
  #counts = new Map<string, UsageCount[]>()
  #size = 0
  /** How many counts were not kept, of a key, hour and measure each. */
  dropped = 0
  /** How far the database's clock is ahead of the wall's. */
  #aheadMs = 0
  /** The hour that is counted in, and between which instants of the wall's clock it lies. */
  #hour = 0
  #beginsAt = 0
  #endsAt = 0

  /** Called before an hour ends, so that an owner of further counts can add them to it. */
  beforeTurn: () => void = () => {}

  /** Learns how far the database's clock is ahead of the wall's here, in milliseconds. */
  setAhead(milliseconds: number, now: number): void {
    this.#aheadMs = milliseconds
    this.#turn(now)
  }

  /** The tally of a key, until the next collection. */
  of(keyId: string, organizationId: string): Tally {
    let tally = this.#byKey.get(keyId)
    if (tally === undefined) {
      // While the database is away nothing is collected, however many keys are refused.
      if (this.#byKey.size >= maxTallies) this.#gather()
      tally = new Tally(keyId, organizationId)
      this.#byKey.set(keyId, tally)
    }
    return tally
  }

  /** Counts a verdict, at an instant of the wall's clock, and what it has drawn. */
  count(tally: Tally, verdict: Verdict, now: number, claims?: readonly Claim[]): void {
    this.enter(now)
    this.#list(tally)
    if (!verdict.valid) {
      raise(tally, verdict.code)
      return
    }
    tally.valid++
    if (claims !== undefined) raiseUnits(tally, claims, 1)
  }

  /** Counts a verdict on a token of no key that the caller may know of. */
  countUnknown(code: 'malformed' | 'not_found', now: number): void {
    this.enter(now)
    this.#list(this.#unknown)
    raise(this.#unknown, code)
  }

  /** Adds valid calls that the cache has counted, and what they drew: none of them named a cost. */
  addCalls({ answer: { keyId, organizationId }, claims }: Facts, calls: number): void {
    const tally = this.of(keyId, organizationId)
    tally.valid += calls
    raiseUnits(tally, claims, calls)
    this.#list(tally)
  }

  /** Whatever is counted next is of the hour of this instant of the wall's clock. */
  enter(now: number): void {
    if (now >= this.#endsAt || now < this.#beginsAt) this.#turn(now)
  }

  #list(tally: Tally): void {
    if (tally.isListed) return
    tally.isListed = true
    this.#listed.push(tally)
  }

  /** Ends the hour that was counted in. */
  #turn(now: number): void {
    const hour = Math.floor((now + this.#aheadMs) / hourMs)
    if (hour !== this.#hour) {
      this.beforeTurn()
      this.#gather()
    }
    this.#hour = hour
    this.#beginsAt = hour * hourMs - this.#aheadMs
    this.#endsAt = this.#beginsAt + hourMs
  }

  /** Takes down what the tallies have counted in this hour. */
  #gather(): void {
    this.profiles.gather(this.#hour)
    const listed = this.#listed
    this.#listed = []
    this.#byKey.clear()
    for (const tally of listed) {
      tally.isListed = false
      const { valid, refused = [], drawn = [] } = tally
      if (valid > 0) this.#take(tally, 'valid', valid)
      for (const { code, calls } of refused) this.#take(tally, code, calls)
      for (const { scope, name, units } of drawn) this.#take(tally, unitsMeasure(scope, name), units)
      tally.valid = 0
      tally.refused = undefined
      tally.drawn = undefined
    }
  }

  #take({ keyId, organizationId }: Tally, measure: Measure, amount: number): void {
    this.giveBack({ keyId, organizationId, hour: this.#hour, measure, amount })
  }

  /** Keeps a count that could not be written, for the next collection. */
  giveBack(count: UsageCount): void {
    const { keyId, hour, measure, amount } = count
    const known = this.#counts.get(keyId)
    const same = known?.find((other) => other.hour === hour && other.measure === measure)
    if (same !== undefined) {
      same.amount += amount
      return
    }
    if (this.#size >= maxCounts) {
      this.dropped++
      return
    }
    this.#size++
    if (known === undefined) this.#counts.set(keyId, [{ ...count }])
    else known.push({ ...count })
  }

  /** Takes all that was counted, by key. */
  collect(): Map<string, UsageCount[]> {
    this.#gather()
    const counts = this.#counts
    this.#counts = new Map()
    this.#size = 0
    return counts
  }

  /** What was counted of the profiles of a key, and waits to be collected. */
  profilesOf(keyId: string): ProfileCount[] {
    return this.profiles.ofKey(keyId, this.#hour)
  }

  /** Takes what was counted of profiles. */
  collectProfiles(): ProfileCount[] {
    return this.profiles.collect(this.#hour)
  }
}

function raise(tally: Tally, code: string): void {
  tally.refused ??= []
  const { refused } = tally
  for (let i = 0; i < refused.length; i++) {
    const entry = refused[i] as Refused
    if (entry.code === code) {
      entry.calls++
      return
    }
  }
  refused.push({ code, calls: 1 })
}

/** Adds what so many calls have drawn. */
function raiseUnits(tally: Tally, claims: readonly Claim[], calls: number): void {
  for (let i = 0; i < claims.length; i++) {
    const { limit, cost } = claims[i] as Claim
    if (cost > 0) drawnFrom(tally, limit).units += cost * calls
  }
}

function drawnFrom(tally: Tally, { scope, name }: Claim['limit']): Drawn {
  tally.drawn ??= []
  const { drawn } = tally
  for (let i = 0; i < drawn.length; i++) {
    const entry = drawn[i] as Drawn
    if (entry.name === name && entry.scope === scope) return entry
  }
  const entry = { scope, name, units: 0 }
  drawn.push(entry)
  return entry
}
