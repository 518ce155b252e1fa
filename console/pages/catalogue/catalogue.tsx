// The catalogue: what the operator says of the permissions of its API, and which are in use beside it.
import { useQuery } from '@tanstack/react-query'
import { Navigate } from '@tanstack/react-router'
import { BookText, Pencil, Plus, Trash2 } from 'lucide-react'
import { type ReactNode, Suspense, useState } from 'react'
import type { WireCatalogueEntry } from '../../api.ts'
import { Button } from '../../components/button.tsx'
import { Foreign } from '../../components/foreign.tsx'
import { MissingPart } from '../../components/missing-part.tsx'
import { EmptyState, ErrorNotice, Notice } from '../../components/notices.tsx'
import { Page, Section } from '../../components/page.tsx'
import { keysCounted } from '../../format/bulk-results.ts'
import { groupsOf, undescribed } from '../../format/catalogue.ts'
import { later } from '../../later.tsx'
import { catalogueQuery, permissionsQuery } from '../../queries.ts'
import { useSession } from '../../session.ts'
import { SettingsTabs } from '../settings/settings-tabs.tsx'

const DescribeDialog = later(async () => (await import('./describe-dialog.tsx')).DescribeDialog, MissingPart)
const RemoveDialog = later(async () => (await import('./remove-dialog.tsx')).RemoveDialog, MissingPart)

type Open =
  | { window: 'describe'; name: string }
  | { window: 'edit' | 'remove'; entry: WireCatalogueEntry }
  | undefined

export function CataloguePage() {
  const { isRoot, self, refusal } = useSession()
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  if (!isRoot) {
    return (
      <Navigate to="/organizations/$organization" params={{ organization: self.organization_id }} replace />
    )
  }
  const unreadable = refusal('latchkey:keys:read')
  const mayNot = refusal('latchkey:permissions:write')
  const describe = (text: string, shortcut?: 'n') => (
    <Button
      kind="primary"
      icon={<Plus size={16} aria-hidden />}
      shortcut={shortcut}
      refusal={mayNot}
      onClick={() => setOpen({ window: 'describe', name: '' })}
    >
      {text}
    </Button>
  )
  return (
    <Page
      above={<SettingsTabs />}
      title="Permissions"
      lead="What the permissions of your API mean. Forms complete and explain them, and warn of others. This list grants nothing by itself."
      actions={describe('Describe a permission', 'n')}
    >
      {unreadable === undefined ? (
        <Catalogue describe={describe('Describe the first one')} mayNot={mayNot} open={setOpen} />
      ) : (
        <Notice tone="note" title="You cannot list the permissions">
          <p>{unreadable}</p>
        </Notice>
      )}
      <Suspense>
        {open?.window === 'describe' && <DescribeDialog entry={undefined} name={open.name} close={close} />}
        {open?.window === 'edit' && (
          <DescribeDialog entry={open.entry} name={open.entry.name} close={close} />
        )}
        {open?.window === 'remove' && <RemoveDialog entry={open.entry} close={close} />}
      </Suspense>
    </Page>
  )
}

interface CatalogueProps {
  describe: ReactNode
  mayNot: string | undefined
  open: (open: Open) => void
}

function Catalogue({ describe, mayNot, open }: CatalogueProps) {
  const { data: catalogue, error, refetch } = useQuery(catalogueQuery())
  const { data: inUse = [] } = useQuery(permissionsQuery(undefined))
  if (catalogue === undefined) {
    return error === null ? (
      <div className="card h-32 animate-pulse" role="status">
        <span className="sr-only">Loading</span>
      </div>
    ) : (
      <ErrorNotice title="The permissions could not be read" error={error} retry={() => void refetch()} />
    )
  }
  const others = undescribed(catalogue, inUse)
  return (
    <>
      {catalogue.length === 0 && (
        <div className="card mb-6">
          <EmptyState icon={<BookText size={22} />} title="No permission is described yet" action={describe}>
            Give each permission of your API a sentence, and whoever makes a key reads what it opens.
          </EmptyState>
        </div>
      )}
      {groupsOf(catalogue).map(({ heading, entries }) => (
        <Section key={heading ?? ''} title={heading ?? 'Others'}>
          <ul aria-label={heading ?? 'Others'} className="-mt-1">
            {entries.map((entry) => (
              <Entry
                key={entry.name}
                name={entry.name}
                actions={
                  <>
                    <Button
                      kind="quiet"
                      icon={<Pencil size={16} aria-hidden />}
                      refusal={mayNot}
                      onClick={() => open({ window: 'edit', entry })}
                    >
                      <span>
                        Edit<span className="sr-only"> {entry.name}</span>
                      </span>
                    </Button>
                    <Button
                      kind="quiet"
                      icon={<Trash2 size={16} aria-hidden />}
                      refusal={mayNot}
                      onClick={() => open({ window: 'remove', entry })}
                    >
                      <span>
                        Remove<span className="sr-only"> {entry.name}</span>
                      </span>
                    </Button>
                  </>
                }
              >
                {entry.description === null ? (
                  <span className="text-muted">No description</span>
                ) : (
                  <Foreign text={entry.description} />
                )}
              </Entry>
            ))}
          </ul>
        </Section>
      ))}
      {others.length > 0 && (
        <Section
          title="In use, and not described"
          lead="Keys hold these. Describe those that your API knows: one that it does not know may be mistyped."
        >
          <ul aria-label="In use, and not described" className="-mt-1">
            {others.map(({ permission, keys }) => (
              <Entry
                key={permission}
                name={permission}
                actions={
                  <Button
                    kind="quiet"
                    icon={<Plus size={16} aria-hidden />}
                    refusal={mayNot}
                    onClick={() => open({ window: 'describe', name: permission })}
                  >
                    <span>
                      Describe<span className="sr-only"> {permission}</span>
                    </span>
                  </Button>
                }
              >
                <span className="text-muted">{keysCounted(keys)}</span>
              </Entry>
            ))}
          </ul>
        </Section>
      )}
    </>
  )
}

interface EntryProps {
  name: string
  actions: ReactNode
  children: ReactNode
}

function Entry({ name, actions, children }: EntryProps) {
  return (
    <li className="flex min-h-12 flex-wrap items-center gap-x-4 gap-y-1 border-t border-line py-1.5 sm:flex-nowrap">
      <code className="font-mono text-[0.8125rem] break-all sm:w-64 sm:shrink-0">{name}</code>
      <p className="min-w-0 grow basis-full sm:basis-0">{children}</p>
      <div className="-mx-3 flex shrink-0 sm:mx-0">{actions}</div>
    </li>
  )
}
