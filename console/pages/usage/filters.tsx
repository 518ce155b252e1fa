// The filters of usage: each stands in the address.
import { Button } from '../../components/button.tsx'
import { KeyChoice, OrganizationChoice } from '../../components/choices.tsx'
import { DayFields } from '../../components/day-fields.tsx'
import { Field } from '../../components/field.tsx'
import { withFilter } from '../../format/filters.ts'
import { type UsageRange, usageRanges } from '../../format/usage.ts'
import { type UsageSearch, usageCuts, usageGroups } from '../../searches.ts'
import { useSession } from '../../session.ts'
import { defaultRange, type UsageFaults } from './view.ts'

const cuts = { hour: 'Hour', day: 'Day', month: 'Month' } as const
const groups = { key: 'Key', organization: 'Organization', code: 'Verdict' } as const

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
    <form
      aria-label="Filters"
      className="card mb-6 grid grid-cols-2 gap-4 p-4 lg:grid-cols-4 min-[88rem]:grid-cols-7"
      onSubmit={(event) => event.preventDefault()}
      noValidate
    >
      <Field label="Time">
        {(control) => (
          <select
            {...control}
            className="input"
            value={hasDays ? '' : (search.range ?? defaultRange)}
            onChange={({ target }) =>
              change(({ since: _, until: __, ...others }) => ({
                ...others,
                range: target.value as UsageRange,
              }))
            }
          >
            {Object.entries(usageRanges).map(([value, { label }]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
            {hasDays && <option value="">The days given</option>}
          </select>
        )}
      </Field>
      <Field label="By" error={faults.by}>
        {(control) => (
          <select
            {...control}
            className="input"
            value={search.by ?? ''}
            onChange={({ target }) =>
              set(
                'by',
                usageCuts.find((cut) => cut === target.value),
              )
            }
          >
            <option value="">What fits</option>
            {usageCuts.map((cut) => (
              <option key={cut} value={cut}>
                {cuts[cut]}
              </option>
            ))}
          </select>
        )}
      </Field>
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
      <Field label="Compare" error={faults.group}>
        {(control) => (
          <select
            {...control}
            className="input"
            value={search.group ?? ''}
            onChange={({ target }) =>
              set(
                'group',
                usageGroups.find((group) => group === target.value),
              )
            }
          >
            <option value="">Nothing</option>
            {usageGroups
              .filter((group) => isRoot || group !== 'organization')
              .map((group) => (
                <option key={group} value={group}>
                  {groups[group]}
                </option>
              ))}
          </select>
        )}
      </Field>
      {Object.keys(search).length > 0 && (
        <div className="col-span-full">
          <Button onClick={() => change(() => ({}))}>Clear the filters</Button>
        </div>
      )}
    </form>
  )
}
