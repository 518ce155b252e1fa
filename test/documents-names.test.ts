// What documents quote is there: the messages of the page on troubleshooting are said by the source, and metrics and
// variables that any of them names are those of the program.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { errorTable } from '../src/core/errors.ts'
import { secretVariables, variables } from '../src/core/variables.ts'
import { brokenLinks } from './setup/documents-links.ts'
import { repository } from './setup/documents-run.ts'

const read = (path: string) => readFileSync(join(repository, path), 'utf8')
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: repository })

test('every message that troubleshooting quotes is one of the source', () => {
  const source = globSync('src/**/*.ts', { cwd: repository })
    .map(read)
    .join('\n')
    // A text of several lines is one text.
    .replaceAll(/['`] \+\s+['`]/g, '')
    .replaceAll('\\`', '`')
  const quoted = [...read('docs/operate/troubleshooting.md').matchAll(/^\| (.+?) \| /gm)]
    .flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text))
    .filter((text) => !Object.hasOwn(errorTable, text))
  expect(quoted.length).toBeGreaterThan(40)
  const unsaid = quoted.filter((text) =>
    text.split('…').some((part) => part.trim() !== '' && !source.includes(part.trim())),
  )
  expect(unsaid).toEqual([])
})

test('every metric that a document names is in the reference, and every variable is a setting', () => {
  const namesIn = (text: string, pattern: RegExp) => new Set(text.match(pattern))
  const metrics = namesIn(read('docs/reference/metrics.md'), /latchkey_[a-z_]+/g)
  // Misspelt on purpose, to show that it is found.
  const known: readonly string[] = [
    ...variables,
    ...secretVariables.map((name) => `${name}_FILE`),
    'LATCHKEY_PROT',
  ]
  for (const path of documents) {
    const text = read(path)
    // By what it counts: other things are named so too, such as the resources of Terraform.
    const strangers = [
      ...namesIn(text, /\blatchkey_[a-z_]+_(?:total|seconds|bytes|waiting|values)\b/g),
    ].filter((name) => !metrics.has(name))
    const unset = [...namesIn(text, /\bLATCHKEY_[A-Z_]*[A-Z]\b/g)].filter((name) => !known.includes(name))
    expect([...strangers, ...unset], path).toEqual([])
  }
})

test('llms.txt has the form of one, leads to pages that are there, and to every part of the documents', () => {
  const text = read('docs/llms.txt')
  expect(text).toMatch(/^# Latchkey\n\n> .+\n\n/)
  expect(text.match(/^#{3,} /m)).toBeNull()
  expect(brokenLinks(join(repository, 'docs/llms.txt'))).toEqual([])
  const linked = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => path)
  expect(linked.filter((path) => !path.endsWith('.md'))).toEqual([])
  expect(new Set(linked.map((path) => path.split('/')[0]))).toEqual(
    new Set(['guides', 'reference', 'operate', 'explain']),
  )
})
