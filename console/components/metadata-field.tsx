// The operator's own data on a key: JSON in a text box, checked while it is typed.
import { useState } from 'react'
import { longestMetadata, metadataSize } from '../../src/core/metadata.ts'
import { readMetadata, writeMetadata } from '../format/metadata-text.ts'
import { Button } from './button.tsx'
import { Field } from './field.tsx'

interface MetadataFieldProps {
  label?: string
  /** The text: `writeMetadata` makes it, `readMetadata` tells what it says or what is wrong with it. */
  value: string
  onChange: (value: string) => void
  /** A sentence, where the metadata was refused. */
  error?: string | undefined
}

/** A controlled text of JSON. What is wrong with it shows once the reader has left it, and goes at once when mended. */
export function MetadataField({ label = 'Metadata', value, onChange, error }: MetadataFieldProps) {
  const [wasLeft, setWasLeft] = useState(value !== '')
  const { metadata, fault } = readMetadata(value)
  const size = metadata === undefined || value.trim() === '' ? undefined : metadataSize(metadata)
  return (
    <div>
      <Field
        label={label}
        optional
        error={error ?? (wasLeft ? fault : undefined)}
        hint="A JSON object of your own, such as your customer’s id or plan. Every verification returns it."
      >
        {(control) => (
          <textarea
            {...control}
            className="input block min-h-24 font-mono md:text-[0.8125rem]"
            rows={Math.min(16, Math.max(4, value.split('\n').length + 1))}
            spellCheck={false}
            autoCapitalize="off"
            placeholder={'{\n  "plan": "pro"\n}'}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            onBlur={() => setWasLeft(true)}
          />
        )}
      </Field>
      <div className="mt-2 flex items-center gap-3">
        <Button
          refusal={metadata === undefined ? 'Only a JSON object can be formatted.' : undefined}
          onClick={() => metadata && onChange(writeMetadata(metadata))}
        >
          Format
        </Button>
        <span className="text-muted tabular-nums">
          {value.trim() === ''
            ? 'Empty'
            : size === undefined
              ? 'Not yet a JSON object'
              : `${size} of ${longestMetadata} bytes`}
        </span>
      </div>
    </div>
  )
}
