// Builds the command once for all files of a test run, from the source as it stands: JavaScript starts twice as fast
// as TypeScript, and a library of hundreds of modules starts twice as fast again as one file.
import { execFile } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { build as bundle } from 'vite'
import type { TestProject } from 'vitest/node'
import { repository } from './documents-run.ts'

declare module 'vitest' {
  interface ProvidedContext {
    builds: Builds
  }
}

/** Two folders that hold the package as it is published, each with what it depends on. */
export interface Builds {
  /** Beside the dependencies as npm installed them, types included. */
  installed: string
  /** Beside the same with its largest libraries made one file each: it starts in half the time. */
  quick: string
  /** Where Node keeps what it compiled of it (`NODE_COMPILE_CACHE`), so that the next process need not. */
  compiled: string
}

/** What hundreds of modules are spread over, and every command imports. All are ECMAScript modules. */
const largest = ['kysely', 'uuid', 'zod']

export default async function setup(project: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-build-'))
  const builds: Builds = {
    installed: join(folder, 'installed'),
    quick: join(folder, 'quick'),
    compiled: join(folder, 'compiled'),
  }
  for (const build of [builds.installed, builds.quick]) {
    mkdirSync(build)
    copyFileSync(join(repository, 'package.json'), join(build, 'package.json'))
  }
  symlinkSync(join(repository, 'node_modules'), join(builds.installed, 'node_modules'))
  process.env.NODE_COMPILE_CACHE ??= join(repository, 'node_modules/.cache/compile')
  await Promise.all([linkDependencies(join(builds.quick, 'node_modules')), compile(builds), compileSource()])
  project.onTestsRerun(() => compile(builds))
  await compileCommand(builds)
  project.provide('builds', builds)
  return () => rmSync(folder, { recursive: true, force: true })
}

async function compile({ installed, quick }: Builds): Promise<void> {
  const compiler = join(repository, 'node_modules/typescript/bin/tsc')
  const flags = ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(installed, 'dist')]
  for (const build of [installed, quick]) rmSync(join(build, 'dist'), { recursive: true, force: true })
  await promisify(execFile)(process.execPath, [compiler, ...flags], { cwd: repository })
  cpSync(join(installed, 'dist'), join(quick, 'dist'), { recursive: true })
  for (const build of [installed, quick]) {
    symlinkSync(join(repository, 'dist/console'), join(build, 'dist/console'))
  }
}

/** Has Node remember the source as it compiled it: processes of tests that run from it are often killed before they would. */
async function compileSource(): Promise<void> {
  const imports = ['index', 'http/server'].map((name) => `import '${join(repository, 'src', name)}.ts';`)
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', imports.join('')])
}

/** The same for the command, whose processes have no other variables than a test gives them. */
async function compileCommand({ quick, compiled }: Builds): Promise<void> {
  const imports = ['cli/program', 'cli/workers', 'http/server', 'latchkey'].map(
    (name) => `import '${join(quick, 'dist', name)}.js';`,
  )
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', imports.join('')], {
    env: { ...process.env, NODE_COMPILE_CACHE: compiled },
  })
}

/** Makes a folder of dependencies: the largest as one file each, links to all others. */
async function linkDependencies(folder: string): Promise<void> {
  const from = join(repository, 'node_modules')
  const names = readdirSync(from).flatMap((name) =>
    name.startsWith('@') ? readdirSync(join(from, name)).map((part) => `${name}/${part}`) : [name],
  )
  for (const name of names.filter((name) => !name.startsWith('.') && !largest.includes(name))) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    symlinkSync(join(from, name), join(folder, name))
  }
  await bundle({
    root: repository,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: true,
      minify: false,
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: {
        input: Object.fromEntries(largest.map((name) => [name, name])),
        treeshake: false,
        output: { format: 'es', entryFileNames: '[name]/index.js' },
      },
    },
  })
  for (const name of largest) {
    writeFileSync(join(folder, name, 'package.json'), '{"type":"module","exports":"./index.js"}')
  }
}
