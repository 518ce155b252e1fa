// What is published: the packed file, installed into an empty project, on every Node that it is for.
import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { tokensIn } from './setup/command.ts'
import { repository } from './setup/documents-run.ts'

const run = promisify(execFile)
const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
const entries = Object.keys(manifest.exports).filter((name) => !name.endsWith('.json'))
const versionOf = (name: string) =>
  JSON.parse(readFileSync(join(repository, 'node_modules', name, 'package.json'), 'utf8')).version

// As npm names the builds of Node for this machine.
const nodeBuild = `node-${process.platform}-${process.arch}`
const nodes: Record<string, string> = { 26: process.execPath }

let folder = ''
let tarball = ''
let consumer = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'latchkey-package-'))
  // What lies in the repository besides, too, so that `files` has something to leave out.
  const source = join(folder, 'source')
  cpSync(join(inject('builds').installed, 'dist'), join(source, 'dist'), {
    recursive: true,
    dereference: true,
  })
  for (const name of readdirSync(repository)) {
    if (/\.md$|\.json$|^LICENSE$|^(src|docs|test|examples)$/.test(name)) {
      cpSync(join(repository, name), join(source, name), { recursive: true })
    }
  }
  const packed = await npm(source, 'pack', '--json', '--ignore-scripts')
  tarball = join(source, /"filename": "([^"]+)"/.exec(packed)?.[1] as string)

  consumer = join(folder, 'consumer')
  mkdirSync(consumer)
  writeFileSync(join(consumer, 'package.json'), '{"type":"module"}')
  await npm(consumer, 'install', tarball)
  const others = join(folder, 'nodes')
  mkdirSync(others)
  await npm(others, 'install', ...[22, 24].map((major) => `node${major}@npm:${nodeBuild}@${major}`))
  for (const major of [22, 24]) nodes[major] = join(others, `node_modules/node${major}/bin/node`)
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('it holds what is built, the texts that belong to it, and nothing else', async () => {
  const isAsset = /^dist\/console\/assets\/[\w-]+\.(?:(?:js|css|svg)(?:\.br|\.gz)?)$/
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
    'dist/console/index.html',
    'dist/console/licenses.md',
    'package.json',
  ])
  expect(files.filter((path) => isAsset.test(path)).length).toBeGreaterThan(10)
})

test('an empty project gets no framework and nothing that needs a compiler', () => {
  const lock = JSON.parse(readFileSync(join(consumer, 'package-lock.json'), 'utf8'))
  const packages: [string, { hasInstallScript?: boolean }][] = Object.entries(lock.packages)
  expect(packages.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([])
  expect(packages.map(([path]) => path).filter((path) => /\/(express|fastify)$/.test(path))).toEqual([])
})

test('publint has nothing to say', async () => {
  const { messages } = await publint({ pkgDir: join(consumer, 'node_modules/latchkey'), pack: false })
  expect(messages.map((message) => formatMessage(message, manifest))).toEqual([])
})

test('the types of every entry point are right, as attw sees it, for ESM', async () => {
  const result = await checkPackage(createPackageFromTarballData(readFileSync(tarball)))
  if (!result.types) throw new Error('There are no types.')
  expect(Object.keys(result.entrypoints).sort()).toEqual([...entries, './package.json'].sort())
  // Who calls `require` of a package of ES modules, or resolves as Node 10 did, is not served.
  const problems = result.problems.filter(
    (problem) =>
      !('resolutionKind' in problem && ['node10', 'node16-cjs'].includes(problem.resolutionKind as string)),
  )
  expect(problems).toEqual([])
})

test('the types of every entry point serve a project under strict rules', async () => {
  const project = join(folder, 'typed')
  mkdirSync(project)
  writeFileSync(join(project, 'package.json'), '{"type":"module"}')
  const names = ['express', 'fastify', 'hono', '@types/express', '@types/node', 'typescript']
  await npm(project, 'install', tarball, ...names.map((name) => `${name}@${versionOf(name)}`))
  writeFileSync(join(project, 'consumer.ts'), typedConsumer)
  const compilerOptions = {
    module: 'nodenext',
    target: 'es2024',
    strict: true,
    noEmit: true,
    types: ['node'],
  }
  const lib = ['es2024', 'esnext.disposable', 'dom']
  const options = { ...compilerOptions, lib, skipLibCheck: true, exactOptionalPropertyTypes: true }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }))
  const { stdout } = await run(process.execPath, ['node_modules/typescript/bin/tsc'], { cwd: project }).catch(
    (error) => error,
  )
  expect(stdout).toBe('')
}, 120_000)

describe.each([26, 24, 22])('on Node %i', (major) => {
  const node = (args: string[], cwd = consumer) => run(nodes[major] as string, args, { cwd })

  test('it is that Node', async () => {
    expect((await node(['--version'])).stdout).toMatch(new RegExp(`^v${major}\\.`))
  })

  test('a key lives in an embedded database, and a guard believes it', async () => {
    const cwd = mkdtempSync(join(consumer, 'run-'))
    writeFileSync(join(cwd, 'embed.mjs'), embeddingProgram)
    expect((await node(['embed.mjs'], cwd)).stdout).toBe('200 401 revoked\n')
  })

  test.each(['./client', './hono', './express', './fastify', './fetch'])(
    'importing latchkey%s loads no database, no server, no framework',
    async (entry) => {
      const loaded = await modulesOf(node, entry)
      expect(loaded).toContain(manifest.exports[entry].default)
      const own = loaded.filter((name) => name.startsWith('./dist/'))
      expect(own.filter((name) => /^\.\/dist\/(http|store|cli)\//.test(name))).toEqual([])
      const foreign = loaded.filter((name) => !name.startsWith('./dist/'))
      // The client may use what runs anywhere; nothing of these entries needs Node.
      expect(foreign).toEqual([])
    },
  )

  test('the installed command serves, on a new database', async () => {
    const cwd = mkdtempSync(join(consumer, 'serve-'))
    const main = join(consumer, 'node_modules/.bin/latchkey')
    expect((await node([main, '--version'], cwd)).stdout.trim()).toBe(manifest.version)
    const child = spawn(nodes[major] as string, [main, 'serve', '--port', '0'], { cwd, stdio: 'pipe' })
    onTestFinished(() => void child.kill('SIGKILL'))
    let printed = ''
    const url = await new Promise<string>((ready, fail) => {
      child.once('close', (code) => fail(new Error(`serve ended with ${code}: ${printed}`)))
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          printed += chunk
          const address = /^Latchkey serves (http:\S+)/m.exec(printed)?.[1]
          if (address) ready(address)
        })
      }
    })
    const [token] = tokensIn(printed)
    const answer = await fetch(`${url}/v1/keys/self`, { headers: { authorization: `Bearer ${token}` } })
    expect(await answer.json()).toMatchObject({ organization_id: 'root' })
    expect((await fetch(`${url}/docs`)).status).toBe(200)
    expect(await (await fetch(url)).text()).toContain('<div id="console">')
    const ended = new Promise((done) => child.once('close', done))
    child.kill('SIGTERM')
    expect(await ended).toBe(0)
  })
})

test('npx finds the command', async () => {
  const { stdout } = await run('npx', ['--no-install', 'latchkey', '--version'], { cwd: consumer })
  expect(stdout.trim()).toBe(manifest.version)
})

async function npm(cwd: string, ...args: string[]): Promise<string> {
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  return (await run('npm', [...args, ...quiet], { cwd, maxBuffer: 1 << 24 })).stdout
}

/** What is loaded with an entry point: paths in the package for ours, `node:…` or the package's path for others. */
async function modulesOf(
  node: (args: string[]) => Promise<{ stdout: string }>,
  entry: string,
): Promise<string[]> {
  const program = `
    import { registerHooks } from 'node:module'
    const urls = []
    registerHooks({ resolve(name, context, next) { const found = next(name, context); urls.push(found.url); return found } })
    await import(${JSON.stringify(`latchkey${entry.slice(1)}`)})
    console.log(JSON.stringify(urls))`
  const { stdout } = await node(['--input-type=module', '--eval', program])
  const home = join(consumer, 'node_modules/latchkey')
  return (JSON.parse(stdout) as string[]).map((url) =>
    url.startsWith('file:') ? `./${relative(home, new URL(url).pathname)}` : url,
  )
}

const embeddingProgram = `
  import { openLatchkey } from 'latchkey'
  import { withKey } from 'latchkey/fetch'
  for (const name of ['client', 'hono', 'express', 'fastify']) await import('latchkey/' + name)
  const latchkey = await openLatchkey({ database: 'sqlite:embed.db' })
  await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
  const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: ['a:b'] })
  const handler = withKey({ verifier: latchkey, permissions: ['a:b'] }, (_, key) => Response.json(key.name))
  const ask = () => handler(new Request('http://localhost/', { headers: { 'x-api-key': key } }))
  const before = await ask()
  await latchkey.keys.revoke(id)
  console.log(before.status, (await ask()).status, (await latchkey.verify(key)).code)
  await latchkey.close()
`

const typedConsumer = `
  import express from 'express'
  import fastify from 'fastify'
  import { Hono } from 'hono'
  import { openLatchkey, type Verdict } from 'latchkey'
  import { createClient } from 'latchkey/client'
  import * as onExpress from 'latchkey/express'
  import * as onFastify from 'latchkey/fastify'
  import { type VerifiedKey, type TokenVerifier, withKey } from 'latchkey/fetch'
  import * as onHono from 'latchkey/hono'

  type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
  const yes: Same<VerifiedKey, Extract<Verdict, { valid: true }>> = true
  // Where a type was lost it would be any, and this true.
  const no: Same<VerifiedKey['permissions'], any> = false
  const id: string = (await createClient({ url: 'http://localhost', token: '' }).keys.self()).id
  const library: TokenVerifier = await openLatchkey({ database: 'sqlite:a.db' })
  const verifier: TokenVerifier = createClient({ url: 'http://localhost', token: '' })
  export { id, library, no, yes }

  export const hono = new Hono().get('/', onHono.requireKey({ verifier }), (c) => {
    const same: Same<typeof c.var.key, VerifiedKey> = true
    return c.json({ same })
  })
  export const app = express().get('/:id', onExpress.requireKey({ verifier }), (request, response) => {
    const same: Same<ReturnType<typeof onExpress.keyOf>, VerifiedKey> = true
    const id: string = request.params.id
    response.json({ same, id, key: onExpress.keyOf(request).keyId })
  })
  export const server = fastify()
  server.get<{ Params: { id: string } }>('/:id', { onRequest: onFastify.requireKey({ verifier }) }, (request) => {
    const key: VerifiedKey = onFastify.keyOf(request)
    return { key, id: request.params.id }
  })
  export const GET = withKey({ verifier, permissions: ['a:b'] }, (_: Request, key, context: { id: string }) => {
    const same: Same<typeof key, VerifiedKey> = true
    return Response.json({ same, id: context.id })
  })
  // @ts-expect-error What judges nothing is no verifier.
  withKey({ verifier: {} }, () => new Response())
`
