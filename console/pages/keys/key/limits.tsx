// The limits of a key: what is left of them, and the ways to change them and to add units.

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { WireKey, WireKeyDetails, WireLimit } from '../../../api.ts'
import { AddUnitsDialog } from '../../../components/add-units-dialog.tsx'
import { ChangeButton } from '../../../components/button.tsx'
import { LimitMeters } from '../../../components/limit-meters.tsx'
import { LimitsField } from '../../../components/limits-field.tsx'
import { Section } from '../../../components/page.tsx'
import {
  draftsAreFaulty,
  isSameDrafts,
  limitRefusals,
  mergeLimits,
  toDraft,
  toLimitInput,
} from '../../../format/limits.ts'
import { organizationQuery } from '../../../queries.ts'
import { useSession } from '../../../session.ts'
import { ChangePreview } from './change-preview.tsx'
import { EditDialog } from './edit-dialog.tsx'

export function KeyLimits({
  of: key,
  refusal,
  edit,
}: {
  of: WireKeyDetails
  refusal: string | undefined
  edit: () => void
}) {
  const [adding, setAdding] = useState<WireLimit>()
  const { self: own, readsOrganization } = useSession()
  const { plan_limits: ofPlan = [] } = key
  const { data: organization } = useQuery({
    ...organizationQuery(key.organization_id),
    enabled: ofPlan.length > 0 && (readsOrganization(key.organization_id) || own.id === key.id),
  })
  const mayNot = useSession().refusal('latchkey:limits:write')
  return (
    <Section
      title="Limits"
      lead="How much the calls of this key may draw, beside the limits of its organization."
      actions={<ChangeButton label="Edit" of="the limits" refusal={mayNot ?? refusal} onClick={edit} />}
    >
      {key.limits.length === 0 && ofPlan.length === 0 ? (
        <p className="text-muted">None of its own.</p>
      ) : (
        <LimitMeters
          of={key.limits}
          ofPlan={ofPlan}
          plan={organization?.plan ?? undefined}
          add={mayNot === undefined ? setAdding : undefined}
        />
      )}
      {adding && (
        <AddUnitsDialog
          owner={`/v1/keys/${encodeURIComponent(key.id)}`}
          limit={adding}
          close={() => setAdding(undefined)}
        />
      )}
    </Section>
  )
}

export function EditLimits({ of, close }: { of: WireKey; close: () => void }) {
  const [opened] = useState(() => of.limits.map(toDraft))
  const [drafts, setDrafts] = useState(opened)
  const change = (now: WireKey) => ({ limits: mergeLimits(of.limits, drafts, now.limits) })
  const isSame = isSameDrafts(opened, drafts)
  const edited = draftsAreFaulty(drafts) ? 'faulty' : isSame ? 'unchanged' : change
  return (
    <EditDialog
      keyToChange={of}
      title="Edit the limits"
      lead="What was drawn stays drawn. A limit that is removed and added again starts anew."
      edited={edited}
      close={close}
      isTyped={!isSame}
    >
      {({ errors, wasRead, sent }) => (
        <>
          <LimitsField
            value={drafts}
            onChange={setDrafts}
            hint="Each call draws one unit of each limit, unless it says otherwise."
            isTold={wasRead}
            refusals={limitRefusals(errors, 'limits', sent.limits ?? [])}
          />
          <ChangePreview
            of={of}
            change={edited === change ? { limits: drafts.map(toLimitInput) } : undefined}
          />
        </>
      )}
    </EditDialog>
  )
}
