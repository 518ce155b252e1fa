// `latchkey scan`: finds every token, wherever it stands in whatever holds it, tells where, and never shows it.
import { execFileSync } from 'node:child_process'
import { getRandomValues, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { findTokens } from '../src/cli/scanning/find-tokens.ts'
import { toSarif } from '../src/cli/scanning/sarif.ts'
import { type Scanned, Scanner } from '../src/cli/scanning/scanner.ts'
import { Search } from '../src/cli/scanning/search.ts'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { plantOthers, plantTokens } from './scanners/texts.ts'
import { useCommand } from './setup/command.ts'
import { rounds } from './setup/rounds.ts'
import { sarifFaults } from './setup/sarif.ts'

const command = useCommand()
const random: RandomSource = (bytes) => getRandomValues(bytes as Uint8Array<ArrayBuffer>)
const root = mkdtempSync(join(tmpdir(), 'latchkey-scan-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let folders = 0
/** Makes a folder with files. */
function folderOf(files: Record<string, string | Buffer>): string {
  const folder = join(root, `${++folders}`)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  return folder
}

const makeToken = (prefix = 're_live') => generateToken(prefix, random)

/** Scans, and gives what the JSON says; no output holds a secret. */
async function scan(
  args: readonly string[],
  tokens: readonly string[],
  input = '',
): Promise<Scanned & { code: number | null }> {
  const { stdout, stderr, code } = await command.run(['scan', '--format', 'json', ...args], { input })
  for (const token of tokens)
    for (const out of [stdout, stderr]) expect(out).not.toContain(token.slice(-49, -40))
  return { ...(JSON.parse(stdout) as Scanned), code }
}

describe('in bytes', () => {
  test('each of 1,000 tokens in files of all kinds is found at its place, and none of what differs from one', () => {
    for (const { name, text, tokens } of plantTokens(1000, random)) {
      const found = findTokens(Buffer.from(text))
      expect(
        found.map(({ token }) => token),
        name,
      ).toEqual(tokens)
      expect(
        found.map(({ at }) => at),
        name,
      ).toEqual(tokens.map((token) => Buffer.from(text).indexOf(token)))
    }
    // The check tells a token from its beginning on: a letter before or behind it hides none. All else is of another form.
    const { text } = plantOthers(1000, random)
    for (const { token } of findTokens(Buffer.from(text)))
      expect(text).toMatch(new RegExp(`(?:sto|_)${token}|${token}x`))
  })

  test('no random text of the shape of a token is taken for one', () => {
    const letters = Buffer.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')
    let found = 0
    for (let round = 0; round < rounds(2, 100); round++) {
      const bytes = randomBytes(10_000 * 70).map((byte) => letters[byte % 62] as number)
      for (let at = 0; at < bytes.length; at += 70) bytes.set(Buffer.from(' re_'), at + 1)
      found += findTokens(bytes).length
    }
    expect(found).toBe(0)
  })

  test('tokens follow each other without a character between', () => {
    const tokens = Array.from({ length: 50 }, () => makeToken().token)
    expect(findTokens(Buffer.from(tokens.join(''))).map(({ token }) => token)).toEqual(tokens)
  })

  test('wherever the parts of a stream are cut, each token is found once, with its line and column', () => {
    const { token } = makeToken()
    const text = `é\nsecond line ${token}\n${'x'.repeat(300)}${token}\n${'€'.repeat(100)} ${token}`
    for (const encoding of ['utf8', 'utf16le'] as const) {
      const bytes = Buffer.from(text, encoding)
      for (let size = 1; size < bytes.length; size += size < 200 ? 7 : 31) {
        const places: string[] = []
        const search = new Search(({ line, column }) => places.push(`${line}:${column}`))
        for (let at = 0; at < bytes.length; at += size) search.push(bytes.subarray(at, at + size))
        expect(
          places.map((place) => place.split(':')[0]),
          `${encoding} ${size}`,
        ).toEqual(['2', '3', '4'])
        if (encoding === 'utf8') expect(places, `${size}`).toEqual(['2:13', '3:301', '4:102'])
      }
    }
  })
})

test('files and folders are scanned, links and what is excluded are not, and each place is told', async () => {
  const [one, two, three] = [makeToken(), makeToken('re'), makeToken()]
  const folder = folderOf({
    'src/a.ts': `const a = 1\nconst key = '${one.token}'\n`,
    '.env': `KEY=${two.token}\n`,
    '.gitignore': '.env\n',
    'wide.txt': Buffer.from(`\ufeffkey ${three.token}`, 'utf16le'),
    'app.min.js': one.token,
    'vendor/deep/lib.js': one.token,
    'long.log': `${'line of a log\n'.repeat(200_000)}${two.token}`,
  })
  symlinkSync(folderOf({ 'secret.txt': three.token }), join(folder, 'elsewhere'))
  const tokens = [one.token, two.token, three.token]
  const { leaks, unread, files, code } = await scan(
    [folder, '--exclude', '*.min.js', '--exclude', 'vendor/**'],
    tokens,
  )
  expect(leaks).toMatchObject([
    { path: `${folder}/.env`, line: 1, column: 5, kid: two.kid, hint: `re_${two.kid}…`, commit: null },
    { path: `${folder}/long.log`, line: 200_001, column: 1, prefix: 're' },
    { path: `${folder}/src/a.ts`, line: 2, column: 14, kid: one.kid, prefix: 're_live' },
    { path: `${folder}/wide.txt`, line: 1, kid: three.kid },
  ])
  expect({ unread, files, code }).toEqual({ unread: [], files: 5, code: 1 })
})

test('archives are looked into, one in another too', async () => {
  const { token, kid } = makeToken()
  const line = `first\nkey: ${token}\n`
  const inner = zip({ 'deep/config.yaml': line, 'other.txt': 'nothing' })
  const folder = folderOf({
    'a.zip': inner,
    'b.jar': zip({ 'lib/a.jar': inner }),
    'server.log.gz': gzipSync(line),
  })
  writeFileSync(join(folder, 'x.txt'), line)
  execFileSync('tar', ['-cf', join(folder, 'c.tar'), '-C', folder, 'x.txt', 'a.zip'])
  execFileSync('tar', ['-czf', join(folder, 'd.tgz'), '-C', folder, 'c.tar'])
  rmSync(join(folder, 'x.txt'))
  const { leaks, unread } = await scan([folder], [token])
  expect(
    leaks.map(({ path, line, column }) => `${path.slice(folder.length + 1)}:${line}:${column}`).sort(),
  ).toEqual([
    'a.zip!/deep/config.yaml:2:6',
    'b.jar!/lib/a.jar!/deep/config.yaml:2:6',
    'c.tar!/a.zip!/deep/config.yaml:2:6',
    'c.tar!/x.txt:2:6',
    'd.tgz!/c.tar!/a.zip!/deep/config.yaml:2:6',
    'd.tgz!/c.tar!/x.txt:2:6',
    'server.log.gz:2:6',
  ])
  expect(new Set(leaks.map((leak) => leak.kid))).toEqual(new Set([kid]))
  expect(unread).toEqual([])
})

test('an archive that unfolds without end, or is broken, is told and costs little', async () => {
  const { token } = makeToken()
  const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024), { level: 1 })
  let nested = zip({ 'a.txt': token })
  for (let i = 0; i < 10; i++) nested = zip({ 'n.zip': nested })
  const cut = zip({ 'a.txt': token }).subarray(0, 60)
  const folder = folderOf({ 'bomb.gz': bomb, 'cut.zip': cut, 'nested.zip': nested, 'b.txt': token })
  const { leaks, unread, code } = await scan([folder], [token])
  expect(leaks.map(({ path }) => path)).toEqual([`${folder}/b.txt`])
  expect(
    unread.map(({ path, reason }) => [path.slice(folder.length + 1, folder.length + 9), reason]),
  ).toEqual([
    ['bomb.gz', 'unpacks to more than is read'],
    ['cut.zip', 'is broken'],
    ['nested.z', 'is in too many archives'],
  ])
  expect(code).toBe(1)
})

test('a history is scanned: what was deleted, messages and what is staged, each content by its first commit', async () => {
  const [gone, said, staged] = [makeToken(), makeToken(), makeToken()]
  const folder = folderOf({ 'lost/key.txt': `a\n${gone.token}` })
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...args], {
      cwd: folder,
      encoding: 'utf8',
    }).trim()
  git('init', '--quiet')
  git('add', '.')
  git('commit', '--quiet', '--message', 'First')
  const first = git('rev-parse', 'HEAD')
  git('mv', 'lost/key.txt', 'moved.txt')
  git('commit', '--quiet', '--message', `Move ${said.token}`)
  const second = git('rev-parse', 'HEAD')
  git('rm', '--quiet', 'moved.txt')
  git('commit', '--quiet', '--message', 'Delete')
  git('gc', '--quiet')
  writeFileSync(join(folder, 'new.txt'), staged.token)
  git('add', '.')
  const { leaks, unread, code } = await scan(
    ['--history', folder],
    [gone, said, staged].map(({ token }) => token),
  )
  const of = ({ kid }: { kid: string }) => leaks.find((leak) => leak.kid === kid)
  expect(of(gone)).toMatchObject({ path: 'lost/key.txt', commit: first, line: 2 })
  expect(of(said)).toMatchObject({ path: 'the message of a commit', commit: second })
  expect(of(staged)).toMatchObject({
    path: expect.stringMatching(/^[0-9a-f]{40} \(in no commit that is here\)$/),
    commit: null,
  })
  expect({ length: leaks.length, unread, code }).toEqual({ length: 3, unread: [], code: 1 })
  const others = await scan(['--history', folder, '--exclude', 'lost/**'], [])
  expect(others.leaks.map(({ kid }) => kid).sort()).toEqual([said.kid, staged.kid].sort())
  const none = folderOf({ 'a.txt': 'no repository' })
  expect(await scan(['--history', none], [])).toMatchObject({ unread: [{ path: none }], code: 3 })
})

test('standard input is scanned, and archives from it', async () => {
  const { token } = makeToken()
  const { leaks } = await scan(['-'], [token], `diff\n+key = "${token}"\n`)
  expect(leaks).toMatchObject([{ path: '-', line: 2, column: 9 }])
  const search = new Scanner()
  await search.scanStream('-', Readable.from([zip({ 'a.txt': token })]))
  expect(search.scanned.leaks).toMatchObject([{ path: '-!/a.txt', line: 1 }])
})

test('exit codes: 0 for nothing, 1 for a token, 2 for a wrong use, 3 for what cannot be read', async () => {
  const { token } = makeToken()
  const folder = folderOf({ 'clean.txt': `nothing ${token.slice(0, -1)}`, 'leak.txt': token })
  const codeOf = async (...args: string[]) => (await command.run(['scan', ...args])).code
  expect(await codeOf(join(folder, 'clean.txt'))).toBe(0)
  expect(await codeOf(folder)).toBe(1)
  expect(await codeOf()).toBe(2)
  expect(await codeOf(folder, '--format', 'xml')).toBe(2)
  expect(await codeOf(join(folder, 'nowhere'))).toBe(3)
})

test('text and SARIF tell the same, without the token', async () => {
  const { token, kid } = makeToken()
  const folder = folderOf({ 'a b.txt': `x\n  ${token}\n` })
  const text = await command.run(['scan', folder])
  expect(text.stdout).toBe(`${folder}/a b.txt:2:3  re_live_${kid}…\n`)
  expect(text.stderr).toBe(`Places: 1. Tokens: 1. Files: 1, ${token.length + 5} bytes.\n`)
  const sarif = await command.run(['scan', folder, '--format', 'sarif'])
  expect(sarif.stdout).not.toContain(token.slice(-49))
  const log = JSON.parse(sarif.stdout)
  expect(sarifFaults(log)).toEqual([])
  const { runs } = log
  expect(runs[0].results[0].locations[0].physicalLocation).toEqual({
    artifactLocation: { uri: `${folder}/a%20b.txt` },
    region: { startLine: 2, startColumn: 3 },
  })
  const nothing = await command.run(['scan', join(folder, 'nowhere'), '--format', 'sarif'])
  expect(sarifFaults(JSON.parse(nothing.stdout))).toEqual([])
})

test('a name that is no address becomes one in SARIF', () => {
  const { kid } = makeToken()
  const leak = { commit: null, line: 1, column: 1, prefix: 're', kid, hint: `re_${kid}…` }
  const names = [
    'C:/a b.txt',
    '-',
    'a.zip!/ä%/[x]?#.txt',
    'http://x',
    '\ufffd',
    '0a (in no commit that is here)',
  ]
  const leaks = names.map((path) => ({ ...leak, path }))
  const log = toSarif({ leaks, unread: [{ path: 'ü', reason: 'ENOENT' }], files: 1, bytes: 1 })
  expect(sarifFaults(log)).toEqual([])
  // What would be told of another log.
  expect(sarifFaults({ ...log, version: '2.0.0' })).toHaveLength(1)
  expect(sarifFaults({ version: '2.1.0', runs: [{}] })).not.toEqual([])
})

test('the size of what was scanned is told in bytes, kB or MB', async () => {
  const sizeOf = async (bytes: number) =>
    (await command.run(['scan', folderOf({ 'a.txt': ' '.repeat(bytes) })])).stderr
  expect(await Promise.all([0, 1, 999, 4_150, 63_000, 2_500_000].map(sizeOf))).toEqual(
    ['0 bytes', '1 byte', '999 bytes', '4.2 kB', '63 kB', '2.5 MB'].map(
      (size) => `Places: 0. Tokens: 0. Files: 1, ${size}.\n`,
    ),
  )
})

/** A zip of files, each deflated. */
function zip(files: Record<string, string | Buffer>): Buffer {
  const parts: Buffer[] = []
  const entries: Buffer[] = []
  let at = 0
  for (const [name, content] of Object.entries(files)) {
    const bytes = Buffer.from(content)
    const packed = deflateRawSync(bytes)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(bytes.length, 18)
    common.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(at, 10)
    entries.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, rest, Buffer.from(name)]))
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
