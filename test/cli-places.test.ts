// `latchkey keys verify` with what a call tells of itself, and `latchkey keys places`.
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import { beginCommands, placeNames } from './setup/command-places.ts'
import { onOneDatabase } from './setup/databases.ts'

onOneDatabase('SQLite', 'places on the command line', (makeDatabase) => {
  const command = useCommand()

  test.each(placeNames)('are told by a verification, and shown with their key, on %s', async (place) => {
    const { run, json, database } = await beginCommands(command, makeDatabase, place)
    const latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: [] })
    expect(await run(['keys', 'places', id])).toMatchObject({
      stdout: '',
      stderr: 'No calls of a known place.\n',
    })
    await latchkey.verify(key, { context: { ip: '192.0.2.7', userAgent: 'curl/8', operation: 'GET /' } })
    await latchkey.close()
    const shown = await run(['keys', 'places', id])
    expect(shown.stdout).toMatch(/^ADDRESS .*\n192\.0\.2\.7 +curl .*1 /)
    expect(await json(['keys', 'places', id])).toMatchObject({
      callers: [{ client: 'curl' }],
      complete: true,
    })
    const context = ['--ip', '192.0.2.8', '--user-agent', 'curl/8', '--operation', 'GET /']
    expect((await run(['keys', 'verify', ...context], key)).code).toBe(0)
    expect(await json(['keys', 'get', id])).toMatchObject({ last_used: { ip: '192.0.2.8' } })
    const done = { code: 0, stdout: `Forgot from where the key ${id} was called.\n`, stderr: '' }
    expect(await run(['keys', 'forget-places', id, '--yes'])).toEqual(done)
    expect((await run(['keys', 'places', id])).stderr).toBe(
      'There were calls, but it is not known from where.\n',
    )
    expect(await json(['keys', 'get', id])).toMatchObject({ last_used: { ip: null, user_agent: null } })
    expect(await json(['keys', 'forget-places', id, '--yes'])).toEqual({ success: true })
    expect(await run(['keys', 'forget-places', 'none', '--yes'])).toMatchObject({ code: 1, stdout: '' })
    expect((await run(['keys', 'verify', '--user-agent', 'curl/8'], key)).code).toBe(0)
    expect((await run(['keys', 'verify', '--ip', '192.0.2.9'], key)).code).toBe(0)
    expect((await run(['keys', 'verify', ...context], key)).code).toBe(0)
    await expect
      .poll(async () => (await run(['keys', 'places', id])).stdout)
      .toMatch(/\n192\.0\.2\.9 +unknown .*\nunknown +curl /)
    // Of the calls before it no place is known any more.
    await expect.poll(async () => (await run(['keys', 'places', id])).stderr).toContain('These are not all')
    const wrong = await run(['keys', 'verify', '--ip', 'here'], key)
    expect(wrong.stderr).toContain('Must be an IPv4 or IPv6 address.')
    expect(await json(['keys', 'get', id])).toMatchObject({
      last_used: { ip: '192.0.2.8', operation: 'GET /' },
    })
  })
})
