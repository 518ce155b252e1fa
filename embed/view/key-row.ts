// A key in the list: what it is, and what can be done with it.
import { type Context, may } from '../context.ts'
import { foreign, h, newId } from '../dom.ts'
import type { PortalKey } from '../wire.ts'

export interface RowActions {
  rotate(key: PortalKey): void
  revoke(key: PortalKey): void
}

/** Makes the row. */
export function keyRow(context: Context, key: PortalKey, actions: RowActions): HTMLLIElement {
  const { words, format, self } = context
  const nameId = newId()
  const name = h('h3', { id: nameId, tabindex: -1 }, foreign(key.name))
  const status = h('span', { class: `status ${key.status}` }, words.statuses[key.status] ?? key.status)
  const isOver = key.status === 'revoked' || key.status === 'expired'
  const action = (text: string, className: string, press: (key: PortalKey) => void) =>
    h(
      'button',
      {
        type: 'button',
        class: className,
        'aria-label': `${text}: ${key.name}`,
        on: { click: () => press(key) },
      },
      text,
    )
  const buttons = [
    ...(isOver ? [] : [action(words.rotate, 'button small rotate', actions.rotate)]),
    ...(key.status === 'revoked' ? [] : [action(words.revoke, 'button small revoke', actions.revoke)]),
  ]
  const fact = (term: string, ...value: (Node | string)[]) =>
    h('div', {}, h('dt', {}, term), h('dd', {}, ...value))
  const instant = (at: string, text: string) => h('time', { datetime: at, title: format.time(at) }, text)
  const by = key.created_by?.name
  const hasEnded = key.expires_at !== null && Date.parse(key.expires_at) <= Date.now()
  return h(
    'li',
    { class: `row ${key.status}`, 'aria-labelledby': nameId, 'data-id': key.id },
    h('div', { class: 'row-head' }, name, status),
    h(
      'div',
      { class: 'row-about' },
      h('span', { class: 'sr' }, `${words.hint}: `),
      h('code', { dir: 'ltr' }, key.hint),
      key.description !== null &&
        key.description !== '' &&
        h('p', { class: 'muted foreign', dir: 'auto' }, key.description),
    ),
    permissions(),
    h(
      'dl',
      { class: 'facts' },
      fact(
        words.created,
        instant(key.created_at, format.day(key.created_at)),
        ...(by ? [` ${words.by} `, foreign(by)] : []),
      ),
      fact(
        words.lastUsed,
        key.last_used_at === null ? words.never : instant(key.last_used_at, format.ago(key.last_used_at)),
      ),
      fact(
        hasEnded ? words.expired : words.expires,
        key.expires_at === null ? words.never : instant(key.expires_at, format.day(key.expires_at)),
      ),
    ),
    may(self, 'keys:write') && buttons.length > 0 && h('div', { class: 'row-actions' }, ...buttons),
  )

  function permissions(): HTMLElement {
    if (key.permissions.length === 0) return h('p', { class: 'chips muted' }, words.noPermissions)
    const chips = key.permissions.map((permission) => h('li', { class: 'chip' }, foreign(permission)))
    return h('ul', { class: 'chips', role: 'list', 'aria-label': words.permissions }, ...chips)
  }
}
