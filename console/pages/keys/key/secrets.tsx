// The secrets of a key, newest first: what each opens, and when it was last used.
import { useInfiniteQuery } from '@tanstack/react-query'
import { CircleCheck, CircleOff, Hourglass } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { WireKeyDetails, WireSecret } from '../../../api.ts'
import { Button } from '../../../components/button.tsx'
import { ErrorNotice } from '../../../components/notices.tsx'
import { Pill } from '../../../components/pill.tsx'
import { Ago, useNow } from '../../../components/time.tsx'
import { awaitedOf, type SecretState, secretEnd, secretState } from '../../../format/graces.ts'
import { inFull, inShort, lengthOf } from '../../../format/times.ts'
import { type KeyWithSecrets, olderSecretsQuery } from '../../../queries.ts'

const endedShown = 3

interface SecretsProps {
  of: KeyWithSecrets
  refusal: string | undefined
  endGrace: (secret: WireSecret) => void
}

export function Secrets({ of: key, refusal, endGrace }: SecretsProps) {
  const now = Math.max(useNow(), Date.now())
  const [isWhole, setWhole] = useState(false)
  const states = key.secrets.map((secret) => ({ secret, state: secretState(secret, key, now) }))
  const ended = states.filter(({ state }) => state === 'ended')
  const hidden = isWhole ? [] : ended.slice(endedShown)
  const shown = states.filter((one) => !hidden.includes(one))
  const hasOlder = key.olderSecrets !== undefined
  return (
    <>
      <ul className="divide-y divide-line border-y border-line">
        {shown.map(({ secret, state }) => (
          <SecretRow key={secret.kid} of={key} secret={secret} state={state}>
            {state === 'grace' && (
              <Button refusal={refusal} onClick={() => endGrace(secret)}>
                End grace now
              </Button>
            )}
          </SecretRow>
        ))}
      </ul>
      {isWhole && key.olderSecrets !== undefined && <OlderSecrets of={key} from={key.olderSecrets} />}
      {ended.length > endedShown && (
        <Button kind="quiet" className="mt-2" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {isWhole
            ? 'Show fewer'
            : hasOlder
              ? `Show the newest ${ended.length} that have ended`
              : `Show all ${ended.length} that have ended`}
        </Button>
      )}
    </>
  )
}

/** Secrets beyond those that come with the key, as they are asked for. */
function OlderSecrets({ of: key, from }: { of: KeyWithSecrets; from: string }) {
  const [isAsked, setAsked] = useState(false)
  const older = useInfiniteQuery({ ...olderSecretsQuery(from), enabled: isAsked })
  const secrets = older.data?.pages.flatMap(({ items }) => items) ?? []
  const more = () => {
    if (older.data !== undefined) void older.fetchNextPage()
    else if (isAsked) void older.refetch()
    else setAsked(true)
  }
  return (
    <>
      {secrets.length > 0 && (
        <ul className="divide-y divide-line border-b border-line">
          {secrets.map((secret) => (
            <SecretRow key={secret.kid} of={key} secret={secret} state="ended" />
          ))}
        </ul>
      )}
      {older.isError && (
        <div className="mt-3">
          <ErrorNotice title="The older secrets could not be read" error={older.error} />
        </div>
      )}
      {(older.data === undefined || older.hasNextPage) && (
        <Button className="mt-2 mr-2" busy={older.isFetching} onClick={more}>
          {older.isFetching ? 'Loading…' : 'Show older ones'}
        </Button>
      )}
    </>
  )
}

interface SecretRowProps {
  of: WireKeyDetails
  secret: WireSecret
  state: SecretState
  /** What can be done to it. */
  children?: ReactNode
}

function SecretRow({ of: key, secret, state, children }: SecretRowProps) {
  return (
    // The column of the button is there without one too, so that all secrets stand in line.
    <li className="grid items-center gap-x-6 gap-y-3 py-3 lg:grid-cols-[17rem_minmax(0,1fr)_8.5rem]">
      <div className="min-w-0">
        <p className="foreign font-mono text-[0.8125rem]">{secret.hint}</p>
        <div className="mt-1">
          <State state={state} secret={secret} />
        </div>
      </div>
      <dl className="grid min-w-0 grid-cols-2 gap-x-6 gap-y-2 sm:grid-cols-3">
        <Fact label="Created">
          <Ago instant={secret.created_at} />
        </Fact>
        <Fact label="Last used">
          <Ago instant={secret.last_used_at} never="Never yet" />
        </Fact>
        <Fact label={state === 'ended' ? 'Ended' : 'Ends'}>
          <End of={key} secret={secret} state={state} />
        </Fact>
        {state === 'grace' && <Awaited secret={secret} />}
      </dl>
      <div className="justify-self-start empty:hidden lg:justify-self-end lg:empty:block">{children}</div>
    </li>
  )
}

/** For what a secret waits that ends once nobody uses it. */
function Awaited({ secret }: { secret: WireSecret }) {
  const now = Math.max(useNow(), Date.now())
  const awaited = awaitedOf(secret, now)
  if (awaited === undefined || secret.until_silent_seconds === null) return null
  const { silent_at: at, until_silent_seconds: seconds } = secret
  return (
    <div className="col-span-full">
      <dt className="text-xs text-muted">Ends before that</dt>
      <dd>
        {awaited === 'silence' && at !== null ? (
          <>
            once nobody has used it for {lengthOf(seconds)}: on <Instant at={at} />, if nobody uses it until
            then
          </>
        ) : (
          `it was not used for ${lengthOf(seconds)}, and ends once every process and verifier has reported`
        )}
      </dd>
    </div>
  )
}

const looks = {
  live: { tone: 'good', icon: CircleCheck, word: 'Live' },
  grace: { tone: 'warn', icon: Hourglass, word: 'In grace' },
  ended: { tone: 'quiet', icon: CircleOff, word: 'Ended' },
} as const

function State({ state, secret }: { state: SecretState; secret: WireSecret }) {
  const { tone, icon, word } = looks[state]
  return (
    <Pill tone={tone} icon={icon}>
      {state === 'grace' && secret.expires_at !== null ? `${word} until ${inShort(secret.expires_at)}` : word}
    </Pill>
  )
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-xs text-muted">{label}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** When a secret ends by itself, or with its key. */
function End({ of: key, secret, state }: { of: WireKeyDetails; secret: WireSecret; state: SecretState }) {
  const at = secretEnd(secret, key)
  if (at !== undefined) return <Instant at={at} />
  return <span className="text-muted">{state === 'live' ? 'With the next rotation' : 'With its key'}</span>
}

function Instant({ at }: { at: string }) {
  return (
    <time dateTime={at} title={inFull(at)}>
      {inShort(at)}
    </time>
  )
}
