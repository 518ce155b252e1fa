// What came of a change that was waited for: which processes act on it.
import { useEffect, useRef } from 'react'
import type { Applied } from '../../../../src/core/shapes/calls.ts'
import { Notice } from '../../../components/notices.tsx'

/** Takes the focus, so that it is read. */
export function Outcome({ title, applied }: { title: string; applied: Applied }) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => place.current?.focus(), [])
  return (
    <div ref={place} tabIndex={-1} role="status" className="mb-6 rounded-lg">
      <Notice tone={applied.confirmed ? 'note' : 'warning'} title={title}>
        <p>{describeApplied(applied)}</p>
      </Notice>
    </div>
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
