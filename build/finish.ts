// The last step of the build, behind the compiler: what TypeScript cannot make.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Finishes what the compiler wrote into a folder such as `dist`. */
export function finishBuild(folder: string): void {
  embedWorker(join(folder, 'store'))
  chmodSync(join(folder, 'cli/main.js'), 0o755)
}

/** Puts the program of SQLite's threads beside it as text: bundlers leave behind files that are not imported. */
function embedWorker(store: string): void {
  const path = join(store, 'sqlite-worker-text.js')
  const [, name] = /export const (\w+) = undefined/.exec(readFileSync(path, 'utf8')) ?? []
  if (name === undefined) throw new Error(`${path} has no place for the text.`)
  const text = JSON.stringify(readFileSync(join(store, 'sqlite-worker.js'), 'utf8'))
  writeFileSync(path, `export const ${name} = ${text};\n`)
}

if (import.meta.main) finishBuild(resolve(import.meta.dirname, '../dist'))
