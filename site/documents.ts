// Which Markdown files are pages of the site, where each page stands, and the navigation: all as docs/README.md lists them.
// Imports nothing but Node.js, so that the tests of every run can ask it.
import { globSync, readFileSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'

export const repository = resolve(import.meta.dirname, '..')

/** A Markdown file that is a page. */
export interface Document {
  /** From the root of the repository, such as `docs/guides/keys.md`. */
  path: string
  /** From the root of the site, such as `guides/keys.html`. */
  address: string
  /** Its first heading. */
  title: string
  text: string
}

/** Pages for one kind of reader. */
export interface Group {
  /** As docs/README.md calls it, such as `You operate it`. */
  name: string
  entries: Entry[]
}
interface Entry {
  document: Document
  /** The pages that it lists itself: those of its folder, if it is the folder's README. */
  parts: Document[]
}

const index = 'docs/README.md'

/** The title of the README is the product's name: in a list of its pages it says nothing. */
const titles: Record<string, string> = { 'README.md': 'Start in five minutes', [index]: 'All documents' }

/** Reads every document: those of the root, and all below `docs`. */
export function readDocuments(root: string = repository): Document[] {
  const paths = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).sort()
  return paths.map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    const title = titles[path] ?? /^# (.+)$/m.exec(text)?.[1]
    if (title === undefined) throw new Error(`${path} has no title: begin it with '# '.`)
    return { path, address: addressOf(path), title: title.replaceAll('`', ''), text }
  })
}

/** Where a document's page stands: `docs` is the root of the site, and what is beside it in the repository comes there too. */
function addressOf(path: string): string {
  if (path === 'README.md') return 'start.html'
  if (path === index) return 'documents.html'
  if (path.startsWith('docs/'))
    return path
      .slice('docs/'.length)
      .replace(/README\.md$/, 'index.html')
      .replace(/\.md$/, '.html')
  return path.toLowerCase().replace(/\.md$/, '.html')
}

/** Reads the navigation from docs/README.md: each heading with links below it is a group of the pages that they lead to. */
export function readNavigation(documents: readonly Document[]): Group[] {
  const byPath = new Map(documents.map((document) => [document.path, document]))
  const readme = byPath.get(index)
  if (readme === undefined) throw new Error(`${index} is not there.`)
  const groups = new Map<string, Entry[]>()
  let name = ''
  for (const line of readme.text.split('\n')) {
    name = /^##+ (.+)$/.exec(line)?.[1] ?? name
    for (const document of linked(readme, line, byPath)) {
      const entries = groups.get(name) ?? []
      const isNew = entries.every((entry) => entry.document !== document)
      if (isNew) groups.set(name, [...entries, { document, parts: partsOf(document, byPath) }])
    }
  }
  return [...groups].map(([name, entries]) => ({ name, entries }))
}

function partsOf(document: Document, byPath: Map<string, Document>): Document[] {
  if (!document.path.startsWith('docs/') || !document.path.endsWith('/README.md')) return []
  const folder = posix.dirname(document.path)
  const parts = [...document.text.split('\n')].flatMap((line) => linked(document, line, byPath))
  return [...new Set(parts)].filter((part) => part !== document && posix.dirname(part.path) === folder)
}

/** The documents that a line links to as a whole: a link to a heading is a remark. */
function linked(from: Document, line: string, byPath: Map<string, Document>): Document[] {
  return [...line.matchAll(/\]\(([^)#\s]+\.md)\)/g)].flatMap(
    ([, target = '']) => byPath.get(posix.join(posix.dirname(from.path), target)) ?? [],
  )
}

/** The documents that no group of the navigation leads to. */
export function unlisted(documents: readonly Document[], groups: readonly Group[]): string[] {
  const listed = new Set(
    groups.flatMap(({ entries }) => entries.flatMap(({ document, parts }) => [document, ...parts])),
  )
  return documents
    .filter((document) => document.path !== index && !listed.has(document))
    .map(({ path }) => path)
}

/** The slug that GitHub gives a heading: links in the documents use it. `taken` counts those of the page. */
export function slugOf(heading: string, taken: Map<string, number>): string {
  const slug = heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
  const count = taken.get(slug) ?? 0
  taken.set(slug, count + 1)
  return count === 0 ? slug : `${slug}-${count}`
}
