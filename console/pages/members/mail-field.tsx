// Whether the link of an invitation goes by mail, if there is a mail server.
import { CheckField } from '../../components/check-field.tsx'

interface MailFieldProps {
  /** Whether there is one; undefined until that is known. */
  hasMail: boolean | undefined
  value: boolean
  change: (value: boolean) => void
}

export function MailField({ hasMail, value, change }: MailFieldProps) {
  if (hasMail === undefined) return null
  if (!hasMail)
    return (
      <p className="text-muted">
        Nothing goes by mail, because no mail server is set up:{' '}
        <code className="code">LATCHKEY_SMTP_URL</code> names one.
      </p>
    )
  return (
    <CheckField
      label="Send the link by mail"
      hint="Nobody but its receiver sees it then. It proves the address too."
      value={value}
      onChange={change}
    />
  )
}
