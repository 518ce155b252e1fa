// Asks before a key or an organization is suspended, or resumed, and tells of one that is suspended.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import type { Applied } from '../../src/core/shapes/calls.ts'
import { call, type WireKey, type WireOrganization } from '../api.ts'
import { Creator } from './creator.tsx'
import { Foreign } from './foreign.tsx'
import { FormDialog } from './form-dialog.tsx'
import { ErrorNotice, Notice } from './notices.tsx'
import { ReasonField } from './reason-field.tsx'
import { Ago } from './time.tsx'

const leads = {
  key: {
    suspend:
      'Within two seconds every process refuses all tokens of the key, until it is resumed. Its sessions end.',
    resume: 'Its tokens are valid again, if nothing else refuses them.',
  },
  organization: {
    suspend:
      'Within two seconds every process refuses all keys of the organization, until it is resumed. Their sessions end, and its webhooks wait.',
    resume:
      'Its keys are valid again, if nothing else refuses them, and its webhooks go on where they waited.',
  },
} as const

interface SuspendDialogProps {
  what: keyof typeof leads
  of: Pick<WireKey | WireOrganization, 'id' | 'suspended_at'>
  /** Whether it ends the session of who is signed in. */
  endsSession?: boolean
  /** Tells what a suspension would refuse. */
  preview?: ReactNode
  close: () => void
  done: (done: { applied: Applied }) => void
}

export function SuspendDialog({ what, of, endsSession = false, preview, close, done }: SuspendDialogProps) {
  const [opened] = useState(of)
  const [reason, setReason] = useState('')
  const client = useQueryClient()
  const isSuspended = opened.suspended_at !== null
  const verb = isSuspended ? 'resume' : 'suspend'
  const change = useMutation({
    mutationFn: () =>
      call<{ applied: Applied }>(
        'POST',
        `/v1/${what}s/${encodeURIComponent(opened.id)}/${verb}?wait=applied`,
        isSuspended ? {} : { body: reason.trim() === '' ? {} : { reason: reason.trim() } },
      ),
    onSuccess: async (answer) => {
      const names = ['keys', 'organizations', 'audit-log', 'self', 'sessions']
      await Promise.all(names.map((name) => client.invalidateQueries({ queryKey: [name] })))
      done(answer)
    },
  })
  return (
    <FormDialog
      title={`${isSuspended ? 'Resume' : 'Suspend'} the ${what}`}
      lead={leads[what][verb]}
      action={
        isSuspended
          ? { label: 'Resume', busyLabel: 'Resuming…' }
          : { label: 'Suspend', busyLabel: 'Suspending…' }
      }
      busy={change.isPending}
      error={change.error}
      submit={() => {
        change.mutate()
        return true
      }}
      close={close}
      isTyped={reason !== ''}
    >
      {endsSession && !isSuspended && (
        <Notice tone="warning" title="You are signed in with this key">
          <p>This ends your session. Somebody else must resume the key.</p>
        </Notice>
      )}
      {!isSuspended && preview}
      {!isSuspended && <ReasonField placeholder="Unpaid invoice" value={reason} change={setReason} />}
      {change.isError && <ErrorNotice error={change.error} />}
    </FormDialog>
  )
}

/** Tells since when it is suspended, and why; nothing of what is not. */
export function SuspendedNotice({
  what,
  of: { suspended_at: since, suspended_by: by, suspended_reason: reason },
  action,
}: {
  what: keyof typeof leads
  of: Pick<WireKey | WireOrganization, 'suspended_at' | 'suspended_by' | 'suspended_reason'>
  /** The way to where it is resumed, if that is not this page. */
  action?: ReactNode
}) {
  if (since === null) return null
  return (
    <div className="mb-6">
      <Notice tone="warning" title={`The ${what} is suspended`} action={action}>
        <p>
          {what === 'key' ? 'Its tokens are refused' : 'All of its keys are refused'}
          {reason === null ? '.' : ': '}
          {reason !== null && <Foreign text={reason} />}
        </p>
        <p className="text-muted">
          Suspended <Ago instant={since} never="" />. By: <Creator createdBy={by} />
        </p>
      </Notice>
    </div>
  )
}
