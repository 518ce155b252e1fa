// Every command: on both databases themselves, and on a server.

import { describe, expect, test } from 'vitest'
import { useCommand } from './setup/command.ts'
import { beginCommands, placeNames, places, type WireKey } from './setup/command-places.ts'
import { type Contents, onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'

onEachDatabase('the commands', (makeDatabase, kind) => {
  const command = useCommand()

  describe.each(placeNames)('on %s', (place) => {
    const begin = (contents?: Contents) => beginCommands(command, makeDatabase, place, contents)

    test('a key is created, verified, changed, rotated with a grace, and revoked', async () => {
      const { run, json } = await begin('nothing')
      expect(await json(['orgs', 'create', 'acme', '--name', 'Acme'])).toMatchObject({ id: 'acme' })
      const created = await json<WireKey>(
        'keys create --organization acme --name CI --permission emails:send --permission b --metadata'
          .split(' ')
          .concat('{"a":1}', '--expires', '90d', '--created-by', 'ada'),
      )
      expect(created).toMatchObject({ organization_id: 'acme', permissions: ['emails:send', 'b'] })
      expect(created).toMatchObject({ metadata: { a: 1 }, created_by: 'ada', status: 'active' })
      expect(created.expires_at).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)

      expect(await json(['orgs', 'update', 'acme', '--name', 'Acme Inc.'])).toMatchObject({
        name: 'Acme Inc.',
      })
      expect(await json(['orgs', 'get', 'acme'])).toMatchObject({ id: 'acme', name: 'Acme Inc.' })
      const organizations = await json<{ id: string }[]>(['orgs', 'list'])
      expect(organizations.map(({ id }) => id)).toContain('acme')
      const listed = await json<WireKey[]>(['keys', 'list', '--organization', 'acme'])
      expect(listed.map(({ id }) => id)).toEqual([created.id])

      const { stdout: told } = await run(['keys', 'get', created.id])
      expect(told).toMatch(/^Created by +user ada$/m)

      const verify = ['keys', 'verify', '--permission', 'emails:send']
      expect(await json(verify, `${created.key}\n`)).toMatchObject({ valid: true, key_id: created.id })
      const refused = await run(['keys', 'verify', '--permission', 'files:read', '--json'], created.key)
      expect(refused.code).toBe(1)
      expect(JSON.parse(refused.stdout)).toMatchObject({ valid: false, missing: ['files:read'] })

      const update = ['keys', 'update', created.id, '--name', 'Robot', '--permission', 'emails:*']
      expect(await json([...update, '--expires', 'never'])).toMatchObject({
        name: 'Robot',
        permissions: ['emails:*'],
        expires_at: null,
        metadata: { a: 1 },
      })

      const rotated = await json<WireKey>(['keys', 'rotate', created.id, '--grace', '1h'])
      expect(rotated.id).toBe(created.id)
      expect(await json(verify, created.key)).toMatchObject({ valid: true })
      expect(await json(verify, rotated.key)).toMatchObject({ valid: true })
      const again = await run(['keys', 'rotate', created.id, '--grace', '60s'])
      expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('end-secret') })
      const { secrets } = await json<WireKey>(['keys', 'get', created.id])
      expect(secrets).toHaveLength(2)
      const old = secrets[1]?.kid as string
      expect(await json(['keys', 'end-secret', created.id, old, '--yes'])).toEqual({ success: true })
      const ended = await run(['keys', 'verify'], created.key)
      expect(ended).toMatchObject({ code: 1, stdout: expect.stringContaining('rotated') })

      expect(await json(['keys', 'revoke', created.id, '--yes'])).toEqual({ success: true })
      const revoked = await run(['keys', 'verify'], rotated.key)
      expect(revoked).toMatchObject({ code: 1, stdout: expect.stringContaining('revoked') })
      const late = await run(['keys', 'update', created.id, '--no-permissions'])
      expect(late).toMatchObject({ code: 1, stderr: expect.stringMatching(/^latchkey: .*revoked/) })

      const events = await json<{ action: string }[]>(['audit', 'list', '--key', created.id])
      expect(events.map(({ action }) => action)).toEqual(
        ['revoked', 'secret_ended', 'rotated', 'updated', 'created'].map((deed) => `key.${deed}`),
      )
      const audit = ['audit', 'list', '--organization', 'acme']
      expect(await json([...audit, '--action', 'key.rotated'])).toHaveLength(1)
      expect(await json([...audit, '--since', '1h', '--key', created.id])).toHaveLength(5)
      expect(await json([...audit, '--until', '1h'])).toEqual([])
      expect(await json([...audit, '--actor', created.id])).toEqual([])
      const csv = await run([...audit, '--key', created.id, '--csv'])
      expect(csv.stdout.split('\r\n')).toHaveLength(7)
      expect(csv.stdout).toMatch(/^"id","at","action","actor",.*\r\n"[0-9a-f-]{36}","2/)
      const wrong = await run([...audit, '--since', 'noon'])
      expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('--since: ') })
      const crossed = await run([...audit, '--since', '1h', '--until', '2h'])
      expect(crossed).toMatchObject({ code: 2, stderr: expect.stringContaining('--until: ') })
    })
  })

  // The rest is the command line's own doing, whatever the database.
  if (kind === 'PostgreSQL') return

  test('--json is what the API answers, from a server and from the database', async () => {
    const database = await makeDatabase()
    const { url, env } = await places['a server'](command, database)
    const run = (args: string[]) => command.run(args, { env })
    await run(['orgs', 'create', 'acme', '--name', 'Acme'])
    await run(['keys', 'create', '--organization', 'acme', '--name', 'CI'])
    const [key] = await command.json<WireKey[]>(['keys', 'list', '--organization', 'acme'], { env })
    const id = key?.id as string
    const cases = {
      [`/v1/keys/${id}`]: ['keys', 'get', id],
      '/v1/keys?organization_id=acme': ['keys', 'list', '--organization', 'acme'],
      '/v1/keys?never_used=true&organization_id=acme&sort=last_used_at': [
        'keys',
        'list',
        '--organization',
        'acme',
        '--never-used',
        '--sort',
        'last_used_at',
      ],
      '/v1/keys?expires_before=2030-01-31T00:00:00Z': ['keys', 'list', '--expires-before', '2030-01-31'],
      '/v1/organizations': ['orgs', 'list'],
      '/v1/audit-log?limit=2': ['audit', 'list', '--limit', '2'],
    }
    for (const [path, args] of Object.entries(cases)) {
      const ask = async () => {
        const answer = await fetch(url + path, { headers: { authorization: `Bearer ${env.LATCHKEY_KEY}` } })
        return answer.text()
      }
      const byCommand = async (...more: string[]) =>
        JSON.stringify(await command.json([...args, ...more], { env }))
      // Between two of them the last use of a key may have been written.
      const told = async () =>
        new Set([await ask(), await byCommand(), await byCommand('--database', database)])
      await expect.poll(async () => (await told()).size, { message: path }).toBe(1)
    }
  })

  test('audit list names each actor by its id or, if it has none, by its kind', async () => {
    const database = await makeDatabase()
    const env = { LATCHKEY_DATABASE_URL: database }
    for (const id of ['a', 'b', 'c']) await command.run(['orgs', 'create', id, '--name', id], { env })
    await using direct = await connectDirectly(database)
    const key = '0192f0c1-0000-7000-8000-000000000000'
    await direct.run("update audit_events set actor_type = 'system' where organization_id = 'a'")
    await direct.run(
      `update audit_events set actor_type = 'key', actor = '${key}' where organization_id = 'b'`,
    )
    const { stdout } = await command.run(['audit', 'list'], { env })
    const [heading, ...rows] = stdout.trimEnd().split('\n')
    expect(heading).toMatch(/ BY$/)
    expect(rows.map((row) => row.split(/\s+/).at(-1))).toEqual(['operator', key, 'system'])
  })

  test('root-key makes a key that acts on every organization', async () => {
    const database = await makeDatabase()
    const server = await command.serveInProcess(database)
    const { stdout } = await command.run(['root-key', '--database', database])
    const env = { LATCHKEY_URL: server.url, LATCHKEY_KEY: stdout.trim() }
    expect(await command.json(['orgs', 'create', 'acme', '--name', 'Acme'], { env })).toMatchObject({
      id: 'acme',
    })
    expect(await command.json(['root-key', '--database', database])).toMatchObject({
      organization_id: 'root',
    })
  })
})
