// Leaks on the command line: what a key says of its own, and the list of those that leaked.
import { expect, test } from 'vitest'
import { useCommand } from './setup/command.ts'
import { makeSqlite } from './setup/databases.ts'

const command = useCommand()

test('a key tells that it leaked, and is listed whatever became of it, until the mark is cleared', async () => {
  const server = await command.serveInProcess(makeSqlite().url)
  const { keys, policies } = server.latchkey
  const env = { LATCHKEY_URL: server.url, LATCHKEY_KEY: server.rootKey }
  const run = async (args: string[], input = '') => (await command.run(args, { env, input })).stdout
  const url = 'https://github.com/acme/app/blob/main/.env'
  const exposureOf = async (id: string) => (await keys.get(id)).exposure?.action

  const { id, key, hint } = await keys.create({ organizationId: 'root', name: 'Nightly build' })
  expect(await run(['keys', 'get', id])).not.toContain('Leaked')
  await run(['leak', 'report', '--found-at', url], key)
  await expect.poll(() => exposureOf(id)).toBe('revoked')
  const told = await run(['keys', 'get', id])
  const by = 'by somebody who has it: the key was revoked'
  expect(told).toMatch(new RegExp(`^Leaked +${hint}, reported \\S+ \\(.+\\) ${by}$`, 'm'))
  expect(told).toMatch(new RegExp(`^Found at +${url}$`, 'm'))
  expect(await run(['keys', 'list', '--exposed'])).toMatch(/LEAKED\n.*Nightly build .*revoked .*revoked$/m)
  expect(await run(['keys', 'list', '--exposed', '--status', 'active'])).not.toContain('Nightly build')
  await run(['keys', 'clear-exposure', id])
  expect(await run(['keys', 'get', id])).not.toMatch(/Leaked|Found at/)

  await policies.set({ onLeak: 'end_after', leakEndsAfterHours: 4 })
  const later = await keys.create({ organizationId: 'root', name: 'Later' })
  await run(['leak', 'report'], later.key)
  await expect.poll(() => exposureOf(later.id)).toBe('ends_later')
  const ends = await run(['keys', 'get', later.id])
  expect(ends).toMatch(/^Leaked .* by somebody who has it: it ends \S+ \(in [34] hours\)$/m)
  expect(ends).not.toContain('Found at')
  expect(await run(['keys', 'list'])).toMatch(/Later .*ends in [34] hours$/m)
})

test('a list tells a decoy from a key that opens something', async () => {
  const server = await command.serveInProcess(makeSqlite().url)
  const env = { LATCHKEY_URL: server.url, LATCHKEY_KEY: server.rootKey }
  const list = async () => (await command.run(['keys', 'list'], { env })).stdout
  await server.latchkey.keys.create({ organizationId: 'root', name: 'Backup' })
  expect(await list()).not.toMatch(/DECOY|LEAKED/)
  await server.latchkey.keys.create({ organizationId: 'root', name: 'Old mailer', decoy: true })
  expect(await list()).toMatch(/DECOY\n/)
  expect(await list()).toMatch(/Old mailer .*not tried$/m)
  expect(await list()).toMatch(/Backup .*never *$/m)
})
