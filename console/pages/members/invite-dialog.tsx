// The form that invites somebody to become a member.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, type WireInvitation } from '../../api.ts'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice, Notice } from '../../components/notices.tsx'
import { TextField } from '../../components/text-field.tsx'
import type { Grants } from '../../member-rights.ts'
import { roleRefusal } from '../../member-rights.ts'
import { signInQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'
import { MailField } from './mail-field.tsx'
import { RolesField } from './roles-field.tsx'
import { useInvite } from './use-members.ts'

interface InviteDialogProps {
  organization: Grants
  /** Whether somebody who acts by the root key invites themselves. */
  isSelf: boolean
  /** Gets the invitation with its link, and whether it was to go by mail. */
  invited: (invitation: WireInvitation, how: { byMail: boolean }) => void
  close: () => void
}

export function InviteDialog({ organization, isSelf, invited, close }: InviteDialogProps) {
  const session = useSession()
  const firstRole = isSelf ? 'owner' : 'developer'
  const [email, setEmail] = useState('')
  const [name, setName] = useState('')
  const [role, setRole] = useState(firstRole)
  const [wasRead, setRead] = useState(false)
  const { data: signIn } = useQuery(signInQuery)
  const hasMail = signIn?.mail === true
  // Whoever invites themselves has the link at once.
  const [wantsMail, setWantsMail] = useState(!isSelf)
  const byMail = hasMail && wantsMail
  const invite = useInvite((invitation) => invited(invitation, { byMail }))
  const { error } = invite
  const faults = error instanceof ApiError ? error.fields : []
  const emailFault =
    faults.find(({ path }) => path === 'email')?.message ??
    (wasRead && email.trim() === '' ? 'Enter the address of the person.' : undefined)
  const refusal = roleRefusal(session, organization, role)
  const submit = () => {
    setRead(true)
    if (email.trim() === '') return false
    invite.mutate({
      organization_id: organization.id,
      email: email.trim(),
      role,
      ...(byMail && { send: true }),
      ...(name.trim() !== '' && { name: name.trim() }),
    })
    return true
  }
  return (
    <FormDialog
      title={isSelf ? 'Sign in as yourself' : 'Invite a person'}
      lead={
        isSelf
          ? 'You get a link for your own address. By it you become an owner, and what you do has your name from then on.'
          : byMail
            ? 'The person gets a link, which opens once, within 72 hours. You do not see it.'
            : 'You get a link to hand to this person alone. It opens once, within 72 hours.'
      }
      action={{ label: isSelf ? 'Invite me' : 'Invite', busyLabel: 'Inviting…', refusal }}
      busy={invite.isPending}
      error={error}
      submit={submit}
      close={close}
      isTyped={email !== '' || name !== '' || role !== firstRole}
    >
      <Field label={isSelf ? 'Your address' : 'Address'} error={emailFault}>
        {(control) => (
          <input
            {...control}
            className="input"
            type="email"
            autoComplete={isSelf ? 'email' : 'off'}
            autoCapitalize="off"
            spellCheck={false}
            placeholder="ada@example.com"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
      </Field>
      <TextField
        label={isSelf ? 'Your name' : 'Name'}
        optional
        hint="What everybody sees beside what was done."
        value={name}
        onChange={setName}
        error={faults.find(({ path }) => path === 'name')?.message}
      />
      <RolesField organization={organization} value={role} change={setRole} />
      <MailField hasMail={signIn?.mail} value={byMail} change={setWantsMail} />
      {error !== null && faults.length === 0 && <InviteError error={error} />}
    </FormDialog>
  )
}

function InviteError({ error }: { error: Error }) {
  if (error instanceof ApiError && error.code === 'public_url_missing')
    return (
      <Notice tone="warning" title="This Latchkey does not know its own address">
        <p>
          Links are made of it alone. Set <code className="code">LATCHKEY_PUBLIC_URL</code> to the address at
          which people reach it, and restart.
        </p>
      </Notice>
    )
  return <ErrorNotice error={error} />
}
