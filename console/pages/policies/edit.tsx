// The dialogs that change the rules of a policy, and remove those of an organization.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { ApiError, call, type WirePolicy } from '../../api.ts'
import { CheckField } from '../../components/check-field.tsx'
import { EditConflict } from '../../components/edit-conflict.tsx'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { PermissionsField } from '../../components/permissions-field.tsx'
import { SelectField } from '../../components/select-field.tsx'
import { useEdit } from '../../edits.ts'
import { permissionFaults } from '../../format/permission-list.ts'
import {
  type LengthUnit,
  leakChoices,
  lengthUnits,
  mergeRules,
  type PolicyDraft,
  policyFaults,
  ruleWords,
  toPolicyDraft,
} from '../../format/policies.ts'
import { policyAddress, policyQuery } from '../../policy-queries.ts'
import { prefixesQuery } from '../../queries.ts'

interface EditPolicyProps {
  /** Undefined for the deployment. */
  organization: string | undefined
  policy: WirePolicy
  close: () => void
}

const nothingHeld = () => []
const number = { autoComplete: 'off', spellCheck: false, inputMode: 'numeric' } as const

export function EditPolicyDialog({ organization, policy, close }: EditPolicyProps) {
  const [before] = useState(policy)
  const [opened] = useState(() => toPolicyDraft(before))
  const [draft, setDraft] = useState(opened)
  const [wasRead, setRead] = useState(false)
  const client = useQueryClient()
  const change = (next: Partial<PolicyDraft>) => setDraft({ ...draft, ...next })
  const { save, isPending, error, theirs } = useEdit<WirePolicy>({
    opened: before,
    method: 'PUT',
    address: policyAddress(organization),
    known: (changed) => {
      client.setQueryData(policyQuery(organization).queryKey, changed)
      for (const name of ['keys', 'audit-log']) void client.invalidateQueries({ queryKey: [name] })
    },
  })
  const faults = policyFaults(draft)
  const isFaulty =
    Object.keys(faults).length > 0 || permissionFaults(draft.permissions ?? [], nothingHeld).length > 0
  const fields = error instanceof ApiError ? error.fields : []
  const faultOf = (name: string) => fields.find(({ path }) => path.split(/[.[]/)[0] === name)?.message
  const isChanged = JSON.stringify(opened) !== JSON.stringify(draft)
  const bodyOf = (now: WirePolicy) => mergeRules(before, draft, now)
  const submit = () => {
    setRead(true)
    if (isFaulty) return false
    if (!isChanged) close()
    else save(bodyOf, close)
    return true
  }
  return (
    <FormDialog
      title={organization === undefined ? 'Rules of the deployment' : 'Rules of the organization'}
      lead="They hold for new keys, and for what is changed in others."
      action={{ label: theirs ? 'Save on top' : 'Save', busyLabel: 'Saving…' }}
      busy={isPending}
      error={error}
      submit={submit}
      close={close}
      isTyped={isChanged}
    >
      <Field
        label={ruleWords.max_lifetime_seconds.label}
        optional
        hint="How far ahead an expiry may be set. Every key then needs one."
        error={faultOf('max_lifetime_seconds') ?? (wasRead ? faults.lifetime : undefined)}
      >
        {(control) => (
          <div className="flex gap-2">
            <input
              {...control}
              {...number}
              className="input min-w-0 tabular-nums"
              placeholder="No rule"
              value={draft.lifetime}
              onChange={({ target }) => change({ lifetime: target.value })}
            />
            <select
              aria-label="Unit of the longest lifetime"
              className="input w-auto"
              value={draft.unit}
              onChange={({ target }) => change({ unit: target.value as LengthUnit })}
            >
              {lengthUnits.map((unit) => (
                <option key={unit}>{unit}</option>
              ))}
            </select>
          </div>
        )}
      </Field>
      <Field
        label={ruleWords.max_keys.label}
        optional
        hint="How many keys an organization has at most that are neither revoked nor expired."
        error={faultOf('max_keys') ?? (wasRead ? faults.maxKeys : undefined)}
      >
        {(control) => (
          <input
            {...control}
            {...number}
            className="input tabular-nums"
            placeholder="No rule"
            value={draft.maxKeys}
            onChange={({ target }) => change({ maxKeys: target.value })}
          />
        )}
      </Field>
      <CheckField
        label={ruleWords.require_expiry.label}
        hint="No key may live for ever."
        value={draft.require_expiry}
        onChange={(next) => change({ require_expiry: next })}
      />
      <CheckField
        label={ruleWords.require_allowed_ips.label}
        hint="Every key says from which addresses and networks it may be used."
        value={draft.require_allowed_ips}
        onChange={(next) => change({ require_allowed_ips: next })}
      />
      <CheckField
        label={ruleWords.catalogued_only.label}
        hint="What nobody has described may not be granted. Permissions of Latchkey itself need not stand in it."
        value={draft.catalogued_only}
        onChange={(next) => change({ catalogued_only: next })}
      />
      <CheckField
        label="Only some permissions may be granted"
        hint="Those of Latchkey itself need to be named too."
        value={draft.permissions !== null}
        onChange={(isBound) => change({ permissions: isBound ? [] : null })}
      />
      {draft.permissions !== null && (
        <PermissionsField
          label={ruleWords.permissions.label}
          value={draft.permissions}
          onChange={(permissions) => change({ permissions })}
          granting={false}
          error={faultOf('permissions')}
        />
      )}
      <PrefixRule
        value={draft.prefixes}
        change={(prefixes) => change({ prefixes })}
        error={faultOf('prefixes')}
      />
      <SelectField
        label={ruleWords.on_leak.label}
        options={leakChoices}
        value={draft.on_leak ?? undefined}
        none="No rule"
        change={(next) => change({ on_leak: next ?? null })}
        error={faultOf('on_leak')}
      />
      {draft.on_leak === 'end_after' && (
        <Field
          label={ruleWords.leak_ends_after_hours.label}
          hint="Hours, from 1 to 24. Its holder needs a new token before."
          error={faultOf('leak_ends_after_hours') ?? (wasRead ? faults.leakHours : undefined)}
        >
          {(control) => (
            <input
              {...control}
              {...number}
              className="input tabular-nums"
              value={draft.leakHours}
              onChange={({ target }) => change({ leakHours: target.value })}
            />
          )}
        </Field>
      )}
      <EditConflict
        what="policy"
        opened={before}
        theirs={theirs}
        change={theirs && !isFaulty ? bodyOf(theirs) : undefined}
      />
      {error !== null && fields.length === 0 && <ErrorNotice error={error} />}
    </FormDialog>
  )
}

interface PrefixRuleProps {
  value: readonly string[]
  change: (value: readonly string[]) => void
  error: string | undefined
}

/** Which of the deployment's prefixes new tokens may have; nothing where there is no choice. */
function PrefixRule({ value, change, error }: PrefixRuleProps) {
  const id = useId()
  const { data: known = [] } = useQuery(prefixesQuery())
  // A rule keeps a prefix that the deployment does not have any more.
  const prefixes = [...new Set([...known, ...value])]
  if (prefixes.length < 2 && value.length === 0) return null
  const toggle = (prefix: string) =>
    change(prefixes.filter((other) => (other === prefix) !== value.includes(other)))
  return (
    <fieldset aria-describedby={`${id}-hint`}>
      <legend className="label mb-1">{ruleWords.prefixes.label}</legend>
      <div className="flex flex-wrap gap-x-5">
        {prefixes.map((prefix) => (
          <label key={prefix} className="flex min-h-9 cursor-pointer items-center gap-2.5 font-mono">
            <input
              type="checkbox"
              className="size-4 accent-ink"
              checked={value.includes(prefix)}
              onChange={() => toggle(prefix)}
            />
            {prefix}
          </label>
        ))}
      </div>
      {error !== undefined && (
        <p role="alert" className="foreign text-danger">
          {error}
        </p>
      )}
      <p id={`${id}-hint`} className="text-muted">
        If none is checked, there is no rule.
      </p>
    </fieldset>
  )
}

interface RemovePolicyProps {
  organization: string
  close: () => void
}

export function RemovePolicyDialog({ organization, close }: RemovePolicyProps) {
  const client = useQueryClient()
  const removal = useMutation({
    mutationFn: () => call('DELETE', policyAddress(organization)),
    onSuccess: async () => {
      const { queryKey } = policyQuery(organization)
      await Promise.all(
        [queryKey, ['keys'], ['audit-log']].map((name) => client.invalidateQueries({ queryKey: name })),
      )
      close()
    },
  })
  const submit = () => {
    removal.mutate()
    return true
  }
  return (
    <FormDialog
      title="Remove the rules of the organization"
      lead="Those of the deployment stay."
      action={{ label: 'Remove', busyLabel: 'Removing…' }}
      busy={removal.isPending}
      error={removal.error}
      submit={submit}
      close={close}
      isTyped={false}
    >
      {removal.isError && <ErrorNotice error={removal.error} />}
    </FormDialog>
  )
}
