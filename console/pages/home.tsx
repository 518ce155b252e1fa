// The start: organizations for the operator, their own keys for everyone else.
import { Navigate } from '@tanstack/react-router'
import { useSession } from '../session.ts'

export function HomePage() {
  const { isRoot, key } = useSession()
  if (isRoot) return <Navigate to="/organizations" replace />
  return <Navigate to="/organizations/$organization" params={{ organization: key.organization_id }} replace />
}
