// Makes the links of the texts that npm packs absolute, to the repository at this version: a package has no `docs`, and neither has
// its page at the registry. `npm pack` runs it before it packs, and with `--undo` behind: `node build/absolute-links.ts [--undo]`.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, posix, resolve } from 'node:path'

/** The texts that go into the package. */
const texts = ['README.md', 'CHANGELOG.md', 'SECURITY.md']

interface Manifest {
  version: string
  homepage: string
}

/** Rewrites the texts of a folder that holds them and `package.json`. What is absolute stays so: it may run twice. */
export function makeLinksAbsolute(folder: string, undo = false): void {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const { pages, files } = placesOf(manifest)
  for (const name of texts) {
    const path = join(folder, name)
    const text = readFileSync(path, 'utf8')
    const written = undo
      ? text.replaceAll(pages, '').replaceAll(files, '')
      : writeLinksAbsolute(text, manifest)
    if (written !== text) writeFileSync(path, written)
  }
}

/** Rewrites a text of a folder of the repository, by the manifest of the package that it goes into. */
export function writeLinksAbsolute(text: string, manifest: Manifest, folder = ''): string {
  const { pages, files } = placesOf(manifest)
  const to = (place: string) => (_: string, before: string, target: string) =>
    `${before}${place}${posix.join(folder, target)}`
  // A link in Markdown, or an attribute of HTML, which shows a picture.
  return text
    .replace(/(\]\()(?![a-z]+:|#)([^)\s]+)/g, to(pages))
    .replace(/(\s(?:src|srcset)=")(?![a-z]+:)([^"\s]+)/g, to(files))
}

/** Where the repository shows the pages of a version, and gives its files. */
function placesOf({ version, homepage }: Manifest): { pages: string; files: string } {
  const [repository] = homepage.split('#')
  return { pages: `${repository}/blob/v${version}/`, files: `${repository}/raw/v${version}/` }
}

if (import.meta.main) makeLinksAbsolute(resolve(import.meta.dirname, '..'), process.argv.includes('--undo'))
