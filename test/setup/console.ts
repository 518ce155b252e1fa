// Builds the pages before a test run, the console's and the customers', unless what was built is newer than all that it is made of.
import { execFile } from 'node:child_process'
import { globSync, mkdirSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { repository } from './documents-run.ts'

interface Page {
  folder: string
  /** What it is made of. */
  sources: string[]
  /** The last file that its build writes. */
  made: string
}

const pages: Page[] = [
  { folder: 'console', sources: ['console/**/*', 'src/core/**/*.ts'], made: 'dist/console/index.html' },
  { folder: 'embed', sources: ['embed/**/*', 'package.json'], made: 'dist/embed/portal.html' },
]

const lock = join(repository, 'dist/console.lock')

export default async function setup(): Promise<void> {
  mkdirSync(join(repository, 'dist'), { recursive: true })
  // Two test runs at once would build into one folder.
  while (!take()) await setTimeout(200)
  try {
    for (const page of pages) if (!isBuilt(page)) await build(page)
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

function isBuilt({ sources, made }: Page): boolean {
  const last = statSync(join(repository, made), { throwIfNoEntry: false })
  const paths = globSync([...sources, 'package-lock.json'], { cwd: repository })
  return last !== undefined && paths.every((path) => statSync(join(repository, path)).mtimeMs < last.mtimeMs)
}

async function build({ folder }: Page): Promise<void> {
  const bin = join(repository, 'node_modules/vite/bin/vite.js')
  await promisify(execFile)(process.execPath, [bin, 'build', folder, '--logLevel', 'warn'], {
    cwd: repository,
  })
}
