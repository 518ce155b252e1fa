// What is known of the secrets verified lately, by kid, in bounded memory: the least recently used goes first.
// Kids, digests, links and times lie in typed arrays: a Map costs several times the memory and half the speed.
import type { Facts } from './verify.ts'

/** A place in the cache; {@link nowhere} where there is none. */
export type Slot = number
export const nowhere: Slot = -1

/** Told of a secret's latest use when the cache lets go of it; see `usage.ts`. */
export type NoteUse = (kid: string, facts: Facts, at: number) => void

const kidLength = 16
const kidWords = 4
const digestBytes = 32

/**
 * Facts by kid and by key id: about 330 bytes a secret, of which 92 in these arrays. Knows nothing of time:
 * whoever asks must know whether what it remembers still holds (`lease.ts`).
 */
export class FactsCache {
  /** How many secrets it holds at most. */
  readonly capacity: number
  readonly #noteUse: NoteUse
  readonly #byKid: Chains
  readonly #byKey: Chains
  readonly #kids: Uint32Array
  readonly #digests: Uint8Array
  readonly #facts: (Facts | undefined)[] = []
  /** The latest use that nobody has written down yet, in milliseconds since 1970; 0 where there is none. */
  readonly #usedAt: Float64Array
  #used: Slot[] = []
  // The order of use is a ring through the place `capacity`, which stands for both its ends.
  readonly #newer: Int32Array
  readonly #older: Int32Array
  #free: Slot[] = []
  #size = 0

  constructor(capacity: number, noteUse: NoteUse) {
    this.capacity = capacity
    this.#noteUse = noteUse
    this.#byKid = new Chains(capacity)
    this.#byKey = new Chains(capacity)
    this.#kids = new Uint32Array(capacity * kidWords)
    this.#digests = new Uint8Array(capacity * digestBytes)
    this.#usedAt = new Float64Array(capacity)
    this.#newer = new Int32Array(capacity + 1).fill(capacity, capacity)
    this.#older = new Int32Array(capacity + 1).fill(capacity, capacity)
  }

  /** How many secrets it holds. */
  get size(): number {
    return this.#size
  }

  /** Finds the secret whose kid stands in a text from `start` on, and makes it the most recently used. */
  find(text: string, start: number): Slot {
    const a = packWord(text, start)
    const b = packWord(text, start + 4)
    const c = packWord(text, start + 8)
    const d = packWord(text, start + 12)
    const kids = this.#kids
    let slot = this.#byKid.first(hashWords(a, b, c, d))
    while (slot !== nowhere) {
      const at = slot * kidWords
      if (kids[at] === a && kids[at + 1] === b && kids[at + 2] === c && kids[at + 3] === d) {
        this.#touch(slot)
        return slot
      }
      slot = this.#byKid.after(slot)
    }
    return nowhere
  }

  /** Compares a digest, 32 bytes as a latin1 string, in a time that tells nothing of where it differs. */
  digestMatches(slot: Slot, digest: string): boolean {
    const digests = this.#digests
    const start = slot * digestBytes
    let difference = digest.length ^ digestBytes
    for (let i = 0; i < digestBytes; i++) difference |= (digests[start + i] as number) ^ digest.charCodeAt(i)
    return difference === 0
  }

  /** The facts at a slot that {@link find} gave. */
  factsAt(slot: Slot): Facts {
    return this.#facts[slot] as Facts
  }

  /** Notes that the secret at a slot was found valid, at an instant in milliseconds since 1970. */
  noteUse(slot: Slot, at: number): void {
    const before = this.#usedAt[slot] as number
    if (before === 0) this.#used.push(slot)
    if (at > before) this.#usedAt[slot] = at
  }

  /** Remembers a secret, in place of what was known of it. */
  remember(kid: string, digest: Uint8Array, facts: Facts): void {
    const known = this.find(kid, 0)
    if (known !== nowhere) this.#drop(known)
    if (this.#size === this.capacity) this.#drop(this.#newer[this.capacity] as Slot)
    const slot = this.#free.pop() ?? this.#size
    this.#size++
    for (let i = 0; i < kidWords; i++) this.#kids[slot * kidWords + i] = packWord(kid, i * 4)
    this.#digests.set(digest, slot * digestBytes)
    this.#facts[slot] = facts
    this.#byKid.add(this.#kidHash(slot), slot)
    this.#byKey.add(hashText(facts.answer.keyId), slot)
    this.#link(slot)
  }

  /** Forgets all secrets of a key. */
  forgetKey(keyId: string): void {
    let slot = this.#byKey.first(hashText(keyId))
    while (slot !== nowhere) {
      const next = this.#byKey.after(slot)
      if (this.factsAt(slot).answer.keyId === keyId) this.#drop(slot)
      slot = next
    }
  }

  /** Forgets everything. */
  clear(): void {
    for (let slot = this.#older[this.capacity] as Slot; slot !== this.capacity; ) {
      const next = this.#older[slot] as Slot
      this.#drop(slot)
      slot = next
    }
  }

  /** Tells of every use that was not told of yet. */
  reportUses(): void {
    const used = this.#used
    this.#used = []
    for (const slot of used) this.#reportUse(slot)
  }

  #reportUse(slot: Slot): void {
    const at = this.#usedAt[slot] as number
    if (at === 0) return
    this.#usedAt[slot] = 0
    this.#noteUse(this.#kidAt(slot), this.factsAt(slot), at)
  }

  #drop(slot: Slot): void {
    this.#reportUse(slot)
    this.#byKid.remove(this.#kidHash(slot), slot)
    this.#byKey.remove(hashText(this.factsAt(slot).answer.keyId), slot)
    this.#unlink(slot)
    this.#facts[slot] = undefined
    this.#free.push(slot)
    this.#size--
  }

  #touch(slot: Slot): void {
    if (this.#older[this.capacity] === slot) return
    this.#unlink(slot)
    this.#link(slot)
  }

  #link(slot: Slot): void {
    const newest = this.#older[this.capacity] as Slot
    this.#older[slot] = newest
    this.#newer[slot] = this.capacity
    this.#newer[newest] = slot
    this.#older[this.capacity] = slot
  }

  #unlink(slot: Slot): void {
    const newer = this.#newer[slot] as Slot
    const older = this.#older[slot] as Slot
    this.#older[newer] = older
    this.#newer[older] = newer
  }

  #kidHash(slot: Slot): number {
    const at = slot * kidWords
    const kids = this.#kids
    return hashWords(
      kids[at] as number,
      kids[at + 1] as number,
      kids[at + 2] as number,
      kids[at + 3] as number,
    )
  }

  #kidAt(slot: Slot): string {
    const bytes = Buffer.allocUnsafe(kidLength)
    for (let i = 0; i < kidWords; i++) bytes.writeUInt32LE(this.#kids[slot * kidWords + i] as number, i * 4)
    return bytes.toString('latin1')
  }
}

/** A hash table of slots with chaining, in eight bytes or so a slot. */
class Chains {
  // Slot + 1, so that fresh memory, all zero, is empty.
  readonly #heads: Int32Array
  readonly #next: Int32Array
  readonly #mask: number

  constructor(capacity: number) {
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(capacity, 2)))
    this.#mask = buckets - 1
    this.#heads = new Int32Array(buckets)
    this.#next = new Int32Array(capacity)
  }

  first(hash: number): Slot {
    return (this.#heads[hash & this.#mask] as number) - 1
  }

  after(slot: Slot): Slot {
    return (this.#next[slot] as number) - 1
  }

  add(hash: number, slot: Slot): void {
    this.#next[slot] = this.#heads[hash & this.#mask] as number
    this.#heads[hash & this.#mask] = slot + 1
  }

  remove(hash: number, slot: Slot): void {
    const next = this.#next[slot] as number
    if (this.first(hash) === slot) {
      this.#heads[hash & this.#mask] = next
      return
    }
    let before = this.first(hash)
    while (this.after(before) !== slot) before = this.after(before)
    this.#next[before] = next
  }
}

function packWord(text: string, at: number): number {
  return (
    (text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)) >>>
    0
  )
}

// Kids are random: mixing their words is enough.
function hashWords(a: number, b: number, c: number, d: number): number {
  const mixed =
    Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(c ^ Math.imul(d, 0xc2b2ae35), 0x27d4eb2f)
  return mixed ^ (mixed >>> 15)
}

// FNV-1a.
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}
