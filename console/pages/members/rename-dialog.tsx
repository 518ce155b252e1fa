// The dialog that changes by what name a member is shown.
import { useState } from 'react'
import type { WireMember } from '../../api.ts'
import { EditConflict } from '../../components/edit-conflict.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { TextField } from '../../components/text-field.tsx'
import { useEditMember } from './use-members.ts'

export function RenameMemberDialog({ of, close }: { of: WireMember; close: () => void }) {
  const [opened] = useState(of)
  const [name, setName] = useState(of.name ?? '')
  const { save, isPending, error, theirs } = useEditMember(opened)
  const change = { name: name.trim() === '' ? null : name.trim() }
  return (
    <FormDialog
      title="Rename the member"
      lead="The name is a label. Nobody signs in by it."
      action={{ label: theirs ? 'Rename on top' : 'Rename', busyLabel: 'Renaming…' }}
      busy={isPending}
      error={error}
      submit={() => {
        save(() => change, close)
        return true
      }}
      close={close}
      isTyped={name !== (opened.name ?? '')}
    >
      <TextField label="Name" value={name} onChange={setName} />
      <EditConflict what="member" opened={opened} theirs={theirs} change={change} />
      {error !== null && <ErrorNotice error={error} />}
    </FormDialog>
  )
}
