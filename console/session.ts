// What who is signed in may do, how a session begins and ends, and whether it is over.
import type { QueryClient } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { covers, type ManagementPermission, reservedNamespace } from '../src/core/permissions.ts'
import { clearActingFor, writeActingFor } from './acting-for.ts'
import { ApiError, call, type WireKey, type WireSession } from './api.ts'
import { withheldFrom } from './format/permission-list.ts'
import { clearPageValue, writePageValue } from './page-value.ts'
import { type Self, selfOfKey } from './self.ts'

/** The id of the operator's own organization, whose keys act on every other. */
export const rootOrganizationId = 'root'

export interface Session {
  /** Who is signed in: a key, or a person. */
  self: Self
  isRoot: boolean
  /** What holds the permissions, at the beginning of a sentence. */
  holder: 'Your key' | 'Your role'
  /** Whom to ask for a permission that is lacking, in a sentence. */
  remedy: string
  /** Why a permission that {@link notGrantable} names may not be granted, in a sentence. */
  grantRefusal(permission: string): string
  /** Why who is signed in may not do something, in a sentence; undefined if they may. */
  refusal(permission: ManagementPermission): string | undefined
  /** Whether an organization may be read: one's own in any case. */
  readsOrganization(id: string): boolean
  /** Which of these permissions may not be granted to a key. */
  notGrantable(permissions: readonly string[]): string[]
  /** Why metadata may not be set, in a sentence; undefined if it may. */
  metadataRefusal: string | undefined
  /** The latest expiry that a key of an organization may be given; undefined for any, and none. */
  latestExpiry(organization: string): string | undefined
  signOut(): Promise<void>
}

/** For {@link useSession}; `gate.tsx` fills it. */
export const SessionContext = createContext<Session | undefined>(undefined)

/** The session that every page has. Throws outside of the gate. */
export function useSession(): Session {
  const session = useContext(SessionContext)
  if (session === undefined) throw new Error('There is a session on every page, and here is none.')
  return session
}

/** The session of who is signed in; `end` is how to end it. */
export function sessionOf(self: Self, end: () => Promise<void>): Session {
  const isRoot = self.organization_id === rootOrganizationId
  const holder = self.type === 'key' ? 'Your key' : 'Your role'
  const refusal = (permission: ManagementPermission) =>
    covers(self.permissions, permission) ? undefined : `${holder} lacks the permission ${permission}.`
  const given = [...self.permissions, ...self.grantable]
  return {
    self,
    isRoot,
    holder,
    refusal,
    remedy:
      self.type === 'key'
        ? 'Ask the operator of Latchkey for a key that holds it.'
        : 'Ask an owner of your organization for a role that has it.',
    grantRefusal: (permission) =>
      self.type === 'key' || isRoot || permission.startsWith(reservedNamespace)
        ? `${holder} does not hold it, so it cannot grant it.`
        : 'Your organization does not let its members grant it. Whoever runs this Latchkey can allow it.',
    readsOrganization: (id) =>
      id === self.organization_id || refusal('latchkey:organizations:read') === undefined,
    // The list of a role is all that a member may do.
    metadataRefusal: isRoot && self.type === 'key' ? undefined : refusal('latchkey:metadata:write'),
    latestExpiry: (organization) =>
      organization === self.organization_id ? (self.expires_at ?? undefined) : undefined,
    notGrantable: (permissions) => withheldFrom(given, isRoot, permissions),
    signOut: end,
  }
}

/** Ends the session and forgets all that was shown. */
export async function signOut(client: QueryClient): Promise<void> {
  await call('DELETE', '/v1/sessions/self').catch((error: unknown) => {
    // Over already is what was wanted.
    if (!(error instanceof ApiError && error.status === 401)) throw error
  })
  clearPageValue()
  clearActingFor()
  leave(client)
}

/** Forgets all that was shown, when the session has ended here or in another tab. */
export function leave(client: QueryClient): void {
  client.clear()
  location.assign('/')
}

/** Exchanges a token for a session; the token is kept nowhere. Throws {@link ApiError}. */
export async function signIn(token: string): Promise<Self> {
  const { page_value: pageValue } = await call<{ page_value: string }>('POST', '/v1/sessions', { token })
  writePageValue(pageValue)
  clearActingFor()
  // Something may have been asked between the end of the session before and this one.
  sessionEnd.forget()
  return selfOfKey(await call<WireKey>('GET', '/v1/keys/self'))
}

/** Acts for another organization from now on: nothing that was shown stays, and the first page is that organization's, or one that is named. */
export function actFor(organization: string, path = '/'): void {
  writeActingFor(organization)
  location.assign(path)
}

/** Makes the sign-in fresh for ten minutes, by a token of the signed-in key. Throws {@link ApiError}. */
export function refreshSignIn(token: string): Promise<WireSession> {
  return call<WireSession>('POST', '/v1/sessions/self/refresh', { token })
}

let over = false
const listeners = new Set<() => void>()

/** Whether a session has ended under the page, as a store for `useSyncExternalStore`. */
export const sessionEnd = {
  current: (): boolean => over,
  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  },
  /** To be told of every error of a call: notes where it says that the session is over. */
  notice: (error: unknown): void => {
    if (error instanceof ApiError && error.status === 401) set(true)
  },
  forget: (): void => set(false),
}

function set(value: boolean): void {
  over = value
  for (const listener of listeners) listener()
}
