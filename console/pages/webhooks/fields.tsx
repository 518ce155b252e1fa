// The fields that a webhook is made of and changed by.
import type { ReactNode } from 'react'
import type { FieldError } from '../../../src/core/errors.ts'
import { ApiError } from '../../api.ts'
import { Field } from '../../components/field.tsx'
import { TextField } from '../../components/text-field.tsx'
import { textFault } from '../../format/names.ts'
import { EventsField } from './events-field.tsx'

/** A webhook as a form holds it. */
export interface WebhookDraft {
  url: string
  events: readonly string[]
  description: string
}

type FaultOf = (field: string) => string | undefined

/** What is wrong with a draft that can be told without asking: the server judges where a URL leads. */
export function draftFaults({
  url,
  events,
  description,
}: WebhookDraft): Record<keyof WebhookDraft, string | undefined> {
  return {
    url: url.trim() === '' ? 'Enter a URL.' : undefined,
    events: events.length === 0 ? 'Choose at least one event.' : undefined,
    description: textFault(description),
  }
}

/** Gives the server's sentence on a field. */
export function refusalsOf(error: Error | null): { fields: readonly FieldError[]; faultOf: FaultOf } {
  const fields = error instanceof ApiError ? error.fields : []
  return {
    fields,
    faultOf: (field) => fields.find(({ path }) => path.split(/[.[]/)[0] === field)?.message,
  }
}

interface WebhookFieldsProps {
  value: WebhookDraft
  onChange: (value: WebhookDraft) => void
  faultOf: FaultOf
  /** Between the URL and the events. */
  children?: ReactNode
}

export function WebhookFields({ value, onChange, faultOf, children }: WebhookFieldsProps) {
  return (
    <>
      <Field
        label="URL"
        hint="Begins with https:// and leads to an address that everybody can reach."
        error={faultOf('url')}
      >
        {(control) => (
          <input
            {...control}
            className="input"
            inputMode="url"
            autoComplete="off"
            autoCapitalize="off"
            spellCheck={false}
            maxLength={2_048}
            placeholder="https://example.com/webhooks"
            value={value.url}
            onChange={(event) => onChange({ ...value, url: event.target.value })}
          />
        )}
      </Field>
      {children}
      <EventsField
        value={value.events}
        onChange={(events) => onChange({ ...value, events })}
        error={faultOf('events')}
      />
      <TextField
        label="Description"
        optional
        hint="What it is for."
        value={value.description}
        onChange={(description) => onChange({ ...value, description })}
        error={faultOf('description')}
      />
    </>
  )
}
