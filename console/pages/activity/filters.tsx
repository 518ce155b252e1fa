// The filters of the audit log: each stands in the address.
import type { AuditAction } from '../../../src/core/shapes/audit.ts'
import { ActorChoice, KeyChoice, OrganizationChoice } from '../../components/choices.tsx'
import { DayFields } from '../../components/day-fields.tsx'
import { FiltersForm } from '../../components/filters-form.tsx'
import { SelectField } from '../../components/select-field.tsx'
import { auditActions } from '../../format/audit-actions.ts'
import { withFilter } from '../../format/filters.ts'
import type { AuditSearch } from '../../searches.ts'
import { useSession } from '../../session.ts'

const actions = Object.entries(auditActions).map(([action, label]) => ({
  value: action as AuditAction,
  label,
}))

interface AuditFiltersProps {
  search: AuditSearch
  faults: Partial<Record<keyof AuditSearch, string>>
  change: (next: (search: AuditSearch) => AuditSearch) => void
}

export function AuditFilters({ search, faults, change }: AuditFiltersProps) {
  const { isRoot } = useSession()
  const set = <Name extends keyof AuditSearch>(name: Name, value: AuditSearch[Name] | undefined) =>
    change((now) => withFilter(now, name, value))
  return (
    <FiltersForm count={Object.keys(search).length} clear={() => change(() => ({}))} columns="lg:grid-cols-3">
      <div className="col-span-full lg:col-span-1">
        <SelectField
          label="Action"
          options={actions}
          value={search.action}
          none="Anything"
          change={(action) => set('action', action)}
        />
      </div>
      <DayFields search={search} faults={faults} set={set} />
      <div className="col-span-full sm:col-span-1">
        <KeyChoice
          label="To the key"
          id={search.key}
          organization={search.organization}
          change={(key) => set('key', key)}
          error={faults.key}
          isFirst
        />
      </div>
      <div className="col-span-full sm:col-span-1">
        {/* One organization's log tells of keys of the operator's too. */}
        <ActorChoice
          label="Done by"
          id={search.actor}
          organization={undefined}
          change={(actor) => set('actor', actor)}
          error={faults.actor}
        />
      </div>
      {isRoot && (
        <div className="col-span-full sm:col-span-1">
          <OrganizationChoice
            label="In the organization"
            id={search.organization}
            change={(organization) => set('organization', organization)}
            error={faults.organization}
          />
        </div>
      )}
    </FiltersForm>
  )
}
