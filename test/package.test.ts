// What is published runs: the packed file, installed into an empty project, on every Node that it is for.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { getRandomValues } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { tokensIn } from './setup/command.ts'
import { repository } from './setup/documents-run.ts'
import { npm, packPackage } from './setup/packed.ts'
import { casesIfLong } from './setup/rounds.ts'

const run = promisify(execFile)
const manifest = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
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
  tarball = await packPackage(inject('builds').installed, join(folder, 'source'))
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

test('an empty project gets no framework and nothing that needs a compiler', () => {
  const lock = JSON.parse(readFileSync(join(consumer, 'package-lock.json'), 'utf8'))
  const packages: [string, { hasInstallScript?: boolean }][] = Object.entries(lock.packages)
  expect(packages.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([])
  expect(packages.map(([path]) => path).filter((path) => /\/(express|fastify)$/.test(path))).toEqual([])
})

test('the types of every entry point serve a project under strict rules', async () => {
  // What the empty project got, and the frameworks and the compiler of this repository in place of a further installation.
  const project = join(folder, 'typed')
  cpSync(consumer, project, { recursive: true, verbatimSymlinks: true })
  const [from, to] = [repository, project].map((at) => join(at, 'node_modules')) as [string, string]
  for (const name of ['@types', 'express', 'fastify', 'typescript'])
    symlinkSync(join(from, name), join(to, name))
  await expectTyped(project)
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

  test('CommonJS requires every entry point, and Node.js has nothing to say of it', async () => {
    const cwd = mkdtempSync(join(consumer, 'require-'))
    writeFileSync(join(cwd, 'embed.cjs'), requiringProgram)
    const { stdout, stderr } = await node(['embed.cjs'], cwd)
    expect(stdout).toBe('200 401 revoked\n')
    expect(stderr).not.toMatch(/require|CommonJS/)
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
    await expectServes((args, options) => spawn(nodes[major] as string, [main, ...args], options), cwd)
  })
})

test('where a process throws at whoever touches it, as at the edge, the client is imported and asks', async () => {
  const { token } = generateToken('re', getRandomValues as RandomSource)
  const program = `
    const refuse = { get: (_, name) => { if (name === 'env') return {}; throw new Error('No ' + String(name) + ' at the edge.') } }
    Object.defineProperty(globalThis, 'process', { value: new Proxy({}, refuse) })
    const { createClient, createVerifier } = await import('latchkey/client')
    const { withKey } = await import('latchkey/fetch')
    const server = { url: 'http://127.0.0.1:1', token: '${token}' }
    const codes = []
    for (const verifier of [createClient({ ...server, timeoutMs: 50 }), createVerifier({ ...server, timeoutMs: 50 })])
      await verifier.verify(server.token).catch((error) => codes.push(error.code))
    const guarded = withKey({ verifier: createClient({ ...server, timeoutMs: 50 }), onError: () => {} }, () => new Response())
    const answer = await guarded(new Request('http://a/', { headers: { 'x-api-key': server.token } }))
    console.log(...codes, answer.status)`
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: consumer,
  })
  expect(stdout).toMatch(/^(?:(?:server_unreachable|timed_out) ){2}503\n$/)
})

/** The oldest release of each framework that there is a guard for, those whose types it has, and the newest of each line. */
const beside: [name: string, ...packages: string[]][] = [
  ['the oldest', 'express@4.11.0', 'fastify@4.0.0', 'hono@4.6.10'],
  ['the oldest typed', 'express@4.17.0', '@types/express@4', 'fastify@4.12.0', 'hono@4.6.10'],
  ['the previous lines', 'express@4', '@types/express@4', 'fastify@4', 'hono@4.9'],
  ['the newest', 'express@5', '@types/express@5', 'fastify@5', 'hono@4'],
]
test.each(casesIfLong(beside))(
  'it installs beside %s frameworks, has one Hono with them, guards, and compiles where their types are meant to',
  { timeout: 300_000 },
  async (name, ...packages) => {
    const project = join(folder, `beside-${name.replaceAll(' ', '-')}`)
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), '{"type":"module"}')
    await npm(
      project,
      'install',
      tarball,
      ...packages,
      `@types/node@${versionOf('@types/node')}`,
      'typescript@5',
    )
    expect(existsSync(join(project, 'node_modules/latchkey/node_modules/hono'))).toBe(false)
    if (packages.some((name) => name.startsWith('@types/'))) await expectTyped(project)
    writeFileSync(join(project, 'guards.mjs'), guardingProgram)
    const { stdout } = await run(process.execPath, ['guards.mjs'], { cwd: project })
    expect(stdout.trim().split('\n')).toEqual(
      ['hono', 'express', 'fastify'].map((framework) => `${framework} 200 CI 401 503 500`),
    )
    // The server's own routes run on the same Hono.
    const main = join(project, 'node_modules/.bin/latchkey')
    await expectServes((args, options) => spawn(process.execPath, [main, ...args], options), project)
  },
)

test('npx finds the command', async () => {
  const { stdout } = await run('npx', ['--no-install', 'latchkey', '--version'], { cwd: consumer })
  expect(stdout.trim()).toBe(manifest.version)
})

/** Compiles {@link typedConsumer} in a project that has what it imports. */
async function expectTyped(project: string): Promise<void> {
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
}

/** Starts the installed server on a new database and asks it for an API answer, its documents and the console. */
async function expectServes(
  start: (args: string[], options: { cwd: string; stdio: 'pipe' }) => ChildProcess,
  cwd: string,
): Promise<void> {
  const child = start(['serve', '--port', '0'], { cwd, stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  let printed = ''
  const url = await new Promise<string>((ready, fail) => {
    child.once('close', (code) => fail(new Error(`serve ended with ${code}: ${printed}`)))
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
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

const embedding = `
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

const embeddingProgram = `
  import { openLatchkey } from 'latchkey'
  import { withKey } from 'latchkey/fetch'
  for (const name of ['client', 'hono', 'express', 'fastify']) await import('latchkey/' + name)
  ${embedding}
`

const requiringProgram = `
  const { openLatchkey } = require('latchkey')
  const { withKey } = require('latchkey/fetch')
  for (const name of ['client', 'hono', 'express', 'fastify']) require('latchkey/' + name)
  async function main() {${embedding}}
  main()
`

/** Each guard lets a key through, refuses none, answers 503 without a verdict, and passes on what `permissions` throws. */
const guardingProgram = `
  import { once } from 'node:events'
  import { createServer } from 'node:http'
  import express from 'express'
  import fastify from 'fastify'
  import { Hono } from 'hono'
  import { openLatchkey } from 'latchkey'
  import * as onExpress from 'latchkey/express'
  import * as onFastify from 'latchkey/fastify'
  import * as onHono from 'latchkey/hono'
  const latchkey = await openLatchkey({ database: 'sqlite:guards.db' })
  const { id: organizationId } = await latchkey.organizations.create({ name: 'Acme' })
  const { key } = await latchkey.keys.create({ organizationId, name: 'CI' })
  const silent = { onError: () => {} }
  const broken = { verify: async () => { throw new Error('away') } }
  const thrower = () => { throw new Error('no permission') }
  const guards = (requireKey) => ({
    '/open': requireKey({ verifier: latchkey }),
    '/broken': requireKey({ verifier: broken, ...silent }),
    '/throws': requireKey({ verifier: latchkey, permissions: thrower }),
  })
  async function report(name, ask) {
    const headers = { 'x-api-key': key }
    const open = await ask('/open', headers)
    const statuses = []
    for (const [path, sent] of [['/open', {}], ['/broken', headers], ['/throws', headers]]) statuses.push((await ask(path, sent)).status)
    console.log(name, open.status, open.text, ...statuses)
  }
  const hono = new Hono()
  hono.onError((error, c) => c.text('error', 500))
  for (const [path, guard] of Object.entries(guards(onHono.requireKey))) hono.get(path, guard, (c) => c.text(c.var.key.name))
  await report('hono', async (path, headers) => {
    const answer = await hono.request(path, { headers })
    return { status: answer.status, text: await answer.text() }
  })
  const app = express()
  for (const [path, guard] of Object.entries(guards(onExpress.requireKey)))
    app.get(path, guard, (request, response) => void response.send(onExpress.keyOf(request).name))
  app.use((error, request, response, next) => void response.status(500).end())
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await report('express', async (path, headers) => {
    const answer = await fetch('http://127.0.0.1:' + server.address().port + path, { headers })
    return { status: answer.status, text: await answer.text() }
  })
  server.closeAllConnections()
  server.close()
  const api = fastify()
  for (const [path, guard] of Object.entries(guards(onFastify.requireKey)))
    api.get(path, { onRequest: guard }, async (request) => onFastify.keyOf(request).name)
  await report('fastify', async (url, headers) => {
    const answer = await api.inject({ url, headers })
    return { status: answer.statusCode, text: answer.payload }
  })
  await api.close()
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
