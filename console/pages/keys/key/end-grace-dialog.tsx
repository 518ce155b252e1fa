// Asks before a grace is ended, and tells whether the old token is still in use.
import { useQuery } from '@tanstack/react-query'
import { useEffect } from 'react'
import type { WireKeyDetails, WireSecret } from '../../../api.ts'
import { focusMark } from '../../../components/autofocus.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog, DialogActions } from '../../../components/dialog.tsx'
import { ErrorNotice, Notice } from '../../../components/notices.tsx'
import { Ago, useNow } from '../../../components/time.tsx'
import { usesAreLateSeconds, usesSince } from '../../../format/graces.ts'
import { keyQuery } from '../../../queries.ts'
import { ChangePreview } from './change-preview.tsx'
import { type Done, useEndSecret } from './key-changes.ts'

interface EndGraceDialogProps {
  of: WireKeyDetails
  secret: WireSecret
  close: () => void
  done: (done: Done) => void
}

export function EndGraceDialog({ of: key, secret, close, done }: EndGraceDialogProps) {
  const end = useEndSecret(key)
  // Whether the old token is in use is worth knowing as it is now.
  const { refetch } = useQuery({ ...keyQuery(key.id), enabled: false })
  useEffect(() => {
    void refetch()
  }, [refetch])
  return (
    <Dialog
      title="End the grace now?"
      lead={
        <>
          Within two seconds every process refuses the old token{' '}
          <span className="font-mono text-[0.8125rem]">{secret.hint}</span>. The new token stays valid.
        </>
      }
      close={close}
    >
      <div className="space-y-4">
        <StillInUse of={key} secret={secret} />
        <ChangePreview of={key} change={{ end_secret: secret.kid }} />
      </div>
      {end.isError && (
        <div className="mt-4">
          <ErrorNotice error={end.error} />
        </div>
      )}
      <DialogActions>
        <Button {...focusMark} onClick={close}>
          Keep it
        </Button>
        <Button
          kind="danger"
          busy={end.isPending}
          onClick={() => end.mutate(secret.kid, { onSuccess: done })}
        >
          {end.isPending ? 'Ending…' : 'End grace now'}
        </Button>
      </DialogActions>
    </Dialog>
  )
}

/** Whether somebody still sends a token in its grace. */
export function StillInUse({ of: key, secret }: { of: WireKeyDetails; secret: WireSecret }) {
  const now = Math.max(useNow(), Date.now())
  const rotatedAt = key.secrets[0]?.created_at ?? secret.created_at
  const { isUsed, mayBeLate } = usesSince(secret, rotatedAt, now)
  const late = mayBeLate && <p>Latchkey shows a use up to {usesAreLateSeconds} seconds late.</p>
  if (isUsed) {
    return (
      <Notice tone="warning" title="The old token is still in use">
        <p>
          Its last use was <Ago instant={secret.last_used_at} />. Latchkey will refuse further requests with
          it.
        </p>
        {late}
      </Notice>
    )
  }
  return (
    <Notice tone="note" title="The old token has not been used since the rotation">
      <p>
        {secret.last_used_at === null ? (
          'Nor was it used before.'
        ) : (
          <>
            Its last use was <Ago instant={secret.last_used_at} />.
          </>
        )}
      </p>
      {late}
    </Notice>
  )
}
