// What the console asks the API for about people: members, their invitations, and the keys that they have seen.
import { queryOptions } from '@tanstack/react-query'
import {
  call,
  getPage,
  query,
  type WireInvitation,
  type WireKey,
  type WireMember,
  type WireMemberDetails,
} from './api.ts'
import { listOf } from './queries.ts'
import type { MembersSearch } from './searches.ts'

const pageSize = 100
/** The longest page that the API gives. */
const longestPage = 1_000

/** Members page by page, newest first. */
export function membersQuery(organization: string, status: MembersSearch['status']) {
  const first = `/v1/members${query({ organization_id: organization, status, limit: pageSize })}`
  return listOf<WireMember>('members', first)
}

export function memberQuery(id: string) {
  return queryOptions({
    queryKey: ['members', 'one', id],
    queryFn: ({ signal }) =>
      call<WireMemberDetails>('GET', `/v1/members/${encodeURIComponent(id)}`, { signal }),
  })
}

/** The active owners of an organization, to know whether one is the last. */
export function ownersQuery(organization: string) {
  return queryOptions({
    queryKey: ['members', 'owners', organization],
    queryFn: async ({ signal }) => {
      const path = `/v1/members${query({ organization_id: organization, limit: longestPage })}`
      const { items } = await getPage<WireMember>(path, signal)
      return items.filter(({ role }) => role === 'owner')
    },
  })
}

/** Whoever is or was a member, the newest first, as far as one page goes. Throws `ApiError`. */
async function allMembers(signal: AbortSignal): Promise<WireMember[]> {
  const path = `/v1/members${query({ status: 'all', limit: longestPage })}`
  return (await getPage<WireMember>(path, signal)).items
}

/** As many are found at once. */
const mostFound = 6

/** Members by a part of their names or addresses, or by their ids, removed ones too. Throws `ApiError`. */
export async function findMembers(q: string, signal: AbortSignal): Promise<WireMember[]> {
  const sought = q.toLowerCase()
  const members = await allMembers(signal)
  return members
    .filter(({ id, name, email }) => [id, name, email].some((text) => text?.toLowerCase().includes(sought)))
    .slice(0, mostFound)
}

/** Whoever is or was a member, by id: nearly always all of them. For names alone. */
export const memberDirectoryQuery = queryOptions({
  queryKey: ['members', 'directory'],
  queryFn: async ({ signal }) => new Map((await allMembers(signal)).map((member) => [member.id, member])),
  structuralSharing: false,
  staleTime: 300_000,
})

/** The pending invitations of an organization: it has at most fifty. */
export function invitationsQuery(organization: string) {
  return queryOptions({
    queryKey: ['invitations', organization],
    queryFn: async ({ signal }) => {
      const path = `/v1/invitations${query({ organization_id: organization, limit: pageSize })}`
      return (await getPage<WireInvitation>(path, signal)).items
    },
  })
}

/** As many of the keys that somebody has seen are told at once. */
const seenAtOnce = 100

/** The keys of whose valid tokens a member has seen one. */
export function keysSeenQuery(member: string) {
  return queryOptions({
    queryKey: ['keys', 'seen-by', member],
    queryFn: async ({ signal }) => {
      const path = `/v1/keys${query({ token_seen_by: member, status: 'all', limit: seenAtOnce })}`
      const { items, next } = await getPage<WireKey>(path, signal)
      // A suspended key may be resumed; what has ended opens nothing any more.
      return { items: items.filter(({ status }) => status === 'active' || status === 'suspended'), next }
    },
  })
}
