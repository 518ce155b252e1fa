// From where a key may be used: addresses and networks in a text box, one a line.
import { Field } from './field.tsx'

interface NetworksFieldProps {
  /** The text: `readNetworks` tells its entries, `networksFault` what is wrong with them. */
  value: string
  onChange: (value: string) => void
  error?: string | undefined
}

export function NetworksField({ value, onChange, error }: NetworksFieldProps) {
  return (
    <Field
      label="Allowed addresses"
      optional
      hint="One address or network in each line. If empty, the key may be used from anywhere."
      error={error}
    >
      {(control) => (
        <textarea
          {...control}
          className="input block font-mono md:text-[0.8125rem]"
          rows={Math.min(12, Math.max(3, value.split('\n').length + 1))}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          placeholder={'192.0.2.7\n10.0.0.0/8\n2001:db8::/32'}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  )
}
