// What can be done to a member, each in a window that says what comes of it.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { WireInvitation, WireMember } from '../../../api.ts'
import { EditConflict } from '../../../components/edit-conflict.tsx'
import { Foreign } from '../../../components/foreign.tsx'
import { FormDialog } from '../../../components/form-dialog.tsx'
import { ErrorNotice, Notice } from '../../../components/notices.tsx'
import { ReasonField } from '../../../components/reason-field.tsx'
import { memberName } from '../../../format/members.ts'
import { roleLabel } from '../../../format/roles.ts'
import { signInQuery } from '../../../queries.ts'
import { useSession } from '../../../session.ts'
import { MailField } from '../mail-field.tsx'
import { RolesField } from '../roles-field.tsx'
import { addressOf, useEditMember, useMemberCall, useNewLink } from '../use-members.ts'
import { useGrants } from './use-refusals.ts'

interface MemberDialogProps {
  of: WireMember
  close: () => void
}

export function RoleDialog({ of, close }: MemberDialogProps) {
  const [opened] = useState(of)
  const [role, setRole] = useState<string>(opened.role)
  const { save, isPending, error, theirs } = useEditMember(opened)
  const grants = useGrants(opened.organization_id)
  return (
    <FormDialog
      title="Change the role"
      lead={
        <>
          What <Foreign text={memberName(opened)} className="font-medium text-ink" /> may do, from the next
          request on.
        </>
      }
      action={{
        label: theirs ? 'Change on top' : `Make ${roleLabel(role).toLowerCase()}`,
        busyLabel: 'Changing…',
      }}
      busy={isPending}
      error={error}
      submit={() => {
        if (role === opened.role && theirs === undefined) close()
        else save(() => ({ role }), close)
        return true
      }}
      close={close}
      isTyped={role !== opened.role}
    >
      <Own
        of={opened}
        text="With a smaller role you can do less at once, and cannot take it back yourself."
      />
      <RolesField organization={grants} value={role} change={setRole} />
      <EditConflict what="member" opened={opened} theirs={theirs} change={{ role }} />
      {error !== null && <ErrorNotice error={error} />}
    </FormDialog>
  )
}

export function SuspendMemberDialog({ of, close }: MemberDialogProps) {
  const [member] = useState(of)
  const [reason, setReason] = useState('')
  const change = useMemberCall(close)
  const isSuspended = member.status === 'suspended'
  return (
    <FormDialog
      title={isSuspended ? 'Resume the member' : 'Suspend the member'}
      lead={
        isSuspended
          ? 'It may act again as before, once it has signed in.'
          : 'Its sessions end at once, and it may not act until it is resumed. Keys whose tokens it has seen stay valid: they are listed on this page.'
      }
      action={
        isSuspended
          ? { label: 'Resume', busyLabel: 'Resuming…' }
          : { label: 'Suspend', busyLabel: 'Suspending…' }
      }
      busy={change.isPending}
      error={change.error}
      submit={() => {
        const path = `${addressOf(member)}/${isSuspended ? 'resume' : 'suspend'}`
        const body = reason.trim() === '' ? {} : { reason: reason.trim() }
        change.mutate({ method: 'POST', path, ...(!isSuspended && { body }) })
        return true
      }}
      close={close}
      isTyped={reason !== ''}
    >
      <Own of={member} text="This ends your session. Somebody else must resume you." />
      {!isSuspended && <ReasonField placeholder="On leave until March" value={reason} change={setReason} />}
      {change.isError && <ErrorNotice error={change.error} />}
    </FormDialog>
  )
}

interface ResetDialogProps extends MemberDialogProps {
  /** Gets the new invitation with its link, and whether it was to go by mail. */
  invited: (invitation: WireInvitation, how: { byMail: boolean }) => void
}

export function ResetMemberDialog({ of, close, invited }: ResetDialogProps) {
  const [member] = useState(of)
  const { data: signIn } = useQuery(signInQuery)
  // Somebody else may read the mailbox of who has lost the way in.
  const [byMail, setByMail] = useState(false)
  const reset = useNewLink((invitation) => invited(invitation, { byMail }))
  return (
    <FormDialog
      title="Reset how the member signs in"
      lead={
        <>
          For somebody who has lost what they sign in by. All that{' '}
          <Foreign text={memberName(member)} className="font-medium text-ink" /> signs in by ends at once,
          with its sessions, and{' '}
          {byMail ? 'a new link goes to its address.' : 'you get a new link to hand on.'}
        </>
      }
      action={{ label: 'Reset', busyLabel: 'Resetting…', isPermanent: true }}
      busy={reset.isPending}
      error={reset.error}
      submit={() => {
        reset.mutate({ path: `${addressOf(member)}/reset`, ...(byMail && { body: { send: true } }) })
        return true
      }}
      close={close}
      isTyped={false}
    >
      <Own of={member} text="This ends your session. You come back by the new link alone." />
      <MailField hasMail={signIn?.mail} value={byMail} change={setByMail} />
      {reset.isError && <ErrorNotice error={reset.error} />}
    </FormDialog>
  )
}

export function EraseMemberDialog({ of, close }: MemberDialogProps) {
  const [member] = useState(of)
  const erase = useMemberCall(close)
  return (
    <FormDialog
      title="Erase the member"
      lead={
        <>
          This is permanent. The name and the address of{' '}
          <Foreign text={memberName(member)} className="font-medium text-ink" /> and all that it signed in by
          are deleted. Its id, its role and its dates stay: the log calls it a former member.
        </>
      }
      action={{ label: 'Erase permanently', busyLabel: 'Erasing…', isPermanent: true }}
      busy={erase.isPending}
      error={erase.error}
      submit={() => {
        erase.mutate({ method: 'POST', path: `${addressOf(member)}/erase` })
        return true
      }}
      close={close}
      isTyped={false}
    >
      {erase.isError && <ErrorNotice error={erase.error} />}
    </FormDialog>
  )
}

/** Warns whoever does it to themselves. */
function Own({ of: { id }, text }: { of: WireMember; text: string }) {
  if (useSession().self.id !== id) return null
  return (
    <Notice tone="warning" title="This is you">
      <p>{text}</p>
    </Notice>
  )
}
