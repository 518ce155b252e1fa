// `--wait`: on both databases themselves, and on a server.

import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { tokensIn, useCommand } from './setup/command.ts'
import { beginCommands, placeNames, type WireKey } from './setup/command-places.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'

onEachDatabase('the commands', (makeDatabase, kind) => {
  const command = useCommand()

  describe.each(placeNames)('on %s', (place) => {
    const begin = () => beginCommands(command, makeDatabase, place)

    test('--wait says what became of a change in every process on the database', async () => {
      const { run, json } = await begin()
      await run(['orgs', 'create', 'acme', '--name', 'Acme'])
      const { id } = await json<WireKey>(['keys', 'create', '--organization', 'acme', '--name', 'CI'])
      const applied = { confirmed: true, milliseconds: expect.any(Number), silent: [] }
      const said = /^Every live process has confirmed, after \d+ ms\.$/m
      expect(await json(['keys', 'update', id, '--name', 'Robot', '--wait'])).toMatchObject({ applied })
      const updated = await run(['keys', 'update', id, '--name', 'Ada', '--wait'])
      expect(updated.stdout).toMatch(said)
      const rotated = await run(['keys', 'rotate', id, '--grace', '1h', '--wait'])
      expect(rotated.stderr).toMatch(said)
      expect(tokensIn(rotated.stdout)).toEqual([rotated.stdout.trim()])
      const kid = (await json<WireKey>(['keys', 'get', id])).secrets[1]?.kid as string
      expect((await run(['keys', 'end-secret', id, kid, '--wait', '--yes'])).stdout).toMatch(said)
      const revoked = await json(['keys', 'revoke', id, '--wait', '--yes'])
      expect(revoked).toEqual({ success: true, applied })
      expect((await run(['keys', 'revoke', id, '--wait', '--yes'])).stdout).toMatch(said)
    })
  })

  // The rest is the command line's own doing, whatever the database.
  if (kind === 'PostgreSQL') return

  test('--wait names the process that was silent, and exits with 0: by then the change holds there too', async () => {
    const database = await makeDatabase()
    const server = await command.serve(['--database', database])
    const env = { LATCHKEY_URL: server.url, LATCHKEY_KEY: tokensIn(server.stdout())[0] as string }
    const { id, key } = await command.json<WireKey>(['keys', 'create', '--name', 'CI'], { env })
    await command.json(['keys', 'verify'], { env, input: key })
    // It freezes outside a transaction of its own: within one it would hold the only lock, and the change could not be made.
    await using direct = await connectDirectly(database)
    await direct.run('begin immediate')
    server.process.kill('SIGSTOP')
    await direct.run('rollback')
    const here = ['--database', database]
    const revoked = await command.run(['keys', 'revoke', id, '--wait', '--yes', ...here])
    server.process.kill('SIGCONT')
    expect(revoked.code).toBe(0)
    const name = `${hostname()}:${server.process.pid}`
    expect(revoked.stdout).toContain(`\n${name} did not confirm within 2 s; what it cached has expired.\n`)
    const verdict = await command.run(['keys', 'verify'], { env, input: key })
    expect(verdict.stdout).toContain('revoked')
  })
})
