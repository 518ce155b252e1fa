// An organization itself: its name, its plan, what holds for its keys, and whether it may call at all.
import { Link, useParams } from '@tanstack/react-router'
import { CirclePause, CirclePlay, Pencil, ShieldCheck } from 'lucide-react'
import { Suspense, useState } from 'react'
import type { WireOrganizationDetails } from '../../api.ts'
import { Button, ChangeButton, LinkButton } from '../../components/button.tsx'
import { Fact, Moment } from '../../components/fact.tsx'
import { Foreign } from '../../components/foreign.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { Notice } from '../../components/notices.tsx'
import { Section } from '../../components/page.tsx'
import { PermissionList } from '../../components/permission-list.tsx'
import { SuspendDialog } from '../../components/suspend-dialog.tsx'
import { signInWords } from '../../format/sign-ins.ts'
import { later } from '../../later.tsx'
import { rootOrganizationId, useSession } from '../../session.ts'
import { OrganizationPage, useOrganization } from './frame.tsx'

const RenameOrganizationDialog = later(
  async () => (await import('./edit.tsx')).RenameOrganizationDialog,
  MissingPart,
)
const SignInDialog = later(async () => (await import('./sign-in.tsx')).SignInDialog, MissingPart)
const GrantableDialog = later(async () => (await import('./grantable.tsx')).GrantableDialog, MissingPart)

export function OrganizationSettingsPage() {
  const { organization: id } = useParams({ from: '/organizations/$organization/settings' })
  const found = useOrganization(id)
  const { isRoot, refusal, readsOrganization } = useSession()
  const [open, setOpen] = useState<'rename' | 'suspend' | 'grantable' | 'sign-in'>()
  const close = () => setOpen(undefined)
  const { organization, isSettled } = found
  const isSuspended = (organization?.suspended_at ?? null) !== null
  const mayNot = refusal('latchkey:organizations:write')
  return (
    <OrganizationPage
      id={id}
      found={found}
      part="Organization"
      actions={
        <>
          <Button icon={<Pencil size={16} aria-hidden />} refusal={mayNot} onClick={() => setOpen('rename')}>
            Rename
          </Button>
          {isRoot && id !== rootOrganizationId && (
            <Button
              icon={
                isSuspended ? <CirclePlay size={16} aria-hidden /> : <CirclePause size={16} aria-hidden />
              }
              refusal={mayNot}
              onClick={() => setOpen('suspend')}
            >
              {isSuspended ? 'Resume' : 'Suspend'}
            </Button>
          )}
        </>
      }
    >
      <div aria-busy={!isSettled} className={isSettled ? '' : 'invisible'}>
        {!readsOrganization(id) && <Notice tone="note">{refusal('latchkey:organizations:read')}</Notice>}
        {organization && (
          <OrganizationFacts
            of={organization}
            mayNot={mayNot}
            editGrantable={isRoot && id !== rootOrganizationId ? () => setOpen('grantable') : undefined}
            editSignIn={isRoot ? () => setOpen('sign-in') : undefined}
          />
        )}
        {id !== rootOrganizationId && (
          <Section
            title="Policy"
            lead="What new and changed keys of this organization must keep."
            actions={
              <LinkButton
                icon={<ShieldCheck size={16} aria-hidden />}
                to="/organizations/$organization/policy"
                params={{ organization: id }}
              >
                Policy
              </LinkButton>
            }
          >
            <p className="text-muted">Its own rules narrow those of the deployment, and never widen them.</p>
          </Section>
        )}
      </div>
      {organization && open === 'suspend' && (
        <SuspendDialog what="organization" of={organization} close={close} done={close} />
      )}
      <Suspense>
        {organization && open === 'rename' && (
          <RenameOrganizationDialog organization={organization} close={close} />
        )}
        {organization && open === 'sign-in' && <SignInDialog organization={organization} close={close} />}
        {organization && open === 'grantable' && (
          <GrantableDialog organization={organization} close={close} />
        )}
      </Suspense>
    </OrganizationPage>
  )
}

interface OrganizationFactsProps {
  of: WireOrganizationDetails
  mayNot: string | undefined
  /** Absent for who may never set what members grant. */
  editGrantable: (() => void) | undefined
  editSignIn: (() => void) | undefined
}

function OrganizationFacts({ of: organization, mayNot, editGrantable, editSignIn }: OrganizationFactsProps) {
  const { isRoot } = useSession()
  const {
    id,
    name,
    plan,
    created_at: createdAt,
    grantable_permissions: grantable,
    sign_in: signIn,
  } = organization
  return (
    <Section title="Details">
      <dl className="-mt-3 grid lg:grid-cols-2 [&>*:first-child]:border-t-0 lg:[&>*:nth-child(2)]:border-t-0">
        <Fact label="Name">
          <Foreign text={name} />
        </Fact>
        <Fact label="Id">
          <code className="code">{id}</code>
        </Fact>
        <Fact label="Created">
          <Moment instant={createdAt} />
        </Fact>
        <Fact label="Plan">
          {plan === null ? (
            <span className="text-muted">None</span>
          ) : isRoot ? (
            <Link to="/settings/plans" className="text-link underline underline-offset-2">
              {plan}
            </Link>
          ) : (
            plan
          )}
        </Fact>
        <Fact
          label="Sign-in"
          wide
          action={
            editSignIn && (
              <ChangeButton label="Edit" of="how its members sign in" refusal={mayNot} onClick={editSignIn} />
            )
          }
        >
          {signInWords[signIn]}
        </Fact>
        {id !== rootOrganizationId && (
          <Fact
            label="Members grant"
            wide
            action={
              editGrantable && (
                <ChangeButton
                  label="Edit"
                  of="what its members may grant"
                  refusal={mayNot}
                  onClick={editGrantable}
                />
              )
            }
          >
            {grantable.length === 0 ? (
              <span className="text-muted">
                Nothing of your API yet: its members can make keys, but give them no permissions.
              </span>
            ) : (
              <PermissionList permissions={grantable} label="What its members may grant" />
            )}
          </Fact>
        )}
      </dl>
    </Section>
  )
}
