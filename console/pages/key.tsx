// Still to be written.
import { Page } from '../parts/page.tsx'

export function KeyPage() {
  return <Page title="KeyPage">…</Page>
}
