// What is published: what the packed file holds, and what it says of itself.
import { execFile } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { parseSync } from 'vite'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { makeLinksAbsolute } from '../build/absolute-links.ts'
import { repository } from './setup/documents-run.ts'
import { packPackage } from './setup/packed.ts'

const run = promisify(execFile)
const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
const entries = Object.keys(manifest.exports).filter((name) => !name.endsWith('.json'))

let folder = ''
let tarball = ''
let unpacked = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-contents-'))
  tarball = await packPackage(inject('builds').installed, join(folder, 'source'))
  await run('tar', ['-xzf', tarball, '-C', folder])
  unpacked = join(folder, 'package')
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('it holds what is built, the texts that belong to it, and nothing else', async () => {
  const isAsset =
    /^dist\/(?:console\/assets\/[\w-]+\.(?:js|css|svg)|embed\/(?:latchkey|portal)[\w.-]*\.js)(?:\.br|\.gz)?$/
  const { stdout } = await run('tar', ['-tzf', tarball])
  const files = stdout
    .trim()
    .split('\n')
    .map((path) => path.replace(/^package\//, ''))
  const others = files.filter(
    (path) => !/^dist\/(?!console\/).+\.(js|d\.ts)$/.test(path) && !isAsset.test(path),
  )
  expect(others.sort()).toEqual([
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'dist/commonjs/package.json',
    'dist/console/index.html',
    'dist/console/licenses.md',
    'dist/embed/portal.html',
    'package.json',
  ])
  expect(files.filter((path) => isAsset.test(path)).length).toBeGreaterThan(10)
})

test('its texts link to the repository at this version, and to nothing that is not there', () => {
  const at = `https://github.com/latchkey-dev/latchkey/(?:blob|raw)/v${manifest.version}/`
  for (const name of ['README.md', 'CHANGELOG.md', 'SECURITY.md']) {
    const text = readFileSync(join(unpacked, name), 'utf8')
    const written = text.matchAll(/\]\(([^)\s]+)\)|\s(?:src|srcset|href)="([^"]+)"/g)
    const targets = [...written].map((match) => (match[1] ?? match[2]) as string)
    expect(targets.length).toBeGreaterThan(0)
    expect(targets.filter((target) => !/^(?:https?:|mailto:|#)/.test(target))).toEqual([])
    const own = targets.map((target) => new RegExp(`^${at}([^#]+)`).exec(target)?.[1]).filter((path) => path)
    expect(own.filter((path) => !existsSync(join(repository, path as string)))).toEqual([])
  }
  expect(readFileSync(join(unpacked, 'README.md'), 'utf8')).toMatch(new RegExp(`${at}docs/guides/library.md`))
})

test('what is packed leaves the texts of the repository as they were', () => {
  const texts = join(folder, 'texts')
  mkdirSync(texts)
  const names = ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'package.json']
  const read = () => names.map((name) => readFileSync(join(texts, name), 'utf8'))
  for (const name of names) cpSync(join(repository, name), join(texts, name))
  const before = read()
  makeLinksAbsolute(texts)
  expect(read()).not.toEqual(before)
  makeLinksAbsolute(texts)
  makeLinksAbsolute(texts, true)
  expect(read()).toEqual(before)
})

/** Modules that do more at their import than declare, and do it to what is theirs alone: nothing is lost where they are left out. */
const doers = [
  'core/shared-dates.js',
  'domain/openings.js',
  'http/request-head.js',
  'server/plain-request.js',
  'transparency/merkle.js',
]
test('importing a module does nothing, so bundlers may leave out what nobody uses, and `require` may load it', () => {
  // Those of `embed` give the page its element, and are named as such.
  const dist = join(unpacked, 'dist')
  const found: string[] = []
  for (const name of globSync('**/*.js', { cwd: dist, exclude: ['console/**'] })) {
    const { program, errors } = parseSync(name, readFileSync(join(dist, name), 'utf8'))
    expect(errors).toEqual([])
    if (
      !name.startsWith('embed/') &&
      program.body.some(({ type }) => !/^(?:Import|Export|Function|Class|Variable)/.test(type))
    )
      found.push(name)
    // Node.js cannot `require` a module that awaits.
    if (name !== 'cli/main.js') expect(awaits(program.body), name).toBe(false)
  }
  expect(found.sort()).toEqual(['cli/main.js', ...doers])
  expect(manifest.sideEffects).toEqual(['./dist/cli/main.js', './dist/embed/*.js'])
})

/** Whether code awaits outside of functions. */
function awaits(code: unknown): boolean {
  if (Array.isArray(code)) return code.some(awaits)
  if (typeof code !== 'object' || code === null) return false
  const { type, await: isAwaited } = code as { type?: string; await?: boolean }
  if (type === 'AwaitExpression' || (type === 'ForOfStatement' && isAwaited)) return true
  return !/Function|ClassBody/.test(type ?? '') && Object.values(code).some(awaits)
}

test('publint has nothing to say', async () => {
  const { messages } = await publint({ pkgDir: unpacked, pack: false })
  // No module has a default export, which is all that CommonJS would see otherwise than its types say.
  const others = messages.filter(({ code }) => code !== 'EXPORTS_TYPES_INVALID_FORMAT')
  expect(others.map((message) => formatMessage(message, manifest))).toEqual([])
  for (const { default: path } of entries.map((entry) => manifest.exports[entry]))
    expect(readFileSync(join(unpacked, path), 'utf8')).not.toMatch(/export default|as default/)
})

test('the types of every entry point are right, as attw sees it', async () => {
  const result = await checkPackage(createPackageFromTarballData(readFileSync(tarball)))
  if (!result.types) throw new Error('There are no types.')
  expect(Object.keys(result.entrypoints).sort()).toEqual([...entries, './package.json'].sort())
  // Modules are of ES, and CommonJS may `require` them: it is told their types as of its own kind, since most compilers let it
  // import no others.
  const problems = result.problems.filter(({ kind }) => !['FalseCJS', 'CJSResolvesToESM'].includes(kind))
  expect(problems).toEqual([])
})
