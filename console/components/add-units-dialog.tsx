// The window in which units are added to a quota.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, type WireLimit } from '../api.ts'
import { countOf, readUnits } from '../format/limits.ts'
import { useOnce } from '../once.ts'
import { focusMark } from './autofocus.ts'
import { Field } from './field.tsx'
import { FormDialog } from './form-dialog.tsx'
import { ErrorNotice } from './notices.tsx'
import { TextField } from './text-field.tsx'

interface AddUnitsDialogProps {
  /** The address of the key or the organization whose limit it is. */
  owner: string
  limit: WireLimit
  close: () => void
}

export function AddUnitsDialog({ owner, limit, close }: AddUnitsDialogProps) {
  const [text, setText] = useState('')
  const [reference, setReference] = useState('')
  const [wasRead, setRead] = useState(false)
  const client = useQueryClient()
  const make = useOnce()
  const adding = useMutation({
    mutationFn: (body: object) => make(`${owner}/limits/${limit.name}/units`, body),
    onSuccess: async () => {
      const names = ['keys', 'organizations', 'audit-log']
      await Promise.all(names.map((name) => client.invalidateQueries({ queryKey: [name] })))
      close()
    },
  })
  const units = readSigned(text)
  const fields = adding.error instanceof ApiError ? adding.error.fields : []
  const faultOf = (path: string) => fields.find((field) => field.path === path)?.message
  const submit = () => {
    setRead(true)
    if (units === undefined) return false
    adding.mutate({ add: units, ...(reference.trim() !== '' && { reference: reference.trim() }) })
    return true
  }
  return (
    <FormDialog
      title={`Add units to ${limit.name}`}
      lead={`${limit.owed > 0 ? `${countOf(limit.owed)} are owed` : `${countOf(limit.remaining)} are left`}${limit.resets_at === null ? '' : ' until it resets'}. What is added counts for the current period.`}
      action={{ label: 'Add units', busyLabel: 'Adding…' }}
      busy={adding.isPending}
      error={adding.error}
      submit={submit}
      close={close}
      isTyped={text !== '' || reference !== ''}
    >
      <Field
        label="Units"
        hint="A whole number. With a minus sign, they are taken away."
        error={
          faultOf('add') ??
          (wasRead && units === undefined ? 'Enter a whole number, such as 500 or -500.' : undefined)
        }
      >
        {(control) => (
          <input
            {...control}
            {...focusMark}
            className="input tabular-nums"
            autoComplete="off"
            placeholder="500"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      <TextField
        label="Reference"
        optional
        hint="Your own id of what was bought. The same one adds once, however often it is sent."
        placeholder="payment 4711"
        value={reference}
        onChange={setReference}
        error={faultOf('reference')}
      />
      {adding.error !== null && fields.length === 0 && (
        <ErrorNotice title="No units were added" error={adding.error} />
      )}
    </FormDialog>
  )
}

/** Reads a number of units with its sign; undefined for none, and for 0. */
function readSigned(text: string): number | undefined {
  const [, sign, digits = ''] = /^\s*([+\-−]?)(.*)$/s.exec(text) ?? []
  const units = readUnits(digits)
  if (units === undefined || units === 0) return undefined
  return sign === '-' || sign === '−' ? -units : units
}
