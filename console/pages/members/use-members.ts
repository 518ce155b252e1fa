// How members and invitations are changed, and what is shown anew afterwards.
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { call, type WireInvitation, type WireMember } from '../../api.ts'
import { useEdit } from '../../edits.ts'
import { useOnce } from '../../once.ts'

/** Where a member is. */
export function addressOf({ id }: Pick<WireMember, 'id'>): string {
  return `/v1/members/${encodeURIComponent(id)}`
}

async function showAnew(client: QueryClient): Promise<void> {
  const names = ['members', 'invitations', 'keys', 'audit-log', 'self', 'sessions']
  await Promise.all(names.map((name) => client.invalidateQueries({ queryKey: [name] })))
}

/** Edits a member on top of the version that a form was opened on. */
export function useEditMember(opened: WireMember) {
  const client = useQueryClient()
  return useEdit<WireMember>({ opened, address: addressOf(opened), known: () => showAnew(client) })
}

/** What is done to a member with a call of its own. */
export function useMemberCall<Answer>(done: (answer: Answer) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ method, path, body }: { method: string; path: string; body?: object }) =>
      call<Answer>(method, path, body === undefined ? {} : { body }),
    onSuccess: async (answer) => {
      await showAnew(client)
      done(answer)
    },
  })
}

/** Makes an invitation; `show` gets it with its link, which is kept nowhere else. */
export function useInvite(show: (invitation: WireInvitation) => void) {
  const client = useQueryClient()
  const make = useOnce()
  return useMutation({
    mutationFn: async (body: object): Promise<void> => {
      show(await make<WireInvitation>('/v1/invitations', body))
    },
    onSuccess: () => showAnew(client),
  })
}

/** Renews an invitation, or resets a member; `show` gets the invitation with its link, which is kept nowhere else. */
export function useNewLink(show: (invitation: WireInvitation) => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ path, body }: { path: string; body?: object }): Promise<void> => {
      show(await call<WireInvitation>('POST', path, body === undefined ? {} : { body }))
    },
    onSuccess: () => showAnew(client),
  })
}
