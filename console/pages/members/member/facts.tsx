// What is known of a member.
import { useQuery } from '@tanstack/react-query'
import type { WireMemberDetails } from '../../../api.ts'
import { Creator } from '../../../components/creator.tsx'
import { Fact, Moment } from '../../../components/fact.tsx'
import { Foreign, marked } from '../../../components/foreign.tsx'
import { Notice } from '../../../components/notices.tsx'
import { OrganizationName } from '../../../components/organization-name.tsx'
import { Section } from '../../../components/page.tsx'
import { PermissionList } from '../../../components/permission-list.tsx'
import { ProviderName } from '../../../components/provider-name.tsx'
import { Ago } from '../../../components/time.tsx'
import { roleLabel, roleMeaning } from '../../../format/roles.ts'
import { invitationsQuery } from '../../../member-queries.ts'
import { rootOrganizationId } from '../../../session.ts'

export function MemberFacts({ of: member }: { of: WireMemberDetails }) {
  const { email, role, organization_id: organization, identities, suspended_at: suspendedAt } = member
  return (
    <>
      {suspendedAt !== null && (
        <div className="mb-6">
          <Notice tone="warning" title="The member is suspended">
            <p>
              {member.suspended_reason === null ? (
                'It may not act until it is resumed.'
              ) : (
                <Foreign text={member.suspended_reason} />
              )}
            </p>
            <p className="text-muted">
              Suspended <Ago instant={suspendedAt} />.
            </p>
          </Notice>
        </div>
      )}
      <Section title="Details">
        <dl className="-mt-3 grid lg:grid-cols-2 [&>*:first-child]:border-t-0 lg:[&>*:nth-child(2)]:border-t-0">
          <Fact label="Address">
            {email === null ? (
              <span className="text-muted">Erased</span>
            ) : (
              <>
                <Foreign text={email} />
                {!member.email_verified && <span className="text-muted"> (not proven)</span>}
              </>
            )}
          </Fact>
          <Fact label="Organization">
            <OrganizationName id={organization} isShort />
          </Fact>
          <Fact label="Role" wide>
            <span className="font-medium">{roleLabel(role)}</span>
            {member.role_source === 'rule' && <span className="text-muted"> by a rule of the provider</span>}
            <span className="mt-0.5 block text-muted">
              {roleMeaning(role, organization === rootOrganizationId)}
            </span>
            <details className="mt-1">
              <summary className="w-fit rounded text-link">All of its permissions</summary>
              <div className="mt-2">
                <PermissionList permissions={member.permissions} label="What it may do" />
              </div>
            </details>
          </Fact>
          <Fact label="Last seen">
            <Ago instant={member.last_seen_at} never="Never yet" />
          </Fact>
          <Fact label="Joined">
            <Moment instant={member.created_at} />
          </Fact>
          <Fact label="Invited by">
            <Creator createdBy={member.created_by} type={member.created_by_type} />
          </Fact>
          {member.removed_at !== null && (
            <Fact label="Removed">
              <Moment instant={member.removed_at} />
            </Fact>
          )}
          <Fact label="Signs in by" wide>
            {identities.length === 0 ? (
              <NoWay of={member} />
            ) : (
              <ul className="space-y-1">
                {identities.map(({ id, provider, label, last_used_at: lastUsedAt }) => (
                  <li key={id} className="foreign">
                    <span dir="auto">{marked(label)}</span>{' '}
                    <span className="text-muted">
                      <ProviderName id={provider} /> · last used <Ago instant={lastUsedAt} never="never" />
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </Fact>
        </dl>
      </Section>
    </>
  )
}

/** Why a member has nothing to sign in by, and what comes next. */
function NoWay({ of: { id, organization_id: organization, status } }: { of: WireMemberDetails }) {
  const isRemoved = status === 'removed'
  const { data = [], isPending } = useQuery({ ...invitationsQuery(organization), enabled: !isRemoved })
  const isInvited = data.some(({ member_id: invited }) => invited === id)
  if (isRemoved) return <span className="text-muted">Nothing any more.</span>
  if (isPending) return <span className="text-muted">Nothing.</span>
  return (
    <span className="text-muted">
      {isInvited
        ? 'Nothing yet: the link of its new invitation gives it something. If the link is lost, renew it among the members.'
        : 'Nothing: it cannot sign in until it is reset.'}
    </span>
  )
}
