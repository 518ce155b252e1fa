// Rotates a key: sets the grace, tells what it means for who sends the old token, and what stands in the way.
import { useState } from 'react'
import { ApiError, type WireCreatedKey, type WireKeyDetails } from '../../../api.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog, DialogActions } from '../../../components/dialog.tsx'
import { ErrorNotice, Notice } from '../../../components/notices.tsx'
import { useNow } from '../../../components/time.tsx'
import { findGrace, graceEnd } from '../../../format/graces.ts'
import { inFull, inShort } from '../../../format/times.ts'
import { useSession } from '../../../session.ts'
import { StillInUse } from './end-grace-dialog.tsx'
import { GraceSlider } from './grace-slider.tsx'
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
  const [seconds, setSeconds] = useState<number>(usualGraceSeconds)
  const now = Math.max(useNow(), Date.now())
  const rotate = useRotateKey(key, rotated)
  const running = findGrace(key, now)
  const isBlocked = running !== undefined && seconds > 0
  const isInTheWay = rotate.error instanceof ApiError && rotate.error.code === 'rotation_in_progress'
  const isOwn = useSession().key.id === key.id
  return (
    <Dialog
      title="Rotate the key"
      lead="It gets a new token. Its id, its permissions and its history stay."
      close={close}
    >
      <div className="space-y-4">
        <GraceSlider seconds={seconds} change={setSeconds} />
        {/* All of one height, so that the slider stays under the pointer. */}
        <div className="min-h-15">
          <Meaning of={key} seconds={seconds} now={now} hasGrace={running !== undefined} />
        </div>
        {isOwn && <OwnSession seconds={seconds} />}
        {running !== undefined && <RunningGrace of={key} secret={running} />}
        {rotate.isError && !(isInTheWay && isBlocked) && <ErrorNotice error={rotate.error} />}
      </div>
      <DialogActions>
        <Button onClick={close}>Cancel</Button>
        <Button
          kind="primary"
          busy={rotate.isPending}
          refusal={isBlocked ? 'End the running grace first, or rotate without a grace.' : undefined}
          onClick={() => rotate.mutate(seconds)}
        >
          {rotate.isPending ? 'Rotating…' : 'Rotate'}
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
          ? 'Without a grace this session ends with the old token, and so do all others of the key. You are signed in anew with the new token at once.'
          : seconds < longestSessionSeconds
            ? 'This session ends with the grace, at the latest: sign in with the new token then.'
            : 'This session goes on: the grace is longer than any session.'}
      </p>
    </Notice>
  )
}

interface MeaningProps {
  of: WireKeyDetails
  seconds: number
  now: number
  /** Whether a grace of an earlier rotation still runs. */
  hasGrace: boolean
}

function Meaning({ of: key, seconds, now, hasGrace }: MeaningProps) {
  if (seconds === 0) {
    return (
      <p>
        {hasGrace ? 'Both old tokens end' : 'The old token ends'} <strong>at once</strong>: whoever sends{' '}
        {hasGrace ? 'one of them' : 'it'} is refused until they have the new one. Right for a token that has
        leaked.
      </p>
    )
  }
  const { at, isExpiry } = graceEnd(seconds, key.expires_at, now)
  const instant = new Date(at).toISOString()
  return (
    <p>
      Both tokens work until{' '}
      <time dateTime={instant} title={inFull(instant)} className="font-semibold">
        {inShort(instant)}
      </time>
      , so that nothing breaks while you put the new one in place.
      {isExpiry && ' The key itself expires then: give it a later expiry for a longer grace.'}
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
        An earlier grace still runs, until {secret.expires_at !== null && inShort(secret.expires_at)}. A key
        has two live tokens at most: end that grace first, or rotate without one, which ends both.
      </p>
      <StillInUse of={key} secret={secret} />
      {end.isError && <ErrorNotice error={end.error} />}
      <Button busy={end.isPending} onClick={() => end.mutate(secret.kid)}>
        {end.isPending ? 'Ending…' : 'End that grace now'}
      </Button>
    </div>
  )
}
