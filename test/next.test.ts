// Next.js builds and runs what docs/guides/middleware.md shows: a route that embeds Latchkey, and middleware that asks a
// server. Installs each Next.js, and so `vitest.config.ts` takes it only with TEST_LONG=1.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, onTestFinished, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeSqlite } from './setup/databases.ts'
import { readBlocks } from './setup/documents.ts'
import { repository } from './setup/documents-run.ts'
import { packPackage } from './setup/packed.ts'
import { startTestServer } from './setup/server.ts'

const run = promisify(execFile)
const quiet = { NEXT_TELEMETRY_DISABLED: '1' }

/** The file of the guide whose first line is a comment with this path. */
function fileOfGuide(path: string): string {
  const blocks = readBlocks(join(repository, 'docs/guides/middleware.md'))
  const block = blocks.find(({ text }) => text.startsWith(`// ${path}`))
  if (block === undefined) throw new Error(`The guide shows no ${path}.`)
  return block.text
}

const bundled = 'export default {}\n'
const leftOut = "export default { serverExternalPackages: ['latchkey'] }\n"

test.each([
  ['15', 'middleware', bundled],
  ['16', 'middleware', bundled],
  ['16', 'proxy', leftOut],
])(
  'Next.js %s builds and runs the route and the %s of the guide, by %s',
  { timeout: 600_000 },
  async (version, name, config) => {
    const app = mkdtempSync(join(tmpdir(), 'latchkey-next-'))
    onTestFinished(() => rmSync(app, { recursive: true, force: true }))
    writeFileSync(join(app, 'package.json'), '{}')
    // Apart from the app, which compiles every file in its folder.
    const source = mkdtempSync(join(tmpdir(), 'latchkey-next-packed-'))
    onTestFinished(() => rmSync(source, { recursive: true, force: true }))
    const packed = await packPackage(inject('builds').installed, source)
    const versionsOf = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')).devDependencies
    const types = ['@types/react', '@types/node'].map((type) => `${type}@${versionsOf[type]}`)
    const packages = [`next@${version}`, 'react@19', 'react-dom@19', 'typescript@5', ...types, packed]
    await run('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: app })
    mkdirSync(join(app, 'app/emails/[id]'), { recursive: true })
    mkdirSync(join(app, 'app/me'))
    writeFileSync(
      join(app, 'app/layout.tsx'),
      'export default ({ children }: { children: React.ReactNode }) => <html lang="en"><body>{children}</body></html>\n',
    )
    writeFileSync(join(app, 'app/page.tsx'), 'export default () => <p>Home</p>\n')
    writeFileSync(join(app, 'next.config.ts'), config)
    // As create-next-app writes it; Next.js adds the rest.
    const compilerOptions = {
      module: 'esnext',
      moduleResolution: 'bundler',
      strict: true,
      skipLibCheck: true,
    }
    writeFileSync(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    writeFileSync(join(app, 'app/me/route.ts'), 'export const GET = () => new Response("me")\n')
    writeFileSync(join(app, 'app/emails/[id]/route.ts'), fileOfGuide('app/emails/[id]/route.ts'))
    writeFileSync(join(app, `${name}.ts`), fileOfGuide('middleware.ts').replaceAll('middleware', name))

    const embedded = makeSqlite()
    onTestFinished(embedded.remove)
    const apart = makeSqlite()
    onTestFinished(apart.remove)
    const server = await startTestServer(apart.url)
    onTestFinished(server.close)
    await createAcme(server.latchkey)
    const keyOn = (latchkey: typeof server.latchkey, permissions: string[], organizationId = 'acme') =>
      latchkey.keys.create({ organizationId, name: 'CI', permissions })
    const own = await keyOn(server.latchkey, ['latchkey:keys:verify'], 'root')
    const caller = await keyOn(server.latchkey, ['emails:read'])
    await using latchkey = await openLatchkey({ database: embedded.url })
    await createAcme(latchkey)
    const reader = await keyOn(latchkey, ['emails:read'])
    const stranger = await keyOn(latchkey, [])

    const env = {
      ...process.env,
      ...quiet,
      DATABASE: embedded.url,
      LATCHKEY_URL: server.url,
      LATCHKEY_KEY: own.key,
    }
    const built = await run(process.execPath, ['node_modules/next/dist/bin/next', 'build'], { cwd: app, env })
    expect(built.stdout + built.stderr).not.toMatch(/error|warn/i)
    const started = spawn(
      process.execPath,
      ['node_modules/next/dist/bin/next', 'start', '-p', '0', '-H', '127.0.0.1'],
      {
        cwd: app,
        env,
        stdio: 'pipe',
      },
    )
    onTestFinished(() => void started.kill('SIGKILL'))
    const url = await addressOf(started)
    const ask = (path: string, token?: string) =>
      fetch(url + path, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })
    const answer = await ask('/emails/7', reader.key)
    expect([answer.status, await answer.json()]).toEqual([200, { email: '7', key: 'CI' }])
    expect((await ask('/emails/7', stranger.key)).status).toBe(403)
    expect((await ask('/emails/7')).status).toBe(401)
    await latchkey.keys.revoke(reader.id)
    await expect.poll(async () => (await ask('/emails/7', reader.key)).status).toBe(401)
    const passed = await ask('/me', caller.key)
    expect([passed.status, await passed.text()]).toEqual([200, 'me'])
    expect((await ask('/me', stranger.key)).status).toBe(401)
    expect((await ask('/me')).status).toBe(401)
  },
)

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((ready, fail) => {
    let printed = ''
    child.once('close', () => fail(new Error(printed)))
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        printed += chunk
        const address = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0]
        if (address && /Ready/.test(printed)) ready(address)
      })
  })
}
