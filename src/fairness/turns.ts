// Turns at the database: shared fairly between those who ask, bounded in number and in time.

/** On whose behalf a secret is read: a key that has proved itself, or else a stranger at an address. */
export interface Asker {
  /** The id of the calling key, once its token was found valid. */
  readonly keyId?: string | undefined
  /** The client's address. An asker without both is the process itself. */
  readonly ip?: string | undefined
}

/** One who waits. */
export interface Waiting<Answer> extends PromiseWithResolvers<Answer> {
  readonly kid: string
  readonly askedAt: number
}

/** How many may wait on behalf of one asker: several batches, each of which asks for some hundreds at once. */
const maxPerAsker = 4_096
/** What all askers of a line share: the more of them there are, the fewer may wait for each. */
const maxShared = 16_384
/** However many askers there are. */
const maxWaiting = 4 * maxShared

/** Those who wait for a read. Each asker has a line of its own, and the lines take turns. */
class Line<Answer> {
  /** By asker, the one whose turn is next first; each by kid, the one who asked first first. */
  readonly #askers = new Map<string, Map<string, Waiting<Answer>>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Waits for a kid, or joins who waits for it already on the same asker's behalf; undefined if there is no room. */
  join(asker: string, kid: string, now: number): Waiting<Answer> | undefined {
    const own = this.#askers.get(asker)
    const known = own?.get(kid)
    if (known !== undefined) return known
    const share = Math.max(1, Math.min(maxPerAsker, Math.floor(maxShared / (this.#askers.size + 1))))
    if ((own?.size ?? 0) >= share || this.#size >= maxWaiting) return undefined
    const waiting = { kid, askedAt: now, ...Promise.withResolvers<Answer>() }
    if (own) own.set(kid, waiting)
    else this.#askers.set(asker, new Map([[kid, waiting]]))
    this.#size++
    return waiting
  }

  /** Takes out the next one; undefined if nobody waits. */
  takeNext(): Waiting<Answer> | undefined {
    for (const [asker, own] of this.#askers) {
      this.#askers.delete(asker)
      for (const [kid, waiting] of own) {
        own.delete(kid)
        this.#size--
        // To the end of the round.
        if (own.size > 0) this.#askers.set(asker, own)
        return waiting
      }
    }
    return undefined
  }

  /** Takes out everyone who has waited since before an instant. */
  takeOlder(instant: number): Waiting<Answer>[] {
    const older: Waiting<Answer>[] = []
    for (const [asker, own] of this.#askers) {
      for (const [kid, waiting] of own) {
        if (waiting.askedAt > instant) break
        own.delete(kid)
        older.push(waiting)
      }
      if (own.size === 0) this.#askers.delete(asker)
    }
    this.#size -= older.length
    return older
  }
}

/**
 * Two lines: callers with a valid key, and strangers, who may ask for any number of kids that nobody made. A turn takes
 * half from each as long as both have somebody waiting, so that no number of strangers delays a caller by more than
 * twice.
 */
export class Turns<Answer> {
  readonly #callers = new Line<Answer>()
  readonly #strangers = new Line<Answer>()
  #isStrangersTurn = false

  /** How many wait. */
  get size(): number {
    return this.#callers.size + this.#strangers.size
  }

  /** Waits for a kid on somebody's behalf; undefined if too many wait already, on the asker's behalf or in all. */
  join(asker: Asker, kid: string, now: number): Waiting<Answer> | undefined {
    const { keyId, ip } = asker
    if (keyId === undefined && ip !== undefined) return this.#strangers.join(networkOf(ip), kid, now)
    return this.#callers.join(keyId ?? '', kid, now)
  }

  /** Takes out those whose turn it is, so many at most. */
  take(most: number): Waiting<Answer>[] {
    const taken: Waiting<Answer>[] = []
    while (taken.length < most) {
      const [first, second] = this.#isStrangersTurn
        ? [this.#strangers, this.#callers]
        : [this.#callers, this.#strangers]
      this.#isStrangersTurn = !this.#isStrangersTurn
      const next = first.takeNext() ?? second.takeNext()
      if (next === undefined) break
      taken.push(next)
    }
    return taken
  }

  /** Takes out everyone who has waited since before an instant. */
  takeOlder(instant: number): Waiting<Answer>[] {
    return [...this.#callers.takeOlder(instant), ...this.#strangers.takeOlder(instant)]
  }
}

/** An IPv4 address, or the network of an IPv6 one: 64 bits, within which one client may take any address. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [head = '', tail = ''] = address.split('::')
  const [before, after] = [head, tail].map((part) => (part === '' ? [] : part.split(':'))) as [
    string[],
    string[],
  ]
  // What `::` leaves out may end before the network does.
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0')
  return [...before, ...zeros, ...after].slice(0, 4).join(':')
}
