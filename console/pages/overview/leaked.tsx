// How many keys are marked as leaked, beside the title: on every width it is seen first, and moves nothing when it comes.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Siren } from 'lucide-react'
import { leakedInWords } from '../../format/exposures.ts'
import { leakedKeysQuery } from '../../queries.ts'
import type { UsageOwner } from '../../usage-queries.ts'

const search = { exposed: true } as const
const look =
  'relative inline-flex min-h-6 items-center gap-1 rounded-full bg-danger-soft px-2 text-xs font-medium text-danger underline underline-offset-2 after:absolute after:-inset-2'

/** Nothing where there is none. */
export function LeakedKeys({ owner: { organization } }: { owner: UsageOwner }) {
  const { data: total } = useQuery(leakedKeysQuery(organization))
  if (total === undefined || total.count === 0) return null
  const told = (
    <>
      <Siren size={13} aria-hidden />
      {leakedInWords(total)}
    </>
  )
  return organization === undefined ? (
    <Link to="/keys" search={search} className={look}>
      {told}
    </Link>
  ) : (
    <Link to="/organizations/$organization" params={{ organization }} search={search} className={look}>
      {told}
    </Link>
  )
}
