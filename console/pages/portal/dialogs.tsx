// Asks before all sessions of an organization end, and before a user is forgotten.
import { useState } from 'react'
import { ConfirmationField } from '../../components/confirmation-field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { isTypedRight, withMarks } from '../../format/foreign-text.ts'
import { useEndPortalSessions, useForgetPortalUser } from './use-portal.ts'

interface DialogProps {
  organization: string
  close: () => void
}

export function EndAllDialog({ organization, close }: DialogProps) {
  const end = useEndPortalSessions()
  return (
    <FormDialog
      title="End all sessions"
      lead="Every link and every element of this organization stops at its next request. Its keys go on, and your app can make new sessions at once."
      action={{ label: 'End them all', busyLabel: 'Ending…', isPermanent: true }}
      busy={end.isPending}
      error={end.error}
      submit={() => {
        end.mutate({ organization }, { onSuccess: close })
        return true
      }}
      close={close}
      isTyped={false}
    >
      {end.isError && <ErrorNotice error={end.error} />}
    </FormDialog>
  )
}

/** `user` is the id of who is forgotten; null for one that is typed. */
export function ForgetUserDialog({ organization, user, close }: DialogProps & { user: string | null }) {
  const [typed, setTyped] = useState('')
  const forget = useForgetPortalUser(organization)
  const isTyped = user === null ? typed.trim() !== '' : isTypedRight(typed, user)
  return (
    <FormDialog
      title="Forget a user"
      lead="Ends the sessions of this user, and forgets the name that your app gave. The id stays beside what the user did, in keys and in the activity; the keys go on."
      action={{
        label: 'Forget',
        busyLabel: 'Forgetting…',
        isPermanent: true,
        refusal: isTyped ? undefined : 'Type the id of the user first.',
      }}
      busy={forget.isPending}
      error={forget.error}
      submit={() => {
        forget.mutate(user ?? typed.trim(), { onSuccess: close })
        return true
      }}
      close={close}
      isTyped={typed !== ''}
    >
      <ConfirmationField
        label={user === null ? 'The id of the user in your app' : `Type ${withMarks(user)} to confirm`}
        value={typed}
        change={setTyped}
        className="font-mono"
      />
      {forget.isError && <ErrorNotice error={forget.error} />}
    </FormDialog>
  )
}
