// The dialog that sets how the members of an organization sign in.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { WireOrganization } from '../../api.ts'
import { ChoiceRow } from '../../components/choice-row.tsx'
import { EditConflict } from '../../components/edit-conflict.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { useEdit } from '../../edits.ts'
import { signInWords } from '../../format/sign-ins.ts'

const choices = [
  { value: 'any', label: 'Any way' },
  { value: 'provider', label: 'A provider alone' },
] as const

interface SignInDialogProps {
  organization: WireOrganization
  close: () => void
}

export function SignInDialog({ organization, close }: SignInDialogProps) {
  const client = useQueryClient()
  const [opened] = useState(organization)
  const [signIn, setSignIn] = useState(opened.sign_in)
  const address = `/v1/organizations/${encodeURIComponent(opened.id)}`
  const known = () => client.invalidateQueries({ queryKey: ['organizations'] })
  const { save, isPending, error, theirs } = useEdit<WireOrganization>({ opened, address, known })
  const change = { sign_in: signIn }
  return (
    <FormDialog
      title="How its members sign in"
      action={{ label: theirs ? 'Save on top' : 'Save', busyLabel: 'Saving…' }}
      busy={isPending}
      error={error}
      submit={() => {
        if (signIn === opened.sign_in && theirs === undefined) close()
        else save(() => change, close)
        return true
      }}
      close={close}
      isTyped={signIn !== opened.sign_in}
    >
      <fieldset>
        <legend className="label mb-1">They come</legend>
        <ChoiceRow options={choices} value={signIn} change={setSignIn} />
        <p className="mt-2 text-muted">{signInWords[signIn]}</p>
      </fieldset>
      <EditConflict what="organization" opened={opened} theirs={theirs} change={theirs && change} />
      {error !== null && <ErrorNotice error={error} />}
    </FormDialog>
  )
}
