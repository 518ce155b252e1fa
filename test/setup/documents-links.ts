// Which links of a Markdown document lead nowhere: to a file that is not there, or a heading that is not in it;
// and which files of the repository it names that are not there.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { repository } from './documents-run.ts'

/** The targets of a document's links and the paths in it that do not exist. Links to other sites are not followed. */
export function brokenLinks(path: string): string[] {
  const written = /\]\(([^)\s]+)\)|\s(?:src|srcset|href)="([^"]+)"/g
  const targets = [...prose(path).matchAll(written)].map((match) => (match[1] ?? match[2]) as string)
  const paths = [
    ...prose(path).matchAll(/`((?:src|test|docs|examples|\.ci|\.github|\.githooks)\/[^\s`*{}<>]*)`/g),
  ]
  const lost = paths.map((match) => match[1] as string).filter((name) => !existsSync(join(repository, name)))
  const broken = targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [file = '', heading] = target.split('#')
    const linked = file === '' ? path : resolve(dirname(path), file)
    if (!existsSync(linked)) return true
    return heading !== undefined && !headings(linked).includes(heading)
  })
  return [...broken, ...lost]
}

function headings(path: string): string[] {
  return [...prose(path).matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] as string)
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function prose(path: string): string {
  return readFileSync(path, 'utf8').replace(/^```[\s\S]*?^```$/gm, '')
}
