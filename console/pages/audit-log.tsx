// Still to be written.
import { Page } from '../parts/page.tsx'

export function AuditLogPage() {
  return <Page title="AuditLogPage">…</Page>
}
