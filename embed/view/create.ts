// The form of a new key. It stays as it is until a key was made of it, or somebody gives it up.
import type { Context } from '../context.ts'
import { h } from '../dom.ts'
import { newIdempotencyKey } from '../portal.ts'
import type { FieldFault, NewKey } from '../wire.ts'
import { type Field, field } from './field.ts'
import { type End, formDialog } from './form-dialog.ts'
import { permissionsField } from './permissions-field.ts'

const dayMs = 86_400_000

/** Makes the dialog. `onClose` hears how it ends. */
export function createDialog(context: Context, onClose: (end: End) => void): HTMLDialogElement {
  const { words, self } = context
  const name = h('input', {
    class: 'input',
    type: 'text',
    maxlength: 256,
    autocomplete: 'off',
    dir: 'auto',
    required: true,
  })
  const description = h('textarea', { class: 'input', rows: 2, maxlength: 1000, dir: 'auto' })
  const prefix = h(
    'select',
    { class: 'input' },
    ...self.prefixes.map((text) => h('option', { value: text }, text)),
  )
  const permissions = permissionsField(context)
  const expiry = expiryField(context)
  const fields: Record<string, Field> = {
    name: field(context, name, { label: words.name, hint: words.nameHint }),
    description: field(context, description, { label: words.description, isOptional: true }),
    ...(permissions && { permissions }),
    prefix: field(context, prefix, { label: words.prefix, hint: words.prefixHint }),
    expires_at: expiry,
  }
  const tell = (path: keyof typeof words.faults, detail?: string) =>
    fields[path]?.setFault(words.faults[path], detail)
  const read = (): NewKey => {
    const granted = permissions?.read() ?? []
    const expiresAt = expiry.read()
    return {
      name: name.value.trim(),
      ...(description.value.trim() !== '' && { description: description.value.trim() }),
      ...(granted.length > 0 && { permissions: granted }),
      ...(self.prefixes.length > 1 && { prefix: prefix.value }),
      ...(expiresAt !== undefined && { expires_at: expiresAt }),
    }
  }
  // The same form again is the same request; what was changed is another one.
  let sent = { text: '', idempotencyKey: '' }
  return formDialog(context, {
    title: words.newKey,
    content: Object.entries(fields)
      .filter(([path]) => path !== 'prefix' || self.prefixes.length > 1)
      .map(([, { node }]) => node),
    submit: words.create,
    check: () => {
      for (const known of Object.values(fields)) known.setFault(undefined)
      const isNamed = name.value.trim() !== ''
      const isDated = expiry.isWhole()
      if (!isNamed) tell('name')
      if (!isDated) tell('expires_at')
      return isNamed && isDated
    },
    send: async () => {
      const body = read()
      const text = JSON.stringify(body)
      if (sent.text !== text) sent = { text, idempotencyKey: newIdempotencyKey() }
      const { key: token, ...made } = await context.portal.create(body, sent.idempotencyKey)
      context.update(made)
      context.showToken(made, token)
      context.announce(words.createdOutcome(made.name))
      context.emit('created', made.id)
    },
    showFaults: (faults: readonly FieldFault[]) => {
      const known = faults.filter(({ path }) => topOf(path) in fields)
      for (const { path, message } of known) tell(topOf(path) as keyof typeof words.faults, message)
      return known.length === faults.length
    },
    onClose,
  })
}

/** The field that a path such as `permissions[0]` is part of. */
function topOf(path: string): string {
  return /^\w+/.exec(path)?.[0] ?? ''
}

interface ExpiryField extends Field {
  /** Whether a day is named, if one is wanted. */
  isWhole(): boolean
  /** The instant (RFC 3339); undefined for a key that does not expire. */
  read(): string | undefined
}

function expiryField(context: Context): ExpiryField {
  const { words } = context
  const choice = h(
    'select',
    { class: 'input', on: { change: () => show() } },
    ...Object.entries(words.expiries).map(([value, text]) => h('option', { value }, text)),
  )
  const date = h('input', { class: 'input', type: 'date', min: localDay(new Date()) })
  const dated = field(context, date, { label: words.expiryDate })
  const show = () => {
    dated.node.hidden = choice.value !== 'date'
  }
  show()
  const { node } = field(context, choice, { label: words.expiry })
  node.append(dated.node)
  // It is read when it is sent, so that a form that was sent before is the same if it is sent again.
  const begunAt = Date.now()
  return {
    node,
    setFault: (fault, detail) => dated.setFault(choice.value === 'date' ? fault : undefined, detail),
    isWhole: () => choice.value !== 'date' || (date.value !== '' && endOf(date.value).getTime() > Date.now()),
    read: () => {
      if (choice.value === 'never') return undefined
      if (choice.value === 'date') return endOf(date.value).toISOString()
      return new Date(begunAt + Number(choice.value.slice('days'.length)) * dayMs).toISOString()
    },
  }
}

/** The end of a day where the reader is. */
function endOf(day: string): Date {
  return new Date(`${day}T23:59:59`)
}

function localDay(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
