// What is known of the secrets verified lately, by kid, in bounded memory: the least recently used goes first.
import type { PresentedToken } from '../core/foreign-token.ts'
import { isForeignKid, tokenBodyLength } from '../core/token.ts'
import type { CallQuestion, Circumstances } from './circumstances.ts'
import { type Facts, sizeOfFacts } from './facts.ts'
import { hashWords, packBytes, packWord, unpackWords } from './packed-words.ts'
import type { SecretProfiles } from './profiles.ts'
import { SlotChains } from './slot-chains.ts'
import { SlotDraws } from './slot-draws.ts'
import { SlotUses, type UseListener } from './slot-uses.ts'

/** What the cache holds of one secret, and where: good until the next call that may forget something. */
export interface CachedFacts extends Facts {
  readonly slot: Slot
}

/** A place in the cache; {@link nowhere} for none. */
type Slot = number
const nowhere: Slot = -1

/** How much a cache holds at most, of what it counts first. */
export interface CacheBounds {
  secrets: number
  bytes: number
}

// A record is 16 words of 32 bits, one line of a processor's cache: a lookup touches it, the facts and little more.
//
//   word  0       4               8               12        13       14       15
//         +-------+-------+-------+-------+-------+---------+--------+--------+--------+
//         |  kid  |            digest             |  next   | newer  | older  |  used  |
//         +-------+-------+-------+-------+-------+---------+--------+--------+--------+
//           16 B              32 B                  chain of  order of use,    latest use
//                                                   the bucket  a ring          not told
//
// Beside it, each slot has its facts, a count of calls not told, which had the same circumstances, and the next slot of the chain
// in which the slots of its key are. The digest is the SHA-256 of the whole token, whoever made it: the kid of another system's
// token is not in it, so those have chains by their digest.
const recordWords = 16
const kidWords = 4
const digestAt = 4
const digestWords = 8
/** The next record of the same bucket, as slot + 1: fresh memory, all zero, is empty. */
const nextAt = 12
const newerAt = 13
const olderAt = 14
/** The low half of the latest use that nobody wrote down yet, in milliseconds since 1970; 0 for none. */
const usedAt = 15
/** There is room for so many records at first, and for twice as many each time that it is full. */
const firstRoom = 1_024

/**
 * Facts by kid and by key id, at most so many secrets and so many bytes: about 280 bytes a secret with two
 * permissions, where a Map would cost more and be slower. Knows nothing of time: its caller must know whether what it
 * remembers still holds (`lease.ts`).
 */
export class FactsCache {
  /** How many secrets it holds at most. */
  readonly capacity: number
  readonly #maxBytes: number
  readonly #digest: (text: string) => string
  // One record more than there is room for: the order of use is a ring through it, and it stands for both ends.
  #records: Uint32Array
  #end: Slot
  readonly #buckets: Uint32Array
  readonly #mask: number
  // Side by side, and no object for both: that would be a seventh of what a secret takes, and lie elsewhere.
  /** Of each slot the answer and the terms. */
  readonly #known: (Facts['answer'] | Facts['terms'] | undefined)[] = []
  /** The claims of keys that draw from more than the limits of their organization; absent until there is one. */
  #claims: (Facts['claims'] | undefined)[] | undefined
  readonly #uses: SlotUses
  /** What calls draw, by slot. */
  readonly draws: SlotDraws
  /** The slots of a key, by the hash of its id. */
  readonly #ofKeys: SlotChains
  /** The slots of other systems' tokens, by the first word of their digest; absent until there is one. */
  #foreign: SlotChains | undefined
  #free: Slot[] = []
  #size = 0
  #bytes = 0
  #drops = 0

  /**
   * `bytes` as {@link sizeOfFacts} counts them; `digest` gives the SHA-256 of a text in UTF-8, 32 bytes as a latin1
   * string.
   */
  constructor(
    { secrets: capacity, bytes }: CacheBounds,
    digest: (text: string) => string,
    listener: UseListener,
  ) {
    this.capacity = capacity
    this.#maxBytes = bytes
    this.#digest = digest
    this.#end = Math.min(capacity, firstRoom)
    this.#records = new Uint32Array((this.#end + 1) * recordWords)
    this.#uses = new SlotUses(
      capacity,
      {
        kidAt: (slot) => unpackWords(this.#records, slot * recordWords, kidWords),
        factsAt: (slot) => this.#at(slot),
        usedAt: (slot) => this.#records[slot * recordWords + usedAt] as number,
        setUsedAt: (slot, low) => {
          this.#records[slot * recordWords + usedAt] = low
        },
      },
      listener,
    )
    this.draws = new SlotDraws(capacity)
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(capacity, 2)))
    this.#buckets = new Uint32Array(buckets)
    this.#ofKeys = new SlotChains(capacity, buckets)
    this.#mask = buckets - 1
    this.#setNewer(this.#end, this.#end)
    this.#setOlder(this.#end, this.#end)
  }

  /** How many secrets it holds. */
  get size(): number {
    return this.#size
  }

  /** About how many bytes they take. */
  get bytes(): number {
    return this.#bytes
  }

  /** How often it has let go of a secret: while this is the same, it holds all that it held. */
  get drops(): number {
    return this.#drops
  }

  /**
   * Finds the facts of exactly this token, and makes them the most recently used; undefined if the cache does not hold
   * them. Equal digests prove the whole token, its shape and its check included. All 32 bytes are compared, in constant
   * time: the kid is public, so a caller that guesses the rest must learn nothing.
   */
  lookup(token: string): CachedFacts | undefined {
    const slot = this.#find(token, token.length - tokenBodyLength)
    if (slot !== nowhere && this.#digestMatches(slot, this.#digest(token))) return this.#at(slot)
    return this.#foreign && this.#lookupForeign(this.#foreign, this.#digest(token))
  }

  /** The same of another system's token, by its digest alone. */
  #lookupForeign(chains: SlotChains, digest: string): CachedFacts | undefined {
    let place = chains.first(packWord(digest, 0))
    while (place !== 0) {
      if (this.#digestMatches(place - 1, digest)) {
        this.#touch(place - 1)
        return this.#at(place - 1)
      }
      place = chains.next(place)
    }
    return undefined
  }

  /** Tells whether it holds the secret of this token's kid, and that is another one. */
  holdsAnother({ kid, token }: PresentedToken): boolean {
    if (kid === undefined) return false
    const slot = this.#find(kid, 0)
    return slot !== nowhere && !this.#digestMatches(slot, this.#digest(token))
  }

  /** Finds the facts of a kid, for a caller that has proved the rest by other means, or admits nothing by them. */
  findByKid(kid: string): CachedFacts | undefined {
    const slot = this.#find(kid, 0)
    return slot === nowhere ? undefined : this.#at(slot)
  }

  /** Finds the secret whose kid stands in a text from `start` on, and makes it the most recently used. */
  #find(text: string, start: number): Slot {
    const a = packWord(text, start)
    const b = packWord(text, start + 4)
    const c = packWord(text, start + 8)
    const d = packWord(text, start + 12)
    const records = this.#records
    let next = this.#buckets[hashWords(a, b, c, d) & this.#mask] as number
    while (next !== 0) {
      const at = (next - 1) * recordWords
      if (records[at] === a && records[at + 1] === b && records[at + 2] === c && records[at + 3] === d) {
        this.#touch(next - 1)
        return next - 1
      }
      next = records[at + nextAt] as number
    }
    return nowhere
  }

  /** Compares a digest in a time that tells nothing of where it differs. */
  #digestMatches(slot: Slot, digest: string): boolean {
    const records = this.#records
    const start = slot * recordWords + digestAt
    let difference = 0
    for (let i = 0; i < digestWords; i++)
      difference |= (records[start + i] as number) ^ packWord(digest, i * 4)
    return difference === 0
  }

  /** The circumstances of a call with a secret. Throws `invalid_input` for a context of a wrong form. */
  circumstancesOf({ slot }: CachedFacts, question: CallQuestion): Circumstances {
    return this.#uses.circumstancesOf(slot, question)
  }

  /**
   * Notes that a secret was found valid, at an instant in milliseconds since 1970, and counts so many calls. Its facts must be
   * what the cache holds of it now.
   */
  noteUse({ slot }: CachedFacts, at: number, circumstances: Circumstances, calls: 0 | 1 = 0): void {
    this.#uses.note(slot, at, circumstances, calls)
  }

  /** Where calls with a secret are counted that are not counted with its use. */
  profilesOf({ slot }: CachedFacts): SecretProfiles {
    return this.#uses.profilesOf(slot)
  }

  /** Remembers a secret, in place of what was known of it; nothing if it alone is larger than all that may be. */
  remember(kid: string, digest: Uint8Array, facts: Facts): void {
    const known = this.#find(kid, 0)
    if (known !== nowhere) this.#drop(known)
    const bytes = sizeOfFacts(facts)
    if (bytes > this.#maxBytes || this.capacity === 0) return
    while (this.#size === this.capacity || this.#bytes + bytes > this.#maxBytes)
      this.#drop(this.#newer(this.#end))
    this.#bytes += bytes
    if (this.#size === this.#end) this.#makeRoom()
    const slot = this.#free.pop() ?? this.#size
    this.#size++
    const at = slot * recordWords
    for (let i = 0; i < kidWords; i++) this.#records[at + i] = packWord(kid, i * 4)
    for (let i = 0; i < digestWords; i++) this.#records[at + digestAt + i] = packBytes(digest, i * 4)
    const bucket = this.#bucketOf(slot)
    this.#records[at + nextAt] = this.#buckets[bucket] as number
    this.#buckets[bucket] = slot + 1
    this.#setFacts(slot, facts)
    this.#ofKeys.add(slot, hashOfKey(facts.answer.keyId))
    if (isForeignKid(kid)) {
      this.#foreign ??= new SlotChains(this.capacity, this.#mask + 1)
      this.#foreign.add(slot, this.#firstOfDigest(slot))
    }
    this.#link(slot)
  }

  /** Forgets all secrets of a key. */
  forgetKey(keyId: string): void {
    let next = this.#ofKeys.first(hashOfKey(keyId))
    while (next !== 0) {
      const slot = next - 1
      next = this.#ofKeys.next(next)
      if (this.#at(slot).answer.keyId === keyId) this.#drop(slot)
    }
  }

  /** Forgets everything. */
  clear(): void {
    while (this.#size > 0) this.#drop(this.#newer(this.#end))
  }

  /** Tells of every use, and of all calls, that were not told of yet. */
  reportUses(): void {
    this.#uses.report()
  }

  /** The same of one key. */
  reportUsesOf(keyId: string): void {
    let next = this.#ofKeys.first(hashOfKey(keyId))
    while (next !== 0) {
      if (this.#at(next - 1).answer.keyId === keyId) this.#uses.reportSlot(next - 1)
      next = this.#ofKeys.next(next)
    }
  }

  #at(slot: Slot): CachedFacts {
    const answer = this.#known[2 * slot] as Facts['answer']
    const terms = this.#known[2 * slot + 1] as Facts['terms']
    return { answer, terms, claims: this.#claims?.[slot] ?? terms.organization.claims, slot }
  }

  #setFacts(slot: Slot, facts: Facts | undefined): void {
    this.#known[2 * slot] = facts?.answer
    this.#known[2 * slot + 1] = facts?.terms
    const own = facts?.claims === facts?.terms.organization.claims ? undefined : facts?.claims
    if (own === undefined && this.#claims === undefined) return
    this.#claims ??= new Array(this.capacity)
    this.#claims[slot] = own
  }

  #drop(slot: Slot): void {
    this.#uses.drop(slot)
    this.#unlink(slot)
    this.#leaveBucket(slot)
    this.#ofKeys.remove(slot, hashOfKey(this.#at(slot).answer.keyId))
    if (this.#at(slot).terms.foreignKid !== null) this.#foreign?.remove(slot, this.#firstOfDigest(slot))
    this.#bytes -= sizeOfFacts(this.#at(slot))
    this.#setFacts(slot, undefined)
    this.draws.drop(slot)
    this.#free.push(slot)
    this.#size--
    this.#drops++
  }

  #leaveBucket(slot: Slot): void {
    const next = this.#records[slot * recordWords + nextAt] as number
    const bucket = this.#bucketOf(slot)
    let before = this.#buckets[bucket] as number
    if (before === slot + 1) {
      this.#buckets[bucket] = next
      return
    }
    const nextOf = (place: number) => (place - 1) * recordWords + nextAt
    while (this.#records[nextOf(before)] !== slot + 1) before = this.#records[nextOf(before)] as number
    this.#records[nextOf(before)] = next
  }

  #firstOfDigest(slot: Slot): number {
    return this.#records[slot * recordWords + digestAt] as number
  }

  #bucketOf(slot: Slot): number {
    const at = slot * recordWords
    const records = this.#records
    const [a, b, c, d] = [records[at], records[at + 1], records[at + 2], records[at + 3]] as [
      number,
      number,
      number,
      number,
    ]
    return hashWords(a, b, c, d) & this.#mask
  }

  #makeRoom(): void {
    const records = new Uint32Array((Math.min(this.capacity, 2 * this.#end) + 1) * recordWords)
    records.set(this.#records.subarray(0, this.#end * recordWords))
    const [oldest, newest] = [this.#newer(this.#end), this.#older(this.#end)]
    this.#records = records
    this.#end = records.length / recordWords - 1
    // All are in use, so neither of them is the record of both ends.
    this.#setNewer(this.#end, oldest)
    this.#setOlder(oldest, this.#end)
    this.#setOlder(this.#end, newest)
    this.#setNewer(newest, this.#end)
  }

  #touch(slot: Slot): void {
    if (this.#older(this.#end) === slot) return
    this.#unlink(slot)
    this.#link(slot)
  }

  #link(slot: Slot): void {
    const newest = this.#older(this.#end)
    this.#setOlder(slot, newest)
    this.#setNewer(slot, this.#end)
    this.#setNewer(newest, slot)
    this.#setOlder(this.#end, slot)
  }

  #unlink(slot: Slot): void {
    const newer = this.#newer(slot)
    const older = this.#older(slot)
    this.#setOlder(newer, older)
    this.#setNewer(older, newer)
  }

  #newer(slot: Slot): Slot {
    return this.#records[slot * recordWords + newerAt] as Slot
  }

  #older(slot: Slot): Slot {
    return this.#records[slot * recordWords + olderAt] as Slot
  }

  #setNewer(slot: Slot, newer: Slot): void {
    this.#records[slot * recordWords + newerAt] = newer
  }

  #setOlder(slot: Slot, older: Slot): void {
    this.#records[slot * recordWords + olderAt] = older
  }
}

function hashOfKey(keyId: string): number {
  // FNV-1a. Ids are the server's own, so nobody chooses them to collide.
  let hash = 0x811c9dc5
  for (let i = 0; i < keyId.length; i++) hash = Math.imul(hash ^ keyId.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}
