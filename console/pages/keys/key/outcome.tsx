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
  if (confirmed) return `Confirmed by every process in ${milliseconds} ms.`
  const who =
    silent.length === 0 ? 'The processes could not be asked' : `${silent.join(', ')} did not confirm`
  return `${who} within two seconds. What was remembered there has run out by now, so it holds everywhere.`
}
