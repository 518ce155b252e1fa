// How often one key may sign in: each sign-in writes durable rows, so a program in a loop must not write many.
import { maxSignIns, signInWindowMs } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { listSignIns } from '../../store/audit.ts'
import type { SessionRow } from '../../store/sessions.ts'
import type { Tx } from '../../store/tables.ts'

const maxRemembered = 10_000

type Owner = Pick<SessionRow, 'key_id' | 'organization_id'>

/**
 * The bound on sign-ins. The audit log says how often a key signed in, and is asked under the key's lock, so the
 * bound holds over every process. A process remembers whom it refused, and refuses again without the database.
 */
export class SignInLimit {
  /** Until when each key is refused, in milliseconds since 1970. No key can sign in sooner: events stay. */
  readonly #refusedUntil = new Map<string, number>()

  /** Throws `too_many_sessions` if the key was refused a moment ago. Asks no database. */
  requireNotRefused(keyId: string, now: number): void {
    const until = this.#refusedUntil.get(keyId)
    if (until === undefined) return
    // The clock was set back if the wait is longer than a window.
    if (until > now && until - now <= signInWindowMs) throw tooManySessions(until - now)
    this.#refusedUntil.delete(keyId)
  }

  /** Throws `too_many_sessions` if the key has signed in too often. The transaction holds the lock of the key. */
  async requireRoom(
    tx: Tx,
    { key_id: keyId, organization_id: organizationId }: Owner,
    now: number,
  ): Promise<void> {
    // One that it waited for was refused meanwhile.
    this.requireNotRefused(keyId, now)
    const since = now - signInWindowMs
    const signIns = await listSignIns(tx, { keyId, organizationId, since, now, limit: maxSignIns })
    if (signIns.length < maxSignIns) return
    const until = Math.min(...signIns) + signInWindowMs
    if (this.#refusedUntil.size >= maxRemembered) this.#refusedUntil.clear()
    this.#refusedUntil.set(keyId, until)
    throw tooManySessions(until - now)
  }
}

function tooManySessions(retryAfterMs: number): LatchkeyError {
  return new LatchkeyError(
    'too_many_sessions',
    `The key signed in ${maxSignIns} times within a minute. Wait, or use one of its sessions.`,
    { retryAfterMs },
  )
}
