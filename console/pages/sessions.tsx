// Still to be written.
import { Page } from '../parts/page.tsx'

export function SessionsPage() {
  return <Page title="SessionsPage">…</Page>
}
