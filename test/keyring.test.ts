// The keys of the instance: the file that holds them, how it is made and rotated, and how running servers follow.
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Keyring } from '../src/domain/keyring.ts'
import { openLatchkey } from '../src/index.ts'
import { useCommand } from './setup/command.ts'
import { onOneDatabase } from './setup/databases.ts'
import { refusalOf } from './setup/refusal.ts'

const other = `${'A'.repeat(43)}=`

onOneDatabase('SQLite', 'the keyring', (makeDatabase) => {
  const command = useCommand()
  const fileOf = (database: string) => `${database.replace(/^sqlite:/, '')}.keyring`
  const linesOf = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n')
  const modeOf = (file: string) => statSync(file).mode & 0o777

  test('new makes a file for its owner alone, and overwrites none', async () => {
    const database = await makeDatabase()
    const file = fileOf(database)
    const made = await command.run(['keyring', 'new', '--database', database])
    expect(made).toMatchObject({ code: 0, stdout: `Made ${file} with one key.\n` })
    expect(made.stderr).toContain('at its next use, without a restart')
    expect(modeOf(file)).toBe(0o600)
    const [key = ''] = linesOf(file)
    expect(Buffer.from(key, 'base64')).toHaveLength(32)
    const again = await command.run(['keyring', 'new', '--database', database])
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('latchkey keyring rotate')])
    expect(linesOf(file)).toEqual([key])
    for (const { stdout, stderr } of [made, again]) expect(stdout + stderr).not.toContain(key)
  })

  test('rotate puts a new key first and keeps the others, and a running server follows it', async () => {
    const database = await makeDatabase()
    const file = fileOf(database)
    const rotate = () => command.run(['keyring', 'rotate', '--database', database])
    const missing = await rotate()
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('latchkey keyring new')])
    await using one = await openLatchkey({ database })
    await using elsewhere = await openLatchkey({ database })
    await one.organizations.create({ id: 'acme', name: 'Acme' })
    const limits = [{ name: 'credits', limit: 100, resets: null }]
    const { key } = await one.keys.create({ organizationId: 'acme', name: 'CI', limits })
    const reserve = async (latchkey: typeof one) => {
      const verdict = await latchkey.verify(key, { cost: 10, reserveSeconds: 60 })
      return ('reservation' in verdict && verdict.reservation) || ''
    }
    const [before, unsettled] = [await reserve(one), await reserve(one)]
    await elsewhere.settle(before, 1)
    const [first] = linesOf(file)
    chmodSync(file, 0o644)
    expect(await rotate()).toMatchObject({
      code: 0,
      stdout: `Put a new key first in ${file}, before the old one.\n`,
    })
    expect(modeOf(file)).toBe(0o600)
    expect(linesOf(file)).toEqual([expect.not.stringContaining(first ?? ''), first])
    // What the old key signed holds, and what the new one signs is known to those that were running.
    const after = await reserve(one)
    expect((await elsewhere.settle(after, 2)).settled).toMatchObject([{ cost: 2 }])
    expect((await elsewhere.settle(unsettled, 3)).settled).toMatchObject([{ cost: 3 }])
    await rotate()
    expect(linesOf(file)).toHaveLength(3)
    const kept = new Keyring(database, []).sign('test', 'text')
    expect(new Keyring(database, [linesOf(file)[0] ?? '']).hasSigned('test', 'text', kept)).toBe(true)
    // Without the old keys, what they signed is nobody's.
    writeFileSync(file, `${other}\n`)
    expect((await refusalOf(one.settle(after, 2))).code).toBe('invalid_input')
  })

  test('of several rotations at once none is lost, and one that was interrupted is named', async () => {
    const database = await makeDatabase()
    const file = fileOf(database)
    await command.run(['keyring', 'new', '--database', database])
    const rotate = () => command.runProcess(['keyring', 'rotate', '--database', database])
    const codes = (await Promise.all([rotate(), rotate(), rotate()])).map(({ code }) => code)
    const done = codes.filter((code) => code === 0).length
    expect(done).toBeGreaterThan(0)
    expect(linesOf(file)).toHaveLength(1 + done)
    writeFileSync(`${file}.rotating`, '')
    const stopped = await rotate()
    expect([stopped.code, stopped.stderr]).toEqual([2, expect.stringContaining(`${file}.rotating exists`)])
    expect(linesOf(file)).toHaveLength(1 + done)
  })

  test('a file of a server on PostgreSQL is named, and its lines are the setting', async () => {
    const folder = dirname(fileOf(await makeDatabase()))
    const file = join(folder, 'keys of all')
    const nowhere = await command.run(['keyring', 'new', '--database', 'postgres://u@127.0.0.1/none'])
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('LATCHKEY_SEALING_KEYS')])
    expect(await command.json(['keyring', 'new', '--file', file])).toEqual({ file, keys: 1 })
    expect(await command.json(['keyring', 'rotate', '--file', file])).toEqual({ file, keys: 2 })
    const { stderr } = await command.run(['keyring', 'rotate', '--file', file])
    expect(stderr).toContain('A server reads them when it starts.')
    writeFileSync(file, 'no key\n')
    const wrong = await command.run(['keyring', 'rotate', '--file', file])
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining(`${file}: Each key must be 32 bytes`),
    ])
    const env = { LATCHKEY_SEALING_KEYS: 'no key' }
    const set = await command.run(['orgs', 'list', '--database', await makeDatabase()], { env })
    expect([set.code, set.stderr]).toEqual([
      2,
      expect.stringContaining('LATCHKEY_SEALING_KEYS: Each key must'),
    ])
    expect(readFileSync(file, 'utf8')).toBe('no key\n')
  })

  describe('a keyring that cannot be read', () => {
    test.each([
      ['an empty file', '\n'],
      ['a wrong key', 'AAAA\n'],
    ])('%s is told without its path', async (_, text) => {
      const database = await makeDatabase()
      const file = fileOf(database)
      writeFileSync(file, text, { mode: 0o600 })
      expect(() => new Keyring(database, []).sign('test', 'text')).toThrow(
        'The keys of the instance, beside the database, cannot be read.',
      )
      expect(readFileSync(file, 'utf8')).toBe(text)
    })
  })
})
