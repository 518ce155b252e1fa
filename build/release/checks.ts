// What must be so before anything of a release is made. Each fault says what mends it.
import { execFileSync } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { cutNotes, readVersions } from './versions.ts'

/** The programs that a release takes, and Debian's packages that have them. Node.js comes with `npm ci`. */
const programs: Record<string, string> = {
  git: 'git',
  npm: 'npm',
  python3: 'python3 python3-venv',
  strip: 'binutils',
  tar: 'tar',
  [process.arch === 'arm64' ? 'x86_64-linux-gnu-strip' : 'aarch64-linux-gnu-strip']:
    process.arch === 'arm64' ? 'binutils-x86-64-linux-gnu' : 'binutils-aarch64-linux-gnu',
}

/** Says why there can be no release of the repository in a folder, in a line; undefined if there can. */
export function findFault(root: string, path = process.env.PATH ?? ''): string | undefined {
  if (process.platform !== 'linux') return 'A release is made on Linux, which its executables are for.'
  const missing = Object.keys(programs).filter((name) => !isOnPath(name, path))
  if (missing.length > 0)
    return `${missing.join(' and ')} cannot be found: apt-get install ${missing.map((name) => programs[name]).join(' ')}`
  const dirty = git(root, 'status', '--porcelain')
  if (dirty !== '')
    return `There are changes that are in no commit. Commit or remove them (git status shows all):\n${dirty}`
  return findWrongVersion(root)
}

function findWrongVersion(root: string): string | undefined {
  const versions = readVersions(root)
  const version = versions['package.json'] ?? ''
  const other = Object.entries(versions).find(([, found]) => found !== version)
  if (other !== undefined)
    return `The version is ${version} in package.json and ${other[1] ?? 'absent'} in ${other[0]}. Write it there too.`
  if (cutNotes(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version) === undefined)
    return `CHANGELOG.md has no version ${version} with a date. Write '## ${version} - ${new Date().toISOString().slice(0, 10)}' above what is new in it.`
  const tags = git(root, 'tag', '--points-at', 'HEAD', 'v*').split('\n').filter(Boolean)
  if (tags.length > 0 && !tags.includes(`v${version}`))
    return `The commit has the tag ${tags.join(', ')} and the version ${version}. Tag the commit of that version: git tag v${version}`
  return undefined
}

/** The commit that is checked out, and when it was made, in seconds. */
export function readCommit(root: string): { commit: string; time: number } {
  const [commit = '', time = ''] = git(root, 'log', '-1', '--format=%H %ct').trim().split(' ')
  return { commit, time: Number(time) }
}

function git(root: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' })
}

function isOnPath(name: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
