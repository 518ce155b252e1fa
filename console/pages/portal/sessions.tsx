// The sessions that users of the operator's have on the customer page of an organization now.
import { useInfiniteQuery } from '@tanstack/react-query'
import { AppWindow, UserX, X } from 'lucide-react'
import { useState } from 'react'
import type { WirePortalSession } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { Creator } from '../../components/creator.tsx'
import { Foreign, marked } from '../../components/foreign.tsx'
import { MoreButton } from '../../components/more-button.tsx'
import { EmptyState, ErrorNotice, Unread } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { Pill } from '../../components/pill.tsx'
import { Ago, useNow } from '../../components/time.tsx'
import { withMarks } from '../../format/foreign-text.ts'
import { portalSessionsQuery } from '../../portal-queries.ts'
import { EndAllDialog, ForgetUserDialog } from './dialogs.tsx'
import { useEndPortalSessions } from './use-portal.ts'

const renewMs = 10_000
/** Each page that was asked for is asked for anew. */
const renewManyMs = 60_000

export function PortalSessions({ organization }: { organization: string }) {
  const list = useInfiniteQuery({
    ...portalSessionsQuery(organization),
    refetchInterval: ({ state: { data } }) => ((data?.pages.length ?? 0) > 1 ? renewManyMs : renewMs),
  })
  const now = Math.max(useNow(), Date.now())
  const live = list.data?.pages
    .flatMap((page) => page.items)
    .filter(({ ended_at, expires_at }) => ended_at === null && Date.parse(expires_at) > now)
  const end = useEndPortalSessions()
  const [open, setOpen] = useState<{ forget: string | null } | 'end-all'>()
  const close = () => setOpen(undefined)
  return (
    <Section
      title="Sessions"
      lead="Who has the customer page open, the newest first."
      actions={
        <>
          <Button icon={<UserX size={16} aria-hidden />} onClick={() => setOpen({ forget: null })}>
            Forget a user
          </Button>
          <Button
            refusal={live?.length === 0 && !list.hasNextPage ? 'There is none.' : undefined}
            onClick={() => setOpen('end-all')}
          >
            End all
          </Button>
        </>
      }
    >
      {end.isError && (
        <div className="mb-3">
          <ErrorNotice error={end.error} />
        </div>
      )}
      {live === undefined ? (
        <Unread query={list} height="h-24" />
      ) : live.length === 0 && !list.hasNextPage ? (
        <EmptyState icon={<AppWindow size={22} />} title="Nobody has the page open">
          A session stands here from when your app makes it until it ends.
        </EmptyState>
      ) : (
        <ul aria-label="Sessions" className="-my-3 divide-y divide-line">
          {live.map((session) => (
            <SessionRow
              key={session.id}
              of={session}
              isEnding={
                end.isPending &&
                end.variables !== undefined &&
                'id' in end.variables &&
                end.variables.id === session.id
              }
              end={() => end.mutate(session)}
              forget={() => setOpen({ forget: session.user.id })}
            />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <MoreButton
          busy={list.isFetchingNextPage}
          isStopped={list.isFetchNextPageError}
          more={() => void list.fetchNextPage({ cancelRefetch: false })}
        >
          Look for older ones
        </MoreButton>
      )}
      {open === 'end-all' && <EndAllDialog organization={organization} close={close} />}
      {typeof open === 'object' && (
        <ForgetUserDialog organization={organization} user={open.forget} close={close} />
      )}
    </Section>
  )
}

interface SessionRowProps {
  of: WirePortalSession
  isEnding: boolean
  end: () => void
  forget: () => void
}

function SessionRow({ of: session, isEnding, end, forget }: SessionRowProps) {
  const { user, kind, origin, url_expires_at: urlExpiresAt } = session
  const named = withMarks(user.name ?? user.id)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <div className="min-w-0 grow basis-64">
        <p className="flex flex-wrap items-center gap-x-2 gap-y-1">
          <span className="foreign font-medium" dir="auto">
            {marked(user.name ?? user.id)}
          </span>
          {user.name !== null && <code className="code foreign">{marked(user.id)}</code>}
          <Pill tone="quiet">{kind === 'link' ? 'Link' : 'Element'}</Pill>
        </p>
        <p className="mt-0.5 text-muted">
          {origin !== null && (
            <>
              in <Foreign text={origin} /> ·{' '}
            </>
          )}
          {urlExpiresAt !== null && 'not opened yet · '}made <Ago instant={session.created_at} /> by{' '}
          <Creator createdBy={session.created_by} type={session.created_by_type} /> · ends{' '}
          <Ago instant={session.expires_at} />
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button
          icon={<X size={16} aria-hidden />}
          busy={isEnding}
          aria-label={`End the session of ${named}`}
          onClick={end}
        >
          {isEnding ? 'Ending…' : 'End'}
        </Button>
        <Button icon={<UserX size={16} aria-hidden />} aria-label={`Forget ${named}`} onClick={forget}>
          Forget
        </Button>
      </div>
    </li>
  )
}
