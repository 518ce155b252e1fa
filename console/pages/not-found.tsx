// Where no page is.
import { MapPinOff } from 'lucide-react'
import { LinkButton } from '../components/button.tsx'
import { EmptyState } from '../components/notices.tsx'
import { Page } from '../components/page.tsx'

export function NotFoundPage() {
  return (
    <Page title="Nothing here">
      <div className="card">
        <EmptyState
          icon={<MapPinOff size={22} />}
          title="There is no page at this address"
          action={<LinkButton to="/">Go to the start</LinkButton>}
        >
          It may have been typed or copied wrong.
        </EmptyState>
      </div>
    </Page>
  )
}
