// What a page does besides being read: search, copying code, light and dark, and where in the page the reader is.
import type { SearchOptions } from 'minisearch'

const script = document.querySelector<HTMLScriptElement>('script[data-root]')
const root = new URL(`${script?.dataset.root ?? '.'}/`, location.href)

// Light and dark.
const label = document.querySelector<HTMLLabelElement>('.scheme')
const select = label?.querySelector('select')
if (label && select) {
  label.hidden = false
  select.value = document.documentElement.dataset.theme ?? 'system'
  select.addEventListener('change', () => {
    if (select.value === 'system') {
      delete document.documentElement.dataset.theme
      localStorage.removeItem('latchkey-theme')
    } else {
      document.documentElement.dataset.theme = select.value
      localStorage.setItem('latchkey-theme', select.value)
    }
    showPictures()
  })
}

/** Pictures that come in two follow the reader's choice, too. */
function showPictures(): void {
  const { theme } = document.documentElement.dataset
  for (const source of document.querySelectorAll<HTMLSourceElement>('picture source')) {
    source.dataset.media ??= source.media
    const isDark = source.dataset.media.includes('dark')
    source.media =
      theme === undefined ? source.dataset.media : (theme === 'dark') === isDark ? 'all' : 'not all'
  }
}
showPictures()

// Copying code. A command of a terminal is copied without its prompt, and without what it printed.
for (const block of document.querySelectorAll<HTMLPreElement>('main pre')) {
  const code = block.querySelector('code')?.textContent ?? ''
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = 'Copy'
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(block.dataset.language === 'console' ? commandsOf(code) : code)
    button.textContent = 'Copied'
    setTimeout(() => {
      button.textContent = 'Copy'
    }, 2000)
  })
  const frame = document.createElement('div')
  frame.className = 'code'
  block.replaceWith(frame)
  frame.append(block, button)
}

function commandsOf(code: string): string {
  const lines = code.split('\n')
  const prompted = lines.filter((line) => /^[$#] /.test(line))
  return prompted.length === 0 ? code : prompted.map((line) => line.slice(2)).join('\n')
}

// The list of headings marks the one that is being read.
const links = new Map(
  [...document.querySelectorAll<HTMLAnchorElement>('aside a')].map((link) => [
    decodeURIComponent(link.hash.slice(1)),
    link,
  ]),
)
const headings = [...document.querySelectorAll<HTMLElement>('article :is(h2, h3)[id]')]
function mark(): void {
  const passed = headings.filter((heading) => heading.getBoundingClientRect().top < 120)
  const current = passed.at(-1) ?? headings[0]
  for (const [slug, link] of links) {
    if (slug === current?.id) link.setAttribute('aria-current', 'true')
    else link.removeAttribute('aria-current')
  }
}
if (links.size > 0) {
  addEventListener('scroll', mark, { passive: true })
  mark()
}
document.querySelector('nav.pages [aria-current]')?.scrollIntoView({ block: 'nearest' })

// Search: the texts and the program that looks through them are fetched when they are first wanted.
interface Section {
  at: string
  page: string
  heading: string
  text: string
  /** How many other pages lead to its page. */
  cited: number
}
interface Found extends Section {
  terms: string[]
}

/** How many of what is found are listed. */
const shown = 20

const opener = document.querySelector<HTMLButtonElement>('button.search')
if (opener) {
  const dialog = document.createElement('dialog')
  dialog.className = 'finder'
  dialog.setAttribute('aria-label', 'Search the documents')
  dialog.innerHTML = `<form method="dialog"><input type="search" aria-label="Search" placeholder="Search the documents" autocomplete="off" spellcheck="false"><button>Close</button></form><p role="status"></p><ol></ol>`
  document.body.append(dialog)
  const input = dialog.querySelector('input') as HTMLInputElement
  const status = dialog.querySelector('p') as HTMLParagraphElement
  const list = dialog.querySelector('ol') as HTMLOListElement
  let ready: Promise<(text: string) => Found[]> | undefined

  const open = () => {
    if (dialog.open) return
    ready ??= loadSearch()
    dialog.showModal()
    input.select()
  }
  opener.hidden = false
  opener.addEventListener('click', open)
  addEventListener('keydown', (event) => {
    const isTyping = event.target instanceof Element && event.target.closest('input, select, textarea')
    const wanted = (event.key === '/' && !isTyping) || (event.key === 'k' && (event.ctrlKey || event.metaKey))
    if (!wanted || event.altKey) return
    event.preventDefault()
    open()
  })
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
  dialog.addEventListener('keydown', (event) => {
    // Once, though a browser may first only empty the field.
    if (event.key === 'Escape') dialog.close()
    if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
    const stops = [input, ...list.querySelectorAll('a')]
    const at = stops.indexOf(document.activeElement as HTMLAnchorElement)
    event.preventDefault()
    stops[Math.min(Math.max(at + (event.key === 'ArrowDown' ? 1 : -1), 0), stops.length - 1)]?.focus()
  })
  dialog.querySelector('form')?.addEventListener('submit', (event) => {
    if (event.submitter !== null && document.activeElement !== input) return
    event.preventDefault()
    list.querySelector('a')?.click()
  })
  list.addEventListener('click', (event) => {
    if (event.target instanceof Element && event.target.closest('a')) dialog.close()
  })
  input.addEventListener('input', async () => {
    ready ??= loadSearch()
    const search = await ready
    const found = input.value.trim() === '' ? [] : search(input.value)
    list.replaceChildren(...found.slice(0, shown).map(entryOf))
    status.textContent =
      input.value.trim() === ''
        ? ''
        : found.length === 0
          ? 'Nothing found.'
          : `${found.length} found${found.length > shown ? `, the best ${shown}` : ''}`
  })
}

async function loadSearch(): Promise<(text: string) => Found[]> {
  const [{ default: MiniSearch }, answer] = await Promise.all([
    // @ts-expect-error It is beside this file on the site.
    import('./minisearch.js') as Promise<typeof import('minisearch')>,
    fetch(new URL('assets/sections.json', root)),
  ])
  const sections: Section[] = await answer.json()
  const index = new MiniSearch({
    idField: 'at',
    fields: ['heading', 'page', 'text'],
    // Names with their dots, colons and dashes are found by each of their parts.
    tokenize: (text) => text.split(/[^\p{L}\p{N}_]+/u).filter((word) => word !== ''),
  })
  index.addAll(sections)
  const byAddress = new Map(sections.map((section) => [section.at, section]))
  const options: SearchOptions = {
    // Of short words only what they begin, and the very short ones only as they are.
    prefix: (term: string) => term.length > 2,
    fuzzy: (term: string) => (term.length > 4 ? 0.15 : false),
    boost: { heading: 4, page: 2 },
    // The page on keys comes before others that have the same words.
    boostDocument: (at: string) => 1 + Math.log10(1 + (byAddress.get(at)?.cited ?? 0)) / 2,
  }
  // Where no section has all words, some of them are better than none.
  const find = (text: string) => {
    const all = index.search(text, { ...options, combineWith: 'AND' })
    return all.length > 0 ? all : index.search(text, options)
  }
  return (text) => find(text).map(({ id, terms }) => ({ ...(byAddress.get(id) as Section), terms }))
}

function entryOf({ at, page, heading, text, terms }: Found): HTMLLIElement {
  const item = document.createElement('li')
  const link = document.createElement('a')
  link.href = new URL(at, root).href
  const title = document.createElement('strong')
  title.append(...marked(heading, terms))
  const place = document.createElement('small')
  place.textContent = page === heading ? '' : page
  const excerpt = document.createElement('span')
  excerpt.append(...marked(excerptOf(text, terms), terms))
  link.append(title, place, excerpt)
  item.append(link)
  return item
}

function excerptOf(text: string, terms: readonly string[]): string {
  const lower = text.toLowerCase()
  const places = terms.map((term) => lower.indexOf(term)).filter((place) => place !== -1)
  const first = places.length === 0 ? 0 : Math.min(...places)
  // From a word's beginning to a word's end.
  const from = first <= 60 ? 0 : text.indexOf(' ', first - 60) + 1
  const until = text.length <= from + 180 ? text.length : text.lastIndexOf(' ', from + 180)
  return `${from > 0 ? '… ' : ''}${text.slice(from, Math.max(until, first + 40))}${until < text.length ? ' …' : ''}`
}

/** The text with what was searched for marked. */
function marked(text: string, terms: readonly string[]): (string | HTMLElement)[] {
  if (terms.length === 0) return [text]
  const sought = terms.map((term) => term.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  return text.split(new RegExp(`(${sought})`, 'gi')).map((part, at) => {
    if (at % 2 === 0) return part
    const mark = document.createElement('mark')
    mark.textContent = part
    return mark
  })
}
