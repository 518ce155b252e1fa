// What can be done to a key, and what it shows anew afterwards.
import { type QueryClient, useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Applied } from '../../../../src/core/shapes/calls.ts'
import {
  call,
  query,
  type WireCreatedKey,
  type WireKey,
  type WireLimitInput,
  type WireRotation,
} from '../../../api.ts'
import { type Edit, isConflict, useEdit } from '../../../edits.ts'
import { outlives } from '../../../format/expiries.ts'
import type { RevocationReason } from '../../../format/revocations.ts'
import { inFull } from '../../../format/times.ts'
import { useOnce } from '../../../once.ts'
import { keyQuery } from '../../../queries.ts'
import { type Session, signIn, useSession } from '../../../session.ts'

const permissionsNamed = 3

/** The fields of a key to change, each with its new value. */
export type KeyChange = Partial<
  Pick<
    WireKey,
    | ('name' | 'permissions' | 'expires_at' | 'not_before' | 'allowed_ips')
    | ('metadata' | 'description' | 'tags')
  >
> & {
  limits?: WireLimitInput[]
}

/** What came of a change that was waited for. */
export interface Done {
  applied: Applied
}

/** A change that depends on what the key is by then: on what others changed while a form was open. */
export type LateChange = (now: WireKey) => KeyChange

export function useChangeKey(key: WireKey): Edit<WireKey> {
  const client = useQueryClient()
  const known = (changed: WireKey) => {
    // At once: a form that is opened before the key is read anew would be made of the one before this very change.
    client.setQueryData(keyQuery(key.id).queryKey, (before) => before && { ...before, ...changed })
    void showAnew(client)
  }
  return useEdit({ opened: key, address: addressOf(key), known })
}

export function useRevokeKey(key: WireKey) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (reason: RevocationReason) =>
      call<Done>('DELETE', `${addressOf(key)}${query({ reason, wait: 'applied' })}`),
    onSuccess: () => void showAnew(client),
  })
}

export function useEndSecret(key: WireKey) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (kid: string) => call<Done>('DELETE', `${addressOf(key)}/secrets/${kid}?wait=applied`),
    onSettled: () => void showAnew(client),
  })
}

export function useForgetPlaces(key: WireKey) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call<object>('DELETE', `${addressOf(key)}/places`),
    onSuccess: () => showAnew(client),
  })
}

/** `cleared` is told once nothing shows the mark any more, and what asked for it is gone with it. */
export function useClearExposure(key: WireKey, cleared: () => void) {
  const client = useQueryClient()
  return useMutation({
    mutationFn: () => call<object>('DELETE', `${addressOf(key)}/exposure`),
    onSuccess: async () => {
      await showAnew(client)
      cleared()
    },
  })
}

/** Rotates a key; `show` gets the answer with its token, which is kept nowhere else. */
export function useRotateKey(key: WireKey, show: (rotated: WireCreatedKey) => void) {
  const client = useQueryClient()
  const own = useSession().self
  const [opened] = useState(key)
  const [theirs, setTheirs] = useState<WireKey>()
  const { revision: ifRevision } = theirs ?? opened
  const make = useOnce()
  const rotating = useMutation({
    mutationFn: async (body: WireRotation): Promise<void> => {
      const address = `${addressOf(key)}/rotate`
      const rotated = await make<WireCreatedKey>(address, body, ifRevision).catch(async (error) => {
        // A token that somebody else got meanwhile must not end unseen.
        if (isConflict(error)) setTheirs(await call<WireKey>('GET', addressOf(key)))
        throw error
      })
      // The session is over with its token: to be asked for the new one would hide it, before it is stored.
      if (key.id === own.id && body.grace_seconds === 0) await signIn(rotated.key).catch(() => undefined)
      show(rotated)
    },
    onSettled: () => void showAnew(client),
    // What is remembered of a mutation holds on to the page that shows the token.
    gcTime: 0,
  })
  return { rotating, opened, theirs }
}

function addressOf({ id }: WireKey): string {
  return `/v1/keys/${encodeURIComponent(id)}`
}

function showAnew(client: QueryClient): Promise<unknown> {
  return Promise.all(
    ['keys', 'audit-log', 'self', 'sessions'].map((name) => client.invalidateQueries({ queryKey: [name] })),
  )
}

/** Why each thing may not be done to a key by who is signed in; undefined if it may. */
export function keyRefusals(key: WireKey, session: Session) {
  const write = session.refusal('latchkey:keys:write')
  const stronger = strongerRefusal(key, session)
  const isRevoked = key.status === 'revoked'
  const change = write ?? (isRevoked ? 'This key is revoked permanently.' : stronger)
  return {
    change,
    changeMetadata: change ?? session.metadataRefusal,
    rotate: change ?? rotateRefusal(key, session),
    forgetPlaces: write ?? stronger,
    create: write,
    clearExposure: write ?? (key.id === session.self.id ? ownExposure : undefined),
    newChild: write ?? childRefusal(key),
    revoke: write ?? (isRevoked ? 'This key is revoked already.' : stronger),
  }
}

const ownExposure = 'A key does not clear the mark of its own leak. Sign in with another one.'

/** A key changes those alone that may do no more than itself; its own is always in its reach. */
function strongerRefusal(key: WireKey, session: Session): string | undefined {
  const missing = key.id === session.self.id ? [] : session.notGrantable(key.permissions)
  if (missing.length === 0) return undefined
  const more = missing.length > permissionsNamed ? ` and ${missing.length - permissionsNamed} more` : ''
  const named = missing.slice(0, permissionsNamed).join(', ')
  return session.self.type === 'key'
    ? `This key holds more than yours: your key does not hold ${named}${more}.`
    : `This key holds more than you may grant: ${named}${more}.`
}

/** A key has children of which each ends with it. */
function childRefusal({ status, decoy }: WireKey): string | undefined {
  if (decoy !== undefined) return 'This key is a decoy, which has no children.'
  if (status === 'revoked') return 'This key is revoked permanently, and a child ends with its parent.'
  return status === 'expired' ? 'This key has expired, and a child ends with its parent.' : undefined
}

function rotateRefusal(key: WireKey, session: Session): string | undefined {
  if (key.decoy !== undefined) return 'This key is a decoy, which is never rotated. Create another one.'
  if (key.status === 'expired') return 'This key has expired. Set a later expiry first.'
  const latest = session.latestExpiry(key.organization_id)
  return latest !== undefined && outlives(key.expires_at, latest)
    ? `Your key expires before this one, on ${inFull(latest)}, so it cannot create a token that outlives it.`
    : undefined
}
