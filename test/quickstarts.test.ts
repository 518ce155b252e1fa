// The pages of quickstarts show the files of examples/quickstarts as they are, and the versions that their locks have; that
// they run is for `npm run test:quickstarts`. `UPDATE_DOCS=1 npx vitest run test/quickstarts.test.ts` writes both into the pages.
import { globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { quickstarts } from './quickstarts/quickstarts.ts'
import { readBlocks } from './setup/documents.ts'
import { repository } from './setup/documents-run.ts'

const examples = join(repository, 'examples/quickstarts')
const index = join(repository, 'docs/guides/quickstarts/README.md')
const pages = [...new Set(quickstarts.map(({ page }) => page))]

test('every quickstart is run by npm run test:quickstarts, and has a page', () => {
  expect(readdirSync(examples).sort()).toEqual(quickstarts.map(({ name }) => name).sort())
  const written = readdirSync(join(repository, 'docs/guides/quickstarts'))
  expect(written.sort()).toEqual([...pages.map((page) => `${page}.md`), 'README.md'].sort())
})

test.each(quickstarts.map(({ name, page }) => [name, page]))(
  'the files of %s are those that its page shows',
  (name, page) => {
    const path = join(repository, `docs/guides/quickstarts/${page}.md`)
    const files = globSync('**/*.{ts,tsx}', {
      cwd: join(examples, name),
      exclude: ['**/node_modules', '.*/**', 'dist/**', 'build/**'],
    }).filter((file) => !/(\.config|\.d)\.ts$|root\.tsx$/.test(file))
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) {
      const text = readFileSync(join(examples, name, file), 'utf8')
      expect(text.split('\n')[0]).toBe(`// ${file}`)
      if (process.env.UPDATE_DOCS) showFile(path, file, text)
      const shown = readBlocks(path).filter((block) => block.text.startsWith(`// ${file}\n`))
      expect(shown.map((block) => block.text)).toEqual([text])
    }
  },
)

test.each(pages)('each file that the page of %s shows is one of an example', (page) => {
  const own = quickstarts.filter((quickstart) => quickstart.page === page)
  const shown = readBlocks(join(repository, `docs/guides/quickstarts/${page}.md`)).filter(
    ({ language }) => language === 'tsx',
  )
  expect(shown.length).toBeGreaterThan(0)
  for (const { text } of shown) {
    const file = text.slice('// '.length, text.indexOf('\n'))
    const texts = own
      .map(({ name }) => join(examples, name, file))
      .filter((path) => globSync(path).length > 0)
    expect(texts.map((path) => readFileSync(path, 'utf8'))).toContain(text)
  }
})

test('the table of quickstarts has the versions that the locks have, and those that are run beside them', () => {
  const rows = quickstarts.map(({ name, title, page, package: known, otherVersions = [], verifier }) => {
    const lock = JSON.parse(readFileSync(join(examples, name, 'package-lock.json'), 'utf8'))
    const versions = [
      lock.packages[`node_modules/${known}`].version as string,
      ...otherVersions.map((others) => others[known] as string),
    ]
    const ways = { createVerifier: 'in its own process', createClient: 'by a call for each request' }
    return `| [${title}](${page}.md) | ${versions.join(', ')} | ${ways[verifier]} |`
  })
  const table = /(?<=^\| --- \| --- \| --- \|\n)(?:\|.*\n)*/m
  if (process.env.UPDATE_DOCS)
    writeFileSync(index, readFileSync(index, 'utf8').replace(table, `${rows.join('\n')}\n`))
  expect(table.exec(readFileSync(index, 'utf8'))?.[0]).toBe(`${rows.join('\n')}\n`)
})

test('each quickstart has exact versions, and none of Latchkey, which is installed beside them', () => {
  for (const { name } of quickstarts) {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(
      readFileSync(join(examples, name, 'package.json'), 'utf8'),
    )
    const all = Object.entries({ ...dependencies, ...devDependencies })
    expect(all.length).toBeGreaterThan(0)
    for (const [, version] of all) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(all.map(([dependency]) => dependency)).not.toContain('latchkey')
  }
})

/** Writes a file of an example in place of the block that begins with its name. */
function showFile(path: string, file: string, text: string): void {
  const lines = readFileSync(path, 'utf8').split('\n')
  const block = readBlocks(path).find((block) => block.text.startsWith(`// ${file}\n`))
  if (block === undefined) throw new Error(`${path} has no block for ${file}.`)
  lines.splice(block.line, block.text.split('\n').length - 1, ...text.trimEnd().split('\n'))
  writeFileSync(path, lines.join('\n'))
}
