// Finds the links of the built site that lead nowhere, and what would be fetched from another host.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'

/** The links, pictures, scripts and styles in the pages of a folder that lead nowhere, each with its page. */
export function brokenLinks(folder: string): string[] {
  const pages = globSync('**/*.html', { cwd: folder }).sort()
  const texts = new Map(pages.map((page) => [page, readFileSync(join(folder, page), 'utf8')]))
  const ids = new Map(
    [...texts].map(([page, text]) => [
      page,
      new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  )
  return [...texts].flatMap(([page, text]) => {
    const written = [...text.matchAll(/<(\w+)[^>]*?\s(?:href|src|srcset)="([^"]*)"/g)]
    const faults = written.flatMap(([, tag = '', target = '']) => {
      const fault = faultOf(tag, target, page)
      return fault === undefined ? [] : [`${page}: ${target} ${fault}`]
    })
    return [...new Set(faults)]
  })

  function faultOf(tag: string, target: string, page: string): string | undefined {
    if (/^[a-z]+:/.test(target)) return tag === 'a' ? undefined : 'is fetched from elsewhere'
    const [path = '', fragment] = target.split('#')
    const file = path === '' ? page : posix.join(posix.dirname(page), decodeURIComponent(path))
    if (!existsSync(join(folder, file))) return 'is not there'
    if (fragment && !ids.get(file)?.has(decodeURIComponent(fragment))) return 'is no heading'
    return undefined
  }
}
