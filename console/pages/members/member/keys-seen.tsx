// The keys of whose valid tokens a member has seen one: who has left may still have them.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Ban, RotateCw } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { isReserved } from '../../../../src/core/permissions.ts'
import type { WireCreatedKey, WireKey, WireMember } from '../../../api.ts'
import { Button } from '../../../components/button.tsx'
import { Dialog } from '../../../components/dialog.tsx'
import { marked } from '../../../components/foreign.tsx'
import { Unread } from '../../../components/notices.tsx'
import { Section } from '../../../components/page.tsx'
import { Status } from '../../../components/status.tsx'
import { Ago } from '../../../components/time.tsx'
import { TokenOnce } from '../../../components/token-once.tsx'
import { keysSeenQuery } from '../../../member-queries.ts'
import { keyQuery } from '../../../queries.ts'
import type { KeySearch } from '../../../searches.ts'
import { useSession } from '../../../session.ts'
import { keyRefusals } from '../../keys/key/key-changes.ts'
import { RevokeDialog } from '../../keys/key/revoke-dialog.tsx'
import { RotateDialog } from '../../keys/key/rotate-dialog.tsx'

type Open = { window: 'rotate' | 'revoke'; key: WireKey } | { window: 'token'; key: WireCreatedKey }

export function KeysSeen({ of: member }: { of: WireMember }) {
  const { refusal } = useSession()
  const isReadable = refusal('latchkey:keys:read') === undefined
  const seen = useQuery({ ...keysSeenQuery(member.id), enabled: isReadable })
  const [open, setOpen] = useState<Open>()
  const close = () => setOpen(undefined)
  if (!isReadable) return null
  const created = (
    <KeysOf member={member} search={{ created_by: member.id }}>
      The keys that it created
    </KeysOf>
  )
  const keys = seen.data?.items
  return (
    <Section
      title="Tokens that it has seen"
      lead={
        keys?.length === 0 ? (
          created
        ) : (
          <>
            Keys belong to the organization and stay. Rotate or revoke those that nobody who has left may use.{' '}
            <KeysOf member={member} search={{ token_seen_by: member.id }}>
              Show them as a list
            </KeysOf>
            {' · '}
            {created}
          </>
        )
      }
    >
      {keys === undefined ? (
        <Unread query={seen} height="h-20" />
      ) : keys.length === 0 ? (
        <p className="text-muted">It has seen no token that is still valid.</p>
      ) : (
        <ul className="-my-3 divide-y divide-line">
          {keys.map((key) => (
            <SeenKey
              key={key.id}
              of={key}
              rotate={() => setOpen({ window: 'rotate', key })}
              revoke={() => setOpen({ window: 'revoke', key })}
            />
          ))}
        </ul>
      )}
      {seen.data?.next !== undefined && <p className="mt-3 text-muted">There are more: see the list.</p>}
      {open?.window === 'rotate' && (
        <RotateSeen id={open.key.id} close={close} rotated={(key) => setOpen({ window: 'token', key })} />
      )}
      {open?.window === 'revoke' && (
        <RevokeDialog of={open.key} reason="owner_left" close={close} done={close} />
      )}
      {open?.window === 'token' && (
        <Dialog title="The new token">
          <TokenOnce token={open.key.key} permissions={open.key.permissions} done={close} />
        </Dialog>
      )}
    </Section>
  )
}

interface KeysOfProps {
  member: WireMember
  search: KeySearch
  children: ReactNode
}

/** A way to keys of a member's organization, whatever became of them. */
function KeysOf({ member: { organization_id: organization }, search, children }: KeysOfProps) {
  return (
    <Link
      to="/organizations/$organization"
      params={{ organization }}
      search={{ ...search, status: 'all' }}
      className="text-link underline underline-offset-2"
    >
      {children}
    </Link>
  )
}

interface RotateSeenProps {
  id: string
  close: () => void
  rotated: (key: WireCreatedKey) => void
}

/** The dialog that rotates a key, once all is read that it wants to know. */
function RotateSeen({ id, close, rotated }: RotateSeenProps) {
  const { data } = useQuery(keyQuery(id))
  return data && <RotateDialog of={data} close={close} rotated={rotated} />
}

interface SeenKeyProps {
  of: WireKey
  rotate: () => void
  revoke: () => void
}

function SeenKey({ of: key, rotate, revoke }: SeenKeyProps) {
  const session = useSession()
  const refusals = keyRefusals(key, session)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <div className="min-w-0 grow basis-56">
        <p className="flex flex-wrap items-center gap-2">
          <Link
            to="/keys/$key"
            params={{ key: key.id }}
            dir="auto"
            className="foreign rounded font-medium text-link underline-offset-2 hover:underline"
          >
            {marked(key.name)}
          </Link>
          {key.status !== 'active' && <Status status={key.status} />}
        </p>
        <p className="text-muted">
          <SeenUse of={key} />
        </p>
      </div>
      <div className="flex gap-2">
        <Button
          icon={<RotateCw size={16} aria-hidden />}
          refusal={refusals.rotate}
          aria-label={`Rotate ${key.name}`}
          onClick={rotate}
        >
          Rotate
        </Button>
        <Button
          icon={<Ban size={16} aria-hidden />}
          refusal={refusals.revoke}
          aria-label={`Revoke ${key.name}`}
          onClick={revoke}
        >
          Revoke
        </Button>
      </div>
    </li>
  )
}

/** When a key was last used, and whether it can act on keys. */
export function SeenUse({ of: { last_used_at: lastUsedAt, permissions } }: { of: WireKey }) {
  return (
    <>
      {lastUsedAt === null ? (
        'Never used'
      ) : (
        <>
          Last used <Ago instant={lastUsedAt} />
        </>
      )}
      {permissions.some(isReserved) && <span className="font-medium text-warn"> · manages Latchkey</span>}
    </>
  )
}
