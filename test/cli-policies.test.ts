// `latchkey policy …` and `keys list --breaks-policy`, on a server and on the database itself.
import { expect, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import { makeSqlite } from './setup/databases.ts'

const command = useCommand()

test('sets the rules that are named and no others, shows them, and removes those of an organization', async () => {
  const { url: database } = makeSqlite()
  const server = await command.serveInProcess(database)
  await createAcme(server.latchkey)
  for (const env of [
    { LATCHKEY_URL: server.url, LATCHKEY_KEY: server.rootKey },
    { LATCHKEY_DATABASE_URL: database },
  ]) {
    const run = (...args: string[]) => command.run(['policy', ...args], { env })
    const rules = ['--max-lifetime', '90d', '--require-expiry', '--catalogued-only', '--max-keys', '7']
    const lists = ['--prefix', 're', '--permission', 'emails:*', '--permission', 'files:read']
    const set = await run('set', ...rules, ...lists, '--require-allowed-ips')
    expect(set.code, set.stderr).toBe(0)
    for (const line of [
      /^Longest lifetime +90 days$/m,
      /^Must expire +yes$/m,
      /^Permissions +emails:\*, files:read$/m,
      /^Catalogue only +yes$/m,
      /^Prefixes +re$/m,
      /^Must name addresses +yes$/m,
      /^Most keys +7$/m,
    ])
      expect(set.stdout).toMatch(line)
    expect((await run('get')).stdout).toMatch(/^Most keys +7$/m)
    expect((await run('set', '--no-permissions', '--organization', 'acme')).code).toBe(0)
    expect((await run('get', '--organization', 'acme')).stdout).toMatch(/^Permissions +none$/m)
    // Nothing named is a slip, which must not remove what there is.
    const slip = await run('set')
    expect([slip.code, slip.stdout]).toEqual([2, ''])
    expect(slip.stderr).toContain('--no-rules')
    expect((await run('set', '--no-rules', '--max-keys', '3')).code).toBe(2)
    expect((await run('get')).stdout).toMatch(/^Most keys +7$/m)
    expect((await run('set', '--max-keys', '3', '--if-revision', '1')).code).toBe(1)
    const removed = (await run('set', '--no-rules')).stdout
    expect(removed).toMatch(/^Most keys +no rule$/m)
    expect(removed).toMatch(/^When a token leaks +no rule: the key is revoked$/m)
    // Hours alone, or an end without them.
    for (const half of [
      ['--on-leak', 'end_after'],
      ['--leak-ends-after-hours', '4'],
    ])
      expect(await run('set', ...half)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('Must be from 1 to 24 with on_leak end_after'),
      })
    expect((await run('delete', 'acme', '--yes')).stdout).toBe('Removed the policy of acme.\n')
    const { stdout } = await run('get', '--organization', 'acme')
    expect(stdout).toMatch(/^Permissions +no rule$/m)
    expect(stdout).toMatch(/^When a token leaks +no rule: as the deployment says$/m)
    expect((await run('get', '--organization', 'unknown')).code).toBe(1)
  }
})

test('lists the keys that break a policy with the rules, and says why a key is refused', async () => {
  const server = await command.serveInProcess(makeSqlite().url)
  const env = { LATCHKEY_URL: server.url, LATCHKEY_KEY: server.rootKey }
  await createAcme(server.latchkey)
  const { id } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'Old' })
  await server.latchkey.policies.set({ requireExpiry: true, requireAllowedIps: true })
  const { stdout } = await command.run(['keys', 'list', '--breaks-policy'], { env })
  expect(stdout).toMatch(/BREAKS/)
  expect(stdout).toMatch(new RegExp(`^${id}.*require_expiry, require_allowed_ips`, 'm'))
  expect((await command.run(['keys', 'list'], { env })).stdout).not.toContain('BREAKS')
  const refused = await command.run(['keys', 'create', '--organization', 'acme', '--name', 'New'], { env })
  expect([refused.code, refused.stdout]).toEqual([1, ''])
  expect(refused.stderr).toContain('It must expire')
})
