// With which prefix the token of a new key begins: where a deployment has several, each is an environment of its own.
import { useQuery } from '@tanstack/react-query'
import { prefixesQuery } from '../queries.ts'
import { useSession } from '../session.ts'
import { ChoiceRow } from './choice-row.tsx'

interface PrefixFieldProps {
  /** Undefined for the default. */
  value: string | undefined
  onChange: (value: string) => void
  error?: string | undefined
}

/** Nothing where there is no choice. */
export function PrefixField({ value, onChange, error }: PrefixFieldProps) {
  const isReadable = useSession().refusal('latchkey:keys:read') === undefined
  const { data: prefixes = [] } = useQuery({ ...prefixesQuery(), enabled: isReadable })
  const [first] = prefixes
  if (first === undefined || (prefixes.length === 1 && error === undefined)) return null
  return (
    <fieldset>
      <legend className="label mb-1">Prefix</legend>
      <ChoiceRow
        options={prefixes.map((prefix) => ({ value: prefix, label: prefix }))}
        value={value ?? first}
        change={onChange}
      />
      {error !== undefined && (
        <p role="alert" className="foreign mt-1 text-danger">
          {error}
        </p>
      )}
      <p className="mt-1 text-muted">
        What its tokens begin with. A program that asks for one prefix refuses tokens with another.
      </p>
    </fieldset>
  )
}
