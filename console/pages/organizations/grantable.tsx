// The dialog that sets what the members of an organization may give to keys.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { WireOrganization, WireOrganizationDetails } from '../../api.ts'
import { EditConflict } from '../../components/edit-conflict.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { PermissionsField } from '../../components/permissions-field.tsx'
import { useEdit } from '../../edits.ts'
import { mergeList } from '../../format/merges.ts'
import { permissionFaults } from '../../format/permission-list.ts'

interface GrantableDialogProps {
  organization: WireOrganizationDetails
  close: () => void
}

export function GrantableDialog({ organization, close }: GrantableDialogProps) {
  const client = useQueryClient()
  const [opened] = useState<WireOrganization>(organization)
  const before = organization.grantable_permissions
  const [permissions, setPermissions] = useState<string[]>(before)
  const address = `/v1/organizations/${encodeURIComponent(opened.id)}`
  const known = () => client.invalidateQueries({ queryKey: ['organizations'] })
  const { save, isPending, error, theirs } = useEdit<WireOrganization>({ opened, address, known })
  const isChanged = permissions.join() !== opened.grantable_permissions.join()
  const bodyOf = (now: WireOrganization) => ({
    grantable_permissions: mergeList(opened.grantable_permissions, permissions, now.grantable_permissions),
  })
  return (
    <FormDialog
      title="What its members may grant"
      lead="The permissions of your API that members of this organization may give to the keys that they make. Keys that are there stay as they are."
      action={{ label: theirs ? 'Save on top' : 'Save', busyLabel: 'Saving…' }}
      busy={isPending}
      error={error}
      submit={() => {
        if (permissionFaults(permissions).length > 0) return false
        if (isChanged) save(bodyOf, close)
        else close()
        return true
      }}
      close={close}
      isTyped={isChanged}
    >
      <PermissionsField
        value={permissions}
        onChange={setPermissions}
        organization={opened.id}
        error={undefined}
      />
      <EditConflict
        what="organization"
        opened={opened}
        theirs={theirs}
        change={theirs ? bodyOf(theirs) : undefined}
      />
      {error !== null && <ErrorNotice error={error} />}
    </FormDialog>
  )
}
