// The keys of an organization, and for the operator those of all of them.

import { Navigate, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { FlaskConical, Plus } from 'lucide-react'
import { Suspense, useState } from 'react'
import { Button, LinkButton } from '../../components/button.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { Page } from '../../components/page.tsx'
import { later } from '../../later.tsx'
import type { KeySearch } from '../../searches.ts'
import { useSession } from '../../session.ts'
import { OrganizationPage, useOrganization } from '../organizations/frame.tsx'
import { KeyList } from './list/list.tsx'

const ChooseOrganizationDialog = later(
  async () => (await import('../organizations/choose.tsx')).ChooseOrganizationDialog,
  MissingPart,
)

export function OrganizationKeysPage() {
  const { organization: id } = useParams({ from: '/organizations/$organization' })
  const search = useSearch({ from: '/organizations/$organization' })
  const navigate = useNavigate({ from: '/organizations/$organization' })
  const found = useOrganization(id)
  const name = found.organization?.name ?? id
  return (
    <OrganizationPage
      id={id}
      found={found}
      width="table"
      actions={
        <>
          <TryTokenLink />
          <NewKeyLink organization={id} text="New key" hasShortcut />
        </>
      }
    >
      <KeyList
        key={id}
        caption={`Keys of ${name}`}
        organization={id}
        search={search}
        change={(edit) => void navigate({ search: edit, replace: true })}
        newKey={<NewKeyLink organization={id} text="Create the first key" />}
      />
    </OrganizationPage>
  )
}

export function AllKeysPage() {
  const search: KeySearch = useSearch({ from: '/keys' })
  const navigate = useNavigate({ from: '/keys' })
  const { isRoot, self, refusal } = useSession()
  const [choosing, setChoosing] = useState(false)
  if (!isRoot) {
    return (
      <Navigate
        to="/organizations/$organization"
        params={{ organization: self.organization_id }}
        search={search}
        replace
      />
    )
  }
  const newKey = (text: string, shortcut?: 'n') => (
    <Button
      kind="primary"
      icon={<Plus size={16} aria-hidden />}
      refusal={refusal('latchkey:keys:write')}
      shortcut={shortcut}
      onClick={() => setChoosing(true)}
    >
      {text}
    </Button>
  )
  return (
    <Page
      width="table"
      title="Keys"
      lead="The keys of every organization."
      actions={
        <>
          <TryTokenLink />
          {newKey('New key', 'n')}
        </>
      }
    >
      <KeyList
        caption="The keys of every organization"
        search={search}
        change={(edit) => void navigate({ search: edit, replace: true })}
        newKey={newKey('Create the first key')}
      />
      {choosing && (
        <Suspense>
          <ChooseOrganizationDialog close={() => setChoosing(false)} />
        </Suspense>
      )}
    </Page>
  )
}

function TryTokenLink() {
  return (
    <LinkButton icon={<FlaskConical size={16} aria-hidden />} to="/try">
      Try a token
    </LinkButton>
  )
}

function NewKeyLink({
  organization,
  text,
  hasShortcut,
}: {
  organization: string
  text: string
  hasShortcut?: boolean
}) {
  const { refusal } = useSession()
  return (
    <LinkButton
      kind="primary"
      icon={<Plus size={16} aria-hidden />}
      to="/organizations/$organization/new-key"
      params={{ organization }}
      refusal={refusal('latchkey:keys:write')}
      shortcut={hasShortcut ? 'n' : undefined}
    >
      {text}
    </LinkButton>
  )
}
