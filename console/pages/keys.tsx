// Still to be written.
import { Page } from '../parts/page.tsx'

export function OrganizationKeysPage() {
  return <Page title="Keys">…</Page>
}

export function AllKeysPage() {
  return <Page title="All keys">…</Page>
}
