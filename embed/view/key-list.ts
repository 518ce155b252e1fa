// The list of keys: it grows by pages, and a change of a key is seen in its place.
import { type Context, may } from '../context.ts'
import { h, newId } from '../dom.ts'
import type { KeyPage } from '../portal.ts'
import { codeOf } from '../portal-error.ts'
import type { PortalKey } from '../wire.ts'
import { errorText } from '../words/words.ts'
import { keyRow, type RowActions } from './key-row.ts'

export interface KeyList {
  node: HTMLElement
  /** Chooses which keys it shows; it stands beside the title. */
  filter: HTMLElement
  /** Shows a key as it is now: in its place, or in front if it is new. */
  update(key: PortalKey): void
  /** Where the focus goes when something was done with a key; false if the list does not show it. */
  focus(id: string): boolean
}

/** Makes the list of its first page. */
export function keyList(context: Context, first: KeyPage, actions: RowActions): KeyList {
  const { words, portal, self } = context
  const rows = new Map<string, HTMLLIElement>()
  const list = h('ul', { class: 'rows', role: 'list' })
  const canMake = may(self, 'keys:write')
  const empty = h(
    'div',
    { class: 'empty' },
    h('p', {}, words.noKeys),
    canMake && h('p', { class: 'muted' }, words.noKeysHint),
  )
  const told = h('p', { class: 'alert', role: 'alert', hidden: true })
  const more = h(
    'button',
    { type: 'button', class: 'button more', on: { click: () => void showMore() } },
    words.showMore,
  )
  let next: string | undefined
  let isBusy = false
  const statusId = newId()
  const status = h(
    'select',
    { id: statusId, class: 'input', on: { change: () => void load(true) } },
    h('option', { value: 'active' }, words.showActive),
    h('option', { value: 'all' }, words.showAll),
  )
  const filter = h('span', {}, h('label', { for: statusId, class: 'sr' }, words.show), status)
  const node = h('section', { class: 'keys', 'aria-label': words.title }, list, empty, told, more)

  const show = () => {
    empty.hidden = rows.size > 0 || next !== undefined
    list.hidden = rows.size === 0
    more.hidden = next === undefined
  }
  const update = (key: PortalKey, isNew = !rows.has(key.id)) => {
    const row = keyRow(context, key, actions)
    const before = rows.get(key.id)
    rows.set(key.id, row)
    if (before) before.replaceWith(row)
    else if (isNew) list.prepend(row)
    else list.append(row)
    show()
  }
  const append = (page: KeyPage) => {
    next = page.next
    // A key that was made here, and shown in front, comes again in its page.
    for (const key of page.keys) update(key, false)
    show()
  }
  /** Reads a page, or the list anew, and tells if that fails. */
  const load = async (isAnew: boolean) => {
    if (isBusy) return
    isBusy = true
    told.hidden = true
    more.setAttribute('aria-disabled', 'true')
    node.setAttribute('aria-busy', 'true')
    const wanted = status.value as 'active' | 'all'
    try {
      const page = await portal.keys(wanted, isAnew ? undefined : next)
      if (isAnew) {
        rows.clear()
        list.replaceChildren()
      }
      append(page)
      context.announce(words.shown(context.format.number(rows.size)))
    } catch (error) {
      told.textContent = errorText(words, codeOf(error))
      told.hidden = false
    } finally {
      isBusy = false
      more.removeAttribute('aria-disabled')
      node.removeAttribute('aria-busy')
    }
    // Chosen while the page was on its way.
    if (status.value !== wanted) await load(true)
  }
  const showMore = async () => {
    const last = list.lastElementChild
    await load(false)
    // The button may be gone; the new rows are what its reader wants.
    const target = last?.nextElementSibling ?? last
    if (more.hidden) target?.querySelector('h3')?.focus()
  }
  append(first)
  return {
    node,
    filter,
    update: (key) => update(key),
    focus: (id) => {
      const row = rows.get(id)
      const target = row?.querySelector<HTMLElement>('button') ?? row?.querySelector('h3')
      target?.focus()
      return target !== undefined && target !== null
    },
  }
}
