// The form of a new key. What is typed stays, whatever comes between: a refusal, a lost connection, a new sign-in.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { maxDescriptionLength } from '../../../../src/core/bounds.ts'
import { ApiError, type WireCreatedKey, type WireKey } from '../../../api.ts'
import { useFocusOnArrival } from '../../../components/autofocus.ts'
import { BeginningField } from '../../../components/beginning-field.tsx'
import { Button } from '../../../components/button.tsx'
import { CheckField } from '../../../components/check-field.tsx'
import { ExpiryField } from '../../../components/expiry-field.tsx'
import { LimitsField } from '../../../components/limits-field.tsx'
import { MetadataField } from '../../../components/metadata-field.tsx'
import { NetworksField } from '../../../components/networks-field.tsx'
import { ErrorNotice, Notice } from '../../../components/notices.tsx'
import { PermissionPresets } from '../../../components/permission-presets.tsx'
import { PermissionsField } from '../../../components/permissions-field.tsx'
import { PrefixField } from '../../../components/prefix-field.tsx'
import { TextField } from '../../../components/text-field.tsx'
import { type Beginning, beginningFault } from '../../../format/beginnings.ts'
import { type Expiry, expiryFault } from '../../../format/expiries.ts'
import { draftsAreFaulty, type LimitDraft, limitRefusals, toLimitInput } from '../../../format/limits.ts'
import { readMetadata } from '../../../format/metadata-text.ts'
import { nameFault, textFault } from '../../../format/names.ts'
import { networksFault, networksRefusal, readNetworks } from '../../../format/networks.ts'
import { permissionFaults } from '../../../format/permission-list.ts'
import { readTags, tagsFault, tagsHint } from '../../../format/tags.ts'
import { useOnce } from '../../../once.ts'
import { useSession } from '../../../session.ts'

type FieldName =
  | 'description'
  | 'tags'
  | 'name'
  | 'permissions'
  | 'expires_at'
  | 'not_before'
  | 'allowed_ips'
  | 'prefix'
  | 'parent_id'
  | 'limits'
  | 'metadata'
  | 'created_by'

interface NewKeyFormProps {
  organization: string
  /** The key of which it becomes a child, if of any. */
  parent: WireKey | undefined
  created: (key: WireCreatedKey) => void
}

export function NewKeyForm({ organization, parent, created }: NewKeyFormProps) {
  const { isRoot, refusal, notGrantable, grantRefusal, metadataRefusal, latestExpiry } = useSession()
  const latest = latestExpiry(organization)
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [permissions, setPermissions] = useState<string[]>([])
  const [expiry, setExpiry] = useState<Expiry>(latest ?? null)
  const [beginning, setBeginning] = useState<Beginning>(null)
  const [networksText, setNetworksText] = useState('')
  const networks = readNetworks(networksText)
  const [prefix, setPrefix] = useState<string>()
  const [limits, setLimits] = useState<LimitDraft[]>([])
  const [metadataText, setMetadataText] = useState('')
  const [createdBy, setCreatedBy] = useState('')
  const [description, setDescription] = useState('')
  const [isDecoy, setDecoy] = useState(false)
  const [tagsText, setTagsText] = useState('')
  const tags = readTags(tagsText)
  // How often it was tried: from the first time on, what is wrong shows.
  const [tries, setTries] = useState(0)
  const form = useRef<HTMLFormElement>(null)
  const sending = useRef(false)
  useFocusOnArrival(form)

  const make = useOnce()
  const create = useMutation({
    mutationFn: async (body: object) => {
      // Handed on, not answered: a mutation's data would keep the token.
      created(await make<WireCreatedKey>('/v1/keys', body))
    },
    onError: () => setTries((count) => count + 1),
    onSuccess: () => {
      for (const name of ['keys', 'audit-log']) void client.invalidateQueries({ queryKey: [name] })
    },
    onSettled: () => {
      sending.current = false
    },
    // What is remembered of a mutation holds on to the page that shows the token.
    gcTime: 0,
  })
  useEffect(() => {
    if (tries > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus()
  }, [tries])

  const { metadata, fault: metadataFault } = readMetadata(metadataText)
  const faults: Record<FieldName, string | undefined> = {
    name: nameFault(name),
    permissions: permissionFaults(permissions, notGrantable, grantRefusal)[0]?.reason,
    expires_at: expiryFault(expiry, Date.now(), latest),
    not_before: beginningFault(beginning, expiry),
    allowed_ips: networksFault(networks),
    // The server alone knows.
    prefix: undefined,
    parent_id: undefined,
    // Told at the row that is at fault.
    limits: draftsAreFaulty(limits) ? '' : undefined,
    // It may be lost while the form is open.
    metadata: metadataText.trim() === '' ? undefined : (metadataRefusal ?? metadataFault),
    created_by: textFault(createdBy),
    description: textFault(description, maxDescriptionLength),
    tags: tagsFault(tags),
  }
  const refusedFields = create.error instanceof ApiError ? create.error.fields : []
  const errorOf = (field: FieldName) =>
    (tries > 0 ? faults[field] : undefined) ??
    refusedFields.find(({ path }) => path.split(/[.[]/)[0] === field)?.message
  const submit = (event: FormEvent) => {
    event.preventDefault()
    // A second press comes before the first has changed the button.
    if (sending.current) return
    if (Object.values(faults).some((fault) => fault !== undefined)) return setTries(tries + 1)
    sending.current = true
    create.mutate({
      organization_id: organization,
      name,
      permissions: [...new Set(permissions)],
      expires_at: expiry,
      metadata,
      ...(beginning !== null && { not_before: beginning }),
      ...(networks.length > 0 && { allowed_ips: networks }),
      ...(prefix !== undefined && { prefix }),
      ...(parent !== undefined && { parent_id: parent.id }),
      ...(isDecoy && { decoy: true }),
      ...(limits.length > 0 && { limits: limits.map(toLimitInput) }),
      ...(description.trim() !== '' && { description }),
      ...(tags.length > 0 && { tags }),
      ...(createdBy.trim() !== '' && { created_by: createdBy }),
    })
  }
  /** What the server refused is old news once it is changed. */
  const changed =
    <Value,>(set: (value: Value) => void) =>
    (value: Value) => {
      if (refusedFields.length > 0) create.reset()
      set(value)
    }
  return (
    <form ref={form} onSubmit={submit} className="card space-y-6 p-4 sm:p-5" noValidate>
      <TextField
        label="Name"
        hint="A name for people, such as the program that uses it."
        placeholder="CI"
        value={name}
        onChange={changed(setName)}
        error={errorOf('name')}
        isFirst
      />
      <TextField
        label="Description"
        optional
        hint="What the key is for. The search finds it."
        value={description}
        onChange={changed(setDescription)}
        error={errorOf('description')}
      />
      <TextField
        label="Tags"
        optional
        hint={tagsHint}
        value={tagsText}
        onChange={changed(setTagsText)}
        error={errorOf('tags')}
      />
      <PermissionsField
        value={permissions}
        onChange={changed(setPermissions)}
        organization={organization}
        error={errorOf('permissions')}
      />
      <PermissionPresets value={permissions} onChange={changed(setPermissions)} />
      <ExpiryField
        value={expiry}
        onChange={changed(setExpiry)}
        latest={latest}
        error={errorOf('expires_at')}
      />
      <BeginningField value={beginning} onChange={changed(setBeginning)} error={errorOf('not_before')} />
      <NetworksField
        value={networksText}
        onChange={changed(setNetworksText)}
        error={networksRefusal(refusedFields, networks) ?? errorOf('allowed_ips')}
      />
      <PrefixField value={prefix} onChange={changed(setPrefix)} error={errorOf('prefix')} />
      {(refusal('latchkey:limits:write') === undefined || limits.length > 0) && (
        <LimitsField
          value={limits}
          onChange={changed(setLimits)}
          hint="How much its calls may draw. Each call draws one unit of each limit, unless it says otherwise."
          isTold={tries > 0}
          refusals={limitRefusals(refusedFields, 'limits', limits.map(toLimitInput))}
        />
      )}
      {metadataRefusal === undefined || metadataText !== '' ? (
        <MetadataField value={metadataText} onChange={changed(setMetadataText)} error={errorOf('metadata')} />
      ) : (
        <NoMetadata why={metadataRefusal} />
      )}
      {isRoot && (
        <TextField
          label="Created by"
          optional
          hint="The id of your user for whom you create the key. If empty, the id of your own key."
          value={createdBy}
          onChange={changed(setCreatedBy)}
          error={errorOf('created_by')}
        />
      )}
      {parent === undefined && (
        <CheckField
          label="Decoy"
          hint="Its token opens nothing. If somebody tries it, the answer is that to a token that nobody made, and you hear of it at once. For good."
          value={isDecoy}
          onChange={changed(setDecoy)}
        />
      )}
      <Failure error={create.error} />
      <div className="flex justify-end border-t border-line pt-4">
        <Button type="submit" kind="primary" refusal={refusal('latchkey:keys:write')} busy={create.isPending}>
          {create.isPending ? 'Creating…' : 'Create key'}
        </Button>
      </div>
    </form>
  )
}

/** In place of the field, for who may not set it. */
function NoMetadata({ why }: { why: string }) {
  return (
    <div>
      <p className="label mb-1">Metadata</p>
      <p className="text-muted">You cannot set it: every verification returns it. {why}</p>
    </div>
  )
}

function Failure({ error }: { error: unknown }) {
  if (error === null) return null
  if (error instanceof ApiError && error.status === 401) {
    return (
      <Notice tone="note" title="Your session had ended">
        <p>The key was not created. Press “Create key” again.</p>
      </Notice>
    )
  }
  if (error instanceof ApiError && error.code === 'unreachable') {
    return (
      <Notice tone="error" title="Latchkey did not answer">
        <p>
          {error.message} It may have created the key all the same. Look for the key before you create it
          again, and revoke it if it is there, because nobody has its token.
        </p>
      </Notice>
    )
  }
  return <ErrorNotice title="The key was not created" error={error} />
}
