// What `latchkey scan` makes of trees that somebody has prepared for it: nothing in them is run, none of them hides what was
// found, and what a small file unfolds to is bounded.
import { execFileSync } from 'node:child_process'
import { getRandomValues } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { Budget, maxPlaces, tooLarge, unpack } from '../src/cli/scanning/archives.ts'
import { findTokens } from '../src/cli/scanning/find-tokens.ts'
import { type Scanned, Scanner } from '../src/cli/scanning/scanner.ts'
import { Search } from '../src/cli/scanning/search.ts'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { useCommand } from './setup/command.ts'

const command = useCommand()
const random: RandomSource = (bytes) => getRandomValues(bytes as Uint8Array<ArrayBuffer>)
const root = mkdtempSync(join(tmpdir(), 'latchkey-hostile-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folders = 0
/** Makes an empty folder. */
function newFolder(): string {
  const folder = join(root, `${++folders}`)
  mkdirSync(folder)
  return folder
}

/** Makes a repository whose first commit has a token, and whose second one has it no more. */
function makeRepository() {
  const folder = newFolder()
  const { token, kid } = generateToken('re', random)
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], {
      cwd: folder,
      encoding: 'utf8',
    }).trim()
  git('init', '--quiet')
  mkdirSync(join(folder, 'src'))
  for (const [name, content] of [
    ['key.txt', token],
    ['src/a.ts', 'const a = 1\n'],
  ] as const)
    writeFileSync(join(folder, name), content)
  git('add', '.')
  git('commit', '--quiet', '--message', 'First')
  const first = git('rev-parse', 'HEAD')
  writeFileSync(join(folder, 'key.txt'), 'gone\n')
  git('commit', '--quiet', '--all', '--message', 'Second')
  return {
    folder,
    git,
    kid,
    first,
    fileOf: (id: string) => join(folder, '.git/objects', id.slice(0, 2), id.slice(2)),
  }
}

async function scanHistory(folder: string): Promise<Scanned & { code: number | null }> {
  const { stdout, code } = await command.run(['scan', '--format', 'json', '--history', folder])
  return { ...(JSON.parse(stdout) as Scanned), code }
}

test.each([
  ['a helper of its own', (mark: string) => [`remote.origin.url=ext::sh -c touch% ${mark}`]],
  [
    'another program of its remote',
    (mark: string) => ['remote.origin.url=/', `remote.origin.uploadpack=touch ${mark} #`],
  ],
  [
    'another ssh',
    (mark: string) => ['remote.origin.url=ssh://x@localhost/', `core.sshCommand=touch ${mark} #`],
  ],
])('a repository that lacks an object and names %s runs nothing, and hides no token', async (_, ways) => {
  const { folder, git, kid, fileOf } = makeRepository()
  const mark = join(folder, 'was-run')
  rmSync(fileOf(git('rev-parse', 'HEAD:src')))
  const settings = [
    ...['core.repositoryformatversion=1', 'extensions.partialClone=origin', 'remote.origin.promisor=true'],
    ...['allow', 'ext.allow', 'file.allow', 'ssh.allow'].map((name) => `protocol.${name}=always`),
    ...['core.fsmonitor', 'core.pager', 'diff.external', 'gpg.program'].map(
      (name) => `${name}=touch ${mark}`,
    ),
    ...ways(mark),
  ]
  for (const setting of settings) {
    const at = setting.indexOf('=')
    git('config', setting.slice(0, at), setting.slice(at + 1))
  }
  const { leaks, unread, code } = await scanHistory(folder)
  expect(existsSync(mark)).toBe(false)
  expect(leaks).toMatchObject([{ kid }])
  expect(unread).toMatchObject([{ path: folder }])
  expect(code).toBe(1)
})

test('files that a repository names for its own order and names are not read, and a broken object is told', async () => {
  const { folder, git, kid, first, fileOf } = makeRepository()
  execFileSync('mkfifo', [join(folder, '.mailmap')])
  git('config', 'diff.orderFile', join(folder, '.mailmap'))
  git('config', 'mailmap.file', join(folder, '.mailmap'))
  git('config', 'i18n.logOutputEncoding', 'UTF-16')
  // Every object that is listed behind a broken one is read as it is.
  const broken = Array.from({ length: 8 }, (_, i) => {
    writeFileSync(join(folder, 'more.txt'), `${i}`)
    return git('hash-object', '-w', 'more.txt')
  })
  for (const id of broken) {
    rmSync(fileOf(id))
    writeFileSync(fileOf(id), 'garbage')
  }
  const { leaks, unread } = await scanHistory(folder)
  expect(leaks).toMatchObject([{ kid, path: 'key.txt', commit: first }])
  expect(unread.map(({ path, reason }) => `${path} ${reason}`).sort()).toEqual(
    broken.map((id) => `${id} is broken`).sort(),
  )
})

test('a folder whose name ends like that of the objects of git is scanned', async () => {
  const folder = newFolder()
  const { token, kid } = generateToken('re', random)
  for (const name of ['x.git', '.git']) {
    mkdirSync(join(folder, name, 'objects'), { recursive: true })
    writeFileSync(join(folder, name, 'objects', 'a.txt'), token)
  }
  const scanner = new Scanner()
  scanner.scanPath(folder)
  expect(scanner.scanned.leaks).toMatchObject([{ kid, path: `${folder}/x.git/objects/a.txt` }])
})

test('what cannot be read in an archive is told up to a bound, however often a small one says it', () => {
  const inner = zip([...Array(2_000)].map(() => ({ name: 'n', content: Buffer.of(0), isEncrypted: true })))
  const archive = zip([{ name: 'i', content: inner }], 200)
  const scanner = new Scanner()
  scanner.scanBytes('enc.zip', archive)
  expect(scanner.scanned.unread.length).toBe(1_002)
  expect(scanner.scanned.unread.at(-1)).toEqual({ path: 'enc.zip', reason: 'unpacks to more than is read' })
  const named = new Scanner()
  named.scanBytes('a.zip', zip([{ name: 'n'.repeat(60_000), content: Buffer.of(0), isEncrypted: true }]))
  expect(named.scanned.unread).toEqual([{ path: `a.zip!/${'n'.repeat(1_024)}…`, reason: 'is encrypted' }])
})

test('what unfolds to more than is read counts as much as was read of it: so a small archive names few of them', () => {
  let taken = 0
  class Watched extends Budget {
    override next = () => 1_000
    override take(bytes: number) {
      taken += bytes
    }
  }
  const archive = zip([{ name: 'bomb', content: Buffer.alloc(1_001) }], 3)
  expect([...unpack(archive, new Watched())].map((entry) => 'reason' in entry && entry.reason)).toEqual([
    tooLarge,
    tooLarge,
    tooLarge,
  ])
  expect(taken).toBe(3_000)
})

test('an archive that was cut is told, and what is left of it is scanned', () => {
  const { token, kid } = generateToken('re', random)
  const folder = newFolder()
  writeFileSync(join(folder, 'a.txt'), `${token}\n${'x'.repeat(4_000)}`)
  execFileSync('tar', ['-cf', join(folder, 'a.tar'), '-C', folder, 'a.txt'])
  const scanner = new Scanner()
  scanner.scanBytes('a.tar', readFileSync(join(folder, 'a.tar')).subarray(0, 1_024))
  expect(scanner.scanned.leaks).toMatchObject([{ kid, path: 'a.tar!/a.txt' }])
  expect(scanner.scanned.unread).toEqual([{ path: 'a.tar!/a.txt', reason: 'is broken' }])
})

test('places are told up to a bound, that there are more is told, and they can be printed', async () => {
  const { token } = generateToken('re', random)
  const path = join(newFolder(), 'many')
  const content = `${token}\n`.repeat(maxPlaces + 1)
  const more = 'has more tokens than are told'
  writeFileSync(path, gzipSync(content, { level: 1 }))
  const { stdout, stderr, code } = await command.run(['scan', path])
  expect(stdout.split('\n')).toHaveLength(maxPlaces + 1)
  expect(stderr).toContain(more)
  expect(code).toBe(1)
  writeFileSync(path, content)
  const scanner = new Scanner()
  scanner.scanPath(path)
  await scanner.scanStream('-', Readable.from([Buffer.from(content)]))
  expect(scanner.scanned.leaks).toHaveLength(2 * maxPlaces)
  expect(scanner.scanned.unread).toEqual([
    { path, reason: more },
    { path: '-', reason: more },
  ])
})

test('a search of parts tells as many tokens as it may, be they in what two parts share or not', () => {
  const tokens = Array.from({ length: 6 }, () => generateToken('re', random).token)
  const bytes = Buffer.from(tokens.join('\n'))
  expect(findTokens(bytes, 2)).toHaveLength(2)
  for (let most = 1; most <= 6; most++)
    for (let size = 1; size < bytes.length; size += 13) {
      const found: string[] = []
      const search = new Search(({ token }) => found.push(token), most)
      for (let at = 0; at < bytes.length; at += size) search.push(bytes.subarray(at, at + size))
      expect(found, `${most} ${size}`).toEqual(tokens.slice(0, most))
      expect(search.isFull).toBe(true)
    }
})

test('a token in the name of a file is not told either', async () => {
  const [named, inside] = [generateToken('re', random), generateToken('re', random)]
  const folder = newFolder()
  const name = `${named.token}.txt`
  writeFileSync(join(folder, name), inside.token)
  writeFileSync(join(folder, 'x.zip'), zip([{ name, content: Buffer.of(0), isEncrypted: true }]))
  for (const format of ['text', 'json', 'sarif']) {
    const { stdout, stderr } = await command.run(['scan', '--format', format, folder])
    expect(`${stdout}${stderr}`, format).toContain(named.kid)
    expect(`${stdout}${stderr}`, format).not.toContain(named.token.slice(-49, -40))
  }
})

test('no name moves the cursor of a terminal, in any format', async () => {
  const { token } = generateToken('re', random)
  const folder = newFolder()
  const name = 'a\u009b31m\u202e\u001b[31m\n.txt'
  writeFileSync(join(folder, name), token)
  writeFileSync(join(folder, 'x.zip'), zip([{ name, content: Buffer.of(0), isEncrypted: true }]))
  for (const format of ['text', 'json', 'sarif']) {
    const { stdout, stderr } = await command.run(['scan', '--format', format, folder])
    for (const out of [stdout, stderr])
      expect(out.replaceAll('\n', ''), format).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    if (format === 'sarif') expect(stdout).toContain('a\\u009b31m\\u202e\\u001b[31m\\n.txt: is encrypted')
  }
})

interface ZipEntry {
  name: string
  content: Buffer
  isEncrypted?: boolean
}

/** A zip of entries, whose directory names each so many times. */
function zip(files: readonly ZipEntry[], times = 1): Buffer {
  const parts: Buffer[] = []
  const entries: Buffer[] = []
  let at = 0
  for (const { name, content, isEncrypted = false } of files) {
    const packed = deflateRawSync(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(isEncrypted ? 1 : 0, 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(Buffer.byteLength(name), 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    const entry = Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, rest, Buffer.from(name)])
    for (let i = 0; i < times; i++) entries.push(entry)
    parts.push(local)
    at += local.length
  }
  const directory = Buffer.concat(entries)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, directory, end])
}
