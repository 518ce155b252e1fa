// Builds the console before a test run, unless what was built is newer than all that it is made of.
import { execFile } from 'node:child_process'
import { globSync, mkdirSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { repository } from './documents-run.ts'

const lock = join(repository, 'dist/console.lock')

export default async function setup(): Promise<void> {
  mkdirSync(join(repository, 'dist'), { recursive: true })
  // Two test runs at once would build into one folder.
  while (!take()) await setTimeout(200)
  try {
    if (!isBuilt()) await build()
  } finally {
    rmdirSync(lock)
  }
}

function take(): boolean {
  try {
    mkdirSync(lock)
    return true
  } catch {
    // Left by a run that was killed.
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    if (since !== undefined && Date.now() - since > 60_000) rmdirSync(lock)
    return false
  }
}

function isBuilt(): boolean {
  const made = statSync(join(repository, 'dist/console/index.html'), { throwIfNoEntry: false })
  const sources = globSync(['console/**/*', 'src/core/**/*.ts', 'package-lock.json'], { cwd: repository })
  return (
    made !== undefined && sources.every((path) => statSync(join(repository, path)).mtimeMs < made.mtimeMs)
  )
}

async function build(): Promise<void> {
  const bin = join(repository, 'node_modules/vite/bin/vite.js')
  await promisify(execFile)(process.execPath, [bin, 'build', 'console', '--logLevel', 'warn'], {
    cwd: repository,
  })
}
