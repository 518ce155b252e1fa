// A verdict, big and clear: what it means, what to do next, and what is known of the key.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import {
  Ban,
  CircleCheck,
  CircleHelp,
  CirclePause,
  Gauge,
  Hourglass,
  type LucideIcon,
  MapPinOff,
  RotateCw,
  ShieldX,
} from 'lucide-react'
import { type ReactNode, useEffect, useRef } from 'react'
import type { WireVerdict } from '../../api.ts'
import { marked } from '../../components/foreign.tsx'
import { KeyName } from '../../components/key-name.tsx'
import { Notice } from '../../components/notices.tsx'
import { OrganizationName } from '../../components/organization-name.tsx'
import { PermissionList } from '../../components/permission-list.tsx'
import { useNow } from '../../components/time.tsx'
import { secretState } from '../../format/graces.ts'
import { exactly, fromNow } from '../../format/times.ts'
import { verdictWords } from '../../format/verdicts.ts'
import { keyQuery } from '../../queries.ts'
import { VerdictLimits } from './verdict-limits.tsx'

const bad = 'bg-danger-soft text-danger'
const late = 'bg-warn-soft text-warn'
const looks: Record<WireVerdict['code'], { look: string; icon: LucideIcon }> = {
  valid: { look: 'bg-good-soft text-good', icon: CircleCheck },
  malformed: { look: bad, icon: CircleHelp },
  not_found: { look: bad, icon: CircleHelp },
  wrong_environment: { look: bad, icon: Ban },
  revoked: { look: bad, icon: Ban },
  suspended: { look: bad, icon: CirclePause },
  expired: { look: late, icon: Hourglass },
  not_yet_valid: { look: late, icon: Hourglass },
  rotated: { look: late, icon: RotateCw },
  ip_not_allowed: { look: late, icon: MapPinOff },
  insufficient_permissions: { look: late, icon: ShieldX },
  quota_exceeded: { look: late, icon: Gauge },
  rate_limited: { look: late, icon: Gauge },
}

interface VerdictViewProps {
  verdict: WireVerdict
  /** The public id of the secret that was asked about. */
  kid: string | undefined
}

export function VerdictView({ verdict, kid }: VerdictViewProps) {
  const { look, icon: Icon } = looks[verdict.code]
  const { title, meaning, next } = verdictWords[verdict.code]
  const section = useRef<HTMLElement>(null)
  // On a phone it would come unseen, below what is on the screen.
  useEffect(() => {
    // Not returned: a browser's promise is no way to clean up.
    section.current?.scrollIntoView({ block: 'nearest' })
  }, [])
  return (
    <section ref={section} aria-label="The verdict" className="card overflow-hidden">
      <div className={`flex items-start gap-4 p-4 sm:p-5 ${look}`}>
        <Icon size={32} aria-hidden className="mt-0.5 shrink-0" />
        <div className="min-w-0">
          <h2 className="flex flex-wrap items-baseline gap-x-3 text-xl font-semibold tracking-tight">
            {title}
            <code className="font-mono text-[0.8125rem] font-normal">{verdict.code}</code>
          </h2>
          <p className="mt-0.5 text-ink">{meaning}</p>
          {next !== undefined && <p className="mt-1 text-ink">{next}</p>}
        </div>
      </div>
      {'key_id' in verdict && kid !== undefined && <OldSecret keyId={verdict.key_id} kid={kid} />}
      {'name' in verdict && <KnownKey verdict={verdict} />}
      {verdict.code === 'rotated' && <RotatedKey verdict={verdict} />}
    </section>
  )
}

/** Tells of a token that a rotation has replaced and that still works: when it ends, and which one is newer. */
function OldSecret({ keyId, kid }: { keyId: string; kid: string }) {
  const now = Math.max(useNow(), Date.now())
  // As it is now: it may have been rotated a moment ago, by whoever asks.
  const { data: key } = useQuery({ ...keyQuery(keyId), staleTime: 0 })
  const secret = key?.secrets.find((one) => one.kid === kid)
  if (key === undefined || secret === undefined || secretState(secret, key, now) !== 'grace') return null
  const ends = secret.expires_at ?? ''
  return (
    <div className="p-4 pb-0 sm:p-5 sm:pb-0">
      <Notice tone="warning" title="This is the old token: its key was rotated">
        <p>
          It works until its grace ends, {fromNow(ends, now)}: <time dateTime={ends}>{exactly(ends)}</time>.
          Put the newest token in its place: <code className="code">{key.hint}</code>
        </p>
      </Notice>
    </div>
  )
}

/** Of a token that was rotated away, a verdict tells the key alone. */
function RotatedKey({ verdict }: { verdict: Extract<WireVerdict, { code: 'rotated' }> }) {
  const { key_id: id } = verdict
  const { data: key } = useQuery(keyQuery(id))
  return (
    <dl className="grid items-baseline gap-x-6 gap-y-3 p-4 sm:grid-cols-[auto_1fr] sm:p-5">
      <Ancestor of={verdict} />
      <Known label="Key">
        <Link to="/keys/$key" params={{ key: id }} className="foreign text-link underline" dir="auto">
          {key === undefined ? <code className="font-mono text-[0.8125rem]">{id}</code> : marked(key.name)}
        </Link>
      </Known>
    </dl>
  )
}

function KnownKey({ verdict }: { verdict: Extract<WireVerdict, { name: string }> }) {
  const { key_id, organization_id, name, permissions, expires_at, metadata } = verdict
  return (
    <dl className="grid items-baseline gap-x-6 gap-y-3 p-4 sm:grid-cols-[auto_1fr] sm:p-5">
      <Ancestor of={verdict} />
      {verdict.code === 'insufficient_permissions' && (
        <Known label="Missing" look="font-medium text-danger">
          <PermissionList label="Missing" permissions={verdict.missing} />
        </Known>
      )}
      {verdict.code === 'not_yet_valid' && (
        <Known label="Begins">
          {exactly(verdict.not_before)}, {fromNow(verdict.not_before, Date.now())}
        </Known>
      )}
      <VerdictLimits
        of={verdict}
        entry={(label, content, look) => (
          <Known label={label} {...(look && { look })}>
            {content}
          </Known>
        )}
      />
      <Known label="Key">
        <Link to="/keys/$key" params={{ key: key_id }} className="foreign text-link underline" dir="auto">
          {marked(name)}
        </Link>
      </Known>
      <Known label="Organization">
        <OrganizationName id={organization_id} />
      </Known>
      <Known label="Permissions">
        {permissions.length === 0 ? (
          <span className="text-muted">None</span>
        ) : (
          <PermissionList label="Permissions" permissions={permissions} />
        )}
      </Known>
      <Known label="Expires">
        {expires_at === null ? 'Never' : `${exactly(expires_at)}, ${fromNow(expires_at, Date.now())}`}
      </Known>
      <Known label="Metadata">
        {Object.keys(metadata).length === 0 ? (
          <span className="text-muted">None</span>
        ) : (
          <pre className="foreign rounded-md border border-line bg-sunken p-2 font-mono text-[0.8125rem] whitespace-pre-wrap">
            {marked(JSON.stringify(metadata, null, 2))}
          </pre>
        )}
      </Known>
    </dl>
  )
}

/** Of a child: the key of its line of which the verdict is so, and not of the child itself. */
function Ancestor({ of: verdict }: { of: WireVerdict }) {
  if (!('ancestor_id' in verdict) || verdict.ancestor_id === undefined) return null
  return (
    <Known label="That is so of">
      <KeyName id={verdict.ancestor_id} />, of which it is a child
    </Known>
  )
}

function Known({
  label,
  look = 'text-muted',
  children,
}: {
  label: string
  look?: string
  children: ReactNode
}) {
  return (
    <div className="contents">
      <dt className={look}>{label}</dt>
      <dd className="min-w-0 max-sm:-mt-2">{children}</dd>
    </div>
  )
}
