// A key named by its id somewhere: by its name and a way to it, where it may be read.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { ApiError } from '../api.ts'
import { shortKeyId } from '../format/key-ids.ts'
import { keyQuery } from '../queries.ts'
import { useSession } from '../session.ts'
import { marked } from './foreign.tsx'

const staleMs = 300_000

/** What is known of a key that something names by its id; `isUnknown` where no key of that id may be read. */
export function useKeyName(
  id: string,
  { known, mayAsk = true }: { known?: string | undefined; mayAsk?: boolean } = {},
): { name: string | undefined; isUnknown: boolean } {
  const { self: own, refusal } = useSession()
  const isOwn = id === own.id
  const isAsked = !isOwn && known === undefined && refusal('latchkey:keys:read') === undefined
  const key = useQuery({ ...keyQuery(id), enabled: isAsked && mayAsk, staleTime: staleMs, retry: false })
  const name = known ?? (isOwn ? own.name : key.data?.name)
  const isMissing = key.error instanceof ApiError && key.error.code === 'key_not_found'
  return { name, isUnknown: name === undefined && (isMissing || !isAsked) }
}

interface KeyNameProps {
  id: string
  /** The name that it had: nobody is asked then for the one that it has. */
  known?: string | undefined
  /** In place of a key that cannot be read. */
  unknown?: ReactNode
}

export function KeyName({ id, known, unknown }: KeyNameProps) {
  const { name, isUnknown } = useKeyName(id, { known })
  if (isUnknown) {
    // Another organization's, such as the operator's own: it is as unknown as one that is not there.
    return (
      unknown ?? (
        <span title={id}>
          key <ShortId id={id} />
        </span>
      )
    )
  }
  return (
    <Link
      to="/keys/$key"
      params={{ key: id }}
      title={id}
      dir="auto"
      className="foreign rounded text-link underline decoration-line decoration-1 underline-offset-2 hover:decoration-current"
    >
      {name === undefined ? <ShortId id={id} /> : marked(name)}
    </Link>
  )
}

/** Its box adds nothing to the height of its line, which stays the same once the name is known. */
function ShortId({ id }: { id: string }) {
  return <span className="font-mono text-[0.8125rem] leading-none">{shortKeyId(id)}</span>
}
