// A line for work that everybody shares: callers take turns, so that one who asks much waits for itself alone.
import { LatchkeyError } from '../core/errors.ts'

/** Whose turn a piece of work takes, and what tells that nobody waits for it any more. */
export interface Turn {
  /** Organizations take turns, and within each its keys. */
  organizationId: string
  keyId: string
  /** What the work needs for itself alone, if it needs something: it runs beside no other work that names the same. */
  alone?: string | undefined
  signal?: AbortSignal | undefined
}

/** How much one line holds. */
export interface LineBounds {
  /** How many pieces of work run at once: in all, of one organization, and of one key. */
  width: number
  widthOfOrganization: number
  widthOfKey: number
  /** How many may wait: in all, and of one key. */
  maxWaiting: number
  maxWaitingOfKey: number
  /** How long one waits before it is refused, in milliseconds. */
  patienceMs: number
}

interface Ticket {
  turn: Turn | undefined
  askedAt: number
  admit: () => void
  refuse: (reason: unknown) => void
}

/** The waiting and the running of one key. */
class KeyLine {
  readonly waiting = new Set<Ticket>()
  running = 0
}

class OrganizationLine {
  readonly keys = new Map<string, KeyLine>()
  running = 0
  waiting = 0
}

/**
 * Runs work in turns: first that which has no caller, whose cost is small and which others depend on; then that of
 * one organization after the other, and within an organization of one key after the other. What nobody waits for
 * any more leaves the line.
 */
export class FairLine {
  readonly #bounds: LineBounds
  readonly #tooMany: () => LatchkeyError
  readonly #urgent = new Set<Ticket>()
  // In the order of their turns: one that has had a turn moves to the end.
  readonly #organizations = new Map<string, OrganizationLine>()
  /** What running work has for itself alone, and the turn of that work. */
  readonly #held = new Map<string, Turn>()
  #running = 0
  #waiting = 0

  /** Makes an empty line; `tooMany` is what a key is told that has too many waiting, `too_many_reads` if absent. */
  constructor(bounds: LineBounds, tooMany = tooManyReads) {
    this.#bounds = bounds
    this.#tooMany = tooMany
  }

  /**
   * Runs a piece of work when it is its turn. Throws `too_many_reads`, or what the line has in its place, if the key has
   * too many waiting, `store_unavailable` if its turn does not come in time, and the signal's reason if that is raised before.
   */
  async run<T>(work: () => Promise<T>, turn?: Turn): Promise<T> {
    const leave = await this.enter(turn)
    try {
      return await work()
    } finally {
      leave()
    }
  }

  /** Waits for a turn; returns what ends it. Throws what {@link run} throws. */
  async enter(turn?: Turn): Promise<() => void> {
    turn?.signal?.throwIfAborted()
    const key = turn && this.#keyLine(turn)
    if (this.#canRun(turn)) this.#begin(turn)
    else await this.#wait(turn, key)
    let isOver = false
    return () => {
      if (isOver) return
      isOver = true
      this.#end(turn)
    }
  }

  /** Refuses those that have waited for so many milliseconds. */
  refuseOlder(milliseconds: number): void {
    const before = performance.now() - milliseconds
    const keys = [...this.#organizations.values()].flatMap(({ keys }) => [...keys.values()])
    for (const waiting of [this.#urgent, ...keys.map((key) => key.waiting)])
      for (const ticket of [...waiting]) if (ticket.askedAt <= before) ticket.refuse(tooSlow())
  }

  #canRun(turn: Turn | undefined): boolean {
    if (this.#running >= this.#bounds.width) return false
    if (turn === undefined) return true
    if (turn.alone !== undefined && this.#held.has(turn.alone)) return false
    const organization = this.#organizations.get(turn.organizationId)
    const { widthOfOrganization, widthOfKey } = this.#bounds
    return (
      (organization?.running ?? 0) < widthOfOrganization &&
      (organization?.keys.get(turn.keyId)?.running ?? 0) < widthOfKey
    )
  }

  #wait(turn: Turn | undefined, key: KeyLine | undefined): Promise<void> {
    const { maxWaiting, maxWaitingOfKey, patienceMs } = this.#bounds
    if (key && key.waiting.size >= maxWaitingOfKey) {
      throw this.#tooMany()
    }
    if (this.#waiting >= maxWaiting && !this.#makeRoom(turn)) {
      this.#tidy(turn)
      throw tooSlow()
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const queue = key?.waiting ?? this.#urgent
    const settle = () => {
      clearTimeout(timer)
      turn?.signal?.removeEventListener('abort', abandon)
      queue.delete(ticket)
      this.#countWaiting(turn, -1)
    }
    const refuse = (reason: unknown) => {
      settle()
      this.#tidy(turn)
      reject(reason)
    }
    const abandon = () => refuse(turn?.signal?.reason)
    // Who waits for its own work alone is told so: the database is no slower for that.
    const timer = setTimeout(
      () => refuse(this.#fillsItsShare(turn) ? this.#tooMany() : tooSlow()),
      patienceMs,
    )
    const ticket: Ticket = {
      turn,
      askedAt: performance.now(),
      refuse,
      admit: () => {
        settle()
        this.#begin(turn)
        resolve()
      },
    }
    queue.add(ticket)
    this.#countWaiting(turn, 1)
    turn?.signal?.addEventListener('abort', abandon, { once: true })
    return promise
  }

  #fillsItsShare(turn: Turn | undefined): boolean {
    if (turn === undefined) return false
    const holder = turn.alone === undefined ? undefined : this.#held.get(turn.alone)
    if (holder) return holder.organizationId === turn.organizationId && holder.keyId === turn.keyId
    const key = this.#organizations.get(turn.organizationId)?.keys.get(turn.keyId)
    return (key?.running ?? 0) >= this.#bounds.widthOfKey
  }

  #countWaiting(turn: Turn | undefined, more: 1 | -1): void {
    this.#waiting += more
    if (turn !== undefined) this.#organizationLine(turn.organizationId).waiting += more
  }

  /** Refuses the last one of the organization that has the most waiting, for a newcomer of one that has fewer. */
  #makeRoom(newcomer: Turn | undefined): boolean {
    let crowd: OrganizationLine | undefined
    for (const organization of this.#organizations.values())
      if (organization.waiting > (crowd?.waiting ?? 0)) crowd = organization
    const own = newcomer && this.#organizations.get(newcomer.organizationId)
    if (crowd === undefined || crowd.waiting <= (own?.waiting ?? 0) + 1) return false
    const longest = [...crowd.keys.values()].reduce((a, b) => (b.waiting.size > a.waiting.size ? b : a))
    ;[...longest.waiting].at(-1)?.refuse(tooSlow())
    return true
  }

  #begin(turn: Turn | undefined): void {
    this.#running++
    if (turn === undefined) return
    const organization = this.#organizationLine(turn.organizationId)
    const key = this.#keyLine(turn)
    if (turn.alone !== undefined) this.#held.set(turn.alone, turn)
    organization.running++
    key.running++
    // They have had their turn: all the others come first now.
    organization.keys.delete(turn.keyId)
    organization.keys.set(turn.keyId, key)
    this.#organizations.delete(turn.organizationId)
    this.#organizations.set(turn.organizationId, organization)
  }

  #end(turn: Turn | undefined): void {
    this.#running--
    if (turn !== undefined) {
      if (turn.alone !== undefined) this.#held.delete(turn.alone)
      this.#organizationLine(turn.organizationId).running--
      this.#keyLine(turn).running--
      this.#tidy(turn)
    }
    while (this.#running < this.#bounds.width) {
      const next = this.#next()
      if (next === undefined) return
      next.admit()
    }
  }

  #next(): Ticket | undefined {
    for (const ticket of this.#urgent) return ticket
    for (const organization of this.#organizations.values()) {
      if (organization.running >= this.#bounds.widthOfOrganization) continue
      for (const key of organization.keys.values()) {
        if (key.running >= this.#bounds.widthOfKey) continue
        for (const ticket of key.waiting)
          if (ticket.turn?.alone === undefined || !this.#held.has(ticket.turn.alone)) return ticket
      }
    }
    return undefined
  }

  #organizationLine(id: string): OrganizationLine {
    let organization = this.#organizations.get(id)
    if (organization === undefined) {
      organization = new OrganizationLine()
      this.#organizations.set(id, organization)
    }
    return organization
  }

  #keyLine({ organizationId, keyId }: Turn): KeyLine {
    const { keys } = this.#organizationLine(organizationId)
    let key = keys.get(keyId)
    if (key === undefined) {
      key = new KeyLine()
      keys.set(keyId, key)
    }
    return key
  }

  /** Forgets those that neither wait nor run: as many are remembered as are there. */
  #tidy(turn: Turn | undefined): void {
    if (turn === undefined) return
    const organization = this.#organizations.get(turn.organizationId)
    const key = organization?.keys.get(turn.keyId)
    if (!organization || !key || key.running > 0 || key.waiting.size > 0) return
    organization.keys.delete(turn.keyId)
    if (organization.keys.size === 0) this.#organizations.delete(turn.organizationId)
  }
}

function tooManyReads(): LatchkeyError {
  return new LatchkeyError(
    'too_many_reads',
    'Too many reads of this key wait or are under way. Send fewer at once.',
  )
}

/** What one is told whose turn does not come in time. */
export function tooSlow(): LatchkeyError {
  return new LatchkeyError(
    'store_unavailable',
    'The database cannot keep up with the number of requests. Try again.',
  )
}
