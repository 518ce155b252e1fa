// Who is signed in, what that key may do, and whether the session is over.
import type { QueryClient } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { covers, type ManagementPermission } from '../src/core/permissions.ts'
import { ApiError, call, type WireKey, type WireSession } from './api.ts'
import { withheldFrom } from './format/permission-list.ts'
import { clearPageValue, writePageValue } from './page-value.ts'

/** The id of the operator's own organization, whose keys act on every other. */
export const rootOrganizationId = 'root'

export interface Session {
  /** The key that is signed in. */
  key: WireKey
  isRoot: boolean
  /** Why the key may not do something, in a sentence; undefined if it may. */
  refusal(permission: ManagementPermission): string | undefined
  /** Whether the key may read an organization: its own in any case. */
  readsOrganization(id: string): boolean
  /** Which of these permissions the key may not grant to another. */
  notGrantable(permissions: readonly string[]): string[]
  /** Why the key may not set metadata, in a sentence; undefined if it may. */
  metadataRefusal: string | undefined
  /** The latest expiry that the key may give a key of an organization; undefined if it may give any, and none. */
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

/** The session of a key; `end` is how to end it. */
export function sessionOf(key: WireKey, end: () => Promise<void>): Session {
  const isRoot = key.organization_id === rootOrganizationId
  const refusal = (permission: ManagementPermission) =>
    covers(key.permissions, permission) ? undefined : `Your key lacks the permission ${permission}.`
  return {
    key,
    isRoot,
    refusal,
    readsOrganization: (id) =>
      id === key.organization_id || refusal('latchkey:organizations:read') === undefined,
    metadataRefusal: isRoot ? undefined : refusal('latchkey:metadata:write'),
    latestExpiry: (organization) =>
      organization === key.organization_id ? (key.expires_at ?? undefined) : undefined,
    notGrantable: (permissions) => withheldFrom(key.permissions, isRoot, permissions),
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
  leave(client)
}

/** Forgets all that was shown, when the session has ended here or in another tab. */
export function leave(client: QueryClient): void {
  client.clear()
  location.assign('/')
}

/** Exchanges a token for a session; the token is kept nowhere. Throws {@link ApiError}. */
export async function signIn(token: string): Promise<WireKey> {
  const { page_value: pageValue } = await call<{ page_value: string }>('POST', '/v1/sessions', { token })
  writePageValue(pageValue)
  return call<WireKey>('GET', '/v1/keys/self')
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
