// Oneself: who one is, by what one signs in, for whom one may act, and where one is signed in.
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { WireOwnMember } from '../../api.ts'
import { Button, ChangeButton } from '../../components/button.tsx'
import { Fact, Moment } from '../../components/fact.tsx'
import { Foreign, marked } from '../../components/foreign.tsx'
import { OrganizationName } from '../../components/organization-name.tsx'
import { Page, Section } from '../../components/page.tsx'
import { Pill } from '../../components/pill.tsx'
import { roleLabel, roleMeaning } from '../../format/roles.ts'
import { actFor, rootOrganizationId, useSession } from '../../session.ts'
import { RenameMemberDialog } from '../members/rename-dialog.tsx'
import { Identities } from './identities.tsx'
import { Sessions } from './sessions.tsx'

export function AccountPage() {
  const { self } = useSession()
  return (
    <Page
      title="Account"
      lead={
        self.type === 'key' ? (
          <>
            You are signed in with the key{' '}
            <Link
              to="/keys/$key"
              params={{ key: self.id }}
              className="foreign text-link underline"
              dir="auto"
            >
              {marked(self.name)}
            </Link>
            . What you do has the name of that key.
          </>
        ) : (
          'What you do has your name. You sign in as yourself, and act for one organization at a time.'
        )
      }
    >
      {self.type === 'member' && (
        <>
          <You member={self.member} />
          <Identities of={self.member} />
          <Organizations of={self.member} />
        </>
      )}
      <Sessions />
    </Page>
  )
}

function You({ member }: { member: WireOwnMember }) {
  const { refusal } = useSession()
  const [renaming, setRenaming] = useState(false)
  const { name, email, role, organization_id: organization, created_at: createdAt } = member
  return (
    <Section title="You">
      <dl className="-mt-3 grid lg:grid-cols-2 [&>*:first-child]:border-t-0 lg:[&>*:nth-child(2)]:border-t-0">
        <Fact
          label="Name"
          action={
            <ChangeButton
              label="Rename"
              of="yourself"
              refusal={refusal('latchkey:members:write')}
              onClick={() => setRenaming(true)}
            />
          }
        >
          {name === null ? <span className="text-muted">None</span> : <Foreign text={name} />}
        </Fact>
        <Fact label="Address">{email === null ? 'None' : <Foreign text={email} />}</Fact>
        <Fact label="Role" wide>
          <span className="font-medium">{roleLabel(role)}</span> in{' '}
          <OrganizationName id={organization} isShort />
          <span className="mt-0.5 block text-muted">
            {roleMeaning(role, organization === rootOrganizationId)}
          </span>
        </Fact>
        <Fact label="Joined" wide>
          <Moment instant={createdAt} />
        </Fact>
      </dl>
      {renaming && <RenameMemberDialog of={member} close={() => setRenaming(false)} />}
    </Section>
  )
}

function Organizations({ of: { organizations, organization_id: own } }: { of: WireOwnMember }) {
  return (
    <Section title="Organizations" lead="For these you may act. What you may do never adds up.">
      <ul className="-my-3 divide-y divide-line">
        {organizations.map(({ id, name, role }) => (
          <li key={id} className="flex flex-wrap items-center gap-x-4 gap-y-1 py-3">
            <div className="min-w-0 grow basis-48">
              <p className="foreign font-medium" dir="auto">
                {marked(name)}
              </p>
              <p className="text-muted">{roleLabel(role)}</p>
            </div>
            {id === own ? (
              <Pill tone="good">You act for it now</Pill>
            ) : (
              <Button aria-label={`Act for ${name}`} onClick={() => actFor(id)}>
                Act for it
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  )
}
