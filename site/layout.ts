// The frame of every page: the bar, the navigation, the headings of the page, and what leads on.
import { escapeHtml } from './code.ts'
import type { Document, Group } from './documents.ts'
import { relative, sourceUrl } from './links.ts'
import type { Heading } from './markdown.ts'
import { policy } from './policy.ts'

export interface Frame {
  groups: readonly Group[]
  version: string
}

export interface Page {
  address: string
  title: string
  description: string
  /** What is between the bar and the end of the page. */
  body: string
}

const icon = `<svg class="logo" width="28" height="28" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="7" fill="#1f2125"/><circle cx="16" cy="12" r="5.5" fill="none" stroke="#e0b25a" stroke-width="3"/><path d="M16 17.5V27M16 22.5h4.5M16 26.5h3" fill="none" stroke="#e0b25a" stroke-width="3" stroke-linecap="round"/></svg>`
const glass = `<svg width="16" height="16" viewBox="0 0 24 24" aria-hidden="true" class="glyph"><circle cx="11" cy="11" r="7"/><path d="m20 20-4-4"/></svg>`
const bars = `<svg width="20" height="20" viewBox="0 0 24 24" aria-hidden="true" class="glyph"><path d="M4 6h16M4 12h16M4 18h16"/></svg>`

/** Writes a page. */
export function writePage({ address, title, description, body }: Page, { groups, version }: Frame): string {
  const to = (target: string) => relative(address, target)
  const isHome = address === 'index.html'
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(isHome ? title : `${title} · Latchkey`)}</title>
<meta name="description" content="${escapeHtml(description)}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${to('assets/icon.svg')}" type="image/svg+xml">
<link rel="stylesheet" href="${to('assets/style.css')}">
<script src="${to('assets/theme.js')}"></script>
<script type="module" src="${to('assets/main.js')}" data-root="${to('') || '.'}"></script>
</head>
<body${isHome ? ' class="home"' : ''}>
<a class="skip" href="#content">Skip to the text</a>
<header class="bar">
<button class="menu" type="button" popovertarget="navigation" aria-label="Menu">${bars}</button>
<a class="brand" href="${to('index.html')}">${icon}<span>Latchkey</span> <small>${escapeHtml(version)}</small></a>
<button class="search" type="button" hidden>${glass}<span>Search</span><kbd>/</kbd></button>
<a class="source" href="${sourceUrl}">Source</a>
<label class="scheme" hidden><span class="unseen">Colours</span><select><option value="system">System</option><option value="light">Light</option><option value="dark">Dark</option></select></label>
</header>
<nav class="pages" id="navigation" popover aria-label="Documents">
${navigation(address, groups)}
</nav>
${body}
</body>
</html>
`
}

function navigation(address: string, groups: readonly Group[]): string {
  const link = ({ address: target, title }: Document) => {
    const current = target === address ? ' aria-current="page"' : ''
    return `<a href="${relative(address, target)}"${current}>${escapeHtml(title)}</a>`
  }
  const sections = groups.map(({ name, entries }) => {
    const items = entries.map(({ document, parts }) => {
      const inner = parts.map((part) => `<li>${link(part)}</li>`).join('')
      return `<li>${link(document)}${inner === '' ? '' : `<ul>${inner}</ul>`}</li>`
    })
    const holds = entries.some(({ document, parts }) =>
      [document, ...parts].some((one) => one.address === address),
    )
    return `<details${holds ? ' open' : ''}><summary>${escapeHtml(name)}</summary><ul>${items.join('')}</ul></details>`
  })
  const all = { address: 'documents.html', title: 'All documents' } as Document
  return `${sections.join('\n')}\n<p>${link(all)}</p>`
}

export interface Article {
  document: Document
  html: string
  headings: readonly Heading[]
  /** When the document last changed, if its history is there. */
  changed: string | undefined
}

/** Writes what is between the bar and the end of a document's page. */
export function writeArticle(
  { document, html, headings, changed }: Article,
  groups: readonly Group[],
): string {
  const { address, path } = document
  const group = groups.find(({ entries }) =>
    entries.some((entry) => [entry.document, ...entry.parts].includes(document)),
  )
  const listed = [
    ...new Set(groups.flatMap(({ entries }) => entries.flatMap((entry) => [entry.document, ...entry.parts]))),
  ]
  const at = listed.indexOf(document)
  const before = listed[at - 1]
  const after = at === -1 ? undefined : listed[at + 1]
  const way = (target: Document | undefined, label: string, kind: string) =>
    target
      ? `<a class="${kind}" href="${relative(address, target.address)}"><small>${label}</small>${escapeHtml(target.title)}</a>`
      : ''
  const list = contents(headings)
  return `<main id="content" tabindex="-1">
<article>
${group ? `<p class="eyebrow">${escapeHtml(group.name)}</p>` : ''}
${list === '' ? html : html.replace('</h1>', `</h1>\n<details class="here"><summary>On this page</summary>${list}</details>`)}
</article>
<footer>
<p><a href="${sourceUrl}/edit/main/${path}">Edit this page</a>${changed ? `<span>Last changed on <time datetime="${changed}">${day(changed)}</time></span>` : ''}</p>
<nav aria-label="Next and previous pages">${way(before, 'Before', 'before')}${way(after, 'Next', 'after')}</nav>
</footer>
</main>
${list === '' ? '<aside></aside>' : `<aside aria-label="On this page"><h2>On this page</h2>${list}</aside>`}`
}

function contents(headings: readonly Heading[]): string {
  const shown = headings.filter(({ level }) => level === 2 || level === 3)
  if (shown.length < 2) return ''
  const items = shown.map(
    ({ level, slug, text }) => `<li class="level-${level}"><a href="#${slug}">${escapeHtml(text)}</a></li>`,
  )
  return `<ul>${items.join('')}</ul>`
}

function day(date: string): string {
  return new Date(date).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  })
}
