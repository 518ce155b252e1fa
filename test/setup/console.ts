// Builds the console before a test run, unless what was built is newer than all that it is made of.
import { execFile } from 'node:child_process'
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { repository } from './documents-run.ts'

export default async function setup(): Promise<void> {
  const made = statSync(join(repository, 'dist/console/index.html'), { throwIfNoEntry: false })
  const sources = globSync(['console/**/*', 'src/*.ts', 'package-lock.json'], { cwd: repository })
  const newest = Math.max(...sources.map((path) => statSync(join(repository, path)).mtimeMs))
  if (made !== undefined && made.mtimeMs > newest) return
  const bin = join(repository, 'node_modules/vite/bin/vite.js')
  await promisify(execFile)(process.execPath, [bin, 'build', 'console', '--logLevel', 'warn'], {
    cwd: repository,
  })
}
