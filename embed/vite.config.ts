// Builds the customers' page into `dist/embed`: what the server hands out, beside its compressed forms, and what `latchkey/embed`
// and `latchkey/react` are.
import { execFileSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type BuildEnvironmentOptions, build, defineConfig, type Plugin } from 'vite'
import { compressFolder } from '../build/compress.ts'

// Whatever the surroundings are, what is built is what is published.
process.env.NODE_ENV = 'production'

const root = import.meta.dirname
const repository = resolve(root, '..')
const outDir = resolve(repository, 'dist/embed')
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }

/** The first browsers with light-dark(). */
const target = ['chrome123', 'firefox128', 'safari17.5']

function options(entry: string, name: string, outside: (string | RegExp)[] = []): BuildEnvironmentOptions {
  return {
    ...{ outDir, emptyOutDir: false, target, minify: true, modulePreload: false },
    lib: { entry: join(root, entry), formats: ['es'], fileName: () => name },
    rolldownOptions: { external: outside, output: { codeSplitting: false } },
  }
}

const common = { configFile: false, root, publicDir: false, logLevel: 'warn' } as const
const served = { __SERVED__: 'true' }
const bundled = { __SERVED__: 'false' }

export default defineConfig({
  root,
  publicDir: false,
  define: served,
  build: { ...options('index.ts', `latchkey-${version}.js`), emptyOutDir: true },
  plugins: [buildRest()],
})

/** Builds what else is made of the same source, when the first file is there. */
function buildRest(): Plugin {
  return {
    name: 'latchkey-embed-rest',
    closeBundle: async () => {
      const page = `portal-${version}.js`
      await build({ ...common, define: served, build: options('page/portal.ts', page) })
      await build({ ...common, define: bundled, build: options('index.ts', 'index.js') })
      await build({
        ...common,
        define: bundled,
        build: options('react.ts', 'react.js', ['react', './index.ts']),
      })
      finish(page)
    },
  }
}

function finish(page: string): void {
  const react = join(outDir, 'react.js')
  // Frameworks that render on servers leave to browsers what says so first.
  const text = readFileSync(react, 'utf8').replaceAll('./index.ts', './index.js')
  writeFileSync(react, `"use client";${text}`)
  // Those of the same major version; npm has the other name alone.
  copyFileSync(join(outDir, `latchkey-${version}.js`), join(outDir, 'latchkey.js'))
  const html = readFileSync(join(root, 'page/portal.html'), 'utf8')
  writeFileSync(
    join(outDir, 'portal.html'),
    html.replace('{{element}}', `latchkey-${version}.js`).replace('{{page}}', page),
  )
  compressFolder(outDir, (name) => /^(?:latchkey|portal)[-.].*\.?js$/.test(name))
  writeTypes()
}

/** Has the compiler write the types of the entry points beside them. */
function writeTypes(): void {
  for (const name of readdirSync(outDir)) if (name.endsWith('.d.ts')) rmSync(join(outDir, name))
  const compiler = join(repository, 'node_modules/typescript/bin/tsc')
  const flags = ['--noEmit', 'false', '--declaration', '--emitDeclarationOnly', '--outDir', outDir]
  execFileSync(process.execPath, [compiler, '-p', root, ...flags], { cwd: repository, stdio: 'inherit' })
}
