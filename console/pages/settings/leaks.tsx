// What becomes of tokens that leak, and which keys are marked as leaked.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Siren } from 'lucide-react'
import { keyCountQuery } from '../../attention-queries.ts'
import { LinkButton } from '../../components/button.tsx'
import { CopyBox } from '../../components/copy.tsx'
import { Notice } from '../../components/notices.tsx'
import { Page, Section } from '../../components/page.tsx'
import { countOf } from '../../format/limits.ts'
import { leakRule } from '../../format/policies.ts'
import { policyQuery } from '../../policy-queries.ts'
import { useSession } from '../../session.ts'
import { SettingsTabs } from './settings-tabs.tsx'

const link = 'text-link underline underline-offset-2'
const addresses = [
  ['GitHub', '/v1/leaks/github'],
  ['GitLab', '/v1/leaks/gitlab/revoke_tokens'],
  ['TruffleHog', '/v1/leaks/trufflehog'],
  ['Everybody else', '/v1/leaks'],
] as const

export function LeaksPage() {
  const { isRoot, refusal } = useSession()
  const unreadable = isRoot
    ? refusal('latchkey:keys:read')
    : 'The operator sets what is done when a token leaks.'
  const exposed = useQuery({
    ...keyCountQuery({ exposed: true }, undefined, 0),
    enabled: unreadable === undefined,
  })
  const policy = useQuery({ ...policyQuery(undefined), enabled: unreadable === undefined })
  if (unreadable !== undefined)
    return (
      <Page title="Leaks" above={<SettingsTabs />}>
        <Notice tone="note">{unreadable}</Notice>
      </Page>
    )
  const count = exposed.data?.count
  return (
    <Page
      title="Leaks"
      lead="Whoever finds a token of yours where it should not be can report it here. A moment later the rule below is followed, and the key is marked."
      above={<SettingsTabs />}
    >
      <Section
        title="Keys whose token leaked"
        actions={
          <LinkButton to="/keys" search={{ exposed: true }} icon={<Siren size={16} aria-hidden />}>
            Show them
          </LinkButton>
        }
      >
        <p>
          {count === undefined
            ? '…'
            : count === 0
              ? 'None that is active.'
              : `${count === 1 ? '1 active key is' : `${countOf(count)} active keys are`} marked.`}
        </p>
      </Section>
      <Section
        title="What is done"
        lead="A rule of the policy says it. Keys with a latchkey: permission are revoked in any case."
        actions={<LinkButton to="/settings/policy">Policy</LinkButton>}
      >
        <p>
          {policy.data === undefined ? '…' : `${leakRule(policy.data)}.`}{' '}
          <span className="text-muted">An organization may have a rule of its own.</span>
        </p>
      </Section>
      <Section
        title="Where reports arrive"
        lead={
          <>
            The paths under the public address of this Latchkey.{' '}
            <a href="/docs" className={link}>
              The API
            </a>{' '}
            says what each takes.
          </>
        }
      >
        <ul className="space-y-3">
          {addresses.map(([who, path]) => (
            <li key={path}>
              <CopyBox text={path} label={who} />
            </li>
          ))}
        </ul>
        <p className="mt-3 text-muted">
          You have found one yourself?{' '}
          <Link to="/try" className={link}>
            Try the token
          </Link>{' '}
          to find its key.
        </p>
      </Section>
    </Page>
  )
}
