// Says, before a key is changed, which calls of the last 30 days the change would have refused.
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { WireKey, WireKeyPreview, WireLimitInput, WireRefusedCalls, WireRotation } from '../../../api.ts'
import { Foreign } from '../../../components/foreign.tsx'
import { Notice } from '../../../components/notices.tsx'
import { Ago } from '../../../components/time.tsx'
import { inShort } from '../../../format/times.ts'
import { previewQuery } from '../../../queries.ts'
import { useSession } from '../../../session.ts'

/** The body of a preview, by the names of the wire. */
export type PreviewedChange =
  | { revoke: true }
  | { suspend: true }
  | { rotate: WireRotation }
  | { end_secret: string }
  | { permissions: readonly string[] }
  | { expires_at: string | null }
  | { not_before: string | null }
  | { allowed_ips: readonly string[] }
  | { limits: WireLimitInput[] }

const shownKinds = 3
const settledMs = 400

/** What a change would have refused; undefined for a form that holds no change. It never keeps anybody from making it. */
export function ChangePreview({ of: key, change }: { of: WireKey; change: PreviewedChange | undefined }) {
  const refusal = useSession().refusal('latchkey:usage:read')
  const asked = useSettledChange(change)
  const { data, error } = useQuery({
    ...previewQuery(key.id, asked),
    enabled: refusal === undefined && asked !== undefined,
  })
  if (change === undefined) return null
  const preview = isSame(asked, change) ? data : undefined
  return (
    <div aria-live="polite" className="min-h-6">
      <Told preview={preview} error={error} refusal={refusal} />
      {preview !== undefined && preview.children > 0 && <Below of={preview} />}
    </div>
  )
}

/** Of which other keys the calls are in it. */
function Below({ of: { children, more_children: isMore } }: { of: WireKeyPreview }) {
  return (
    <p className="text-muted">
      Counted with the calls of {children === 1 ? 'one key' : `${children} keys`} below it
      {isMore && ', and there are more of them'}.
    </p>
  )
}

interface ToldProps {
  preview: WireKeyPreview | undefined
  error: Error | null
  refusal: string | undefined
}

function Told({ preview, error, refusal }: ToldProps) {
  if (refusal !== undefined)
    return <p className="text-muted">What this would refuse cannot be shown. {refusal}</p>
  if (preview === undefined && error !== null)
    return <p className="text-muted">What this would refuse could not be read. {error.message}</p>
  if (preview === undefined) return <p className="text-muted">Looking at the calls of the last 30 days…</p>
  const { calls, at_least: least, at_most: most, unknown, refusals } = preview
  if (calls === 0) return <p>The key had no valid call in the last 30 days.</p>
  if (most === 0) return <p>No call of the last 30 days would have been refused.</p>
  if (least === 0 && most === unknown)
    return (
      <Notice tone="note" title="No call is known that would have been refused">
        <Unknown calls={unknown} />
      </Notice>
    )
  // Of a grace, or of an expiry, all are refused from one instant on.
  const begins = refusals.map((kind) => kind.begins_at).sort()[0]
  const isLater = begins !== undefined && begins > preview.as_of
  return (
    <Notice tone={isLater || least === 0 ? 'note' : 'warning'} title={titleOf(preview)}>
      <ul className="space-y-1 empty:hidden">
        {refusals.slice(0, shownKinds).map((kind) => (
          <Kind key={JSON.stringify(kind)} of={kind} />
        ))}
      </ul>
      <More least={least} kinds={refusals} />
      {isLater && <p>Such calls are refused from {inShort(begins)} on.</p>}
      {dependsOnTime(preview) && (
        <p className="text-muted">It depends on how soon calls follow each other, which is not kept.</p>
      )}
      {unknown > 0 && <Unknown calls={unknown} />}
    </Notice>
  )
}

/** What limits would refuse lies between bounds, also where all is known of the calls. */
function dependsOnTime({ at_least: least, at_most: most, unknown }: WireKeyPreview): boolean {
  return most - least > unknown
}

function titleOf(preview: WireKeyPreview): string {
  const { at_least: least, at_most: most } = preview
  const within = 'of the last 30 days'
  if (least === most) return `Would have refused ${count(least)} ${within}`
  if (!dependsOnTime(preview)) return `Would have refused at least ${count(least)} ${within}`
  return least === 0
    ? `Might have refused up to ${count(most)} ${within}`
    : `Would have refused ${least.toLocaleString('en')} to ${count(most)} ${within}`
}

function count(calls: number): string {
  return calls === 1 ? '1 call' : `${calls.toLocaleString('en')} calls`
}

function Kind({ of }: { of: WireRefusedCalls }) {
  const { operation, ip, user_agent: userAgent, calls, last_at: last, missing } = of
  const client = ip ?? userAgent
  return (
    <li className="[overflow-wrap:anywhere]">
      {operation === null ? 'Calls of no known operation' : <Foreign text={operation} />}
      {client !== null && (
        <>
          {' '}
          from <Foreign text={client} />
        </>
      )}
      : {count(calls)}, last <Ago instant={last} />
      {missing.length > 0 && <>, without {missing.join(', ')}</>}
    </li>
  )
}

/** What is left of all, and not of the kinds: an answer has so many of these at most. */
function More({ least, kinds }: { least: number; kinds: readonly WireRefusedCalls[] }) {
  const calls = kinds.slice(0, shownKinds).reduce((left, kind) => left - kind.calls, least)
  if (calls <= 0 || kinds.length === 0) return null
  return (
    <p className="text-muted">
      And {count(calls)} of {kinds.length === shownKinds + 1 ? 'one other kind' : 'other kinds'}.
    </p>
  )
}

function Unknown({ calls }: { calls: number }) {
  return (
    <p className="text-muted">
      Of {count(calls)} more it cannot be told: {calls === 1 ? 'it was' : 'they were'} counted without what{' '}
      {calls === 1 ? 'it' : 'they'} asked for.
    </p>
  )
}

/** The change, once nobody has changed it for a moment: what is typed is not asked about letter by letter. */
function useSettledChange(change: PreviewedChange | undefined): PreviewedChange | undefined {
  const [settled, setSettled] = useState(change)
  const text = JSON.stringify(change)
  useEffect(() => {
    const timer = setTimeout(
      () => setSettled(text === undefined ? undefined : (JSON.parse(text) as PreviewedChange)),
      settledMs,
    )
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

function isSame(one: PreviewedChange | undefined, other: PreviewedChange | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
