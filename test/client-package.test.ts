// `@latchkey/client`: the client and the guards alone, which need nothing; and how large they are in a program.
import { execFile } from 'node:child_process'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { makeClientPackage } from '../build/client-package.ts'
import { measureSizes } from '../build/sizes.ts'
import { repository } from './setup/documents-run.ts'

const run = promisify(execFile)
const read = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

let folder = ''
let home = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-client-'))
  const root = join(folder, 'root')
  mkdirSync(root)
  for (const name of ['package.json', 'LICENSE']) symlinkSync(join(repository, name), join(root, name))
  symlinkSync(join(inject('builds').installed, 'dist'), join(root, 'dist'))
  home = join(folder, 'node_modules/@latchkey/client')
  makeClientPackage(root, home)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('it is of the version of the server, has all entry points but the library, and depends on nothing', async () => {
  const [whole, own] = [read(join(repository, 'package.json')), read(join(home, 'package.json'))]
  expect([own.version, own.license, own.dependencies]).toEqual([whole.version, whole.license, undefined])
  const names = Object.keys(whole.exports).filter((name) => name !== './client')
  expect(Object.keys(own.exports).sort()).toEqual(names.sort())
  expect(own.peerDependencies).toMatchObject(whole.peerDependencies)
  expect(Object.values<{ optional: boolean }>(own.peerDependenciesMeta).every((peer) => peer.optional)).toBe(
    true,
  )
  const { messages } = await publint({ pkgDir: home, pack: false })
  expect(messages.filter(({ code }) => code !== 'EXPORTS_TYPES_INVALID_FORMAT')).toEqual([])
  const foreign = globSync('dist/**/*.js', { cwd: home }).flatMap((path) => [
    ...readFileSync(join(home, path), 'utf8').matchAll(/^(?:import|export) [^;]*?from ['"]([^.'"][^'"]*)/gm),
  ])
  expect(foreign).toEqual([])
  expect(globSync('dist/{store,domain,http,server,cli}/**/*.js', { cwd: home })).toEqual([])
})

test('its text links to the repository at its version, and to nothing that is not there', () => {
  const { version } = read(join(home, 'package.json'))
  const readme = readFileSync(join(home, 'README.md'), 'utf8')
  const targets = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string)
  const at = 'https://github.com/latchkey-dev/latchkey'
  const own = targets.filter((target) => target !== at)
  expect(own.length).toBeGreaterThan(0)
  expect(own.filter((target) => !target.startsWith(`${at}/blob/v${version}/`))).toEqual([])
  const paths = own.map((target) => target.slice(`${at}/blob/v${version}/`.length).replace(/#.*/, ''))
  expect(paths.filter((path) => !existsSync(join(repository, path)))).toEqual([])
})

test('ES modules import it and CommonJS requires it, where there is nothing else', async () => {
  const entries = ['', '/express', '/fastify', '/fetch', '/hono'].map((name) => `@latchkey/client${name}`)
  const use = `console.log(typeof client.createVerifier, typeof guards.map((guard) => guard.requireKey ?? guard.withKey).at(-1))`
  const programs = {
    'a.mjs': `const [client, ...guards] = await Promise.all(${JSON.stringify(entries)}.map((name) => import(name)));${use}`,
    'a.cjs': `const [client, ...guards] = ${JSON.stringify(entries)}.map((name) => require(name));${use}`,
  }
  for (const [name, program] of Object.entries(programs)) {
    writeFileSync(join(folder, name), program)
    const { stdout, stderr } = await run(process.execPath, [name], { cwd: folder })
    expect([stdout, stderr], name).toEqual(['function function\n', ''])
  }
})

test('its types are whole, for ES modules and for CommonJS', { timeout: 60_000 }, async () => {
  const program = `
    import { createClient, createVerifier } from '@latchkey/client'
    import { type VerifiedKey, withKey } from '@latchkey/client/fetch'
    const verifier = createVerifier({ url: 'http://a', token: '' })
    export const id: Promise<string> = createClient({ url: 'http://a', token: '' }).keys.self().then((key) => key.id)
    export const GET = withKey({ verifier }, (_: Request, key: VerifiedKey) => new Response(key.name))
    // @ts-expect-error An organization has a name, which is text.
    createClient({ url: 'http://a', token: '' }).organizations.create({ name: 1 })`
  const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: [] }
  const lib = ['es2024', 'esnext.disposable', 'dom']
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, lib }, files: ['b.mts', 'c.cts'] }),
  )
  for (const name of ['b.mts', 'c.cts']) writeFileSync(join(folder, name), program)
  const compiler = join(repository, 'node_modules/typescript/bin/tsc')
  // The types of what they import are looked at too, since nothing of others is among them.
  const { stdout } = await run(process.execPath, [compiler, '-p', folder]).catch((error) => error)
  expect(stdout).toBe('')
})

/** In thousands of bytes that gzip leaves; `npm run sizes` prints what they are. */
const bounds: Record<string, number> = {
  client: 8,
  verifier: 32,
  'client and verifier': 35,
  'guard for fetch': 6,
  'guard for Hono': 6,
  'guard for Express': 6,
  'guard for Fastify': 6,
  'verifier and guard for Express': 35,
}
test('what it adds to a program stays small', async () => {
  const sizes = await measureSizes(join(home, 'dist'))
  expect(sizes.map(({ use }) => use)).toEqual(Object.keys(bounds))
  for (const { use, gzip } of sizes) {
    expect(gzip / 1000, use).toBeLessThan(bounds[use] as number)
    // A bundler that found nothing would leave nothing.
    expect(gzip / 1000, use).toBeGreaterThan((bounds[use] as number) / 2)
  }
})
