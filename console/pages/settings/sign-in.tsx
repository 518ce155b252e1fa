// How people sign in to this Latchkey: what the operator's settings say, to be looked at.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Fact } from '../../components/fact.tsx'
import { Foreign } from '../../components/foreign.tsx'
import { Notice, Unread } from '../../components/notices.tsx'
import { Page, Section } from '../../components/page.tsx'
import { signInQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'
import { SettingsTabs } from './settings-tabs.tsx'

const tokens = {
  all: 'Those of all keys that hold latchkey:keys:read.',
  root: 'Those of keys of the root organization alone.',
  off: 'None: nobody signs in with a token.',
} as const

export function SignInSettingsPage() {
  const { isRoot } = useSession()
  const options = useQuery({ ...signInQuery, enabled: isRoot })
  if (!isRoot)
    return (
      <Page title="Sign-in" above={<SettingsTabs />}>
        <Notice tone="note">Whoever runs this Latchkey sees this page.</Notice>
      </Page>
    )
  return (
    <Page
      title="Sign-in"
      lead="How people come in. Providers and tokens are set where Latchkey is started; each organization may ask for a provider."
      above={<SettingsTabs />}
    >
      <Section title="Ways to sign in">
        {options.data === undefined ? (
          <Unread query={options} height="h-40" />
        ) : (
          <dl className="-mt-3 grid lg:grid-cols-2 [&>*:first-child]:border-t-0">
            <Fact label="Providers" wide>
              {options.data.providers.length === 0 ? (
                <span className="text-muted">
                  None is listed. <code className="code">LATCHKEY_OIDC_FILE</code> names them.
                </span>
              ) : (
                <ul className="space-y-1">
                  {options.data.providers.map(({ id, name }) => (
                    <li key={id}>
                      <Foreign text={name} /> <code className="code">{id}</code>
                    </li>
                  ))}
                </ul>
              )}
            </Fact>
            <Fact label="Passkeys" wide>
              {options.data.passkeys ? (
                'People may sign in by a passkey.'
              ) : (
                <span className="text-muted">
                  None yet: they take <code className="code">LATCHKEY_PUBLIC_URL</code>, with a host name and
                  https, or http://localhost; and on PostgreSQL{' '}
                  <code className="code">LATCHKEY_SEALING_KEYS</code>.
                </span>
              )}
            </Fact>
            <Fact label="Tokens" wide>
              {tokens[options.data.tokens]}
            </Fact>
          </dl>
        )}
      </Section>
      <Section title="Of single organizations">
        <p className="text-muted">
          The settings of each{' '}
          <Link to="/organizations" className="text-link underline underline-offset-2">
            organization
          </Link>{' '}
          say whether its members must come by a provider.
        </p>
      </Section>
    </Page>
  )
}
