// Makes elements: every node of the page is made here, from names and texts, and none from HTML.

type Value = string | number | boolean | undefined
type Listeners = { [Name in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[Name]) => void }

/** Attributes by their names, which `false` and undefined leave out; `on` has what listens. */
export type Attributes = Record<string, Value | Listeners> & { on?: Listeners }
export type Child = Node | string | undefined | false

/** Makes an element of HTML. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children)
}

/** Makes an element of a drawing. */
export function draw(tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag) as SVGElement, attributes, children)
}

function fill<Made extends HTMLElement | SVGElement>(
  element: Made,
  { on = {}, ...attributes }: Attributes,
  children: Child[],
): Made {
  for (const [name, value] of Object.entries(attributes) as [string, Value][])
    if (value !== undefined && value !== false)
      element.setAttribute(name, value === true ? '' : String(value))
  for (const [name, listener] of Object.entries(on))
    element.addEventListener(name, listener as (event: Event) => void)
  element.append(...children.filter((child) => child !== undefined && child !== false))
  return element
}

/** Text that others wrote: its direction is its own. */
export function foreign(text: string, className = ''): HTMLElement {
  return h('bdi', { class: `foreign ${className}`.trim() }, text)
}

let ids = 0

/** An id that no other element in this document has. */
export function newId(): string {
  return `lk${++ids}`
}
