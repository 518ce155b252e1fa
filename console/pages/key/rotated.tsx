// In place of a key's page after a rotation: its new token, until that is stored.
import type { WireCreatedKey } from '../../api.ts'
import { Page } from '../../parts/page.tsx'
import { TokenOnce } from '../../parts/token-once.tsx'
import { useKeyCrumbs } from './crumbs.ts'

export function RotatedPage({ of: key, done }: { of: WireCreatedKey; done: () => void }) {
  const crumbs = useKeyCrumbs(key.organization_id)
  return (
    <Page
      title={`The new token of ${key.name}`}
      crumbs={[...crumbs, { label: key.name, link: { to: '/keys/$key', params: { key: key.id } } }]}
    >
      <div className="card max-w-3xl p-4 sm:p-6">
        <TokenOnce token={key.key} permissions={key.permissions} doneLabel="Back to the key" done={done} />
      </div>
    </Page>
  )
}
