// The pages of whoever is on the way in: they know of no session yet.
import { Suspense } from 'react'
import type { Arrival } from './arrival.ts'
import { MissingPart } from './components/missing-part.tsx'
import { later } from './later.tsx'

const Missing = () => <MissingPart />
const CallbackPage = later(async () => (await import('./pages/sign-in/callback.tsx')).CallbackPage, Missing)
const InvitationPage = later(
  async () => (await import('./pages/sign-in/invitation.tsx')).InvitationPage,
  Missing,
)
const WindowPage = later(async () => (await import('./pages/sign-in/window.tsx')).WindowPage, Missing)

export function WayIn({ to }: { to: Arrival }) {
  return <Suspense>{pageOf(to)}</Suspense>
}

function pageOf(to: Arrival) {
  if (to.page === 'callback') return <CallbackPage provider={to.provider} answer={to.answer} />
  return to.page === 'invitation' ? <InvitationPage /> : <WindowPage />
}
