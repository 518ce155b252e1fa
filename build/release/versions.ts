// The version of a release: where it stands, and what the changelog says of it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Where the version stands beside `package.json`: a file, and what stands before it there. */
const places: readonly [path: string, pattern: RegExp][] = [
  ['package.json', /^ {2}"version": "([^"]+)"/m],
  ['package-lock.json', /^ {2}"version": "([^"]+)"/m],
  ['clients/python/pyproject.toml', /^version = "([^"]+)"/m],
  ['clients/python/src/latchkey/__init__.py', /^__version__ = "([^"]+)"/m],
  ['clients/go/version.go', /^const Version = "([^"]+)"/m],
]

/** Reads the version in each place of a checkout. */
export function readVersions(root: string): Record<string, string | undefined> {
  return Object.fromEntries(
    places.map(([path, pattern]) => [path, pattern.exec(readFileSync(join(root, path), 'utf8'))?.[1]]),
  )
}

/** What the changelog says of a version, with links that lead to that version's files; undefined if it has no such version with a date. */
export function cutNotes(changelog: string, version: string): string | undefined {
  const start = new RegExp(`^## ${version.replaceAll('.', '\\.')} - \\d{4}-\\d\\d-\\d\\d\n`, 'm').exec(
    changelog,
  )
  if (start === null) return undefined
  const rest = changelog.slice(start.index + start[0].length)
  const end = rest.search(/^## /m)
  const text = end === -1 ? rest : rest.slice(0, end)
  const base = `https://github.com/latchkey-dev/latchkey/blob/v${version}/`
  return `${text.trim().replaceAll(/\]\((?!https?:|#)/g, `](${base}`)}\n`
}
