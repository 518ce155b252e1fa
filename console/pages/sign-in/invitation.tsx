// The page of an invitation: who invites whom as what, and by what one accepts. To look uses nothing up; a press of a button does.
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useEffect, useState } from 'react'
import { takeSecret } from '../../arrival.ts'
import { Button } from '../../components/button.tsx'
import { Foreign } from '../../components/foreign.tsx'
import { SignInFault } from '../../components/sign-in-fault.tsx'
import { SignInFrame } from '../../components/sign-in-frame.tsx'
import { SignInWays } from '../../components/sign-in-ways.tsx'
import { roleLabel, roleMeaning } from '../../format/roles.ts'
import { inFull, inShort } from '../../format/times.ts'
import { deviceOf } from '../../format/user-agents.ts'
import { rootOrganizationId } from '../../session.ts'
import { addPasskey, goToProvider, showInvitation, type WireShownInvitation } from '../../sign-in-calls.ts'

export function InvitationPage() {
  const [secret, setSecret] = useState(takeSecret)
  const { mutate: show, ...shown } = useMutation({ mutationFn: showInvitation })
  useEffect(() => {
    if (secret !== undefined) show(secret)
  }, [secret, show])
  useEffect(() => {
    // Another link, opened over this page, changes the fragment alone.
    const take = () => setSecret(takeSecret())
    addEventListener('hashchange', take)
    return () => removeEventListener('hashchange', take)
  }, [])
  if (secret === undefined)
    return (
      <SignInFrame title="Invitation">
        <p>
          Open the link of your invitation once more. It is not kept by this page, so that nobody else finds
          it here.
        </p>
      </SignInFrame>
    )
  if (shown.error !== null)
    return (
      <SignInFrame title="Invitation">
        <SignInFault
          error={shown.error}
          action={
            <div className="flex flex-wrap gap-2">
              <Button onClick={() => show(secret)}>Try again</Button>
              <Button onClick={() => location.assign('/')}>Sign in</Button>
            </div>
          }
        />
      </SignInFrame>
    )
  if (shown.data === undefined)
    return (
      <SignInFrame title="Invitation">
        <div role="status" className="h-56 animate-pulse rounded bg-sunken">
          <span className="sr-only">Loading</span>
        </div>
      </SignInFrame>
    )
  return <Shown invitation={shown.data} secret={secret} />
}

function Shown({
  invitation: { organization, email, name, role, expires_at: expiresAt, providers, passkeys },
  secret,
}: {
  invitation: WireShownInvitation
  secret: string
}) {
  const byPasskey = async () => {
    const label = deviceOf(navigator.userAgent)
    await addPasskey({ invitation: secret, ...(label !== undefined && { label: label.slice(0, 64) }) })
    location.replace('/')
    // Until the page is left.
    return new Promise(() => {})
  }
  const isRoot = organization.id === rootOrganizationId
  return (
    <SignInFrame
      title="You are invited"
      note={
        <>
          Nothing is used up until you press a button. The invitation can be used once, until{' '}
          <time dateTime={expiresAt} title={inFull(expiresAt)}>
            {inShort(expiresAt)}
          </time>
          .
        </>
      }
    >
      <p className="mb-1">
        <Foreign text={organization.name} className="font-medium" /> invites you
        {name !== null && (
          <>
            , <Foreign text={name} className="font-medium" />,
          </>
        )}{' '}
        to work with its API keys.
      </p>
      <dl className="my-4 divide-y divide-line border-y border-line">
        <Line term="Organization">
          <Foreign text={organization.name} className="font-medium" />
        </Line>
        <Line term="Your role">
          <span className="font-medium">{roleLabel(role)}</span>
          <span className="block text-muted">{roleMeaning(role, isRoot)}</span>
        </Line>
        <Line term="Address">
          <Foreign text={email} className="font-medium" />
        </Line>
      </dl>
      {providers.length > 0 && (
        <p className="mb-4 text-muted">
          Choose the account that has this address: it must prove that it does.
          {passkeys && ' A passkey is made on this device, and takes no account.'}
        </p>
      )}
      {providers.length === 0 && !passkeys && (
        <p className="mb-4">
          No way to sign in is set up for this organization yet. Ask whoever invited you; the link stays good.
        </p>
      )}
      <SignInWays
        providers={providers}
        verb="Accept with"
        toProvider={(id) => goToProvider(id, { purpose: 'invitation', invitation: secret })}
        byPasskey={passkeys ? byPasskey : undefined}
        passkeyLabel="Accept with a new passkey"
      />
    </SignInFrame>
  )
}

function Line({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="flex flex-wrap gap-x-4 py-2.5">
      <dt className="w-28 shrink-0 text-muted">{term}</dt>
      <dd className="min-w-0 grow basis-40">{children}</dd>
    </div>
  )
}
