// The last step of the build, behind the compiler: what TypeScript cannot make.
import { chmodSync, copyFileSync, cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { describeTypes } from './describe-types.ts'
import { keepPublicTypes } from './public-types.ts'
import { threadAddress } from './thread-address.ts'

const { exports } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../package.json'), 'utf8'))

/** Finishes what the compiler wrote into a folder such as `dist`. */
export async function finishBuild(folder: string): Promise<void> {
  embedWorker(join(folder, 'store'))
  await describeTypes(join(folder, 'core/shapes'))
  finishTypes(folder)
  chmodSync(join(folder, 'cli/main.js'), 0o755)
}

/**
 * Leaves the public types, and says them a second time in a folder of CommonJS: to a compiler a module's types are of the kind
 * of the folder that they are in, and most of them let CommonJS import no others.
 */
function finishTypes(folder: string): void {
  const entries = Object.values<{ types?: { default: string } }>(exports)
    .map(({ types }) => types?.default)
    .filter((path) => path !== undefined)
    .map((path) => relative('dist', path))
  keepPublicTypes(folder, entries)
  copyFileSync(resolve(import.meta.dirname, 'schema-types.d.ts'), join(folder, 'schema-types.d.ts'))
  const commonjs = join(folder, 'commonjs')
  rmSync(commonjs, { recursive: true, force: true })
  for (const path of globSync('**/*.d.ts', { cwd: folder })) cpSync(join(folder, path), join(commonjs, path))
  writeFileSync(join(commonjs, 'package.json'), '{ "type": "commonjs" }\n')
}

/** Puts the text of SQLite's threads in the place of their file: bundlers leave behind files that are not imported. */
function embedWorker(store: string): void {
  const module = join(store, 'sqlite-program.js')
  const [, name] = /export const (\w+) = new URL\(/.exec(readFileSync(module, 'utf8')) ?? []
  if (name === undefined) throw new Error(`${module} has no place for the program.`)
  const file = join(store, 'sqlite-worker.js')
  const address = JSON.stringify(threadAddress(readFileSync(file, 'utf8'), 'latchkey/sqlite-worker.js'))
  writeFileSync(module, `export const ${name} = new URL(${address});\n`)
  rmSync(file)
}

if (import.meta.main) await finishBuild(resolve(import.meta.dirname, '../dist'))
