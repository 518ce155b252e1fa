// A person named by the id of the member somewhere: by name and a way to the member, if who is signed in may read members.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { memberName, unknownMember } from '../format/members.ts'
import { memberDirectoryQuery } from '../member-queries.ts'
import { useSession } from '../session.ts'
import { marked } from './foreign.tsx'

/** How a member is called; `isKnown` if it may be read. Names are asked for, never kept with what tells the id. */
export function useMemberName(
  id: string,
  mayAsk = true,
): { name: string; isKnown: boolean; isPending: boolean } {
  const { self, refusal } = useSession()
  const isReadable = refusal('latchkey:members:read') === undefined
  const directory = useQuery({ ...memberDirectoryQuery, enabled: isReadable && mayAsk })
  const member = directory.data?.get(id)
  if (mayAsk && member !== undefined) return { name: memberName(member), isKnown: true, isPending: false }
  const name = id === self.id ? self.name : unknownMember(id)
  return { name, isKnown: false, isPending: mayAsk && isReadable && directory.isPending }
}

export function MemberName({ id }: { id: string }) {
  const { name, isKnown } = useMemberName(id)
  if (!isKnown)
    return (
      <span className="foreign" title={id}>
        {marked(name)}
      </span>
    )
  return (
    <Link
      to="/members/$member"
      params={{ member: id }}
      title={id}
      dir="auto"
      className="foreign rounded text-link underline decoration-line decoration-1 underline-offset-2 hover:decoration-current"
    >
      {marked(name)}
    </Link>
  )
}
