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
 * instant and whenever the change takes effect later. What would be refused without the change too is not its doing.
 */
export function replay(
  { before, after }: ChangedTerms,
  permissions: string[] | undefined,
  now: number,
): Replayed {
  let isUnknown = false
  for (const at of instantsOf(after, now)) {
    const asked = { permissions: permissions ?? [] }
    if (evaluate(before, asked, at) !== undefined) continue
    const refusal = evaluate(after, asked, at)
    if (refusal !== undefined) return { refusal, from: at }
    // Whatever they ask for, they are refused only if less is granted.
    isUnknown ||=
      permissions === undefined && missingPermissions(after.permissions, before.permissions).length > 0
  }
  return isUnknown ? 'unknown' : 'passes'
}

/** The instants at which terms may begin to refuse. */
function instantsOf({ expiresAt, graceEndsAt }: EvaluatedTerms, now: number): number[] {
  const later = [expiresAt, graceEndsAt].filter((at) => at !== null).filter((at) => at > now)
  return [now, ...later.sort((a, b) => a - b)]
}
