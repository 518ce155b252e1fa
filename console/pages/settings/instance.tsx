// This Latchkey itself: which version it is, where its API is told, and what it still needs of other systems.
import { useQuery } from '@tanstack/react-query'
import { Fact } from '../../components/fact.tsx'
import { Notice } from '../../components/notices.tsx'
import { Page, Section } from '../../components/page.tsx'
import { prefixesQuery, versionQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'
import { Imported } from './imported.tsx'
import { SettingsTabs } from './settings-tabs.tsx'

const link = 'text-link underline underline-offset-2'

export function InstancePage() {
  const { isRoot, refusal } = useSession()
  const mayReadKeys = refusal('latchkey:keys:read') === undefined
  const version = useQuery(versionQuery)
  const prefixes = useQuery({ ...prefixesQuery(), enabled: mayReadKeys })
  if (!isRoot)
    return (
      <Page title="Instance" above={<SettingsTabs />}>
        <Notice tone="note">Whoever runs this Latchkey sees this page.</Notice>
      </Page>
    )
  return (
    <Page title="Instance" lead="This Latchkey itself." above={<SettingsTabs />}>
      <Section title="Details">
        <dl className="-mt-3 grid lg:grid-cols-2 [&>*:first-child]:border-t-0 lg:[&>*:nth-child(2)]:border-t-0">
          <Fact label="Version">{version.data ?? '…'}</Fact>
          <Fact label="Address">
            <code className="code">{location.origin}</code>
          </Fact>
          <Fact label="The API" wide>
            <a href="/docs" className={link}>
              How it is called
            </a>
            , and{' '}
            <a href="/openapi.json" className={link}>
              its OpenAPI document
            </a>
          </Fact>
          <Fact label="Prefixes" wide>
            {prefixes.data === undefined ? (
              <span className="text-muted">…</span>
            ) : (
              <ul aria-label="Prefixes of tokens" className="flex flex-wrap gap-1.5">
                {prefixes.data.map((prefix) => (
                  <li key={prefix}>
                    <code className="code">{prefix}_</code>
                  </li>
                ))}
              </ul>
            )}
          </Fact>
        </dl>
      </Section>
      {mayReadKeys && <Imported />}
    </Page>
  )
}
