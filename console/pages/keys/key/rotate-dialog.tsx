// Rotates a key: sets the grace, tells what it means for who sends the old token, and what stands in the way.
import { useState } from 'react'
import { ApiError, type WireCreatedKey, type WireKeyDetails } from '../../../api.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog, DialogActions } from '../../../components/dialog.tsx'
import { EditConflict } from '../../../components/edit-conflict.tsx'
import { ErrorNotice, Notice } from '../../../components/notices.tsx'
import { useNow } from '../../../components/time.tsx'
import { isConflict } from '../../../edits.ts'
import { type ChosenGrace, findGrace, graceEnd, rotationOf } from '../../../format/graces.ts'
import { inFull, inShort, lengthOf } from '../../../format/times.ts'
import { useSession } from '../../../session.ts'
import { ChangePreview } from './change-preview.tsx'
import { StillInUse } from './end-grace-dialog.tsx'
import { GraceField } from './grace-field.tsx'
import { useEndSecret, useRotateKey } from './key-changes.ts'

const usualGraceSeconds = 86_400
const longestSessionSeconds = 12 * 3_600

interface RotateDialogProps {
  of: WireKeyDetails
  close: () => void
  /** Gets the answer with the new token. */
  rotated: (key: WireCreatedKey) => void
}

export function RotateDialog({ of: key, close, rotated }: RotateDialogProps) {
  const [{ seconds, silentSeconds }, setGrace] = useState<ChosenGrace>({ seconds: usualGraceSeconds })
  const now = Math.max(useNow(), Date.now())
  const { rotating: rotate, opened, theirs } = useRotateKey(key, rotated)
  const running = findGrace(key, now)
  const isBlocked = running !== undefined && seconds !== 0
  const isInTheWay = rotate.error instanceof ApiError && rotate.error.code === 'rotation_in_progress'
  const isOwn = useSession().self.id === key.id
  return (
    <Dialog
      title="Rotate the key"
      lead="It gets a new token. Its id, its permissions and its history stay the same."
      close={close}
      isTyped={seconds !== usualGraceSeconds || silentSeconds !== undefined}
    >
      <div className="space-y-4">
        <GraceField seconds={seconds} silentSeconds={silentSeconds} change={setGrace} />
        {/* All of one height, so that the buttons stay under the pointer. */}
        <div className="min-h-15">
          {seconds !== undefined && (
            <Meaning
              of={key}
              seconds={seconds}
              silentSeconds={silentSeconds}
              now={now}
              hasGrace={running !== undefined}
            />
          )}
        </div>
        <ChangePreview
          of={key}
          change={
            seconds === undefined || isBlocked ? undefined : { rotate: rotationOf(seconds, silentSeconds) }
          }
        />
        {isOwn && seconds !== undefined && <OwnSession seconds={seconds} />}
        {running !== undefined && <RunningGrace of={key} secret={running} />}
        <EditConflict what="key" opened={opened} theirs={theirs} />
        {rotate.isError && !(isInTheWay && isBlocked) && !isConflict(rotate.error) && (
          <ErrorNotice error={rotate.error} />
        )}
      </div>
      <DialogActions>
        <Button onClick={close}>Cancel</Button>
        <Button
          kind="primary"
          busy={rotate.isPending}
          refusal={
            isBlocked
              ? 'End the earlier grace first, or rotate without a grace.'
              : seconds === undefined
                ? 'Enter the length of the grace first.'
                : undefined
          }
          onClick={() => seconds !== undefined && rotate.mutate(rotationOf(seconds, silentSeconds))}
        >
          {rotate.isPending ? 'Rotating…' : theirs ? 'Rotate all the same' : 'Rotate'}
        </Button>
      </DialogActions>
    </Dialog>
  )
}

function OwnSession({ seconds }: { seconds: number }) {
  return (
    <Notice tone="warning" title="You are signed in with this key">
      <p className="min-h-15">
        {seconds === 0
          ? 'Without a grace, this session and all others of the key end with the old token. The console signs you in again with the new token.'
          : seconds < longestSessionSeconds
            ? 'This session ends with the grace, at the latest. Then sign in with the new token.'
            : 'This session continues: the grace is longer than any session.'}
      </p>
    </Notice>
  )
}

interface MeaningProps {
  of: WireKeyDetails
  seconds: number
  silentSeconds: number | undefined
  now: number
  /** Whether a grace of an earlier rotation still runs. */
  hasGrace: boolean
}

function Meaning({ of: key, seconds, silentSeconds, now, hasGrace }: MeaningProps) {
  if (seconds === 0) {
    return (
      <p>
        {hasGrace ? 'Both old tokens end' : 'The old token ends'} <strong>at once</strong>: Latchkey refuses
        all requests that still send {hasGrace ? 'one of them' : 'it'}. Choose this for a token that has
        leaked.
      </p>
    )
  }
  const { at, isExpiry } = graceEnd(seconds, key.expires_at, now)
  const instant = new Date(at).toISOString()
  if (silentSeconds !== undefined) {
    return (
      <p>
        Both tokens are valid until nobody has used the old one for {lengthOf(silentSeconds)}, from now on. It
        ends on{' '}
        <time dateTime={instant} title={inFull(instant)} className="font-semibold">
          {inShort(instant)}
        </time>{' '}
        at the latest.
      </p>
    )
  }
  return (
    <p>
      Both tokens are valid until{' '}
      <time dateTime={instant} title={inFull(instant)} className="font-semibold">
        {inShort(instant)}
      </time>
      , so that nothing breaks while you put the new one in place.
      {isExpiry && ' The key itself expires then. Set a later expiry for a longer grace.'}
    </p>
  )
}

function RunningGrace({
  of: key,
  secret,
}: {
  of: WireKeyDetails
  secret: WireKeyDetails['secrets'][number]
}) {
  const end = useEndSecret(key)
  return (
    <div className="space-y-3 rounded-lg border border-line p-3">
      <p>
        An earlier grace has not ended. It ends on {secret.expires_at !== null && inShort(secret.expires_at)}.
        A key has at most two live tokens: end that grace first, or rotate without one, which ends both.
      </p>
      <StillInUse of={key} secret={secret} />
      {end.isError && <ErrorNotice error={end.error} />}
      <Button busy={end.isPending} onClick={() => end.mutate(secret.kid)}>
        {end.isPending ? 'Ending…' : 'End that grace now'}
      </Button>
    </div>
  )
}
