// The last step of the build, behind the compiler: what TypeScript cannot make.
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describeTypes } from './describe-types.ts'

/** Finishes what the compiler wrote into a folder such as `dist`. */
export async function finishBuild(folder: string): Promise<void> {
  embedWorker(join(folder, 'store'))
  await describeTypes(join(folder, 'core/shapes'))
  chmodSync(join(folder, 'cli/main.js'), 0o755)
}

/** Puts the text of SQLite's threads in the place of their file: bundlers leave behind files that are not imported. */
function embedWorker(store: string): void {
  const module = join(store, 'sqlite-program.js')
  const [, name] = /export const (\w+) = new URL\(/.exec(readFileSync(module, 'utf8')) ?? []
  if (name === undefined) throw new Error(`${module} has no place for the program.`)
  const file = join(store, 'sqlite-worker.js')
  // Stack traces show this name, not the whole text.
  const text = `${readFileSync(file, 'utf8')}//# sourceURL=latchkey/sqlite-worker.js\n`
  const address = JSON.stringify(`data:text/javascript,${encodeURIComponent(text)}`)
  writeFileSync(module, `export const ${name} = new URL(${address});\n`)
  rmSync(file)
}

if (import.meta.main) await finishBuild(resolve(import.meta.dirname, '../dist'))
