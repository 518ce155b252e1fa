// The filters of usage: each stands in the address.
import { KeyChoice, OrganizationChoice } from '../../components/choices.tsx'
import { DayFields } from '../../components/day-fields.tsx'
import { FiltersForm } from '../../components/filters-form.tsx'
import { SelectField } from '../../components/select-field.tsx'
import { rangeChoices } from '../../components/usage/recent.tsx'
import { withFilter } from '../../format/filters.ts'
import type { UsageSearch } from '../../searches.ts'
import { useSession } from '../../session.ts'
import { defaultRange, type UsageFaults } from './view.ts'

const cuts = [
  { value: 'hour', label: 'Hour' },
  { value: 'day', label: 'Day' },
  { value: 'month', label: 'Month' },
] as const
const groups = [
  { value: 'key', label: 'Key' },
  { value: 'organization', label: 'Organization' },
  { value: 'permission', label: 'Permission' },
  { value: 'code', label: 'Verdict' },
] as const

interface UsageFiltersProps {
  search: UsageSearch
  faults: UsageFaults
  change: (next: (search: UsageSearch) => UsageSearch) => void
}

export function UsageFilters({ search, faults, change }: UsageFiltersProps) {
  const { isRoot } = useSession()
  const set = <Name extends keyof UsageSearch>(name: Name, value: UsageSearch[Name] | undefined) =>
    change((now) => withFilter(now, name, value))
  const hasDays = search.since !== undefined || search.until !== undefined
  return (
    <FiltersForm
      count={Object.keys(search).length}
      clear={() => change(() => ({}))}
      columns="lg:grid-cols-4 min-[88rem]:grid-cols-7"
    >
      <SelectField
        label="Time"
        options={rangeChoices}
        value={hasDays ? undefined : (search.range ?? defaultRange)}
        none={hasDays ? 'The days given' : undefined}
        change={(range) => range && change(({ since: _, until: __, ...others }) => ({ ...others, range }))}
      />
      <SelectField
        label="By"
        options={cuts}
        value={search.by}
        none="What fits"
        change={(by) => set('by', by)}
        error={faults.by}
      />
      <DayFields search={search} faults={faults} set={set} />
      {isRoot && (
        <OrganizationChoice
          label="Organization"
          id={search.organization}
          change={(organization) => set('organization', organization)}
          error={faults.organization}
        />
      )}
      <KeyChoice
        label="Key"
        id={search.key}
        organization={search.organization}
        change={(key) => set('key', key)}
        error={faults.key}
        isFirst
      />
      <SelectField
        label="Compare"
        options={isRoot ? groups : groups.filter(({ value }) => value !== 'organization')}
        value={search.group}
        none="Nothing"
        change={(group) => set('group', group)}
        error={faults.group}
      />
    </FiltersForm>
  )
}
