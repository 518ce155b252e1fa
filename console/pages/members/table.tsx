// The list of members.
import type { WireMember } from '../../api.ts'
import { marked } from '../../components/foreign.tsx'
import { ListCell, type ListColumn, ListRow, ListTable, useTableRows } from '../../components/list-table.tsx'
import { RowLink } from '../../components/row-link.tsx'
import { Ago } from '../../components/time.tsx'
import { withMarks } from '../../format/foreign-text.ts'
import { memberName } from '../../format/members.ts'
import { roleLabel } from '../../format/roles.ts'
import { useSession } from '../../session.ts'
import type { EndlessList } from '../../virtual-list/endless-list.ts'
import { MemberStatus } from './status.tsx'

const looks = { role: 'w-24 sm:w-32', status: 'w-32 max-sm:hidden', seen: 'w-40 max-md:hidden' } as const
const columns: ListColumn[] = [
  { id: 'member', heading: 'Member', look: '' },
  { id: 'role', heading: 'Role', look: looks.role },
  { id: 'status', heading: 'Status', look: looks.status },
  { id: 'seen', heading: 'Last seen', look: looks.seen },
]

export function MemberTable({ list }: { list: EndlessList<WireMember> }) {
  const drawn = useTableRows(list)
  return (
    <ListTable
      caption="Members"
      list={list}
      drawn={drawn}
      columns={columns}
      row={(index) => {
        const member = list.items?.[index]
        return member && <MemberRow key={member.id} of={member} index={index} />
      }}
    />
  )
}

function MemberRow({ of: member, index }: { of: WireMember; index: number }) {
  const { self } = useSession()
  const name = memberName(member)
  return (
    <ListRow index={index} opens={`/members/${member.id}`}>
      <ListCell look="">
        <span className="flex items-center gap-2">
          <RowLink
            href={`/members/${member.id}`}
            className="truncate rounded text-left font-medium text-ink underline-offset-2 hover:underline"
            dir="auto"
            title={withMarks(name)}
          >
            {marked(name)}
          </RowLink>
          {member.id === self.id && (
            <span className="shrink-0 rounded-full bg-note-soft px-2 text-xs font-medium text-link">You</span>
          )}
        </span>
        {member.email !== null && member.name !== null && (
          <span className="block truncate text-xs text-muted" dir="auto" title={withMarks(member.email)}>
            {marked(member.email)}
          </span>
        )}
      </ListCell>
      <ListCell look={looks.role}>{roleLabel(member.role)}</ListCell>
      <ListCell look={looks.status}>
        <MemberStatus status={member.status} />
      </ListCell>
      <ListCell look={looks.seen}>
        <Ago instant={member.last_seen_at} never="Never yet" />
      </ListCell>
    </ListRow>
  )
}
