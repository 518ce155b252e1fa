// How portal sessions are ended, and what is shown anew afterwards.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { ApiError, call, query, type WirePortalSession } from '../../api.ts'

/** Whose sessions end: one, or all of an organization. */
export type Ended = Pick<WirePortalSession, 'id'> | { organization: string }

function useEnding<Of>(pathOf: (of: Of) => string) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async (of: Of) => {
      await call('DELETE', pathOf(of)).catch((error: unknown) => {
        // Gone already is what was wanted.
        if (!(error instanceof ApiError && error.code === 'portal_session_not_found')) throw error
      })
    },
    onSettled: () =>
      Promise.all(
        ['portal-sessions', 'audit-log'].map((name) => client.invalidateQueries({ queryKey: [name] })),
      ),
  })
}

/** Ends a session, or all of an organization. */
export function useEndPortalSessions() {
  return useEnding((of: Ended) =>
    'id' in of
      ? `/v1/portal-sessions/${encodeURIComponent(of.id)}`
      : `/v1/portal-sessions${query({ organization_id: of.organization })}`,
  )
}

/** Ends the sessions of a user, and has Latchkey forget its name. */
export function useForgetPortalUser(organization: string) {
  return useEnding(
    (user: string) => `/v1/portal-users/${encodeURIComponent(organization)}/${encodeURIComponent(user)}`,
  )
}
