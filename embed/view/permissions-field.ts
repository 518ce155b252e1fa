// What a new key is granted: the operator's catalogue, whole groups of it, and whatever else the session covers.
import type { Context } from '../context.ts'
import { foreign, h } from '../dom.ts'
import { type Field, field, group } from './field.ts'

interface PermissionsField extends Field {
  read(): string[]
}

/** The field; undefined if the session grants nothing. */
export function permissionsField(context: Context): PermissionsField | undefined {
  const { self, words } = context
  const described = new Map(self.catalogue.map(({ name, description }) => [name, description]))
  // Groups first, then what is in them.
  const offered = [...new Set([...self.grantable, ...described.keys()])]
  if (offered.length === 0) return undefined
  const boxes = offered.map((permission) => {
    const box = h('input', { type: 'checkbox', value: permission })
    const about = described.get(permission) ?? describeGroup(context, permission)
    const node = h(
      'label',
      { class: 'choice' },
      box,
      h(
        'span',
        {},
        foreign(permission, 'code'),
        about !== undefined && h('span', { class: 'about', dir: 'auto' }, about),
      ),
    )
    return { box, node }
  })
  // One alone is what any key here is for.
  const [only] = boxes
  if (boxes.length === 1 && only) only.box.checked = true
  const other = h('input', {
    ...{ class: 'input code', type: 'text', autocomplete: 'off', spellcheck: 'false', dir: 'ltr' },
  })
  const others = field(context, other, {
    label: words.otherPermissions,
    hint: words.otherPermissionsHint,
    isOptional: true,
  })
  // Without a catalogue nobody can tick a single one of a group.
  const hasOthers =
    self.catalogue.length === 0 && self.grantable.some((permission) => permission.includes('*'))
  const list = h('div', { class: 'choices' }, ...boxes.map(({ node }) => node))
  const whole = group(context, hasOthers ? [list, others.node] : [list], {
    label: words.permissions,
    hint: words.permissionsHint,
  })
  return {
    ...whole,
    read: () => [
      ...new Set([
        ...boxes.filter(({ box }) => box.checked).map(({ box }) => box.value),
        ...(hasOthers ? (other.value.match(/[^\s,]+/g) ?? []) : []),
      ]),
    ],
  }
}

function describeGroup({ words }: Context, permission: string): string | undefined {
  if (permission === '*') return words.everything
  return permission.endsWith(':*') ? words.everythingUnder(permission.slice(0, -2)) : undefined
}
