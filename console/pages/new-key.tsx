// Still to be written.
import { Page } from '../parts/page.tsx'

export function NewKeyPage() {
  return <Page title="NewKeyPage">…</Page>
}
