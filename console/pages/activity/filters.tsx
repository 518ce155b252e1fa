// The filters of the audit log: each stands in the address.
import { SlidersHorizontal } from 'lucide-react'
import { useId, useState } from 'react'
import type { AuditAction } from '../../../src/core/shapes/audit.ts'
import { Button } from '../../components/button.tsx'
import { ActorChoice, KeyChoice, OrganizationChoice } from '../../components/choices.tsx'
import { DayFields } from '../../components/day-fields.tsx'
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
  const count = Object.keys(search).length
  const [isOpen, setOpen] = useState(count > 0)
  const id = useId()
  return (
    <form
      aria-label="Filters"
      className="card mb-6 p-2 sm:p-4"
      onSubmit={(event) => event.preventDefault()}
      noValidate
    >
      {/* On a phone the events come first. */}
      <Button
        kind="quiet"
        className="w-full sm:hidden"
        icon={<SlidersHorizontal size={16} aria-hidden />}
        aria-expanded={isOpen}
        aria-controls={id}
        onClick={() => setOpen(!isOpen)}
      >
        {count === 0 ? 'Filters' : `Filters (${count})`}
      </Button>
      <div
        id={id}
        className={`${isOpen ? 'grid px-2 pb-2 pt-3' : 'hidden'} grid-cols-2 gap-4 sm:grid sm:p-0 lg:grid-cols-3`}
      >
        <div className="col-span-2 lg:col-span-1">
          <SelectField
            label="Action"
            options={actions}
            value={search.action}
            none="Anything"
            change={(action) => set('action', action)}
          />
        </div>
        <DayFields search={search} faults={faults} set={set} />
        <div className="col-span-2 sm:col-span-1">
          <KeyChoice
            label="To the key"
            id={search.key}
            organization={search.organization}
            change={(key) => set('key', key)}
            error={faults.key}
            isFirst
          />
        </div>
        <div className="col-span-2 sm:col-span-1">
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
          <div className="col-span-2 sm:col-span-1">
            <OrganizationChoice
              label="In the organization"
              id={search.organization}
              change={(organization) => set('organization', organization)}
              error={faults.organization}
            />
          </div>
        )}
        {count > 0 && (
          <div className="col-span-full flex">
            <Button onClick={() => change(() => ({}))}>Clear the filters</Button>
          </div>
        )}
      </div>
    </form>
  )
}
