// Edits of what others edit as well: each is made of the version that its form was opened on, and of no other. What others have
// changed meanwhile is shown before anything is saved.
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, call } from './api.ts'
import { useOnce } from './once.ts'

/** What is sent, as it follows from the form and from what is there by then. */
type BodyOf<Thing, Opened> = (now: Thing | Opened) => object

interface Editing<Thing, Opened> {
  /** As the form found it; undefined for one that makes it. */
  opened: Opened
  address: string
  /** `PUT` if what is sent replaces all that is there. */
  method?: 'PATCH' | 'PUT'
  /** Takes in what the server answered. */
  known: (changed: Thing) => unknown
}

/** An edit that is being made. */
export interface Edit<Thing, Opened extends Thing | undefined = Thing> {
  /** Sends it. */
  save(bodyOf: BodyOf<Thing, Opened>, onSaved: () => void): void
  isPending: boolean
  /** What else went wrong. */
  error: Error | null
  /** What somebody else has made of it since the form was opened; undefined if nobody did, as far as is known. */
  theirs: Thing | undefined
}

export function useEdit<Thing extends { revision: string }, Opened extends Thing | undefined = Thing>({
  opened,
  address,
  method = 'PATCH',
  known,
}: Editing<Thing, Opened>): Edit<Thing, Opened> {
  const make = useOnce()
  const [before] = useState(opened)
  const [theirs, setTheirs] = useState<Thing>()
  const now = theirs ?? before
  const saving = useMutation({
    mutationFn: async (bodyOf: BodyOf<Thing, Opened>) => {
      try {
        const body = bodyOf(now)
        if (now === undefined) return await make<Thing>(address, body)
        return await call<Thing>(method, address, { body, ifRevision: now.revision })
      } catch (error) {
        if (isConflict(error)) setTheirs(await call<Thing>('GET', address))
        throw error
      }
    },
    onSuccess: known,
  })
  return {
    save: (bodyOf, onSaved) => saving.mutate(bodyOf, { onSuccess: onSaved }),
    isPending: saving.isPending,
    error: isConflict(saving.error) ? null : saving.error,
    theirs,
  }
}

/** Tells whether something was edited since it was read. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'precondition_failed'
}
