// From where a key is called, and the way to forget it.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { WireKeyCaller, WireKeyDetails } from '../../../api.ts'
import { focusMark } from '../../../components/autofocus.ts'
import { Button, ChangeButton } from '../../../components/button.tsx'
import { Dialog, DialogActions } from '../../../components/dialog.tsx'
import { Foreign } from '../../../components/foreign.tsx'
import { ErrorNotice, Unread } from '../../../components/notices.tsx'
import { Section } from '../../../components/page.tsx'
import { Ago } from '../../../components/time.tsx'
import { countOf } from '../../../format/limits.ts'
import { utcDayOf } from '../../../format/times.ts'
import { countInColumn } from '../../../format/usage.ts'
import { placesQuery } from '../../../queries.ts'
import { useSession } from '../../../session.ts'
import { useForgetPlaces } from './key-changes.ts'

const shownAtFirst = 8

interface PlacesProps {
  of: WireKeyDetails
  /** Why they may not be forgotten. */
  refusal: string | undefined
  forget: () => void
}

/** Nothing for who may not read usage: the chart above says so. It stands last, since its height is known late. */
export function Places({ of: key, refusal, forget }: PlacesProps) {
  const isReadable = useSession().refusal('latchkey:usage:read') === undefined
  const places = useQuery({ ...placesQuery(key.id), enabled: isReadable })
  if (!isReadable) return null
  const { callers = [], complete = true } = places.data ?? {}
  return (
    <Section
      title="Places"
      lead="From where the key was called, as far as calls told. Addresses and clients are kept for 30 days, unless the operator set another time."
      actions={
        callers.length > 0 && (
          <ChangeButton label="Forget" of="the places" refusal={refusal} onClick={forget} />
        )
      }
    >
      {places.data === undefined ? (
        <Unread query={places} height="h-20" />
      ) : callers.length === 0 ? (
        <p className="text-muted">
          {complete ? 'No call yet told of its place.' : 'Of the calls that there were no place is known.'}
        </p>
      ) : (
        <>
          <Callers of={key} callers={callers} />
          {!complete && (
            <p className="mt-3 text-muted">
              These are not all: of some calls no place is known, or there were too many.
            </p>
          )}
        </>
      )}
    </Section>
  )
}

const text = 'px-1.5 py-1.5 sm:px-3 text-left first:pl-0 last:pr-0'
const number = 'px-1.5 py-1.5 sm:px-3 text-right tabular-nums'

function Callers({ of: key, callers }: { of: WireKeyDetails; callers: readonly WireKeyCaller[] }) {
  const [isWhole, setWhole] = useState(false)
  const shown = isWhole ? callers : callers.slice(0, shownAtFirst)
  const hasSecrets = new Set(callers.map(({ kid }) => kid)).size > 1
  return (
    <>
      <table className="w-full border-collapse">
        <caption className="sr-only">Places from which the key was called</caption>
        <thead>
          <tr className="text-muted">
            <th scope="col" className={`${text} font-medium`}>
              Address
            </th>
            <th scope="col" className={`${text} font-medium max-sm:hidden`}>
              Client
            </th>
            {hasSecrets && (
              <th scope="col" className={`${text} font-medium max-md:hidden`}>
                Secret
              </th>
            )}
            <th scope="col" className={`${number} font-medium`}>
              Calls
            </th>
            <th scope="col" className={`${text} font-medium max-sm:hidden`}>
              First seen
            </th>
            <th scope="col" className={`${text} font-medium max-sm:hidden`}>
              Last seen
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map(({ kid, ip, client, calls, first_seen_on: first, last_seen_at: last }) => (
            <tr key={JSON.stringify([kid, ip, client])} className="border-t border-line">
              <th scope="row" className={`${text} font-normal [overflow-wrap:anywhere]`}>
                <Known text={ip} />
                {/* On a phone there is no column for these. */}
                <span className="block text-xs text-muted sm:hidden">
                  <Known text={client} />, <Ago instant={last} />
                </span>
              </th>
              <td className={`${text} [overflow-wrap:anywhere] max-sm:hidden`}>
                <Known text={client} />
              </td>
              {hasSecrets && (
                <td className={`${text} max-md:hidden`} title={kid}>
                  <span className="font-mono text-[0.8125rem]">{kid.slice(0, 6)}…</span>
                  {kid === key.secrets[0]?.kid && <span className="text-muted"> newest</span>}
                </td>
              )}
              <td className={number} title={countOf(calls)}>
                {countInColumn(calls)}
              </td>
              <td className={`${text} whitespace-nowrap max-sm:hidden`}>
                <time dateTime={first}>{utcDayOf(first)}</time>
              </td>
              <td className={`${text} max-sm:hidden`}>
                <Ago instant={last} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {callers.length > shownAtFirst && (
        <Button kind="quiet" className="mt-2" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show fewer' : `Show all ${callers.length}`}
        </Button>
      )}
    </>
  )
}

function Known({ text }: { text: string | null }) {
  return text === null ? <span className="text-muted">Not known</span> : <Foreign text={text} />
}

/** Asks before places are forgotten. */
export function ForgetPlacesDialog({ of: key, close }: { of: WireKeyDetails; close: () => void }) {
  const forget = useForgetPlaces(key)
  return (
    <Dialog
      title="Forget the places?"
      lead="The addresses and user agents of all its calls are deleted for good, also that of its last use. Counts stay, and its calls go on: the next ones are known again."
      close={close}
    >
      {forget.isError && <ErrorNotice error={forget.error} />}
      <DialogActions>
        <Button {...focusMark} onClick={close}>
          Keep them
        </Button>
        <Button
          kind="danger"
          busy={forget.isPending}
          onClick={() => forget.mutate(undefined, { onSuccess: close })}
        >
          {forget.isPending ? 'Forgetting…' : 'Forget the places'}
        </Button>
      </DialogActions>
    </Dialog>
  )
}
