// `latchkey scan --history` of clones that do not have everything, and of repositories in other forms: what is there is scanned,
// and what is not is told.
import { execFileSync } from 'node:child_process'
import { getRandomValues } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Scanned } from '../src/cli/scanning/scanner.ts'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { useCommand } from './setup/command.ts'
import { sarifFaults } from './setup/sarif.ts'

const command = useCommand()
const root = mkdtempSync(join(tmpdir(), 'latchkey-clones-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const random: RandomSource = (bytes) => getRandomValues(bytes as Uint8Array<ArrayBuffer>)
const makeToken = () => generateToken('re', random)
const origin = join(root, 'origin')
const [gone, kept, branch] = [makeToken(), makeToken(), makeToken()]

function git(folder: string, ...args: string[]): string {
  const settings = ['user.name=Ada', 'user.email=ada@example.com', 'protocol.file.allow=always']
  const given = settings.flatMap((setting) => ['-c', setting])
  return execFileSync('git', [...given, ...args], { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim()
}

function commit(folder: string, name: string, content: string): string {
  writeFileSync(join(folder, name), content)
  git(folder, 'add', '.')
  git(folder, 'commit', '--quiet', '--message', name)
  return git(folder, 'rev-parse', 'HEAD')
}

/** Clones the origin over its protocol, as from another machine. */
function clone(name: string, ...flags: string[]): string {
  git(root, 'clone', '--quiet', ...flags, `file://${origin}`, name)
  return join(root, name)
}

async function scan(...paths: string[]): Promise<Scanned & { code: number | null }> {
  const { stdout, code } = await command.run(['scan', '--history', '--format', 'json', ...paths])
  for (const { token } of [gone, kept, branch]) expect(stdout).not.toContain(token.slice(-49, -40))
  return { ...(JSON.parse(stdout) as Scanned), code }
}

const kidsOf = ({ leaks }: Scanned) => leaks.map(({ kid }) => kid).sort()
const reasonsOf = ({ unread }: Scanned) => unread.map(({ reason }) => reason)
const all = [gone.kid, kept.kid, branch.kid].sort()

let first: string
let last: string
beforeAll(() => {
  mkdirSync(origin)
  git(origin, 'init', '--quiet', '--initial-branch', 'main')
  git(origin, 'config', 'uploadpack.allowFilter', 'true')
  first = commit(origin, 'gone.txt', gone.token)
  git(origin, 'checkout', '--quiet', '-b', 'feature')
  commit(origin, 'branch.txt', branch.token)
  git(origin, 'checkout', '--quiet', 'main')
  git(origin, 'rm', '--quiet', 'gone.txt')
  last = commit(origin, 'kept.txt', kept.token)
})

test('a shallow clone is scanned as far as it goes, and told to be one', async () => {
  const found = await scan(clone('shallow', '--depth', '1'))
  expect(found.leaks).toMatchObject([{ kid: kept.kid, path: 'kept.txt', commit: last }])
  expect(reasonsOf(found)).toEqual(['is a shallow clone: commits before those that it has were not scanned'])
  // What was found counts for more than what was not read.
  expect(found.code).toBe(1)
  const sarif = await command.run(['scan', '--history', '--format', 'sarif', join(root, 'shallow')])
  const log = JSON.parse(sarif.stdout)
  expect(sarifFaults(log)).toEqual([])
  expect(log.runs[0].invocations[0]).toMatchObject({ executionSuccessful: false })
  expect(log.runs[0].results[0].properties).toEqual({ commit: last })
})

test('a clone without contents or trees tells how many it lacks, and fetches none', async () => {
  const blobless = clone('blobless', '--filter=blob:none', '--no-checkout')
  const none = await scan(blobless)
  expect([none.code, none.leaks]).toEqual([3, []])
  expect(reasonsOf(none)).toEqual(['is a partial clone: 3 objects that it lacks were not scanned'])
  git(blobless, 'checkout', '--quiet', 'main')
  const some = await scan(blobless)
  expect(some.leaks).toMatchObject([{ kid: kept.kid, path: 'kept.txt', commit: last }])
  expect(reasonsOf(some)).toEqual(['is a partial clone: 2 objects that it lacks were not scanned'])
  // Without the trees of a commit, git does not tell what it has changed.
  const treeless = await scan(clone('treeless', '--filter=tree:0'))
  expect(kidsOf(treeless)).toEqual([kept.kid])
  expect(reasonsOf(treeless)[0]).toMatch(/^is a partial clone: \d+ objects that it lacks were not scanned$/)
  // One that has got everything meanwhile lacks nothing.
  git(blobless, 'checkout', '--quiet', 'origin/feature')
  const whole = await scan(blobless)
  expect([kidsOf(whole), whole.unread]).toEqual([all, []])
})

test('a bare repository, a mirror and a worktree are scanned as any other', async () => {
  for (const path of [clone('bare.git', '--bare'), clone('mirror.git', '--mirror'), join(origin, '.git')]) {
    const found = await scan(path)
    expect([kidsOf(found), found.unread, found.code], path).toEqual([all, [], 1])
    expect(found.leaks.find(({ kid }) => kid === gone.kid)).toMatchObject({ path: 'gone.txt', commit: first })
  }
  const tree = join(root, 'worktree')
  git(origin, 'worktree', 'add', '--quiet', '--detach', tree)
  const own = makeToken()
  const commitOfTree = commit(tree, 'own.txt', own.token)
  for (const path of [tree, origin]) {
    const found = await scan(path)
    expect([kidsOf(found), found.unread], path).toEqual([[...all, own.kid].sort(), []])
    expect(found.leaks.find(({ kid }) => kid === own.kid)).toMatchObject({ commit: commitOfTree })
  }
  git(origin, 'worktree', 'remove', '--force', tree)
})

test('a submodule is a repository of its own', async () => {
  const parent = join(root, 'parent')
  mkdirSync(parent)
  git(parent, 'init', '--quiet')
  git(parent, 'submodule', '--quiet', 'add', `file://${origin}`, 'sub')
  commit(parent, 'a.txt', 'nothing')
  const alone = await scan(parent)
  expect([alone.leaks, alone.unread, alone.code]).toEqual([[], [], 0])
  const both = await scan(parent, join(parent, 'sub'))
  expect([kidsOf(both).filter((kid) => all.includes(kid)), both.unread]).toEqual([all, []])
})

test('an empty repository has nothing, and one of another user tells what to do', async () => {
  const empty = join(root, 'empty')
  mkdirSync(empty)
  git(empty, 'init', '--quiet')
  expect(await scan(empty)).toMatchObject({ leaks: [], unread: [], code: 0 })
  // Without what the machine says of folders that it trusts.
  const env = {
    ...{ GIT_TEST_ASSUME_DIFFERENT_OWNER: '1', GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    PATH: process.env.PATH ?? '',
  }
  const { stdout, code } = await command.run(['scan', '--history', '--format', 'json', origin], { env })
  const found = JSON.parse(stdout) as Scanned
  expect(reasonsOf(found)).toEqual(['is of another user: git reads it once its safe.directory names it'])
  expect(code).toBe(3)
})
