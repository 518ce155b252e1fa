// One event of the audit log: who did what, when, from where, and what it changed.
import { Link } from '@tanstack/react-router'
import {
  Ban,
  Blocks,
  BookText,
  Building2,
  CirclePause,
  CirclePlay,
  CirclePlus,
  DatabaseBackup,
  Eraser,
  Flag,
  Gauge,
  History,
  Hourglass,
  KeyRound,
  LogIn,
  LogOut,
  type LucideIcon,
  Mail,
  MapPinOff,
  Moon,
  Pencil,
  RotateCw,
  ShieldCheck,
  Signature,
  Siren,
  TimerOff,
  Trash2,
  Unplug,
  UserPlus,
  Webhook,
} from 'lucide-react'
import type { AuditAction } from '../../src/core/shapes/audit.ts'
import type { WireAuditEvent } from '../api.ts'
import { actorName } from '../format/actors.ts'
import { auditActions } from '../format/audit-actions.ts'
import { nameIn } from '../format/audit-changes.ts'
import { shortKeyId } from '../format/key-ids.ts'
import { exactly } from '../format/times.ts'
import { useSession } from '../session.ts'
import { AuditChanges } from './audit-changes.tsx'
import { Foreign } from './foreign.tsx'
import { KeyName } from './key-name.tsx'
import { MemberName } from './member-name.tsx'
import { OrganizationName } from './organization-name.tsx'
import { Ago } from './time.tsx'

const icons: Record<AuditAction, LucideIcon> = {
  'organization.created': Building2,
  'organization.updated': Pencil,
  'organization.suspended': CirclePause,
  'organization.resumed': CirclePlay,
  'member.updated': Pencil,
  'member.suspended': CirclePause,
  'member.resumed': CirclePlay,
  'member.reset': RotateCw,
  'member.removed': Trash2,
  'member.erased': Trash2,
  'member.joined': UserPlus,
  'member.identity_added': UserPlus,
  'member.identity_removed': Trash2,
  'invitation.created': UserPlus,
  'invitation.renewed': RotateCw,
  'invitation.sent': Mail,
  'invitation.revoked': Trash2,
  'invitation.accepted': UserPlus,
  'portal_session.created': UserPlus,
  'portal_session.opened': LogIn,
  'portal_session.ended': LogOut,
  'portal_user.forgotten': Trash2,
  'key.created': KeyRound,
  'key.updated': Pencil,
  'key.rotated': RotateCw,
  'key.token_replayed': RotateCw,
  'key.places_forgotten': MapPinOff,
  'key.prefixes_set': Pencil,
  'key.permissions_described': BookText,
  'key.secret_ended': TimerOff,
  'key.grace_ended': TimerOff,
  'key.expiring': Hourglass,
  'key.expired': TimerOff,
  'key.dormant': Moon,
  'key.decoy_tried': Siren,
  'key.suspended': CirclePause,
  'key.resumed': CirclePlay,
  'key.revoked': Ban,
  'key.exposed': Siren,
  'key.exposure_cleared': ShieldCheck,
  'session.started': LogIn,
  'session.refreshed': ShieldCheck,
  'session.ended': LogOut,
  'limit.reached': Gauge,
  'limit.units_added': CirclePlus,
  'limit.units_lost': Gauge,
  'limit.overdrawn': Gauge,
  'plan.created': Blocks,
  'plan.updated': Pencil,
  'plan.deleted': Trash2,
  'policy.set': ShieldCheck,
  'webhook.created': Webhook,
  'webhook.updated': Pencil,
  'webhook.rotated': RotateCw,
  'webhook.replayed': History,
  'webhook.retried': History,
  'webhook.deleted': Trash2,
  'webhook.disabled': Unplug,
  'log.signer_added': Signature,
  'log.checkpoint': Flag,
  'log.erased': Eraser,
  'log.restored': DatabaseBackup,
}

interface AuditEventProps {
  event: WireAuditEvent
  /** Where all events are of one key, it is not named again in each. */
  isOfKnownKey?: boolean
}

/** An item of an `<ol>`: a point on a line, and the event beside it. */
export function AuditEvent({ event, isOfKnownKey = false }: AuditEventProps) {
  const Icon = icons[event.action]
  return (
    <li className="group relative grid grid-cols-[2rem_minmax(0,1fr)] gap-x-3 pb-6 last:pb-0">
      <span aria-hidden className="absolute bottom-0 left-4 top-8 w-px bg-line group-last:hidden" />
      <span
        aria-hidden
        className={`flex size-8 items-center justify-center rounded-full border bg-surface ${event.action === 'key.revoked' ? 'border-danger/40 text-danger' : 'border-line text-muted'}`}
      >
        <Icon size={15} />
      </span>
      <div className="min-w-0 pt-1.5">
        <p>
          <span className="font-medium">{auditActions[event.action]}</span>
          {!isOfKnownKey && <Subject event={event} />}
        </p>
        {/* Below, since names that come later would push it there. Beside how long ago: what happened is compared with other
            logs by its instant. */}
        <p className="text-muted tabular-nums">
          <time dateTime={event.at}>{exactly(event.at)}</time> · <Ago instant={event.at} />
          {event.sequence !== null && (
            <>
              {' · '}
              <span title="Its number in the log of its organization">#{event.sequence}</span>
            </>
          )}
        </p>
        <p className="text-muted">
          {event.is_erased ? 'What it told was erased.' : <Origin event={event} />}
        </p>
        <AuditChanges event={event} isOpen={isOfKnownKey} />
      </div>
    </li>
  )
}

function Subject({ event }: { event: WireAuditEvent }) {
  const { action, key_id, actor, organization_id, changes } = event
  const memberId = typeof changes.member_id === 'string' ? changes.member_id : undefined
  const webhookId = typeof changes.webhook_id === 'string' ? changes.webhook_id : undefined
  return (
    <>
      {key_id !== null && key_id !== actor && (
        <>
          {' '}
          <KeyName id={key_id} known={nameIn(event)} />
        </>
      )}
      {memberId !== undefined && memberId !== actor && (
        <>
          {' '}
          <MemberName id={memberId} />
        </>
      )}
      {webhookId !== undefined && (
        <>
          {' '}
          <WebhookName id={webhookId} />
        </>
      )}
      {action.startsWith('organization.') ? ' ' : <span className="text-muted"> in </span>}
      <OrganizationName id={organization_id} isShort />
    </>
  )
}

/** A webhook by the end of its id, and a link to it for who may read it. */
function WebhookName({ id }: { id: string }) {
  const text = <span className="font-mono text-[0.8125rem] leading-none">{shortKeyId(id)}</span>
  if (useSession().refusal('latchkey:webhooks:read') !== undefined) return <span title={id}>{text}</span>
  return (
    <Link
      to="/webhooks/$webhook"
      params={{ webhook: id }}
      title={id}
      className="rounded text-link underline decoration-line decoration-1 underline-offset-2 hover:decoration-current"
    >
      {text}
    </Link>
  )
}

/** A key or a member by name, with a link to it; any other actor in words, which lead nowhere. */
function Actor({ id, type }: { id: string | null; type: WireAuditEvent['actor_type'] }) {
  if (type === 'key' && id !== null) return <KeyName id={id} />
  if (type === 'member' && id !== null) return <MemberName id={id} />
  if (type === 'user' && id !== null)
    return (
      <>
        user <Foreign text={id} />
      </>
    )
  return (
    <>
      {actorName(type)}
      {id !== null && <span className="foreign"> {id}</span>}
    </>
  )
}

function Origin({ event: { actor, actor_type, ip, request_id, via } }: { event: WireAuditEvent }) {
  return (
    <>
      by <Actor id={actor} type={actor_type} />
      {/* A server of before the customer page has none. */}
      {via != null && (
        <>
          {' '}
          via session{' '}
          <span title={via} className="font-mono text-[0.8125rem] leading-none">
            {shortKeyId(via)}
          </span>
        </>
      )}
      {ip !== null && (
        <>
          {' '}
          from <span className="foreign tabular-nums">{ip}</span>
        </>
      )}
      {request_id !== null && (
        <span className="text-xs">
          {' '}
          · request <span className="foreign font-mono">{request_id}</span>
        </span>
      )}
    </>
  )
}
