// Builds the command once for all files of a test run, from the source as it stands: JavaScript starts twice as fast
// as TypeScript, and hundreds of modules start twice as fast again as a few files.
import { execFile } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build as bundle } from 'vite'
import type { TestProject } from 'vitest/node'
import { finishBuild } from '../../build/finish.ts'
import { announceChildren, childPrograms } from './children.ts'
import { repository } from './documents-run.ts'

declare module 'vitest' {
  interface ProvidedContext {
    builds: Builds
  }
}

/** Two folders that hold the package, each beside what it depends on. */
export interface Builds {
  /** As it is published, types included. */
  installed: string
  /** The command alone, in a few files: it starts in half the time. */
  quick: string
  /** Where Node keeps what it compiled of it (`NODE_COMPILE_CACHE`), so that the next process need not. */
  compiled: string
}

/** What the command imports that stays outside of its files: modules of CommonJS, or such as start threads. */
const outside = ['pg', 'pino', 'prom-client']

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-build-'))
  const [installed, quick, compiled] = ['installed', 'quick', 'compiled'].map((name) =>
    join(folder, name),
  ) as [string, string, string]
  for (const build of [installed, quick]) {
    mkdirSync(build)
    copyFileSync(join(repository, 'package.json'), join(build, 'package.json'))
    symlinkSync(join(repository, 'node_modules'), join(build, 'node_modules'))
  }
  process.env.NODE_COMPILE_CACHE ??= join(repository, 'node_modules/.cache/compile')
  const compileAll = () => Promise.all([compile(installed), bundleCommand(quick, compiled)])
  await Promise.all([compileAll(), compileSource()])
  project.onTestsRerun(async () => {
    await compileAll()
  })
  project.provide('builds', { installed, quick, compiled })
  announceChildren({ folder: join(quick, 'dist/cli'), compiled })
  return () => rmSync(folder, { recursive: true, force: true })
}

async function compile(build: string): Promise<void> {
  const compiler = join(repository, 'node_modules/typescript/bin/tsc')
  const flags = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(build, 'dist')]
  rmSync(join(build, 'dist'), { recursive: true, force: true })
  await promisify(execFile)(process.execPath, [compiler, ...flags], { cwd: repository })
  // Its types are finished with the others, so these are files of its own.
  cpSync(join(repository, 'dist/embed'), join(build, 'dist/embed'), { recursive: true })
  await finishBuild(join(build, 'dist'))
  symlinkSync(join(repository, 'dist/console'), join(build, 'dist/console'))
}

/** Puts the command, the programs of tests and what they import into a few files, as deep in the folder as the command is in the source. */
async function bundleCommand(build: string, compiled: string): Promise<void> {
  rmSync(join(build, 'dist'), { recursive: true, force: true })
  const outDir = join(build, 'dist/cli')
  await bundle({
    root: repository,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: outside },
    build: {
      ssr: true,
      minify: false,
      outDir,
      emptyOutDir: false,
      rolldownOptions: {
        input: {
          main: 'src/cli/main.ts',
          'sqlite-worker': 'src/store/sqlite-worker.ts',
          ...Object.fromEntries(childPrograms.map((name) => [name, `test/setup/${name}.ts`])),
        },
        treeshake: false,
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
  for (const folder of ['dist/console', 'dist/embed'])
    symlinkSync(join(repository, folder), join(build, folder))
  // Its processes have no other variables than a test gives them, and many are killed before they remember anything.
  await promisify(execFile)(process.execPath, [join(outDir, 'main.js'), 'migrate'], {
    cwd: build,
    env: { NODE_COMPILE_CACHE: compiled },
  })
}

/** Has Node remember the source as it compiled it: processes of tests that run from it are often killed before they would. */
async function compileSource(): Promise<void> {
  const imports = ['index', 'server/server'].map((name) => `import '${join(repository, 'src', name)}.ts';`)
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', imports.join('')])
}
