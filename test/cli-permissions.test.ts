// The catalogue of permissions and the presets on the command line, and the file that a server takes at its start.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { useCommand } from './setup/command.ts'

const command = useCommand()
const entry = (name: string, description: string) => ({ name, description, group: null })

test('a file is imported and listed, and keys with other permissions are made with a warning', async () => {
  const database = `sqlite:${join(command.folder(), 'catalogue.db')}`
  const run = (...args: string[]) => command.run([...args, '--database', database])
  const file = join(command.folder(), 'permissions.json')
  await run('migrate')
  await run('orgs', 'create', 'acme', '--name', 'Acme')
  writeFileSync(
    file,
    JSON.stringify([entry('emails:read', 'Read emails'), entry('emails:send', 'Send emails')]),
  )
  expect((await run('permissions', 'import', file)).stdout).toContain('The catalogue has 2 permissions.')
  await run('permissions', 'set', 'domains:*', '--group', 'Domains')
  expect((await run('permissions', 'remove', 'emails:read')).stdout).toContain('has 2 permissions.')
  const listed = await run('permissions', 'list', '--json')
  expect(JSON.parse(listed.stdout)).toEqual([
    { name: 'domains:*', description: null, group: 'Domains' },
    entry('emails:send', 'Send emails'),
  ])
  writeFileSync(file, listed.stdout)
  expect((await run('permissions', 'import', file, '--replace')).code).toBe(0)

  const create = ['keys', 'create', '--organization', 'acme', '--name', 'K', '--permission']
  const fine = await run(...create, 'emails:send', '--preset', 'read-only')
  expect(fine.stderr).not.toContain('Warning')
  expect(fine.stderr).toContain('latchkey:*:read')
  const warned = await run(...create, 'emials:send')
  expect(warned.stderr).toContain('Warning: emials:send is not in the catalogue of permissions.')
  expect(warned.stdout).toMatch(/^re_\w+\n$/)
  expect((await run(...create, 'a', '--preset', 'king')).code).toBe(2)

  for (const text of ['{', '{}', '7']) {
    writeFileSync(file, text)
    const refused = await run('permissions', 'import', file)
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('is no JSON list of permissions'),
    })
  }
  const missing = await run('permissions', 'import', `${file}.none`)
  expect(missing).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read') })
})

test('a server makes the catalogue what its file says, at each start, and starts with no other file', async () => {
  const database = `sqlite:${join(command.folder(), 'started.db')}`
  const file = join(command.folder(), 'started.json')
  const env = { LATCHKEY_PERMISSIONS_FILE: file }
  const start = async (entries: object[]) => {
    writeFileSync(file, JSON.stringify(entries))
    const server = await command.serve(['--database', database], { env })
    server.process.kill('SIGTERM')
    await server.ended
  }
  await start([entry('a', 'A'), entry('b', 'B')])
  await start([entry('b', 'B')])
  await using latchkey = await openLatchkey({ database })
  expect(await latchkey.keys.listCatalogue()).toEqual([entry('b', 'B')])
  writeFileSync(file, '[{"name":"a b"}]')
  const refused = await command.run(['serve', '--port', '0', '--database', database], { env })
  expect(refused.code).not.toBe(0)
  expect(refused.stderr).toContain('permissions[0].name')
})
