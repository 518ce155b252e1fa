// `npm run docs`: makes the site from the documents, in `dist-docs`. The same documents give the same bytes.
// `npm run docs -- --serve` shows it on http://127.0.0.1:4173, and makes it anew whenever a document changes.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { brokenLinks } from './check.ts'
import { readDocuments, readNavigation, repository } from './documents.ts'
import { homePictures, writeHome } from './home.ts'
import { writeArticle, writePage } from './layout.ts'
import { Links, pictureAddress } from './links.ts'
import { Renderer } from './markdown.ts'
import { serve } from './serve.ts'

const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'dist-docs' },
    serve: { type: 'boolean' },
    port: { type: 'string' },
  },
})
const out = resolve(repository, values.out)

/** The style sheets, in the order in which later ones may change what earlier ones say. */
const styles = ['colours', 'frame', 'pages', 'here', 'text', 'footer', 'search', 'home', 'narrow']

build()
if (values.serve) {
  console.log(`The documents are on ${(await serve(out, Number(values.port ?? 4173))).url}`)
  for (const watched of ['docs', 'site'])
    watch(join(repository, watched), { recursive: true }, () => void buildSoon())
}

let waiting: NodeJS.Timeout | undefined
function buildSoon(): void {
  clearTimeout(waiting)
  waiting = setTimeout(() => {
    try {
      build()
    } catch (error) {
      console.error(error instanceof Error ? error.message : error)
    }
  }, 200)
}

function build(): void {
  const { version, description } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  const documents = readDocuments()
  const groups = readNavigation(documents)
  const frame = { groups, version: String(version) }
  const links = new Links(documents)
  const renderer = new Renderer(links)
  const changes = lastChanges()
  const files = new Map<string, string>()
  const sections = documents.flatMap((document) => {
    const { html, headings, sections } = renderer.render(document)
    const body = writeArticle({ document, html, headings, changed: changes.get(document.path) }, groups)
    const summary = sections[0]?.text.slice(0, 160) ?? ''
    files.set(document.address, writePage({ ...document, description: summary, body }, frame))
    // Beside each page its Markdown, for whoever reads by program.
    files.set(document.address.replace(/\.html$/, '.md'), document.text)
    return sections.map((section) => ({ document, section }))
  })
  const home = {
    address: 'index.html',
    title: 'Latchkey: self-hosted API keys',
    description: String(description),
  }
  files.set('index.html', writePage({ ...home, body: writeHome(documents, groups, home.description) }, frame))
  const body = `<main id="content" tabindex="-1"><article><h1>No such page</h1><p>Search, or see <a href="documents.html">all documents</a>.</p></article></main>`
  files.set(
    '404.html',
    writePage({ address: '404.html', title: 'No such page', description: '', body }, frame),
  )
  // Now that all links are known: what others lead to often is what a reader looks for.
  const sought = sections.map(({ document, section }) => ({ ...section, cited: links.citations(document) }))
  files.set('assets/sections.json', JSON.stringify(sought))
  files.set(
    'assets/style.css',
    styles.map((name) => readFileSync(join(import.meta.dirname, 'style', `${name}.css`), 'utf8')).join(''),
  )
  for (const name of ['main', 'theme'])
    files.set(
      `assets/${name}.js`,
      stripTypeScriptTypes(readFileSync(join(import.meta.dirname, 'browser', `${name}.ts`), 'utf8')),
    )
  for (const [address, text] of renderer.made) files.set(address, text)
  for (const picture of homePictures) links.pictures.add(picture)

  rmSync(out, { recursive: true, force: true })
  for (const [address, text] of [...files].sort()) {
    mkdirSync(dirname(join(out, address)), { recursive: true })
    writeFileSync(join(out, address), text)
  }
  const copies: [from: string, to: string][] = [
    ...[...links.pictures].sort().map((path): [string, string] => [path, pictureAddress(path)]),
    ['console/icon.svg', 'assets/icon.svg'],
    ['site/node_modules/minisearch/dist/es/index.js', 'assets/minisearch.js'],
    ...(existsSync(join(repository, 'docs/llms.txt'))
      ? [['docs/llms.txt', 'llms.txt'] as [string, string]]
      : []),
  ]
  for (const [from, to] of copies) cpSync(join(repository, from), join(out, to))
  const broken = brokenLinks(out)
  if (broken.length > 0) throw new Error(`Links that lead nowhere:\n${broken.join('\n')}`)
  console.log(`${documents.length + 2} pages in ${values.out}`)
}

/** The day of each file's last change; nothing if the history is not there, or not all of it. */
function lastChanges(): Map<string, string> {
  const changes = new Map<string, string>()
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: repository, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  try {
    if (git('rev-parse', '--is-shallow-repository').trim() !== 'false') return changes
    let date = ''
    for (const line of git('log', '--format=@%cs', '--name-only', '--', '*.md').split('\n')) {
      if (line.startsWith('@')) date = line.slice(1)
      else if (line !== '' && !changes.has(line)) changes.set(line, date)
    }
  } catch {
    // A copy without its history, or a machine without git.
  }
  return changes
}
