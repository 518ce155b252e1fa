// One session: from which browser, from where, and until when it lasts.
import { MonitorSmartphone } from 'lucide-react'
import type { ReactNode } from 'react'
import type { WireSession } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { marked } from '../../components/foreign.tsx'
import { ProviderName } from '../../components/provider-name.tsx'
import { Ago, useNow } from '../../components/time.tsx'
import { withMarks } from '../../format/foreign-text.ts'
import { fromNow, inFull, inShort } from '../../format/times.ts'
import { deviceOf } from '../../format/user-agents.ts'

interface SessionRowProps {
  session: WireSession
  isEnding: boolean
  end: () => void
}

export function SessionRow({ session, isEnding, end }: SessionRowProps) {
  const now = useNow()
  const device = deviceOf(session.user_agent) ?? 'An unknown browser'
  return (
    <li className="flex flex-wrap items-center gap-x-5 gap-y-3 py-4 sm:py-5">
      <span
        aria-hidden
        className="hidden size-10 items-center justify-center rounded-full bg-sunken text-muted sm:flex"
      >
        <MonitorSmartphone size={18} />
      </span>
      <div className="min-w-0 grow basis-64">
        <p className="flex flex-wrap items-center gap-2">
          <span
            className="foreign font-medium"
            dir="auto"
            title={session.user_agent === null ? undefined : withMarks(session.user_agent)}
          >
            {marked(device)}
          </span>
          {session.current && (
            <span className="rounded-full bg-good-soft px-2 py-0.5 text-xs font-medium text-good">
              This session
            </span>
          )}
        </p>
        <dl className="mt-1 flex flex-wrap gap-x-5 gap-y-1">
          <Fact label="From">
            <span className="foreign tabular-nums">{session.ip ?? 'an unknown address'}</span>
          </Fact>
          <Fact label="Signed in">
            <Ago instant={session.created_at} />
            {session.provider !== null && (
              <>
                {' '}
                by <ProviderName id={session.provider} />
              </>
            )}
          </Fact>
          <Fact label="Last seen">
            <Ago instant={session.last_seen_at} />
          </Fact>
          <Fact label="Ends">
            <time dateTime={session.idle_expires_at} title={inFull(session.idle_expires_at)}>
              {fromNow(session.idle_expires_at, now)}
            </time>{' '}
            unless used; at the latest{' '}
            <time dateTime={session.expires_at} title={inFull(session.expires_at)}>
              {inShort(session.expires_at)}
            </time>
          </Fact>
        </dl>
      </div>
      {!session.current && (
        <Button busy={isEnding} aria-label={`End the session of ${withMarks(device)}`} onClick={end}>
          {isEnding ? 'Ending…' : 'End'}
        </Button>
      )}
    </li>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="inline text-muted">{label}</dt> <dd className="inline">{children}</dd>
    </div>
  )
}
