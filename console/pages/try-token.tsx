// Still to be written.
import { Page } from '../parts/page.tsx'

export function TryTokenPage() {
  return <Page title="TryTokenPage">…</Page>
}
