// What one change of many keys comes to, in the words of people. Pure.
import type { WireBulkResult } from '../api.ts'
import { countOf } from './limits.ts'

export type BulkAction = 'tag' | 'suspend' | 'resume' | 'revoke'

type Result = Omit<WireBulkResult, 'applied'>

const participles: Record<BulkAction, string> = {
  tag: 'tagged',
  suspend: 'suspended',
  resume: 'resumed',
  revoke: 'revoked',
}

/** `1 key`, `12 keys`. */
export function keysCounted(count: number): string {
  return `${countOf(count)} ${count === 1 ? 'key' : 'keys'}`
}

/** What a dry run tells, or the change itself: first of the keys that change, then of the others. */
export function bulkWords(action: BulkAction, result: Result): string[] {
  const { changed, unchanged, skipped, failures, left, is_dry_run: isDryRun } = result
  const will = (count: number) => (isDryRun ? 'would be' : count === 1 ? 'is' : 'are')
  return [
    `${keysCounted(changed)} ${will(changed)} ${participles[action]}.`,
    ...(unchanged > 0 ? [`${keysCounted(unchanged)} ${unchanged === 1 ? 'is' : 'are'} so already.`] : []),
    ...(skipped.length > 0
      ? ['The key that you are signed in with is left out: change it on its own page.']
      : []),
    ...(left > 0
      ? [`${keysCounted(left)} ${left === 1 ? 'was' : 'were'} not come to. The same again goes on with them.`]
      : []),
    // Last: which ones, is told below.
    ...(failures.length > 0 ? [`${keysCounted(failures.length)} cannot be ${participles[action]}:`] : []),
  ]
}
