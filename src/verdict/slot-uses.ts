// The uses and calls of the secrets in a cache that nobody was told of yet: by slot, so that a call which is like the one before it
// costs a comparison and an addition.

import { areOf, bareCircumstances, type CallQuestion, type Circumstances } from './circumstances.ts'
import type { Facts } from './facts.ts'
import type { Profiles, SecretProfiles } from './profiles.ts'

/** Is told of uses and calls when they are collected, and when the cache lets go of a secret. */
export interface UseListener {
  readonly profiles: Profiles
  /** Hears of the latest use of a secret, and of its circumstances; see `verification/usage.ts`. */
  noteUse(kid: string, answer: Facts['answer'], at: number, circumstances: Circumstances): void
  /** Hears of calls with a secret. */
  noteCalls(facts: Facts, calls: number): void
}

/** What the cache has of a slot. */
interface Slots {
  kidAt(slot: number): string
  factsAt(slot: number): Facts
  /** The low half of the latest use not told, in milliseconds since 1970; 0 for none. */
  usedAt(slot: number): number
  setUsedAt(slot: number, low: number): void
}

/** A quarter of what the low half of an instant can tell: two instants so near one another are less than half apart. */
const longestSpanMs = 2 ** 30

export class SlotUses {
  readonly #slots: Slots
  readonly #listener: UseListener
  /** How many calls were counted, all of the circumstances of the latest use. */
  readonly #calls: Uint32Array
  /** Absent until a call tells something of itself. */
  #circumstances: (Circumstances | undefined)[] | undefined
  /** Where the calls of secrets are counted whose calls had several circumstances; absent until there is one. */
  #profiles: (SecretProfiles | undefined)[] | undefined
  /** The slots with a use that nobody has written down yet. */
  #used: number[] = []
  #firstUse = 0
  #latestUse = 0

  constructor(capacity: number, slots: Slots, listener: UseListener) {
    this.#slots = slots
    this.#listener = listener
    this.#calls = new Uint32Array(capacity)
    listener.profiles.known.makeRoomFor(capacity)
    listener.profiles.known.onClear = () => this.#forgetCircumstances()
  }

  /** The circumstances of a call. Throws `invalid_input` for a context of a wrong form. */
  circumstancesOf(slot: number, question: CallQuestion): Circumstances {
    const known = this.#circumstances?.[slot] ?? bareCircumstances
    return areOf(known, question) ? known : this.#listener.profiles.known.of(question)
  }

  /** Notes a use, and counts so many calls. */
  note(slot: number, at: number, circumstances: Circumstances, calls: 0 | 1): void {
    if (this.#used.length === 0) this.#firstUse = at
    // A clock that was set by weeks: beyond those, low halves do not tell which is later.
    else if (Math.abs(at - this.#firstUse) > longestSpanMs) this.#start(at)
    if ((this.#circumstances?.[slot] ?? bareCircumstances) !== circumstances)
      this.#change(slot, circumstances)
    const word = at >>> 0 || 1
    const before = this.#slots.usedAt(slot)
    if (before === 0) this.#used.push(slot)
    // Within some weeks, the difference of low halves tells which is later.
    if (before === 0 || ((word - before) | 0) > 0) this.#slots.setUsedAt(slot, word)
    this.#latestUse = at
    ;(this.#calls[slot] as number) += calls
  }

  /** Where calls with the secret are counted that are not counted with its use. */
  profilesOf(slot: number): SecretProfiles {
    this.#profiles ??= new Array(this.#calls.length)
    let profiles = this.#profiles[slot]
    if (profiles === undefined) {
      profiles = this.#listener.profiles.of(this.#slots.kidAt(slot), this.#slots.factsAt(slot).answer)
      this.#profiles[slot] = profiles
    }
    return profiles
  }

  /** Tells of every use, and of all calls, that were not told of yet. */
  report(): void {
    const used = this.#used
    this.#used = []
    for (const slot of used) this.reportSlot(slot)
  }

  /** Tells of a slot, whose secret the cache lets go of. */
  drop(slot: number): void {
    this.reportSlot(slot)
    if (this.#circumstances !== undefined) this.#circumstances[slot] = undefined
    if (this.#profiles !== undefined) this.#profiles[slot] = undefined
  }

  #start(at: number): void {
    this.report()
    this.#firstUse = at
  }

  #change(slot: number, circumstances: Circumstances): void {
    this.#tellCalls(slot, this.#instantOf(this.#slots.usedAt(slot)), this.profilesOf(slot))
    this.#circumstances ??= new Array(this.#calls.length)
    this.#circumstances[slot] = circumstances
  }

  #forgetCircumstances(): void {
    this.report()
    this.#circumstances = undefined
  }

  /** Tells of what was not told of a slot. */
  reportSlot(slot: number): void {
    const word = this.#slots.usedAt(slot)
    if (word === 0) return
    this.#slots.setUsedAt(slot, 0)
    const at = this.#instantOf(word)
    this.#tellCalls(slot, at, this.#profiles?.[slot])
    const { answer } = this.#slots.factsAt(slot)
    const circumstances = this.#circumstances?.[slot] ?? bareCircumstances
    this.#listener.noteUse(this.#slots.kidAt(slot), answer, at, circumstances)
  }

  /** The latest use, whose low half is known. */
  #instantOf(word: number): number {
    return this.#latestUse - (((this.#latestUse >>> 0) - word) | 0)
  }

  #tellCalls(slot: number, at: number, known: SecretProfiles | undefined): void {
    const calls = this.#calls[slot] as number
    if (calls === 0) return
    this.#calls[slot] = 0
    const { profiles } = this.#listener
    const facts = this.#slots.factsAt(slot)
    const circumstances = this.#circumstances?.[slot] ?? bareCircumstances
    if (known === undefined)
      profiles.addAlone(this.#slots.kidAt(slot), facts.answer, circumstances, calls, at)
    else profiles.add(known, circumstances, 'valid', calls, at)
    this.#listener.noteCalls(facts, calls)
  }
}
