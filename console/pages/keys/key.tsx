// A key: what it is, its secrets, what was done to it, and everything that can be done.
import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { Ban, CirclePause, CirclePlay, KeyRound, Pencil, RotateCw } from 'lucide-react'
import { useState } from 'react'
import { ApiError, type WireCreatedKey, type WireSecret } from '../../api.ts'
import { ActForOthers } from '../../components/act-for-others.tsx'
import { AuditTrail } from '../../components/audit-trail.tsx'
import { Button, LinkButton } from '../../components/button.tsx'
import { EmptyState, ErrorNotice, Notice } from '../../components/notices.tsx'
import { Page, PageSkeleton, Section } from '../../components/page.tsx'
import { Status } from '../../components/status.tsx'
import { SuspendDialog, SuspendedNotice } from '../../components/suspend-dialog.tsx'
import { type Tab, Tabs } from '../../components/tabs.tsx'
import { RecentUsage } from '../../components/usage/recent.tsx'
import { type KeyWithSecrets, keyQuery, neededPermissionsQuery } from '../../queries.ts'
import { type Session, useSession } from '../../session.ts'
import { KeyOutcome } from './key/applied.tsx'
import { ChangePreview } from './key/change-preview.tsx'
import { useKeyCrumbs } from './key/crumbs.ts'
import { DecoyNotice } from './key/decoy.tsx'
import { type EditableField, EditField } from './key/edits.tsx'
import { EndGraceDialog } from './key/end-grace-dialog.tsx'
import { ExposureNotice } from './key/exposure.tsx'
import { Facts } from './key/facts.tsx'
import { type Done, keyRefusals } from './key/key-changes.ts'
import { KeyLimits } from './key/limits.tsx'
import { Line, RefusedAbove, RefusedWithIt } from './key/line.tsx'
import { KeyPermissions } from './key/permissions.tsx'
import { ForgetPlacesDialog, Places } from './key/places.tsx'
import { RevokeDialog } from './key/revoke-dialog.tsx'
import { RotateDialog } from './key/rotate-dialog.tsx'
import { RotatedPage } from './key/rotated.tsx'
import { Secrets } from './key/secrets.tsx'

const eventsAtOnce = 20
const suspension = { suspend: true } as const

/** What of a key a page shows. */
export type KeyPart = 'summary' | 'usage' | 'limits' | 'permissions' | 'activity'

export function KeyPage({ part }: { part: KeyPart }) {
  const { key: id = '' } = useParams({ strict: false })
  // On to another key, nothing of this one stays open.
  return <KeyOf key={id} id={id} part={part} />
}

function KeyOf({ id, part }: { id: string; part: KeyPart }) {
  const key = useQuery(keyQuery(id))
  // Read beside the key, and waited for: what it comes to stands in the middle of the page.
  const seesUsage = useSession().refusal('latchkey:usage:read') === undefined
  const isReadable = seesUsage && part === 'permissions'
  const needed = useQuery({ ...neededPermissionsQuery(id), enabled: isReadable })
  const isComing = needed.isFetching && needed.data === undefined && needed.failureCount === 0
  const [rotated, setRotated] = useState<WireCreatedKey>()
  if (rotated !== undefined) return <RotatedPage of={rotated} done={() => setRotated(undefined)} />
  if (key.data !== undefined && !isComing) return <KeyFound of={key.data} part={part} rotated={setRotated} />
  if (key.data !== undefined || key.error === null) return <PageSkeleton />
  if (key.error instanceof ApiError && key.error.code === 'key_not_found') return <NoKey />
  return (
    <Page title="Key">
      <ErrorNotice error={key.error} retry={() => void key.refetch()} />
    </Page>
  )
}

function NoKey() {
  return (
    <Page title="No such key">
      <div className="card">
        <EmptyState
          icon={<KeyRound size={22} />}
          title="There is no key at this address"
          action={
            <>
              <ActForOthers />
              <LinkButton to="/">Go to the start</LinkButton>
            </>
          }
        >
          Its id may be wrong, or it belongs to an organization that you cannot see. Latchkey never deletes a
          key: a revoked key keeps its page.
        </EmptyState>
      </div>
    </Page>
  )
}

type Open =
  | { window: 'edit'; field: EditableField; suggested?: string[] | undefined }
  | { window: 'rotate' | 'suspend' | 'revoke' | 'forget-places' }
  | { window: 'end-grace'; secret: WireSecret }

interface KeyFoundProps {
  of: KeyWithSecrets
  part: KeyPart
  rotated: (key: WireCreatedKey) => void
}

function KeyFound({ of: key, part, rotated }: KeyFoundProps) {
  const session = useSession()
  const [open, setOpen] = useState<Open>()
  const [outcome, setOutcome] = useState<Partial<Done> & { title: string }>()
  const crumbs = useKeyCrumbs(key.organization_id)
  const refusals = keyRefusals(key, session)
  const auditRefusal = session.refusal('latchkey:audit:read')
  const show = (next: Open) => {
    setOutcome(undefined)
    setOpen(next)
  }
  const close = () => setOpen(undefined)
  const finish = (title: string) => (done: Done) => {
    setOutcome({ ...done, title })
    close()
  }
  return (
    <Page
      width="columns"
      title={key.name}
      aside={
        <>
          <Status status={key.status} />
          {key.id === session.self.id && (
            <span className="rounded-full bg-note-soft px-2 py-0.5 text-xs font-medium text-link">
              You are signed in with it
            </span>
          )}
        </>
      }
      crumbs={crumbs}
      tabs={<Tabs label={`Parts of ${key.name}`} tabs={tabsOf(key.id, session)} />}
      actions={
        <>
          <Button
            icon={<Pencil size={16} aria-hidden />}
            refusal={refusals.change}
            onClick={() => show({ window: 'edit', field: 'name' })}
          >
            <span>
              Rename<span className="sr-only"> the key</span>
            </span>
          </Button>
          <Button
            icon={<RotateCw size={16} aria-hidden />}
            refusal={refusals.rotate}
            onClick={() => show({ window: 'rotate' })}
          >
            Rotate
          </Button>
          <Button
            icon={
              key.suspended_at === null ? (
                <CirclePause size={16} aria-hidden />
              ) : (
                <CirclePlay size={16} aria-hidden />
              )
            }
            refusal={refusals.change}
            onClick={() => show({ window: 'suspend' })}
          >
            {key.suspended_at === null ? 'Suspend' : 'Resume'}
          </Button>
          <Button
            icon={<Ban size={16} aria-hidden />}
            refusal={refusals.revoke}
            onClick={() => show({ window: 'revoke' })}
          >
            Revoke
          </Button>
        </>
      }
    >
      {/* Another outcome takes the focus anew. */}
      {outcome !== undefined && <KeyOutcome key={outcome.title} {...outcome} />}
      <ExposureNotice
        of={key}
        refusals={refusals}
        rotate={() => show({ window: 'rotate' })}
        endGrace={(secret) => show({ window: 'end-grace', secret })}
        cleared={() => setOutcome({ title: 'The mark is cleared' })}
      />
      <DecoyNotice of={key} />
      <SuspendedNotice what="key" of={key} />
      <RefusedAbove of={key} />
      {part === 'summary' && (
        <>
          <Section title="Details">
            <Facts
              of={key}
              refusal={refusals.change}
              metadataRefusal={refusals.changeMetadata}
              edit={(field) => show({ window: 'edit', field })}
            />
          </Section>
          <Section
            title="Secrets"
            lead="Each rotation gives the key a new secret, in a new token. Latchkey shows only the public part of a token."
          >
            <Secrets
              of={key}
              refusal={refusals.change}
              endGrace={(secret) => show({ window: 'end-grace', secret })}
            />
          </Section>
          <Line of={key} refusal={refusals.newChild} />
        </>
      )}
      {part === 'usage' && (
        <>
          {session.refusal('latchkey:usage:read') !== undefined && (
            <Notice tone="note">{session.refusal('latchkey:usage:read')}</Notice>
          )}
          <RecentUsage owner={{ key: key.id }} lead="The calls with this key, valid or not." />
          <Places of={key} refusal={refusals.forgetPlaces} forget={() => show({ window: 'forget-places' })} />
        </>
      )}
      {part === 'limits' && (
        <KeyLimits
          of={key}
          refusal={refusals.change}
          edit={() => show({ window: 'edit', field: 'limits' })}
        />
      )}
      {part === 'permissions' && (
        <KeyPermissions
          of={key}
          refusal={refusals.change}
          edit={(suggested) => show({ window: 'edit', field: 'permissions', suggested })}
        />
      )}
      {part === 'activity' && (
        <Section title="History" lead="The changes of this key, newest first.">
          {auditRefusal === undefined ? (
            <AuditTrail
              filter={{ key: key.id }}
              limit={eventsAtOnce}
              isOfKnownKey
              empty={<p>No event yet.</p>}
            />
          ) : (
            <Notice tone="note">{auditRefusal}</Notice>
          )}
        </Section>
      )}
      {open?.window === 'edit' && (
        <EditField field={open.field} suggested={open.suggested} of={key} close={close} />
      )}
      {open?.window === 'rotate' && <RotateDialog of={key} close={close} rotated={rotated} />}
      {open?.window === 'suspend' && (
        <SuspendDialog
          what="key"
          of={key}
          endsSession={key.id === session.self.id}
          preview={
            <>
              <ChangePreview of={key} change={suspension} />
              <RefusedWithIt of={key} />
            </>
          }
          close={close}
          done={finish(key.suspended_at === null ? 'The key is suspended' : 'The key is resumed')}
        />
      )}
      {open?.window === 'revoke' && (
        <RevokeDialog of={key} close={close} done={finish('The key is revoked')} />
      )}
      {open?.window === 'forget-places' && <ForgetPlacesDialog of={key} close={close} />}
      {open?.window === 'end-grace' && (
        <EndGraceDialog
          of={key}
          secret={key.secrets.find(({ kid }) => kid === open.secret.kid) ?? open.secret}
          close={close}
          done={finish('The grace has ended')}
        />
      )}
    </Page>
  )
}

function tabsOf(key: string, { refusal }: Pick<Session, 'refusal'>): Tab[] {
  const params = { key }
  const may = (permission: Parameters<typeof refusal>[0]) => refusal(permission) === undefined
  return [
    { label: 'Summary', link: { to: '/keys/$key', params }, isExact: true },
    ...(may('latchkey:usage:read')
      ? ([{ label: 'Usage', link: { to: '/keys/$key/usage', params } }] as const)
      : []),
    { label: 'Limits', link: { to: '/keys/$key/limits', params } },
    { label: 'Permissions', link: { to: '/keys/$key/permissions', params } },
    ...(may('latchkey:audit:read')
      ? ([{ label: 'Activity', link: { to: '/keys/$key/activity', params } }] as const)
      : []),
  ]
}
