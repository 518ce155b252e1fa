// Asks before a key is revoked: by its name, and with what will stop working.
import { useState } from 'react'
import type { WireKey } from '../../../api.ts'
import { ConfirmationField } from '../../../components/confirmation-field.tsx'
import { CopyButton } from '../../../components/copy.tsx'
import { Foreign } from '../../../components/foreign.tsx'
import { FormDialog } from '../../../components/form-dialog.tsx'
import { ErrorNotice, Notice } from '../../../components/notices.tsx'
import { PermissionList } from '../../../components/permission-list.tsx'
import { SelectField } from '../../../components/select-field.tsx'
import { Ago } from '../../../components/time.tsx'
import { asTyped, isTypedRight } from '../../../format/foreign-text.ts'
import { type RevocationReason, revocationChoices } from '../../../format/revocations.ts'
import { useSession } from '../../../session.ts'
import { ChangePreview } from './change-preview.tsx'
import { type Done, useRevokeKey } from './key-changes.ts'
import { RefusedWithIt } from './line.tsx'

const revocation = { revoke: true } as const

interface RevokeDialogProps {
  of: WireKey
  /** The reason that the form begins with. */
  reason?: RevocationReason
  close: () => void
  done: (done: Done) => void
}

export function RevokeDialog({ of: key, reason: first = 'unspecified', close, done }: RevokeDialogProps) {
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState<RevocationReason>(first)
  const revoke = useRevokeKey(key)
  const isOwn = useSession().self.id === key.id
  // An older key may have a name of which nothing can be seen, and so nothing can be typed.
  const hasName = asTyped(key.name) !== ''
  const wanted = hasName ? key.name : key.id.slice(-8)
  const matches = isTypedRight(typed, wanted)
  const submit = () => {
    revoke.mutate(reason, { onSuccess: done })
    return true
  }
  return (
    <FormDialog
      title="Revoke the key"
      lead="This is permanent. Within two seconds every process refuses all tokens of the key."
      action={{
        label: 'Revoke permanently',
        busyLabel: 'Revoking…',
        isPermanent: true,
        refusal: matches ? undefined : `Type the ${hasName ? 'name of the key' : 'end of its id'} first.`,
      }}
      busy={revoke.isPending}
      error={revoke.error}
      submit={submit}
      close={close}
      isTyped={typed !== '' || reason !== first}
    >
      {isOwn && (
        <Notice tone="warning" title="You are signed in with this key">
          <p>This ends your session and all others of the key. Have another token ready.</p>
        </Notice>
      )}
      <dl className="space-y-2 rounded-lg border border-line p-3">
        <div className="grid gap-x-3 sm:grid-cols-[6rem_minmax(0,1fr)]">
          <dt className="text-muted">Last used</dt>
          <dd>
            <Ago instant={key.last_used_at} never="Never yet" />
          </dd>
        </div>
        <div className="grid gap-x-3 sm:grid-cols-[6rem_minmax(0,1fr)]">
          <dt className="text-muted">It may do</dt>
          <dd className="min-w-0">
            {key.permissions.length === 0 ? (
              'Nothing that requires a permission'
            ) : (
              <PermissionList permissions={key.permissions} label="What it may do" most={8} />
            )}
          </dd>
        </div>
      </dl>
      <ChangePreview of={key} change={revocation} />
      <RefusedWithIt of={key} />
      <SelectField
        label="Reason"
        options={revocationChoices}
        value={reason}
        change={(chosen) => setReason(chosen ?? 'unspecified')}
      />
      <div>
        <p className="label mb-1">
          {hasName ? 'The name of the key' : 'Its name cannot be typed: the end of its id'}
        </p>
        <div className="flex flex-wrap items-start justify-between gap-3">
          <p className="min-w-0 grow basis-48 rounded-md bg-sunken px-3 py-2">
            <Foreign text={wanted} />
          </p>
          <CopyButton text={wanted} label="Copy" />
        </div>
      </div>
      <ConfirmationField
        label={hasName ? 'Type the name to confirm' : 'Type the end of its id to confirm'}
        value={typed}
        change={setTyped}
      />
      {revoke.isError && <ErrorNotice error={revoke.error} />}
    </FormDialog>
  )
}
