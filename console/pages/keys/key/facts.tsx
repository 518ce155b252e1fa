// The fields of a key below its name and status, those that can be changed with a button beside them.
import { Link } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import type { WireKey } from '../../../api.ts'
import { ChangeButton } from '../../../components/button.tsx'
import { CopyButton } from '../../../components/copy.tsx'
import { Creator } from '../../../components/creator.tsx'
import { Fact, Moment } from '../../../components/fact.tsx'
import { Foreign, marked } from '../../../components/foreign.tsx'
import { KeyName } from '../../../components/key-name.tsx'
import { OrganizationName } from '../../../components/organization-name.tsx'
import { PermissionList } from '../../../components/permission-list.tsx'
import { Ago, useNow } from '../../../components/time.tsx'
import { expiryWarningMs } from '../../../format/expiries.ts'
import { revocationWords } from '../../../format/revocations.ts'
import { fromNow, inFull, inShort } from '../../../format/times.ts'
import type { EditableField } from './edits.tsx'

interface FactsProps {
  of: WireKey
  /** Why nothing may be changed. */
  refusal: string | undefined
  /** Why the metadata may not be changed. */
  metadataRefusal: string | undefined
  edit: (field: EditableField) => void
}

export function Facts({ of: key, refusal, metadataRefusal, edit }: FactsProps) {
  const change = (field: EditableField, label: string, what: string) => (
    <ChangeButton
      label={label}
      of={what}
      refusal={field === 'metadata' ? metadataRefusal : refusal}
      onClick={() => edit(field)}
    />
  )
  return (
    <dl className="grid lg:grid-cols-2">
      <Fact label="Id" action={<CopyButton kind="quiet" text={key.id} label="Copy the id" iconOnly />}>
        <span className="foreign font-mono text-xs">{key.id}</span>
      </Fact>
      <Fact label="Organization">
        <OrganizationName id={key.organization_id} />
      </Fact>
      <Fact label="Hint">
        <span className="foreign font-mono text-[0.8125rem]">{key.hint}</span>
      </Fact>
      <Fact label="Created by">
        <Creator createdBy={key.created_by} type={key.created_by_type} />
      </Fact>
      <Fact label="Created">
        <Moment instant={key.created_at} />
      </Fact>
      <Fact label="Last used">
        <Ago instant={key.last_used_at} never="Never yet" />
        <LastPlace of={key} />
      </Fact>
      <Fact label="Begins" action={change('not_before', 'Change', 'the beginning')}>
        {key.not_before === null ? (
          <span className="text-muted">At once</span>
        ) : (
          <Moment instant={key.not_before} />
        )}
      </Fact>
      <Fact label="Expires" action={change('expires_at', 'Change', 'the expiry')}>
        <Expires of={key} />
      </Fact>
      <Fact label="Revoked">
        {key.revoked_at === null ? (
          <span className="text-muted">Not revoked</span>
        ) : (
          <Revocation of={key} at={key.revoked_at} />
        )}
      </Fact>
      <Fact label="Child of">
        {key.parent_id === null ? <span className="text-muted">None</span> : <KeyName id={key.parent_id} />}
      </Fact>
      <Fact label="Addresses" action={change('allowed_ips', 'Edit', 'the allowed addresses')} wide>
        {key.allowed_ips.length === 0 ? (
          <span className="text-muted">It may be used from anywhere.</span>
        ) : (
          <ul aria-label="Allowed addresses" className="flex flex-wrap gap-x-3 font-mono text-[0.8125rem]">
            {key.allowed_ips.map((network) => (
              <li key={network}>{network}</li>
            ))}
          </ul>
        )}
      </Fact>
      <Fact label="Permissions" action={change('permissions', 'Edit', 'the permissions')} wide>
        {key.permissions.length === 0 ? (
          <span className="text-muted">None: the key is refused for all that requires a permission.</span>
        ) : (
          <PermissionList permissions={key.permissions} label="Permissions" />
        )}
      </Fact>
      <Fact label="Description" action={change('description', 'Edit', 'the description')} wide>
        {key.description === null ? (
          <span className="text-muted">None</span>
        ) : (
          <Foreign text={key.description} />
        )}
      </Fact>
      <Fact label="Tags" action={change('tags', 'Edit', 'the tags')} wide>
        {key.tags.length === 0 ? (
          <span className="text-muted">None</span>
        ) : (
          <ul aria-label="Tags" className="flex flex-wrap gap-1.5">
            {key.tags.map((tag) => (
              <li key={tag} className="min-w-0">
                <Link
                  to="/organizations/$organization"
                  params={{ organization: key.organization_id }}
                  search={{ tag, status: 'all' }}
                  className="foreign rounded bg-sunken px-1.5 py-0.5 font-mono text-xs text-link underline-offset-2 hover:underline"
                >
                  {tag}
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Fact>
      <Fact label="Metadata" action={change('metadata', 'Edit', 'the metadata')} wide>
        {Object.keys(key.metadata).length === 0 ? (
          <span className="text-muted">None</span>
        ) : (
          <pre className="foreign w-full whitespace-pre-wrap rounded-md bg-sunken px-3 py-2 font-mono text-[0.8125rem]">
            {marked(JSON.stringify(key.metadata, null, 2))}
          </pre>
        )}
      </Fact>
    </dl>
  )
}

/** When a key was revoked, by whom and why. */
function Revocation({ of: key, at }: { of: WireKey; at: string }) {
  const isReported = key.revoked_by === null && key.exposure?.action === 'revoked'
  return (
    <>
      <Moment instant={at} />
      <p className="text-muted">
        By: {isReported ? 'The report of its leak' : <Creator createdBy={key.revoked_by} />}
        {key.revocation_reason !== null && `: ${revocationWords[key.revocation_reason]}`}
      </p>
    </>
  )
}

/** Of which operation the last call was, and from where, as far as it told. */
function LastPlace({ of: { last_used: use } }: { of: WireKey }) {
  const { operation = null, ip = null } = use ?? {}
  if (operation === null && ip === null) return null
  return (
    <p className="text-muted">
      {operation !== null && <Foreign text={operation} />}
      {ip !== null && (
        <>
          {operation === null ? 'From ' : ' from '}
          <Foreign text={ip} />
        </>
      )}
    </p>
  )
}

function Expires({ of: { expires_at: expiresAt, status } }: { of: WireKey }) {
  const now = useNow()
  if (expiresAt === null) return <span className="text-muted">Never</span>
  const isSoon = status === 'active' && Date.parse(expiresAt) - now <= expiryWarningMs
  return (
    <span title={inFull(expiresAt)} className="flex flex-wrap gap-x-2">
      <time dateTime={expiresAt}>{inShort(expiresAt)}</time>
      {isSoon ? (
        <span className="inline-flex items-center gap-1 whitespace-nowrap font-medium text-warn">
          <TriangleAlert size={14} aria-hidden /> {fromNow(expiresAt, now)}
        </span>
      ) : (
        <span className="text-muted">{fromNow(expiresAt, now)}</span>
      )}
    </span>
  )
}
