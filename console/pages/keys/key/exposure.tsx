// That a token of the key leaked, above everything else on its page: what was reported and done, and what is to be done now.
import { Circle, CircleCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import type { WireKey, WireKeyDetails, WireSecret } from '../../../api.ts'
import { Button, LinkButton } from '../../../components/button.tsx'
import { Address } from '../../../components/foreign.tsx'
import { ErrorNotice, Notice } from '../../../components/notices.tsx'
import { Ago, useNow } from '../../../components/time.tsx'
import { exposureWords, type LeakedToken, leakedTokenOf, leakSourceWords } from '../../../format/exposures.ts'
import { fromNow, inFull, inShort } from '../../../format/times.ts'
import { useSession } from '../../../session.ts'
import { type keyRefusals, useClearExposure } from './key-changes.ts'

interface ExposureNoticeProps {
  of: WireKeyDetails
  refusals: ReturnType<typeof keyRefusals>
  rotate: () => void
  endGrace: (secret: WireSecret) => void
  cleared: () => void
}

export function ExposureNotice({ of: key, ...rest }: ExposureNoticeProps) {
  if (key.exposure === null) return null
  return <Exposed of={key} exposure={key.exposure} {...rest} />
}

interface ExposedProps extends ExposureNoticeProps {
  exposure: NonNullable<WireKey['exposure']>
}

const titles: Record<LeakedToken['state'], string> = {
  accepted: 'A token of this key leaked, and it is not ended',
  ends: 'A token of this key leaked, and it ends later',
  ended: 'A token of this key leaked. It opens nothing any more',
}

function Exposed({ of: key, exposure, refusals, rotate, endGrace, cleared }: ExposedProps) {
  const now = Math.max(useNow(), Date.now())
  const usageRefusal = useSession().refusal('latchkey:usage:read')
  const clear = useClearExposure(key, cleared)
  const token = leakedTokenOf(key, exposure, now)
  const isOver = key.status === 'revoked' || key.status === 'expired'
  return (
    <div className="mb-6">
      <Notice tone={token.state === 'ended' ? 'warning' : 'error'} title={titles[token.state]}>
        <dl className="mt-1 grid gap-x-4 sm:grid-cols-[7rem_minmax(0,1fr)]">
          <Told label="Token">
            <span className="font-mono text-[0.8125rem]">{exposure.hint}</span>
          </Told>
          <Told label="Found at">
            {exposure.url === null ? (
              <span className="text-muted">Nobody said where</span>
            ) : (
              // Text alone: nobody knows what opens there.
              <Address text={exposure.url} />
            )}
          </Told>
          <Told label="Reported by">{leakSourceWords[exposure.source]}</Told>
          <Told label="Reported">
            <time dateTime={exposure.at} title={inFull(exposure.at)}>
              {inShort(exposure.at)}
            </time>{' '}
            <span className="text-muted">
              <Ago instant={exposure.at} />
            </span>
          </Told>
          <Told label="Done at once">{exposureWords[exposure.action]}</Told>
        </dl>
        <ul aria-label="What to do now" className="mt-3 divide-y divide-line border-t border-line">
          {isOver ? (
            <Step
              action={
                <LinkButton
                  to="/organizations/$organization/new-key"
                  params={{ organization: key.organization_id }}
                  refusal={refusals.create}
                >
                  New key
                </LinkButton>
              }
            >
              Give its holder a new key, if one is still needed.
            </Step>
          ) : (
            <Step
              isDone={token.isReplaced}
              action={
                !token.isReplaced && (
                  <Button refusal={refusals.rotate} onClick={rotate}>
                    Rotate<span className="sr-only"> the leaked token</span>
                  </Button>
                )
              }
            >
              {token.isReplaced
                ? 'The key has a newer token.'
                : 'Rotate the key, and give its holder the new token.'}
            </Step>
          )}
          <EndStep token={token} refusal={refusals.change} now={now} endGrace={endGrace} />
          <UseStep of={key} exposure={exposure} token={token} refusal={usageRefusal} />
          <Step
            action={
              <Button refusal={refusals.clearExposure} busy={clear.isPending} onClick={() => clear.mutate()}>
                {clear.isPending ? 'Clearing…' : 'Clear the mark'}
              </Button>
            }
          >
            When all of it is done, clear the mark. The history keeps the report.
          </Step>
        </ul>
        {clear.isError && <ErrorNotice title="The mark could not be cleared" error={clear.error} />}
      </Notice>
    </div>
  )
}

function Told({ label, children }: { label: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{label}</dt>
      <dd className="min-w-0 max-sm:mb-1">{children}</dd>
    </>
  )
}

/** What is to be done; done where what is known says so. */
function Step({
  isDone = false,
  action,
  children,
}: {
  isDone?: boolean
  action?: ReactNode
  children: ReactNode
}) {
  return (
    <li className="flex flex-wrap items-start gap-x-3 gap-y-1 py-2 sm:flex-nowrap">
      <span className={`mt-0.5 shrink-0 sm:mt-2.5 ${isDone ? 'text-good' : 'text-muted'}`}>
        {isDone ? <CircleCheck size={16} aria-hidden /> : <Circle size={16} aria-hidden />}
        <span className="sr-only">{isDone ? 'Done: ' : 'To do: '}</span>
      </span>
      <div className="min-w-0 flex-1 basis-3/4 sm:basis-0 sm:py-2">{children}</div>
      {action && <div className="max-sm:ml-7">{action}</div>}
    </li>
  )
}

interface EndStepProps {
  token: LeakedToken
  refusal: string | undefined
  now: number
  endGrace: (secret: WireSecret) => void
}

function EndStep({ token: { secret, state, isReplaced }, refusal, now, endGrace }: EndStepProps) {
  if (secret === undefined || state === 'ended')
    return <Step isDone>The leaked token opens nothing any more.</Step>
  if (secret.expires_at === null)
    return <Step>The leaked token has no end: it gets one when the key is rotated.</Step>
  return (
    <Step
      action={
        isReplaced && (
          <Button refusal={refusal} onClick={() => endGrace(secret)}>
            End it now
          </Button>
        )
      }
    >
      The leaked token ends{' '}
      <time dateTime={secret.expires_at} title={inFull(secret.expires_at)}>
        {fromNow(secret.expires_at, now)}
      </time>
      {isReplaced ? '.' : ', and its holder has no other.'}
    </Step>
  )
}

interface UseStepProps {
  of: WireKeyDetails
  exposure: NonNullable<WireKey['exposure']>
  token: LeakedToken
  refusal: string | undefined
}

function UseStep({ of: key, exposure, token: { secret }, refusal }: UseStepProps) {
  const lastAt = secret?.last_used_at ?? null
  const ip = key.last_used?.kid === exposure.kid ? key.last_used.ip : null
  const isSince = lastAt !== null && Date.parse(lastAt) >= Date.parse(exposure.at)
  if (secret !== undefined && lastAt === null) return <Step isDone>Nobody has used the leaked token.</Step>
  return (
    <Step
      action={
        <LinkButton to="/usage" search={{ key: key.id }} refusal={refusal}>
          Usage
        </LinkButton>
      }
    >
      Look at what was done with it
      {lastAt === null ? (
        '.'
      ) : (
        <>
          : it was last used <Ago instant={lastAt} />
          {ip !== null && (
            <>
              {' '}
              from <span className="foreign tabular-nums">{ip}</span>
            </>
          )}
          , {isSince ? 'after' : 'before'} the report.
        </>
      )}
    </Step>
  )
}
