// The invitations that nobody has used yet, and what can be done with them.
import type { UseQueryResult } from '@tanstack/react-query'
import { MailPlus, RotateCw, X } from 'lucide-react'
import type { WireInvitation } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { marked } from '../../components/foreign.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { Ago } from '../../components/time.tsx'
import { roleLabel } from '../../format/roles.ts'
import { type Grants, roleRefusal } from '../../member-rights.ts'
import { useSession } from '../../session.ts'
import { useMemberCall, useNewLink } from './use-members.ts'

interface InvitationsProps {
  organization: Grants
  invitations: UseQueryResult<WireInvitation[]>
  /** Gets a renewed one with its link, and whether it was to go by mail, as the one before. */
  renewed: (invitation: WireInvitation, how: { byMail: boolean }) => void
}

/** Nothing if there are none. */
export function Invitations({ organization, invitations, renewed }: InvitationsProps) {
  const revoke = useMemberCall(() => {})
  const list = invitations.data ?? []
  const wasSent = (id: string) => list.some((invitation) => invitation.id === id && invitation.sent)
  const renew = useNewLink((invitation) => renewed(invitation, { byMail: wasSent(invitation.id) }))
  const error = invitations.error ?? renew.error ?? revoke.error
  if (list.length === 0 && error === null) return null
  return (
    <Section title="Pending invitations" lead="Their links open once, and not after their end.">
      {error !== null && (
        <div className="mb-3">
          <ErrorNotice error={error} />
        </div>
      )}
      <ul className="-my-3 divide-y divide-line">
        {list.map((invitation) => (
          <InvitationRow
            key={invitation.id}
            of={invitation}
            organization={organization}
            isBusy={renew.isPending || revoke.isPending}
            renew={() => renew.mutate({ path: `/v1/invitations/${invitation.id}/renew` })}
            revoke={() => revoke.mutate({ method: 'DELETE', path: `/v1/invitations/${invitation.id}` })}
          />
        ))}
      </ul>
    </Section>
  )
}

interface InvitationRowProps {
  of: WireInvitation
  organization: Grants
  isBusy: boolean
  renew: () => void
  revoke: () => void
}

function InvitationRow({ of: invitation, organization, isBusy, renew, revoke }: InvitationRowProps) {
  const refusal = roleRefusal(useSession(), organization, invitation.role)
  const { email, name, role, sent, expires_at: expiresAt, member_id: memberId } = invitation
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <MailPlus size={18} aria-hidden className="shrink-0 text-muted max-sm:hidden" />
      <div className="min-w-0 grow basis-56">
        <p className="foreign font-medium" dir="auto">
          {marked(name ?? email)}
        </p>
        <p className="foreign text-muted">
          {name !== null && <>{marked(email)} · </>}
          {roleLabel(role)}
          {memberId !== null && ' · signs in anew'}
          {sent && ' · sent by mail'} · ends <Ago instant={expiresAt} />
        </p>
      </div>
      <div className="flex gap-2">
        <Button
          icon={<RotateCw size={16} aria-hidden />}
          refusal={refusal}
          busy={isBusy}
          aria-label={`Renew the invitation of ${email}`}
          onClick={renew}
        >
          Renew
        </Button>
        <Button
          icon={<X size={16} aria-hidden />}
          refusal={refusal}
          busy={isBusy}
          aria-label={`Revoke the invitation of ${email}`}
          onClick={revoke}
        >
          Revoke
        </Button>
      </div>
    </li>
  )
}
