// A key named by its id somewhere: by its name and a way to it, where it may be read.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { keyQuery } from '../queries.ts'
import { useSession } from '../session.ts'

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
const staleMs = 300_000

/** Whether a text is a key's id, and not the name that an operator gave a user. */
export function isKeyId(text: string): boolean {
  return idPattern.test(text)
}

/** The end of an id, by which it is told from others: its beginning is the time alone. */
function shortId(id: string): string {
  return `…${id.slice(-12)}`
}

interface KeyNameProps {
  id: string
  /** The name that it had: nobody is asked then for the one that it has. */
  known?: string | undefined
  /** In place of a key that cannot be read. */
  unknown?: ReactNode
}

export function KeyName({ id, known, unknown }: KeyNameProps) {
  const { key: own, refusal } = useSession()
  const isOwn = id === own.id
  const isAsked = !isOwn && known === undefined && refusal('latchkey:keys:read') === undefined
  const key = useQuery({ ...keyQuery(id), enabled: isAsked, staleTime: staleMs, retry: false })
  const name = known ?? (isOwn ? own.name : key.data?.name)
  if (name === undefined && (key.isError || !isAsked)) {
    // Another organization's, such as the operator's own: it is as unknown as one that is not there.
    return (
      unknown ?? (
        <span title={id}>
          key <span className="font-mono text-[0.8125rem]">{shortId(id)}</span>
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
      className={`foreign rounded text-link underline decoration-line decoration-1 underline-offset-2 hover:decoration-current ${name === undefined ? 'font-mono text-[0.8125rem]' : ''}`}
    >
      {name ?? shortId(id)}
    </Link>
  )
}
