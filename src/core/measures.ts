// What usage measures: calls by the code of their verdict, and units by the limit from which they were drawn.
import { type LimitScope, limitScopes } from './limits.ts'
import type { VerdictCode } from './shapes/verification.ts'

/** The code of a verdict, or `<scope>/<name of a limit>`. */
export type Measure = string

/** Whether a verdict of each code is on a key that is known. */
const codes: Record<VerdictCode, boolean> = {
  valid: true,
  insufficient_permissions: true,
  quota_exceeded: true,
  rate_limited: true,
  revoked: true,
  suspended: true,
  expired: true,
  not_yet_valid: true,
  rotated: true,
  wrong_environment: true,
  ip_not_allowed: true,
  not_found: false,
  malformed: false,
}

/** Tells whether a measure counts verdicts, of known keys or of tokens of no key. */
export function isCode(measure: Measure, isOfKey: boolean): boolean {
  return Object.hasOwn(codes, measure) && codes[measure as VerdictCode] === isOfKey
}

/** The measure of the units of a limit. */
export function unitsMeasure(scope: LimitScope, name: string): Measure {
  return `${scope}/${name}`
}

/** The limit whose units a measure counts; undefined if it counts calls. */
export function limitOfMeasure(measure: Measure): { scope: LimitScope; name: string } | undefined {
  const slash = measure.indexOf('/')
  const scope = limitScopes.find((known) => known === measure.slice(0, slash))
  return slash === -1 || scope === undefined ? undefined : { scope, name: measure.slice(slash + 1) }
}
