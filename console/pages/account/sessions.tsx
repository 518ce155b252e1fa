// Where one is signed in, and how to end it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { LogOut } from 'lucide-react'
import { call } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { limitsAsUsual, limitsOf } from '../../format/session-limits.ts'
import { sessionsQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'
import { SessionRow } from './session-row.tsx'

export function Sessions() {
  const { self, signOut } = useSession()
  const client = useQueryClient()
  const sessions = useQuery(sessionsQuery())
  const end = useMutation({
    mutationFn: async (ids: string[]) => {
      for (const id of ids) await call('DELETE', `/v1/sessions/${id}`).catch(unlessOver)
    },
    onSettled: () => client.invalidateQueries({ queryKey: ['sessions'] }),
  })
  const leave = useMutation({ mutationFn: signOut })
  const all = sessions.data ?? []
  const others = all.filter(({ current }) => !current)
  const own = all.find(({ current }) => current)
  return (
    <Section
      title="Sessions"
      lead={
        <>
          The browsers that {self.type === 'key' ? 'the key is' : 'you are'} signed in with.{' '}
          {own === undefined ? <span className="invisible">{limitsAsUsual}</span> : limitsOf(own)}
        </>
      }
      actions={
        <>
          <Button
            refusal={others.length === 0 ? 'There are no other sessions.' : undefined}
            busy={end.isPending}
            onClick={() => end.mutate(others.map(({ id }) => id))}
          >
            End all others
          </Button>
          <Button
            icon={<LogOut size={16} aria-hidden />}
            busy={leave.isPending}
            onClick={() => leave.mutate()}
          >
            Sign out here
          </Button>
        </>
      }
    >
      {[end.error, leave.error].map(
        (error) =>
          error !== null && (
            <div key={error.message} className="mb-4">
              <ErrorNotice error={error} />
            </div>
          ),
      )}
      {sessions.data === undefined && sessions.error !== null ? (
        <ErrorNotice error={sessions.error} retry={() => void sessions.refetch()} />
      ) : (
        <ul className="-my-4 divide-y divide-line sm:-my-5" aria-busy={sessions.isPending}>
          {sessions.isPending && <SessionSkeleton />}
          {all.map((session) => (
            <SessionRow
              key={session.id}
              session={session}
              isEnding={end.isPending && end.variables.includes(session.id)}
              end={() => end.mutate([session.id])}
            />
          ))}
        </ul>
      )}
    </Section>
  )
}

/** Over already is what was wanted. */
function unlessOver(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'session_not_found')) throw error
}

function SessionSkeleton() {
  return (
    <li className="py-4 sm:py-5">
      <span className="sr-only">Loading</span>
      <div className="h-5 w-48 animate-pulse rounded bg-line" />
      <div className="mt-3 h-9 animate-pulse rounded bg-line/60" />
    </li>
  )
}
