// Programs that embed Latchkey run from what a bundler made of them, in a folder that has nothing else. Vite is here
// already; the other bundlers are installed with TEST_LONG=1.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build as buildByVite } from 'vite'
import { expect, inject, onTestFinished, test } from 'vitest'
import { repository } from './setup/documents-run.ts'
import { casesIfLong } from './setup/rounds.ts'

const run = promisify(execFile)

/** It keeps from a bundler nothing that it uses: both databases, and a verdict from memory. */
const program = `
  import { openLatchkey } from 'latchkey'
  async function main() {
    const latchkey = await openLatchkey({ database: 'sqlite:bundled.db' })
    const { id: organizationId } = await latchkey.organizations.create({ name: 'Acme' })
    const { id, key } = await latchkey.keys.create({ organizationId, name: 'CI' })
    const first = await latchkey.verify(key)
    await latchkey.keys.revoke(id)
    const listed = await latchkey.keys.list({ status: 'revoked' })
    console.log(first.code, (await latchkey.verify(key)).code, listed.items.length)
    await latchkey.close()
    const refused = await openLatchkey({ database: 'postgres://ada@127.0.0.1:1/x' }).catch((error) => error)
    console.log(refused.code, /nothing listens on 127.0.0.1 port 1/.test(refused.message))
  }
  main()
`

function makeApp(type: 'module' | 'commonjs'): string {
  const app = mkdtempSync(join(tmpdir(), 'latchkey-bundle-'))
  onTestFinished(() => rmSync(app, { recursive: true, force: true }))
  writeFileSync(join(app, 'package.json'), JSON.stringify({ type }))
  writeFileSync(join(app, 'app.mjs'), program)
  mkdirSync(join(app, 'node_modules'))
  // A real folder, as npm makes it, beside what it depends on.
  cpSync(join(inject('builds').installed, 'dist'), join(app, 'node_modules/latchkey/dist'), {
    recursive: true,
    dereference: true,
  })
  cpSync(join(repository, 'package.json'), join(app, 'node_modules/latchkey/package.json'))
  symlinkSync(join(repository, 'node_modules'), join(app, 'node_modules/latchkey/node_modules'))
  return app
}

/** Runs what was bundled where neither the package nor the folder of the build is. */
async function runAlone(app: string, file: string): Promise<string> {
  const alone = mkdtempSync(join(tmpdir(), 'latchkey-alone-'))
  onTestFinished(() => rmSync(alone, { recursive: true, force: true }))
  cpSync(join(app, 'out'), alone, { recursive: true })
  rmSync(app, { recursive: true, force: true })
  return (await run(process.execPath, [file], { cwd: alone })).stdout
}

const printed = 'valid revoked 1\nstore_unavailable true\n'

test('Vite, for a server', async () => {
  const app = makeApp('module')
  await buildByVite({
    root: app,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['pg-native'] },
    build: { ssr: 'app.mjs', outDir: 'out', minify: false },
  })
  expect(await runAlone(app, 'app.js')).toBe(printed)
})

const others: Record<
  string,
  { packages: string[]; config?: [name: string, text: string]; command: string[]; file: string }
> = {
  'esbuild, ES modules': {
    packages: ['esbuild'],
    command: [
      'esbuild',
      'app.mjs',
      '--bundle',
      '--minify',
      '--platform=node',
      '--format=esm',
      '--outfile=out/app.mjs',
      '--external:pg-native',
      '--banner:js=import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    ],
    file: 'app.mjs',
  },
  'esbuild, CommonJS': {
    packages: ['esbuild'],
    command: [
      'esbuild',
      'app.mjs',
      '--bundle',
      '--platform=node',
      '--format=cjs',
      '--outfile=out/app.cjs',
      '--external:pg-native',
    ],
    file: 'app.cjs',
  },
  webpack: {
    packages: ['webpack', 'webpack-cli'],
    config: [
      'webpack.config.cjs',
      `module.exports = { mode: 'production', target: 'node', entry: './app.mjs', externals: { 'pg-native': 'commonjs pg-native' },
        output: { path: __dirname + '/out', filename: 'app.cjs' } }`,
    ],
    command: ['webpack'],
    file: 'app.cjs',
  },
  Rollup: {
    packages: ['rollup', '@rollup/plugin-node-resolve', '@rollup/plugin-commonjs', '@rollup/plugin-json'],
    config: [
      'rollup.config.mjs',
      `import resolve from '@rollup/plugin-node-resolve'
       import commonjs from '@rollup/plugin-commonjs'
       import json from '@rollup/plugin-json'
       export default { input: 'app.mjs', external: ['pg-native'], output: { dir: 'out', entryFileNames: 'app.mjs', chunkFileNames: '[name].mjs' },
         plugins: [resolve({ exportConditions: ['node'], preferBuiltins: true }), commonjs({ ignoreDynamicRequires: true }), json()] }`,
    ],
    command: ['rollup', '--config'],
    file: 'app.mjs',
  },
}

test.each(casesIfLong(Object.entries(others)))(
  '%s',
  { timeout: 300_000 },
  async (_, { packages, config, command: [name = '', ...args], file }) => {
    const app = makeApp('commonjs')
    const tools = join(app, 'tools')
    mkdirSync(tools)
    writeFileSync(join(tools, 'package.json'), '{}')
    await run('npm', ['install', '--no-audit', '--no-fund', ...packages], { cwd: tools })
    if (config) writeFileSync(join(app, config[0]), config[1])
    // A config resolves its plugins from where it stands.
    for (const entry of ['@rollup', 'rollup', 'webpack', 'webpack-cli', 'esbuild']) {
      symlinkSync(join(tools, 'node_modules', entry), join(app, 'node_modules', entry))
    }
    await run(join(tools, 'node_modules/.bin', name), args, { cwd: app, maxBuffer: 1 << 26 })
    expect(await runAlone(app, file)).toBe(printed)
  },
)
