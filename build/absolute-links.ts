// Makes the links of the texts that npm packs absolute, to the repository at this version: a package has no `docs`, and neither has
// its page at the registry. `npm pack` runs it before it packs, and with `--undo` behind: `node build/absolute-links.ts [--undo]`.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The texts that go into the package. */
const texts = ['README.md', 'CHANGELOG.md', 'SECURITY.md']

/** Rewrites the texts of a folder that holds them and `package.json`. What is absolute stays so: it may run twice. */
export function makeLinksAbsolute(folder: string, undo = false): void {
  const { version, homepage } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const [pages, files] = ['blob', 'raw'].map((kind) => `${homepage.split('#')[0]}/${kind}/v${version}/`) as [
    string,
    string,
  ]
  for (const name of texts) {
    const path = join(folder, name)
    const text = readFileSync(path, 'utf8')
    const written = undo
      ? text.replaceAll(pages, '').replaceAll(files, '')
      : // A link in Markdown, or an attribute of HTML, which shows a picture.
        text
          .replace(/\]\((?![a-z]+:|#)/g, `](${pages}`)
          .replace(/(\s(?:src|srcset)=")(?![a-z]+:)/g, `$1${files}`)
    if (written !== text) writeFileSync(path, written)
  }
}

if (import.meta.main) makeLinksAbsolute(resolve(import.meta.dirname, '..'), process.argv.includes('--undo'))
