// What came of a change that was waited for: which processes act on it.
import type { Applied } from '../../../../src/core/shapes/calls.ts'
import { Outcome } from '../../../components/outcome.tsx'

export function AppliedOutcome({ title, applied }: { title: string; applied: Applied }) {
  return (
    <Outcome tone={applied.confirmed ? 'note' : 'warning'} title={title}>
      <p>{describeApplied(applied)}</p>
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
