// Judges calls again that were valid: by what their secret is judged by now, and by what it would be after a change. Pure.
import { missingPermissions } from '../core/permissions.ts'
import { type EvaluatedTerms, evaluate, type Refusal } from './evaluate.ts'

/** What a secret is judged by, before a change and after it. */
export interface ChangedTerms {
  before: EvaluatedTerms
  after: EvaluatedTerms
}

/** What becomes of calls: the change refuses them from an instant on, or refuses none, or it cannot be told. */
export type Replayed = { refusal: Refusal; from: number } | 'passes' | 'unknown'

/**
 * Judges calls that ask for permissions, or of which it is not known for which ones they ask, from an instant on: at that
 * instant and whenever the change takes effect later. What would be refused without the change too is not its doing. `ip` is
 * undefined if the address is not known as a whole.
 */
export function replay(
  { before, after }: ChangedTerms,
  { permissions, ip }: { permissions: string[] | undefined; ip?: string | undefined },
  now: number,
): Replayed {
  let isUnknown = ip === undefined && isMoved(before, after)
  const judged = (terms: EvaluatedTerms) => (ip === undefined ? placeless(terms) : terms)
  for (const at of instantsOf(after, now)) {
    const asked = { permissions: permissions ?? [], ip }
    if (evaluate(judged(before), asked, at) !== undefined) continue
    const refusal = evaluate(judged(after), asked, at)
    if (refusal !== undefined) return { refusal, from: at }
    // Whatever they ask for, they are refused only if less is granted.
    isUnknown ||=
      permissions === undefined && missingPermissions(after.permissions, before.permissions).length > 0
  }
  return isUnknown ? 'unknown' : 'passes'
}

/** Whether the places from which a secret may be used are others after a change, of its own or of its line. */
function isMoved(before: EvaluatedTerms, after: EvaluatedTerms): boolean {
  const ofLine = (terms: EvaluatedTerms) => terms.bounds?.ips ?? []
  return (
    (after.allowedIps !== null && after.allowedIps !== before.allowedIps) ||
    ofLine(after).some(({ networks }) => !ofLine(before).some((other) => other.networks === networks))
  )
}

function placeless({ bounds, ...terms }: EvaluatedTerms): EvaluatedTerms {
  return { ...terms, allowedIps: null, bounds: bounds && { ...bounds, ips: [] } }
}

/** Whether it matters from where a call with a secret comes. */
export function asksPlace({ allowedIps, bounds }: EvaluatedTerms): boolean {
  return allowedIps !== null || (bounds?.ips.length ?? 0) > 0
}

/** The instants at which terms may begin to refuse. */
function instantsOf({ expiresAt, graceEndsAt, notBefore }: EvaluatedTerms, now: number): number[] {
  const later = [expiresAt, graceEndsAt, notBefore].filter((at) => at !== null).filter((at) => at > now)
  return [now, ...later.sort((a, b) => a - b)]
}
