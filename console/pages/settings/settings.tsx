// The first of the settings that there are for who is signed in.
import { Navigate } from '@tanstack/react-router'
import { settingsOf } from '../../places.ts'
import { useSession } from '../../session.ts'

export function SettingsPage() {
  const [first] = settingsOf(useSession())
  return <Navigate {...(first?.link ?? { to: '/account' })} replace />
}
