// `latchkey portal …` and `client.portalSessions`, on a server and on the database itself.
import { describe, expect, onTestFinished, test } from 'vitest'
import { createClient } from '../src/client/index.ts'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import { makeSqlite } from './setup/databases.ts'
import { embedOrigin, linkSecretOf, portalUrl } from './setup/portal.ts'
import { startTestServer } from './setup/server.ts'

const command = useCommand()

const user = ['--organization', 'acme', '--user', 'u_81']
const mayRead = ['--permission', 'latchkey:keys:read']

interface WireSession {
  id: string
  kind: string
  url: string | null
  ended_at: string | null
}

/** A server with an organization, and how commands name it, or the database under it. */
async function open(place: string, options = { publicUrl: portalUrl }) {
  const { url: database, remove } = makeSqlite()
  onTestFinished(remove)
  const server = await startTestServer(database, options)
  onTestFinished(() => server.close())
  await createAcme(server.latchkey)
  const env: Record<string, string> =
    place === 'a server'
      ? { LATCHKEY_URL: server.url, LATCHKEY_KEY: server.rootKey }
      : { LATCHKEY_DATABASE_URL: database, LATCHKEY_PUBLIC_URL: portalUrl }
  return {
    ...{ server, env },
    run: (...args: string[]) => command.run(['portal', ...args], { env }),
    list: () => command.json<WireSession[]>(['portal', 'list', '--organization', 'acme'], { env }),
  }
}

describe.each(['a server', 'a database'])('on %s', (place) => {
  test('a link opens with all that was asked for, and stands alone on standard output', async () => {
    const { server, env, run } = await open(place)
    const more = ['--user-name', 'Ada', '--permission', 'emails:*', '--prefix', 're', '--expires-in', '2h']
    const page = ['--return-url', 'https://app.example.com/settings', '--scheme', 'dark', '--lang', 'de']
    const { code, stdout, stderr } = await run('create', ...user, ...mayRead, ...more, ...page)
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/^https:\/\/keys\.example\.com\/portal#lkl_[\w-]{43}\n$/)
    expect(stderr).toMatch(/^Made the portal session [\w-]{36} of the user "u_81" of acme\.\n/)
    expect(stderr).toMatch(/^The link opens once, until .+ \(in 5 minutes\)\. It cannot be shown again\.$/m)
    expect(stderr).toMatch(/^The session ends .+ \(in 2 hours\)\.$/m)
    const { portal } = server.latchkey
    const { token } = await portal.open(linkSecretOf({ url: stdout.trim() }))
    const actor = await portal.authenticate(token, { origin: portalUrl })
    expect(await portal.self({ actor: actor as NonNullable<typeof actor> })).toMatchObject({
      ...{ kind: 'link', user: { id: 'u_81', name: 'Ada' }, permissions: ['latchkey:keys:read', 'emails:*'] },
      ...{ returnUrl: 'https://app.example.com/settings', scheme: 'dark', lang: 'de', prefixes: ['re'] },
    })
    const log = await command.run(['audit', 'list', '--actor', 'u_81'], { env })
    expect(log.stdout).toMatch(/ portal_session\.opened +acme +user u_81$/m)
  })

  test('an origin makes a token, for pages of that origin', async () => {
    const { server, run } = await open(place)
    const { stdout, stderr } = await run('create', ...user, ...mayRead, '--origin', embedOrigin)
    expect(stdout).toMatch(/^lkp_[\w-]{43}\n$/)
    expect(stderr).toContain(`The token is for pages of ${embedOrigin}. It cannot be shown again.\n`)
    const { portal } = server.latchkey
    expect(await portal.authenticate(stdout.trim(), { origin: embedOrigin })).toMatchObject({
      userId: 'u_81',
    })
  })

  test('sessions are listed without their secrets, and end by their id, with their user and all at once', async () => {
    const { env, run, list } = await open(place)
    expect((await run('list')).stderr).toBe('No portal sessions.\n')
    const create = (...args: string[]) =>
      command.json<WireSession>(['portal', 'create', '--organization', 'acme', ...mayRead, ...args], { env })
    const first = await create('--user', 'u_81', '--user-name', 'Ada\u202e')
    expect(first.url).toContain('#lkl_')
    await create('--user', 'u_81', '--origin', embedOrigin)
    await create('--user', 'u_82')
    await create('--user', 'u_83')
    const { stdout } = await run('list', '--user', 'u_81')
    expect(stdout).toMatch(/^ID +USER +ORGANIZATION +KIND +CREATED +ENDS\n/)
    expect(stdout).toMatch(
      /^[\w-]{36} +Ada\\u\{202e\} +acme +embed .+ in 15 minutes\n[\w-]{36} +Ada.+ link /m,
    )
    expect(`${stdout}${JSON.stringify(await list())}`).not.toMatch(/lk[lp]_/)
    const live = async () => (await list()).filter(({ ended_at }) => ended_at === null).length
    const ended = await run('end', first.id)
    expect(ended).toEqual({ code: 0, stdout: `Ended the portal session ${first.id}.\n`, stderr: '' })
    expect(await live()).toBe(3)
    expect((await run('list', '--user', 'u_81')).stdout).toMatch(/ ended (?:now|\d+ seconds? ago)$/m)
    expect((await run('end-all', ...user)).stdout).toBe(
      'Ended the portal sessions of the user "u_81" of acme.\n',
    )
    expect(await live()).toBe(2)
    expect((await run('end-all', '--organization', 'acme')).stdout).toBe(
      'Ended the portal sessions of acme.\n',
    )
    expect(await live()).toBe(0)
    expect(await run('end', '0198f3a2-5c1b-7000-8000-5f4e3d2c1b0a')).toMatchObject({
      ...{ code: 1, stderr: expect.stringContaining('`latchkey portal list`') },
    })
    expect((await run('end-all', '--user', 'u_81')).code).toBe(2)
  })

  test('a user is forgotten only if somebody says yes', async () => {
    const { server, run, list } = await open(place)
    await run('create', ...user, ...mayRead, '--user-name', 'Ada')
    const unasked = await run('forget-user', 'acme', 'u_81')
    expect(unasked).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--yes') })
    const named = async () => (await server.latchkey.portalSessions.list({})).items[0]
    expect(await named()).toMatchObject({ user: { name: 'Ada' }, endedAt: null })
    const forgotten = await run('forget-user', 'acme', 'u_81', '--yes')
    expect(forgotten).toEqual({ code: 0, stdout: 'Forgot the user "u_81" of acme.\n', stderr: '' })
    expect(await named()).toMatchObject({ user: { id: 'u_81', name: null } })
    expect((await list()).every(({ ended_at }) => ended_at !== null)).toBe(true)
  })

  test('what is refused is called as it was typed', async () => {
    const { run } = await open(place)
    const refusalOf = async (...args: string[]) => {
      const { code, stdout, stderr } = await run('create', '--organization', 'acme', ...mayRead, ...args)
      expect([code, stdout]).toEqual([2, ''])
      return stderr
    }
    expect(await refusalOf('--user', ' ')).toMatch(/^latchkey: --user: /)
    expect(await refusalOf('--user', 'u_81', '--user-name', ' ')).toMatch(/^latchkey: --user-name: /)
    expect(await refusalOf('--user', 'u_81', '--expires-in', '13h')).toMatch(/^latchkey: --expires-in: /)
    expect(await refusalOf('--user', 'u_81', '--return-url', 'x')).toMatch(/^latchkey: --return-url: /)
    expect(await refusalOf('--user', 'u_81', '--origin', 'https://x.example/')).toMatch(
      /^latchkey: --origin: /,
    )
    expect(await refusalOf('--user', 'u_81', '--permission', 'latchkey:*')).toMatch(
      /^latchkey: --permission: /,
    )
  })
})

test('on a database a link needs the address under which people reach the server', async () => {
  const { env } = await open('a database')
  const { LATCHKEY_PUBLIC_URL: _, ...others } = env
  const { code, stdout, stderr } = await command.run(['portal', 'create', ...user, ...mayRead], {
    env: others,
  })
  expect([code, stdout]).toEqual([3, ''])
  expect(stderr).toContain('LATCHKEY_PUBLIC_URL')
})

test('the client makes sessions, once under an Idempotency-Key, lists them and ends them', async () => {
  const { server } = await open('a server')
  const { portalSessions } = createClient({ url: server.url, token: server.rootKey })
  const input = { organizationId: 'acme', permissions: ['latchkey:keys:read'] }
  const once = { idempotencyKey: 'of a click' }
  const slashed = { id: 'ada/81 ü', name: 'Ada' }
  const made = await portalSessions.create({ ...input, kind: 'link', user: slashed }, once)
  expect(made.expiresAt.getTime() - made.createdAt.getTime()).toBe(3_600_000)
  expect(made.urlExpiresAt).toBeInstanceOf(Date)
  const again = await portalSessions.create({ ...input, kind: 'link', user: slashed }, once)
  expect(again).toEqual(made)
  const embed = { ...input, kind: 'embed', user: { id: 'u_82' }, origin: embedOrigin } as const
  const other = await portalSessions.create(embed)
  expect(other).toMatchObject({ kind: 'embed', url: null, token: expect.stringMatching(/^lkp_/) })
  const ids: string[] = []
  for await (const { id } of portalSessions.listAll({ limit: 1 })) ids.push(id)
  expect(ids).toEqual([other.id, made.id])
  const live = async () => {
    const { items } = await portalSessions.list({ organizationId: 'acme' })
    return items.filter(({ endedAt }) => endedAt === null).map(({ user: { id } }) => id)
  }
  await portalSessions.end(other.id)
  expect(await live()).toEqual([slashed.id])
  await portalSessions.endAll({ organizationId: 'acme', userId: 'u_82' })
  expect(await live()).toEqual([slashed.id])
  await portalSessions.forgetUser('acme', slashed.id)
  expect(await live()).toEqual([])
  const { items } = await portalSessions.list({ userId: slashed.id })
  expect(items).toMatchObject([{ user: { name: null } }])
  await portalSessions.create(embed)
  await expect(portalSessions.endAll({ organizationId: 'acme', userId: undefined })).rejects.toMatchObject({
    code: 'invalid_input',
  })
  await portalSessions.endAll({ organizationId: 'acme' })
  expect(await live()).toEqual([])
})
