// A field of a form: its label, its hint, its control, and what is wrong with it.

import type { Context } from '../context.ts'
import { h, newId } from '../dom.ts'

export interface Field {
  node: HTMLElement
  /** Tells what is wrong, or that nothing is. `detail` is the server's own sentence, in English. */
  setFault(fault: string | undefined, detail?: string): void
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

interface Labelled {
  label: string
  hint?: string | undefined
  /** It may be left empty. */
  isOptional?: boolean
}

/** A field of one control. */
export function field({ words }: Context, control: Control, { label, hint, isOptional }: Labelled): Field {
  const id = newId()
  control.id = id
  const more = isOptional && h('span', { class: 'muted' }, ` (${words.optional})`)
  const head = h('label', { class: 'label', for: id }, label, more)
  return assemble(words, 'div', control, [head], [control], hint)
}

/** A field of several controls, such as boxes to tick. */
export function group(
  { words }: Context,
  controls: Node[],
  { label, hint, isOptional }: Labelled,
): Field & { node: HTMLFieldSetElement } {
  const more = isOptional && h('span', { class: 'muted' }, ` (${words.optional})`)
  const set = h('fieldset')
  assemble(words, 'div', set, [h('legend', { class: 'label' }, label, more)], controls, hint, set)
  return { node: set, setFault: faults.get(set) as Field['setFault'] }
}

const faults = new WeakMap<Element, Field['setFault']>()

function assemble(
  words: Context['words'],
  tag: 'div',
  described: Element,
  head: Node[],
  controls: Node[],
  hint: string | undefined,
  node: HTMLElement = h(tag),
): Field {
  const hintId = newId()
  const faultId = newId()
  const told = h('p', { class: 'fault', id: faultId, hidden: true })
  node.classList.add('field')
  node.append(...head)
  if (hint !== undefined) node.append(h('p', { class: 'hint', id: hintId }, hint))
  node.append(...controls, told)
  const describe = (ids: (string | false)[]) => {
    const text = ids.filter((id) => id !== false).join(' ')
    if (text === '') described.removeAttribute('aria-describedby')
    else described.setAttribute('aria-describedby', text)
  }
  describe([hint !== undefined && hintId])
  const setFault: Field['setFault'] = (fault, detail) => {
    told.replaceChildren()
    told.hidden = fault === undefined
    if (fault !== undefined) told.append(fault)
    if (detail !== undefined) told.append(` ${words.faults.serverSays} `, h('q', { lang: 'en' }, detail))
    // A group is described; only a control is invalid.
    if (described.tagName !== 'FIELDSET') described.setAttribute('aria-invalid', String(fault !== undefined))
    describe([hint !== undefined && hintId, fault !== undefined && faultId])
  }
  faults.set(node, setFault)
  return { node, setFault }
}
