// Still to be written.
import { Page } from '../parts/page.tsx'

export function OrganizationsPage() {
  return <Page title="OrganizationsPage">…</Page>
}
