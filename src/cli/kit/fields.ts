// The fields of a shape as options: their names, their texts, and how what was typed becomes a value.
import { Option } from 'commander'
import { z } from 'zod'
import type { Cost, LimitInput } from '../../core/shapes/limits.ts'
import { flagOf } from './flags.ts'
import { limitForm, readCost, readNextLimit } from './limits.ts'
import { collect, readCount, readMetadata } from './options.ts'
import { readExpiry, readFuture, readLength, readPast } from './times.ts'

/** A shape whose fields a command takes. */
export type Shape = z.ZodObject

interface JsonField {
  type?: string
  format?: string
  description?: string
  anyOf?: JsonField[]
}

/** A field of a shape that a command takes as an option. */
export interface FieldOption {
  field: string
  option: Option
  /** What was typed for it, read; undefined if nothing was. */
  valueIn(typed: Readonly<Record<string, unknown>>): unknown
}

interface Typed {
  value: unknown
}

/** The names of a shape's fields, and which of them must be given. */
function fieldsOf(shape: Shape): { field: string; isRequired: boolean; schema: JsonField }[] {
  const schema = z.toJSONSchema(shape, { io: 'input', unrepresentable: 'any' })
  // A shape that has a name stands beside the reference to it.
  const named = schema.$defs?.[schema.$ref?.replace('#/$defs/', '') ?? '']
  const { properties = {}, required = [] } = named ?? schema
  return Object.entries(properties).map(([field, schema]) => ({
    field,
    isRequired: required.includes(field),
    schema: schema as JsonField,
  }))
}

/** Makes an option of each field of a shape. Its text is the field's own, unless the command has another for it. */
export function fieldOptions(
  shape: Shape,
  texts: Readonly<Record<string, string | undefined>>,
): FieldOption[] {
  return fieldsOf(shape).map(({ field, isRequired, schema }) => {
    const kind = kindOf(field, schema)
    const text = texts[field] ?? asHelp(schema.description)
    const option = new Option(flagOf(field), [text, kind.form].filter(Boolean).join(': '))
    // Commander makes an empty text of a null, which an instant may be: it never sees the value itself.
    const parse = (typed: string, before?: Typed): Typed => ({
      value: kind.read ? kind.read(typed, before?.value, option) : typed,
    })
    option.argParser(parse).makeOptionMandatory(isRequired)
    return {
      field,
      option,
      valueIn: (typed) => (typed[option.attributeName()] as Typed | undefined)?.value,
    }
  })
}

interface Kind {
  /** How a value is written, as help says it. */
  form?: string
  read?(text: string, before: unknown, option: Option): unknown
}

const kinds = {
  text: {},
  list: { read: (text: string, before: unknown) => collect(text, before as string[] | undefined) },
  limits: {
    form: limitForm,
    read: (text: string, before: unknown, option: Option) =>
      readNextLimit(text, option.long as string, before as LimitInput[] | undefined),
  },
  cost: {
    form: 'a number of units of each limit, or NAME=UNITS of one (repeatable)',
    read: (text: string, before: unknown) => readCost(text, before as Cost | undefined),
  },
  count: { read: (text: string, _: unknown, option: Option) => readCount(option.long as string, text) },
  length: {
    form: '30s, 10m, 24h, 7d',
    read: (text: string, _: unknown, option: Option) => readLength(option.long as string, text),
  },
  json: { form: 'a JSON object', read: readMetadata },
  // A flag takes no value: it is given.
  flag: { read: () => true },
  // What may be null is still to come, or never does; any other instant is one that was, but for these.
  coming: {
    form: 'a duration such as 12h or 7d from now, a day, or an instant (RFC 3339)',
    read: (text: string, _: unknown, option: Option) => readFuture(option.long as string, text),
  },
  future: {
    form: 'a duration such as 12h, 90d or 1y, a day (its beginning in UTC), an instant (RFC 3339), or never',
    read: (text: string, _: unknown, option: Option) => readExpiry(option.long as string, text),
  },
  past: {
    form: 'an instant (RFC 3339), a day, or a duration such as 24h or 7d ago',
    read: (text: string, _: unknown, option: Option) => readPast(option.long as string, text),
  },
} as const satisfies Record<string, Kind>

function kindOf(field: string, schema: JsonField): Kind {
  if (field === 'cost') return kinds.cost
  if (field === 'limits' || field === 'keyLimits') return kinds.limits
  const forms = [schema, ...(schema.anyOf ?? [])]
  const has = (type: string) => forms.some((form) => form.type === type)
  if (forms.some(({ format }) => format === 'date-time')) {
    if (has('null')) return kinds.future
    return field.startsWith('expires') ? kinds.coming : kinds.past
  }
  if (has('boolean')) return kinds.flag
  if (has('array')) return kinds.list
  if (has('object')) return kinds.json
  if (has('integer')) return field.endsWith('Seconds') ? kinds.length : kinds.count
  return kinds.text
}

/** 'What people call it.' as help says it: 'what people call it'. */
function asHelp(description = ''): string {
  return description.charAt(0).toLowerCase() + description.slice(1).replace(/\.$/, '')
}
