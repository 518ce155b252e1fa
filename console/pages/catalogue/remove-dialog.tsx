// Asks before a permission is taken out of the catalogue.
import type { WireCatalogueEntry } from '../../api.ts'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { useDescribe } from './use-describe.ts'

interface RemoveDialogProps {
  entry: WireCatalogueEntry
  close: () => void
}

export function RemoveDialog({ entry: { name }, close }: RemoveDialogProps) {
  const removal = useDescribe(close)
  const submit = () => {
    removal.mutate({ remove: [name] })
    return true
  }
  return (
    <FormDialog
      title={`Remove ${name}`}
      lead="Keys that hold it keep it. Forms do not explain it any more, and warn of it."
      action={{ label: 'Remove', busyLabel: 'Removing…' }}
      busy={removal.isPending}
      error={removal.error}
      submit={submit}
      close={close}
      isTyped={false}
    >
      {removal.isError && <ErrorNotice error={removal.error} />}
    </FormDialog>
  )
}
