// A member: who it is, as what it acts, what it has seen, and everything that can be done.
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import {
  CirclePause,
  CirclePlay,
  Eraser,
  Pencil,
  RotateCcwKey,
  ShieldCheck,
  Users,
  UserX,
} from 'lucide-react'
import { useState } from 'react'
import { ApiError, type WireInvitation, type WireMemberDetails } from '../../api.ts'
import { ActForOthers } from '../../components/act-for-others.tsx'
import { AuditTrail } from '../../components/audit-trail.tsx'
import { Button, LinkButton } from '../../components/button.tsx'
import { EmptyState, ErrorNotice, Notice } from '../../components/notices.tsx'
import { type Crumb, Page, PageSkeleton, Section } from '../../components/page.tsx'
import { memberName } from '../../format/members.ts'
import { memberQuery } from '../../member-queries.ts'
import { useOrganizationName } from '../../organization-names.ts'
import { useSession } from '../../session.ts'
import { LinkPage } from './link-page.tsx'
import { EraseMemberDialog, ResetMemberDialog, RoleDialog, SuspendMemberDialog } from './member/dialogs.tsx'
import { MemberFacts } from './member/facts.tsx'
import { KeysSeen } from './member/keys-seen.tsx'
import { RemoveMemberDialog } from './member/remove-dialog.tsx'
import { useMemberRefusals } from './member/use-refusals.ts'
import { RenameMemberDialog } from './rename-dialog.tsx'
import { MemberStatus } from './status.tsx'

const eventsAtOnce = 20

export function MemberPage() {
  const { member: id } = useParams({ from: '/members/$member' })
  // On to another member, nothing of this one stays open.
  return <MemberOf key={id} id={id} />
}

function MemberOf({ id }: { id: string }) {
  const { refusal } = useSession()
  const member = useQuery({ ...memberQuery(id), enabled: refusal('latchkey:members:read') === undefined })
  const [invited, setInvited] = useState<{ invitation: WireInvitation; wasNotSent: boolean }>()
  if (invited !== undefined)
    return (
      <LinkPage
        of={invited.invitation}
        wasNotSent={invited.wasNotSent}
        title="The new invitation"
        done={() => setInvited(undefined)}
      />
    )
  const invite = (invitation: WireInvitation, { byMail }: { byMail: boolean }) =>
    setInvited({ invitation, wasNotSent: byMail && !invitation.sent })
  const unreadable = refusal('latchkey:members:read')
  if (unreadable !== undefined)
    return (
      <Page title="Member">
        <Notice tone="note" title="You cannot read members">
          <p>{unreadable}</p>
        </Notice>
      </Page>
    )
  if (member.data !== undefined) return <MemberFound of={member.data} invited={invite} />
  if (member.error === null) return <PageSkeleton />
  if (member.error instanceof ApiError && member.error.code === 'member_not_found') return <NoMember />
  return (
    <Page title="Member">
      <ErrorNotice error={member.error} retry={() => void member.refetch()} />
    </Page>
  )
}

function NoMember() {
  return (
    <Page title="No such member">
      <div className="card">
        <EmptyState
          icon={<Users size={22} />}
          title="There is no member at this address"
          action={
            <>
              <ActForOthers />
              <LinkButton to="/settings/members">Go to the members</LinkButton>
            </>
          }
        >
          The id may be wrong, or the member belongs to an organization that you cannot see.
        </EmptyState>
      </div>
    </Page>
  )
}

type Open = 'rename' | 'role' | 'suspend' | 'reset' | 'remove' | 'erase'

interface MemberFoundProps {
  of: WireMemberDetails
  invited: (invitation: WireInvitation, how: { byMail: boolean }) => void
}

function MemberFound({ of: member, invited }: MemberFoundProps) {
  const { self, refusal } = useSession()
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  const refusals = useMemberRefusals(member)
  const isRemoved = member.status === 'removed'
  const isSuspended = member.status === 'suspended'
  const auditRefusal = refusal('latchkey:audit:read')
  return (
    <Page
      width="columns"
      title={memberName(member)}
      aside={
        <>
          <MemberStatus status={member.status} />
          {member.id === self.id && (
            <span className="rounded-full bg-note-soft px-2 py-0.5 text-xs font-medium text-link">You</span>
          )}
        </>
      }
      crumbs={useMemberCrumbs(member.organization_id)}
      actions={
        isRemoved ? (
          <Button
            icon={<Eraser size={16} aria-hidden />}
            refusal={refusals.erase}
            onClick={() => setOpen('erase')}
          >
            Erase
          </Button>
        ) : (
          <>
            <Button
              icon={<Pencil size={16} aria-hidden />}
              refusal={refusals.change}
              onClick={() => setOpen('rename')}
            >
              <span>
                Rename<span className="sr-only"> the member</span>
              </span>
            </Button>
            <Button
              icon={<ShieldCheck size={16} aria-hidden />}
              refusal={refusals.role}
              onClick={() => setOpen('role')}
            >
              Role
            </Button>
            <Button
              icon={<RotateCcwKey size={16} aria-hidden />}
              refusal={refusals.leave}
              onClick={() => setOpen('reset')}
            >
              Reset
            </Button>
            <Button
              icon={
                isSuspended ? <CirclePlay size={16} aria-hidden /> : <CirclePause size={16} aria-hidden />
              }
              refusal={isSuspended ? refusals.change : refusals.leave}
              onClick={() => setOpen('suspend')}
            >
              {isSuspended ? 'Resume' : 'Suspend'}
            </Button>
            <Button
              icon={<UserX size={16} aria-hidden />}
              refusal={refusals.leave}
              onClick={() => setOpen('remove')}
            >
              Remove
            </Button>
          </>
        )
      }
    >
      <MemberFacts of={member} />
      <KeysSeen of={member} />
      <Section title="Activity" lead="What this member did, newest first.">
        {auditRefusal === undefined ? (
          <AuditTrail filter={{ actor: member.id }} limit={eventsAtOnce} empty={<p>Nothing yet.</p>} />
        ) : (
          <Notice tone="note">{auditRefusal}</Notice>
        )}
      </Section>
      {open === 'rename' && <RenameMemberDialog of={member} close={close} />}
      {open === 'role' && <RoleDialog of={member} close={close} />}
      {open === 'suspend' && <SuspendMemberDialog of={member} close={close} />}
      {open === 'reset' && <ResetMemberDialog of={member} close={close} invited={invited} />}
      {open === 'remove' && <RemoveMemberDialog of={member} close={close} />}
      {open === 'erase' && <EraseMemberDialog of={member} close={close} />}
    </Page>
  )
}

/** The way back: to one's own members, or through the organization that they are of. */
function useMemberCrumbs(organization: string): Crumb[] {
  const { self } = useSession()
  const name = useOrganizationName(organization) ?? organization
  if (organization === self.organization_id) return [{ label: 'Members', link: { to: '/settings/members' } }]
  const params = { organization }
  return [
    { label: 'Organizations', link: { to: '/organizations' } },
    { label: name, link: { to: '/organizations/$organization', params } },
    { label: 'Members', link: { to: '/organizations/$organization/members', params } },
  ]
}
