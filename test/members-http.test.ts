// Members over HTTP: a person acts by the two values of its session, and names the organization for which it acts.
import { expect, test } from 'vitest'
import { onOneDatabase } from './setup/databases.ts'
import { join, publicUrl, type SignedIn } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'
import { ask, expectEnded, type Headers } from './setup/sessions.ts'

/** What the browser of a person sends. */
function browserOf({ value, pageValue }: SignedIn, organizationId?: string): Headers {
  const named: Headers = organizationId === undefined ? {} : { 'latchkey-organization': organizationId }
  return { cookie: `latchkey=${value}`, 'latchkey-session': pageValue, ...named }
}

onOneDatabase('SQLite', 'members over HTTP', (makeDatabase) => {
  async function start() {
    const server = await startTestServer(await makeDatabase(), { publicUrl })
    await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    return server
  }

  test('a member reads itself, makes keys, and is refused what its role does not have', async () => {
    await using server = await start()
    const { latchkey } = server
    const owner = await join(latchkey, 'acme', 'owner')
    const viewer = await join(latchkey, 'acme', 'viewer')
    const self = await ask(server, 'GET', '/v1/members/self', browserOf(owner))
    expect(self).toMatchObject({ status: 200, json: { id: owner.caller.memberId, role: 'owner' } })
    expect(self.json.organizations).toMatchObject([{ id: 'acme', member_id: owner.caller.memberId }])
    const created = await ask(server, 'POST', '/v1/keys', browserOf(owner), { name: 'CI' })
    expect(created).toMatchObject({
      status: 200,
      json: { created_by: owner.caller.memberId, created_by_type: 'member', organization_id: 'acme' },
    })
    expect(await ask(server, 'POST', '/v1/keys', browserOf(viewer), { name: 'CI' })).toMatchObject({
      status: 403,
      json: { code: 'missing_permission' },
    })
    expect(await ask(server, 'GET', '/v1/members', browserOf(viewer))).toMatchObject({ status: 403 })
    // What only a key does.
    for (const path of ['/v1/keys/self', '/v1/changes']) {
      const answer = await ask(server, 'GET', path, browserOf(owner))
      expect(answer, path).toMatchObject({ status: 401, json: { code: 'missing_token' } })
    }
  })

  test('what a member did is found by the member, in its own organization alone', async () => {
    await using server = await start()
    const { latchkey } = server
    const owner = await join(latchkey, 'acme', 'owner')
    const operator = await join(latchkey, 'root', 'owner')
    await ask(server, 'POST', '/v1/keys', browserOf(owner), { name: 'CI' })
    await ask(server, 'PATCH', '/v1/organizations/acme', browserOf(operator), { name: 'Acme, Inc.' })
    const deedsOf = async ({ caller }: SignedIn, asker: SignedIn) => {
      const path = `/v1/audit-log?organization_id=acme&actor=${caller.memberId}`
      const { json } = await ask(server, 'GET', path, browserOf(asker))
      return (json as unknown as { action: string }[]).map(({ action }) => action)
    }
    expect(await deedsOf(owner, owner)).toContain('key.created')
    expect(await deedsOf(operator, operator)).toEqual(['organization.updated'])
    // Who of the operator's people did it is not for a customer to find out.
    expect(await deedsOf(operator, owner)).toEqual([])
  })

  test('a person of several organizations names one, and hears of no other', async () => {
    await using server = await start()
    const { latchkey } = server
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const ada = await join(latchkey, 'acme', 'owner', 'ada')
    await join(latchkey, 'globex', 'viewer', 'ada')
    const read = (organizationId?: string) =>
      ask(server, 'GET', '/v1/members/self', browserOf(ada, organizationId))
    const unnamed = await read()
    expect(unnamed).toMatchObject({ status: 400, json: { code: 'organization_required' } })
    // A page that does not know them yet learns them of the refusal.
    expect(unnamed.json.organizations).toEqual(
      expect.arrayContaining([
        { id: 'acme', name: 'Acme' },
        { id: 'globex', name: 'Globex' },
      ]),
    )
    expect(await read('acme')).toMatchObject({ json: { role: 'owner' } })
    expect(await read('globex')).toMatchObject({ json: { role: 'viewer' } })
    const [unknown, foreign] = [await read('nobody'), await read('root')]
    expect(foreign).toMatchObject({ status: 404, json: { code: 'organization_not_found' } })
    expect({ ...unknown.json, request_id: '' }).toEqual({ ...foreign.json, request_id: '' })
  })

  test('a removed member is refused at once, and so is a cookie without the value of its page', async () => {
    await using server = await start()
    const { latchkey } = server
    const owner = await join(latchkey, 'acme', 'owner')
    const ada = await join(latchkey, 'acme', 'admin', 'ada')
    const { cookie = '' } = browserOf(ada)
    expectEnded(await ask(server, 'GET', '/v1/keys', { cookie }))
    expectEnded(
      await ask(server, 'GET', '/v1/keys', { ...browserOf(owner), cookie }),
      'the value of another page',
    )
    expect(await ask(server, 'GET', '/v1/keys', browserOf(ada))).toMatchObject({ status: 200 })
    const id = ada.caller.memberId
    const removed = await ask(server, 'DELETE', `/v1/members/${id}`, browserOf(owner))
    expect(removed.json).toEqual({ success: true, sessions_ended: 1, tokens_seen: 0, management_keys: 0 })
    expectEnded(await ask(server, 'GET', '/v1/keys', browserOf(ada)))
    expectEnded(await ask(server, 'POST', '/v1/keys', browserOf(ada), { name: 'CI' }))
  })

  test('an invitation is made once for an Idempotency-Key, its link included', async () => {
    await using server = await start()
    const owner = await join(server.latchkey, 'acme', 'owner')
    const invite = () =>
      ask(
        server,
        'POST',
        '/v1/invitations',
        { ...browserOf(owner), 'idempotency-key': 'one' },
        { email: 'new@example.com', role: 'viewer' },
      )
    const [first, again] = [await invite(), await invite()]
    expect(first.json.url).toContain('/invitation#lki_')
    expect(again.json).toEqual(first.json)
    const pending = await ask<unknown[]>(server, 'GET', '/v1/invitations', browserOf(owner))
    expect(pending.json).toHaveLength(1)
  })

  test('a member lists its sessions, and signs out of them', async () => {
    await using server = await start()
    const owner = await join(server.latchkey, 'acme', 'owner')
    const listed = await ask<Record<string, unknown>[]>(server, 'GET', '/v1/sessions', browserOf(owner))
    expect(listed.json).toMatchObject([{ current: true, provider: 'acme-okta' }])
    const ended = await ask(server, 'DELETE', '/v1/sessions/self', browserOf(owner))
    expect(ended.status).toBe(200)
    expect(ended.headers.get('set-cookie')).toMatch(/^latchkey=; .*Max-Age=0/)
    expectEnded(await ask(server, 'GET', '/v1/sessions', browserOf(owner)))
  })
})
