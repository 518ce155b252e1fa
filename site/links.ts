// Where the links of a document lead on the site: to another page, to a picture beside it, or to the source.
import { existsSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Document, repository } from './documents.ts'

/** Where the source is. */
export const sourceUrl = 'https://github.com/latchkey-dev/latchkey'

/** What the pages of a site refer to besides each other, and what they name that is not there. */
export class Links {
  readonly #byPath: ReadonlyMap<string, Document>
  /** The pictures that pages show, from the root of the repository. */
  readonly pictures = new Set<string>()
  /** From which pages others lead to each page, by its path. */
  readonly #from = new Map<string, Set<string>>()

  constructor(documents: readonly Document[]) {
    this.#byPath = new Map(documents.map((document) => [document.path, document]))
  }

  /** The address for a link that is written in a document. */
  link(from: Document, target: string): string {
    if (/^[a-z]+:/.test(target) || target.startsWith('#')) return target
    const [written = '', heading] = target.split('#')
    const fragment = heading === undefined ? '' : `#${heading}`
    const path = posix.join(posix.dirname(from.path), written).replace(/\/$/, '')
    const document = this.#byPath.get(path) ?? this.#byPath.get(`${path}/README.md`)
    if (document !== undefined) {
      if (document !== from) this.#from.set(document.path, this.#citing(document).add(from.path))
      return relative(from.address, document.address) + fragment
    }
    if (/\.(png|svg)$/.test(path)) return this.picture(from, written)
    if (!existsSync(join(repository, path)))
      throw new Error(`${from.path} links to ${target}: nothing is there.`)
    const kind = statSync(join(repository, path)).isDirectory() ? 'tree' : 'blob'
    return `${sourceUrl}/${kind}/main/${path}${fragment}`
  }

  #citing(document: Document): Set<string> {
    return this.#from.get(document.path) ?? new Set()
  }

  /** From how many other pages a link leads to a page, of those whose links were asked for. */
  citations(document: Document): number {
    return this.#citing(document).size
  }

  /** The address of a picture that a document shows. */
  picture(from: Document, target: string): string {
    const path = posix.join(posix.dirname(from.path), target)
    if (!existsSync(join(repository, path)))
      throw new Error(`${from.path} shows ${target}: nothing is there.`)
    this.pictures.add(path)
    return relative(from.address, pictureAddress(path))
  }
}

/** Where a picture of the repository stands on the site. */
export function pictureAddress(path: string): string {
  return path.replace(/^docs\//, '')
}

/** The way from one page to another: relative, so that the site works below any path. */
export function relative(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to)
}
