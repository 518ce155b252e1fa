// The dialog that describes a permission, for the first time or anew.
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { maxGroupLength, maxMeaningLength } from '../../../src/core/bounds.ts'
import { reservedNamespace } from '../../../src/core/permissions.ts'
import { ApiError, type WireCatalogueEntry } from '../../api.ts'
import { Field } from '../../components/field.tsx'
import { FormDialog } from '../../components/form-dialog.tsx'
import { ErrorNotice } from '../../components/notices.tsx'
import { TextField } from '../../components/text-field.tsx'
import { textFault } from '../../format/names.ts'
import { permissionFault } from '../../format/permission-list.ts'
import { catalogueQuery } from '../../queries.ts'
import { useDescribe } from './use-describe.ts'

interface DescribeDialogProps {
  /** Undefined for one that the catalogue does not have yet. */
  entry: WireCatalogueEntry | undefined
  /** The permission; '' if it is to be typed. */
  name: string
  close: () => void
}

export function DescribeDialog({ entry, name: given, close }: DescribeDialogProps) {
  const [opened] = useState({ name: given, description: entry?.description ?? '', group: entry?.group ?? '' })
  const [typed, setTyped] = useState(opened)
  const [wasRead, setRead] = useState(false)
  const { data: catalogue = [] } = useQuery(catalogueQuery())
  const describe = useDescribe(close)
  const listId = useId()
  const name = typed.name.trim()
  const faults = {
    name: entry === undefined ? faultOfName(name, catalogue) : undefined,
    description: textFault(typed.description, maxMeaningLength),
    group: textFault(typed.group, maxGroupLength),
  }
  const isChanged = JSON.stringify(typed) !== JSON.stringify(opened)
  const submit = () => {
    setRead(true)
    if (Object.values(faults).some((fault) => fault !== undefined)) return false
    if (entry !== undefined && !isChanged) close()
    else {
      const [description, group] = [typed.description, typed.group].map((text) => text.trim() || null)
      describe.mutate({ permissions: [{ name, description: description ?? null, group: group ?? null }] })
    }
    return true
  }
  const refused = describe.error instanceof ApiError ? describe.error.fields : []
  const errorOf = (field: keyof typeof faults) =>
    refused.find(({ path }) => path === `permissions[0].${field}`)?.message ??
    (wasRead ? faults[field] : undefined)
  const headings = [...new Set(catalogue.flatMap(({ group }) => group ?? []))].sort()
  return (
    <FormDialog
      title={entry === undefined ? 'Describe a permission' : `Describe ${entry.name}`}
      lead="Whoever makes a key reads it beside the permission."
      action={{ label: 'Save', busyLabel: 'Saving…' }}
      busy={describe.isPending}
      error={describe.error}
      submit={submit}
      close={close}
      isTyped={isChanged}
    >
      {entry === undefined && (
        <TextField
          label="Permission"
          hint="As your API asks for it. A * stands for all that it covers, such as projects:*:read."
          placeholder="emails:send"
          value={typed.name}
          onChange={(next) => setTyped({ ...typed, name: next })}
          error={errorOf('name')}
        />
      )}
      <TextField
        label="Description"
        optional
        placeholder="Send emails"
        value={typed.description}
        onChange={(next) => setTyped({ ...typed, description: next })}
        error={errorOf('description')}
      />
      <Field
        label="Group"
        optional
        hint="The heading under which it stands, such as Emails."
        error={errorOf('group')}
      >
        {(control) => (
          <>
            <input
              {...control}
              className="input"
              dir="auto"
              autoComplete="off"
              list={listId}
              value={typed.group}
              onChange={(event) => setTyped({ ...typed, group: event.target.value })}
            />
            <datalist id={listId}>
              {headings.map((heading) => (
                <option key={heading} value={heading} />
              ))}
            </datalist>
          </>
        )}
      </Field>
      {describe.isError && refused.length === 0 && <ErrorNotice error={describe.error} />}
    </FormDialog>
  )
}

function faultOfName(name: string, catalogue: readonly WireCatalogueEntry[]): string | undefined {
  if (name === '') return 'Enter a permission.'
  if (name.startsWith(reservedNamespace)) return 'Latchkey explains its own permissions itself.'
  if (catalogue.some((entry) => entry.name === name)) return 'It is described already. Edit it in the list.'
  return permissionFault(name)
}
