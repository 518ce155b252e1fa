// Reads sessions by their secrets: strangers, who can make up any number of values, stand in a line of their own.
import { LatchkeyError } from '../../core/errors.ts'
import { FairLine } from '../../fairness/fair-line.ts'
import { networkOf } from '../../fairness/turns.ts'
import { findMemberSession, type MemberSessionRow } from '../../store/member-sessions.ts'
import { findSession, type SessionRow } from '../../store/sessions.ts'
import type { Store } from '../../store/store.ts'
import type { Db } from '../../store/tables.ts'

const maxKnown = 10_000

/** A session of a key, or of a person. */
export type FoundSession = { of: 'key'; row: SessionRow } | { of: 'member'; row: MemberSessionRow }

/**
 * The reads of sessions of a kind. A secret by which this process found a session before is read in the turn of its session, so
 * that none waits for another's; any other waits for the turn of its client's address, and few of those are read at a time.
 */
export class SessionReads<Found> {
  readonly #find: (db: Db, digest: Uint8Array) => Promise<Found | undefined>
  readonly #strangers = new FairLine({
    width: 2,
    widthOfOrganization: 1,
    widthOfKey: 1,
    maxWaiting: 1_024,
    maxWaitingOfKey: 64,
    patienceMs: 1_000,
  })
  /** What this process found a session by, the oldest first. It grants no more than a place: each is read anew. */
  readonly #known = new Set<string>()

  /** Makes them of what finds a session of a kind. */
  constructor(find: (db: Db, digest: Uint8Array) => Promise<Found | undefined>) {
    this.#find = find
  }

  /**
   * Finds a session by the digest of its secret. Throws `store_unavailable`, also if too many wait at its address, and
   * `too_many_requests` if too many wait for the session itself.
   */
  async find(
    store: Pick<Store, 'read'>,
    digest: Uint8Array,
    ip: string | undefined,
  ): Promise<Found | undefined> {
    const name = Buffer.from(digest).toString('base64')
    const turn = { organizationId: ` session ${name}`, keyId: '' }
    const read = () => store.read((db) => this.#find(db, digest), turn)
    const isKnown = ip === undefined || this.#known.has(name)
    const found = isKnown ? await readOwn(read) : await this.#readInTurn(read, networkOf(ip))
    this.#known.delete(name)
    if (found !== undefined) this.#remember(name)
    return found
  }

  /** Knows the secret of a session that this process has made: who shows it is no stranger. */
  know(digest: Uint8Array): void {
    this.#remember(Buffer.from(digest).toString('base64'))
  }

  #remember(name: string): void {
    const oldest = this.#known.values().next()
    if (this.#known.size >= maxKnown && !oldest.done) this.#known.delete(oldest.value)
    this.#known.add(name)
  }

  async #readInTurn<T>(read: () => Promise<T>, network: string): Promise<T> {
    try {
      return await this.#strangers.run(read, { organizationId: network, keyId: network })
    } catch (error) {
      // It is an address that asks too much, and no key.
      if (!(error instanceof LatchkeyError && error.code === 'too_many_reads')) throw error
      throw new LatchkeyError(
        'store_unavailable',
        'Too many requests with sessions come from this address. Try again.',
      )
    }
  }
}

async function readOwn<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof LatchkeyError && error.code === 'too_many_reads')) throw error
    throw new LatchkeyError(
      'too_many_requests',
      'Too many requests by this session are waiting. Wait for answers.',
    )
  }
}

/** Finds a session of a key or of a person. */
export async function findSignedIn(db: Db, digest: Uint8Array): Promise<FoundSession | undefined> {
  const ofKey = await findSession(db, digest)
  if (ofKey !== undefined) return { of: 'key', row: ofKey }
  const ofMember = await findMemberSession(db, digest)
  return ofMember && { of: 'member', row: ofMember }
}
