// `latchkey sessions`: where a key is signed in, on a server as that key and on a database for a key that is named.
import { expect, onTestFinished, test } from 'vitest'
import { type Caller, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import type { WireKey } from './setup/command-places.ts'
import { makeSqlite } from './setup/databases.ts'

const command = useCommand()

interface WireSession {
  id: string
  ip: string | null
  current: boolean
}

test('the sessions of a key are listed and ended on a server and on the database alike', async () => {
  const { url: database, remove } = makeSqlite()
  onTestFinished(remove)
  const env = { LATCHKEY_DATABASE_URL: database }
  await command.run(['migrate'], { env })
  await command.run(['orgs', 'create', 'acme', '--name', 'Acme'], { env })
  const created = await command.json<WireKey>(['keys', 'create', '--organization', 'acme', '--name', 'Ada'], {
    env,
  })
  const server = await command.serveInProcess(database)
  const onServer = { env: { LATCHKEY_URL: server.url, LATCHKEY_KEY: created.key } }
  const onDatabase = { env }
  const ofKey = ['--key', created.id]
  expect(await command.json<WireSession[]>(['sessions', 'list'], onServer)).toEqual([])
  expect((await command.run(['sessions', 'list', ...ofKey], onDatabase)).stderr).toBe('No sessions.\n')
  const latchkey = await openLatchkey({ database })
  const origin = { ip: '203.0.113.7', userAgent: 'Firefox\u202e' }
  const started = [
    await latchkey.sessions.start(created.key, origin),
    await latchkey.sessions.start(created.key),
  ]
  const byServer = await command.json<WireSession[]>(['sessions', 'list'], onServer)
  expect(byServer.map(({ id }) => id).sort()).toEqual(started.map(({ session }) => session.id).sort())
  expect(await command.json(['sessions', 'list', ...ofKey], onDatabase)).toEqual(byServer)
  const { stdout } = await command.run(['sessions', 'list', ...ofKey], onDatabase)
  expect(stdout).toMatch(/^ID +CREATED +LAST SEEN +EXPIRES +IP +BROWSER\n/)
  expect(stdout).toContain('203.0.113.7  Firefox\\u{202e}')

  const [first, second] = started.map(({ session }) => session.id) as [string, string]
  expect(await command.json(['sessions', 'end', first], onServer)).toEqual({ success: true })
  const again = await command.run(['sessions', 'end', first], onServer)
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('latchkey sessions list') })
  const ended = await command.run(['sessions', 'end', second, ...ofKey], onDatabase)
  expect(ended).toEqual({ code: 0, stdout: `Ended the session ${second}.\n`, stderr: '' })
  for (const values of started) expect(await latchkey.sessions.authenticate(values)).toBeUndefined()
  const events = await latchkey.audit.list({ keyId: created.id, action: 'session.ended' })
  expect(events.items.map(({ actorType }) => actorType)).toEqual(['operator', 'key'])

  const named = await command.run(['sessions', 'list', ...ofKey], onServer)
  expect(named).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--key: ') })
  expect(named.stderr).toContain('LATCHKEY_KEY')
  await latchkey.close()
})

test('the database of an operator ends no session of another key than the one it names', async () => {
  const { url: database, remove } = makeSqlite()
  onTestFinished(remove)
  const latchkey = await openLatchkey({ database })
  await createAcme(latchkey)
  const [ada, bob] = await Promise.all(
    ['Ada', 'Bob'].map((name) => latchkey.keys.create({ organizationId: 'acme', name })),
  )
  const values = await latchkey.sessions.start(ada?.key as string)
  const env = { LATCHKEY_DATABASE_URL: database }
  const refused = await command.run(['sessions', 'end', values.session.id, '--key', bob?.id as string], {
    env,
  })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('No session') })
  expect((await latchkey.sessions.authenticate(values)) as Caller).toMatchObject({ keyId: ada?.id })
  await latchkey.close()
})
