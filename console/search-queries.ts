// What one search finds: keys, organizations and people, by name or by what tells one of them.
import { isId } from '../src/core/id-form.ts'
import { ApiError, call, getPage, query, type WireKey, type WireOrganization } from './api.ts'
import { memberName } from './format/members.ts'
import { findMembers } from './member-queries.ts'
import type { Session } from './session.ts'

/** Something that was found, and where it is. */
export interface Found {
  kind: 'Key' | 'Organization' | 'Member' | 'Page'
  name: string
  note: string
  href: string
}

const mostOfKind = 6

/** Finds what a text or a kid may mean, as far as who is signed in may read it. Throws {@link ApiError}. */
export async function findAnything(
  session: Pick<Session, 'isRoot' | 'refusal'>,
  sought: { q: string } | { kid: string },
  signal: AbortSignal,
): Promise<Found[]> {
  const may = (permission: Parameters<Session['refusal']>[0]) => session.refusal(permission) === undefined
  const kinds = [
    may('latchkey:keys:read') ? findKeys(sought, signal) : [],
    'q' in sought && session.isRoot && may('latchkey:organizations:read')
      ? findOrganizations(sought.q, signal)
      : [],
    'q' in sought && may('latchkey:members:read') ? findPeople(sought.q, signal) : [],
  ]
  return (await Promise.all(kinds)).flat()
}

async function findKeys(sought: { q: string } | { kid: string }, signal: AbortSignal): Promise<Found[]> {
  const keys =
    'q' in sought && isId(sought.q)
      ? await call<WireKey>('GET', `/v1/keys/${sought.q}`, { signal }).then((key) => [key], noneIfUnknown)
      : (await getPage<WireKey>(`/v1/keys${query({ ...sought, status: 'all', limit: mostOfKind })}`, signal))
          .items
  return keys.map(({ id, name, hint, status }) => ({
    kind: 'Key',
    name,
    note: status === 'active' ? hint : status,
    href: `/keys/${id}`,
  }))
}

async function findOrganizations(q: string, signal: AbortSignal): Promise<Found[]> {
  const path = `/v1/organizations${query({ q, limit: mostOfKind })}`
  const { items } = await getPage<WireOrganization>(path, signal)
  return items.map(({ id, name }) => ({
    kind: 'Organization',
    name,
    note: id,
    href: `/organizations/${encodeURIComponent(id)}`,
  }))
}

async function findPeople(q: string, signal: AbortSignal): Promise<Found[]> {
  return (await findMembers(q, signal)).map((member) => ({
    kind: 'Member',
    name: memberName(member),
    note: member.email ?? '',
    href: `/members/${member.id}`,
  }))
}

function noneIfUnknown(error: unknown): WireKey[] {
  if (error instanceof ApiError && error.status === 404) return []
  throw error
}
