// Why somebody or something is suspended, for whoever reads of it later.
import { TextField } from './text-field.tsx'

const maxReason = 500

interface ReasonFieldProps {
  placeholder: string
  value: string
  change: (value: string) => void
}

export function ReasonField({ placeholder, value, change }: ReasonFieldProps) {
  return (
    <TextField
      label="Reason"
      optional
      placeholder={placeholder}
      value={value}
      onChange={change}
      error={[...value].length > maxReason ? `At most ${maxReason} characters.` : undefined}
    />
  )
}
