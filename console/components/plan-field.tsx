// The field that puts an organization on a plan.
import { useQuery } from '@tanstack/react-query'
import { planChoicesQuery } from '../queries.ts'
import { Field } from './field.tsx'

interface PlanFieldProps {
  /** The name of the plan; empty for none. */
  value: string
  onChange: (value: string) => void
  error?: string | undefined
}

export function PlanField({ value, onChange, error }: PlanFieldProps) {
  const { data: plans = [], error: unread } = useQuery(planChoicesQuery)
  const isKnown = value === '' || plans.some(({ name }) => name === value)
  return (
    <Field
      label="Plan"
      hint="Its limits and permissions apply to all of its organizations. Those below come on top."
      error={error ?? (unread === null ? undefined : `The plans could not be read. ${unread.message}`)}
    >
      {(control) => (
        <select
          {...control}
          className="input h-[2.375rem] px-2 py-1.5 max-md:h-[2.625rem]"
          value={value}
          onChange={(event) => onChange(event.target.value)}
        >
          <option value="">None</option>
          {!isKnown && <option value={value}>{value}</option>}
          {plans.map(({ name }) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Field>
  )
}
