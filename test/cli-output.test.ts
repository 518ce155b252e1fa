// What commands print and how they refuse, on a database and on a server.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeFailure } from '../src/cli/kit/failures.ts'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { tokensIn, useCommand } from './setup/command.ts'
import { beginCommands, placeNames, type WireKey } from './setup/command-places.ts'
import { makeSqlite } from './setup/databases.ts'

const command = useCommand()

test.each([
  ['LATCHKEY_AUDIT_DAYS_KEPT', '5'],
  ['LATCHKEY_USAGE_DAYS_KEPT', '0'],
  ['LATCHKEY_SEALING_KEYS', 'short'],
])('a %s that is wrong ends a server, and makes no database', async (name, value) => {
  const serve = ['serve', '--port', '0', '--database', 'sqlite:none.db']
  const { code, stderr, stdout } = await command.runProcess(serve, { env: { [name]: value } })
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain(name)
  expect(existsSync(join(command.folder(), 'none.db'))).toBe(false)
})

test('a file is verified as what it is, and no organization may be named beside it', async () => {
  const { code, stderr } = await command.run(['audit', 'verify', 'acme.log', '--organization', 'other'])
  expect([code, stderr]).toEqual([2, expect.stringContaining('--organization: Comes without a file')])
})

test('the log is begun anew once, and another time only for who says so', async () => {
  const { url, remove } = makeSqlite()
  onTestFinished(remove)
  const restore = (...args: string[]) => command.run(['audit', 'restored', '--database', url, ...args])
  await (await openLatchkey({ database: url })).close()
  expect(await restore()).toMatchObject({ code: 0, stderr: expect.stringContaining('another name') })
  expect(await restore()).toMatchObject({ code: 1, stderr: expect.stringContaining('add --again') })
  expect(await restore('--again')).toMatchObject({ code: 0, stderr: expect.stringContaining('another name') })
})

test.each(['It broke', 'It broke.'])('an error of ours is one sentence: %s', (message) => {
  expect(describeFailure(new TypeError(message)).text).toBe('Internal error: It broke. Please report it.')
})

describe.each(placeNames)('what commands print on %s', (place) => {
  const makeDatabase = async () => {
    const { url, remove } = makeSqlite()
    onTestFinished(remove)
    return url
  }
  const begin = () => beginCommands(command, makeDatabase, place)

  test('organizations are created, renamed, shown and listed', async () => {
    const { run, json } = await begin()
    const made = await json<{ id: string }>(['orgs', 'create', '--name', 'Nameless'])
    expect(made.id).toMatch(/^[0-9a-f-]{36}$/)
    await run(['orgs', 'create', 'acme', '--name', 'Acme'])
    expect((await run(['orgs', 'create', 'acme', '--name', 'Acme'])).code).toBe(1)
    expect(await json(['orgs', 'update', 'acme', '--name', 'Acme Inc.'])).toMatchObject({
      name: 'Acme Inc.',
    })
    expect(await json(['orgs', 'get', 'acme'])).toMatchObject({ id: 'acme', name: 'Acme Inc.' })
    const ids = (await json<{ id: string }[]>(['orgs', 'list'])).map(({ id }) => id)
    expect(ids.filter((id) => id !== 'root')).toEqual(['acme', made.id])
    const found = await json<{ id: string }[]>(['orgs', 'list', '--query', 'ACME INC'])
    expect(found.map(({ id }) => id)).toEqual(['acme'])
    expect((await run(['orgs', 'list'])).stdout).toMatch(/^ID +NAME +CREATED\nacme +Acme Inc\. +\S/)
  })

  test('keys are listed by status, organization and name, sorted, in pages or whole', async () => {
    const { run, json, database } = await begin()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    for (const name of ['b', 'a', 'c']) await latchkey.keys.create({ organizationId: 'acme', name })
    const list = ['keys', 'list', '--organization', 'acme', '--sort', 'name']
    const names = async (...flags: string[]) =>
      (await json<WireKey[]>([...list, ...flags])).map(({ name }) => name).join('')
    expect(await names()).toBe('abc')
    expect(await names('--limit', '2')).toBe('ab')
    expect(await names('--limit', '2', '--all')).toBe('abc')
    expect(await names('--query', 'B')).toBe('b')
    const [first] = (await latchkey.keys.list({ sort: 'name' })).items
    await latchkey.keys.revoke(first?.id as string)
    expect(await names('--status', 'revoked')).toBe(first?.name)
    expect(await names('--status', 'all')).toBe('abc')
    const page = await run([...list, '--limit', '1'])
    expect(page.stdout).toMatch(
      /^ID +NAME +ORGANIZATION +STATUS +LAST USED +CREATED +EXPIRES\n\S{36} +b +acme/,
    )
    expect(page.stderr).toContain('--all')
  })

  test('a token is printed alone on standard output, and nowhere by any later command', async () => {
    const { run } = await begin()
    await run(['orgs', 'create', 'acme', '--name', 'Acme'])
    const created = await run(['keys', 'create', '--organization', 'acme', '--name', 'CI'])
    const [token] = tokensIn(created.stdout)
    expect(created.stdout).toBe(`${token}\n`)
    expect(created.stderr).toContain('shown only once')
    expect(tokensIn(created.stderr)).toEqual([])
    const id = /^Id +(\S+)/m.exec(created.stderr)?.[1] as string
    for (const args of [
      ['keys', 'get', id],
      ['keys', 'list', '--json'],
      ['audit', 'list', '--json'],
    ]) {
      expect(tokensIn((await run(args)).stdout)).toEqual([])
    }
    const verified = await run(['keys', 'verify'], token)
    expect(tokensIn(verified.stdout + verified.stderr)).toEqual([])
    const rotated = await run(['keys', 'rotate', id, '--yes'])
    expect(tokensIn(rotated.stdout)).toHaveLength(1)
    expect(tokensIn(rotated.stderr)).toEqual([])
  })

  test('what is wrong with each field is a line of its own, by the name of its flag', async () => {
    const { run } = await begin()
    const args = ['keys', 'create', '--organization', 'no such', '--name', ' ', '--permission', 'a b']
    const { code, stdout, stderr } = await run([...args, '--json'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    const fields = stderr.split('\n').map((line) => /^latchkey: (--\w+): \S/.exec(line)?.[1])
    expect(fields.slice(0, -1).sort()).toEqual(['--name', '--organization', '--permission'])
    const unknown = await run(['keys', 'get', '00000000-0000-7000-8000-000000000000'])
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('`latchkey keys list') })
    const homeless = await run(['keys', 'create', '--organization', 'nobody', '--name', 'CI'])
    expect(homeless).toMatchObject({ code: 1, stderr: expect.stringContaining('`latchkey orgs') })
  })
})
