// The password file as libpq reads it: its lines, its wildcards, its backslashes, and who may read it.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { findPassword } from '../src/store/postgres-passfile.ts'

const folder = mkdtempSync(join(tmpdir(), 'latchkey-passfile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const path = join(folder, 'pgpass')
const wanted = { host: 'db.example', port: 5432, database: 'latchkey', user: 'app' }

function find(text: string, request: Partial<typeof wanted> = {}): Promise<string | undefined> {
  writeFileSync(path, text, { mode: 0o600 })
  return findPassword(path, { ...wanted, ...request })
}

const line = 'db.example:5432:latchkey:app:right'

describe('a password file', () => {
  test.each([
    ['a line', line],
    ['a line among others', `other:5432:latchkey:app:wrong\n${line}\ndb.example:5432:latchkey:app:late`],
    ['a line of Windows', `\r\n${line}\r\n`],
    ['a line behind a comment that would match', `#db.example:5432:latchkey:app:wrong\n# more\n${line}`],
    ['a line behind shorter ones', `db.example\n:\n*:*:*:*\ndb.example:5432:latchkey:app\n${line}`],
    ['wildcards', '*:*:*:*:right'],
    ['some wildcards', 'db.example:*:latchkey:*:right'],
    ['backslashes that mean nothing', 'db\\.example:54\\32:latchkey:app:ri\\ght'],
  ])('gives the password of %s', async (_, text) => {
    expect(await find(text)).toBe('right')
  })

  test.each(['host', 'database', 'user'] as const)('gives none to another %s', async (field) => {
    expect(await find(line, { [field]: 'other' })).toBeUndefined()
    expect(await find(`${line}\n*:*:*:*:any`, { [field]: 'other' })).toBe('any')
    // A star is a wildcard only where it stands alone, and in the file.
    expect(await find(line, { [field]: '*' })).toBeUndefined()
  })

  test('gives none to another port, nor for no line at all', async () => {
    expect(await find(line, { port: 5433 })).toBeUndefined()
    expect(await find('')).toBeUndefined()
  })

  test('takes colons and backslashes as they are behind a backslash, and colons in the password', async () => {
    expect(await find('a\\:b\\\\:5432:latchkey:app:right', { host: 'a:b\\' })).toBe('right')
    expect(await find('db.example:5432:latchkey:app:a:b\\:c\\\\d:')).toBe('a:b:c\\d:')
    expect(await find('db.example:5432:latchkey:app:end\\')).toBe('end\\')
    expect(await find('db.example:5432:latchkey:app:')).toBe('')
  })

  test('takes a socket for this machine', async () => {
    expect(await find('localhost:5432:latchkey:app:right', { host: '/run/postgresql' })).toBe('right')
    expect(await find('/run/postgresql:5432:latchkey:app:right', { host: '/run/postgresql' })).toBeUndefined()
  })

  test.each([0o640, 0o604, 0o660, 0o644])('is refused if others may use it: %o', async (mode) => {
    writeFileSync(path, line)
    chmodSync(path, mode)
    await expect(findPassword(path, wanted)).rejects.toThrow(`chmod 600`)
    chmodSync(path, 0o600)
    expect(await findPassword(path, wanted)).toBe('right')
  })

  test('may be absent, but not be something else', async () => {
    expect(await findPassword(join(folder, 'absent'), wanted)).toBeUndefined()
    const other = join(folder, 'a-folder')
    mkdirSync(other, { mode: 0o700 })
    await expect(findPassword(other, wanted)).rejects.toThrow('EISDIR')
  })

  test('is .pgpass at home if none is named', async () => {
    const home = process.env.HOME
    onTestFinished(() => {
      process.env.HOME = home
    })
    process.env.HOME = folder
    writeFileSync(join(folder, '.pgpass'), line, { mode: 0o600 })
    expect(await findPassword(undefined, wanted)).toBe('right')
  })
})
