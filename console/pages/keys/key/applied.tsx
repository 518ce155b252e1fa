// What came of a change, and, if it was waited for, which processes act on it.
import type { Applied } from '../../../../src/core/shapes/calls.ts'
import { Outcome } from '../../../components/outcome.tsx'

/** `applied` is undefined for what no process caches: nobody waits for it. */
export function KeyOutcome({ title, applied }: { title: string; applied?: Applied | undefined }) {
  return (
    <Outcome tone={applied?.confirmed === false ? 'warning' : 'note'} title={title}>
      {applied !== undefined && <p>{describeApplied(applied)}</p>}
    </Outcome>
  )
}

function describeApplied({ confirmed, milliseconds, silent }: Applied): string {
  if (confirmed) return `Every process confirmed in ${milliseconds} ms.`
  const who =
    silent.length === 0
      ? 'The database could not tell which processes confirmed'
      : `${silent.join(', ')} did not confirm`
  return `${who} within two seconds. What they cached has expired by now, so the change applies everywhere.`
}
