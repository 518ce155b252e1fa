// Who may reach what over HTTP: no token, dead tokens, missing permissions, and other organizations' ids.

import { randomFillSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { portalPermissions } from '../src/core/shapes/portal-sessions.ts'
import { generateToken } from '../src/core/token.ts'
import { routes } from '../src/server/app.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { embedOrigin, openPage } from './setup/portal.ts'
import { bodies, queries } from './setup/route-bodies.ts'
import { startTestServer, type TestAnswer, type TestServer } from './setup/server.ts'

const unknownId = '01a20711-2508-7000-8000-18883f1ab395'
// Those of OAuth 2.0 refuse by its own errors: see `introspection.test.ts`.
const guarded = routes.filter(({ access, form }) => access !== 'public' && !form)

/** An answer without what differs between any two. */
function bytes({ status, headers, text }: TestAnswer): string {
  const kept = [...headers].filter(([name]) => name !== 'date')
  return JSON.stringify([status, kept, text])
}

async function snapshot({ latchkey: { keys, organizations, audit } }: TestServer): Promise<string> {
  const all = await Promise.all([keys.list({ status: 'all' }), organizations.list(), audit.list()])
  return JSON.stringify(all).replace(/"(?:lastUsed(?:At)?|sequence)":(?:null|\d+|"[^"]+"|\{[^}]*\})/g, '')
}

onEachDatabase('access over HTTP', (makeDatabase) => {
  test('every guarded call answers 401 to whoever sends no token', async () => {
    const server = await startTestServer(await makeDatabase())
    const before = await snapshot(server)
    expect(guarded.length).toBeGreaterThan(14)
    for (const { method, path, operationId } of guarded) {
      for (const headers of [{}, { authorization: 'Basic cm9vdDpyb290' }, { 'x-api-key': server.rootKey }]) {
        const answer = await server.request(method, path.replaceAll(/\{\w+\}/g, 'root'), {
          body: bodies[operationId],
          headers,
        })
        expect(answer, operationId).toMatchObject({ status: 401, json: { code: 'missing_token' } })
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      }
    }
    expect(await snapshot(server)).toBe(before)
    await server.close()
  })

  test('unknown, malformed, revoked, expired and rotated tokens get a 401 that is the same to the byte', async () => {
    let now = Date.now()
    const server = await startTestServer(await makeDatabase(), { now: () => now })
    const { keys } = server.latchkey
    const make = (expiresAt: Date | null = null) =>
      keys.create({ organizationId: 'root', name: 'K', permissions: ['latchkey:*'], expiresAt })
    const [revoked, expired, rotated, whole] = [
      await make(),
      await make(new Date(now + 1000)),
      await make(),
      await make(),
    ]
    await keys.revoke(revoked.id)
    await keys.rotate(rotated.id)
    now += 1000
    const unknown = generateToken('re', (random) => randomFillSync(random)).token
    const tokens = {
      unknown,
      malformed: 'nonsense',
      damaged: `${whole.key.slice(0, -1)}${whole.key.endsWith('0') ? '1' : '0'}`,
      revoked: revoked.key,
      expired: expired.key,
      rotated: rotated.key,
    }
    for (const { method, path, operationId, portal } of guarded) {
      const answers = new Set<string>()
      // Of a page, whatever it shows is a session that is over.
      const code = portal ? 'session_ended' : 'invalid_token'
      for (const token of Object.values(tokens)) {
        const answer = await server.request(method, path.replaceAll(/\{\w+\}/g, 'root'), {
          body: bodies[operationId],
          token,
          headers: { 'x-request-id': 'same' },
        })
        expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"')
        expect(answer, operationId).toMatchObject({ status: 401, json: { code } })
        answers.add(bytes(answer))
      }
      expect(answers.size, operationId).toBe(1)
    }
    await server.close()
  })

  test('every guarded call takes exactly its own permission', async () => {
    const server = await startTestServer(await makeDatabase())
    const permissions = [...new Set(guarded.map(({ access }) => access))].filter(
      (access) => access !== 'any key',
    )
    expect(permissions).toHaveLength(16)
    await createAcme(server.latchkey)
    // The page of a portal session asks by the session's own token.
    const ofPage = async (granted: string[]) =>
      (await openPage(server, { kind: 'embed', permissions: granted })).token
    const key = async (granted: string[]) =>
      (await server.latchkey.keys.create({ organizationId: 'root', name: 'K', permissions: granted })).key
    // A preview tells of usage beside what the change takes.
    const ofPreview = await key(['latchkey:keys:write', 'latchkey:usage:read'])
    const all = new Map<string, { holder: string; others: string }>()
    for (const access of permissions) {
      const others = [...permissions.filter((other) => other !== access), '*']
      all.set(access, { holder: await key([access]), others: await key(others) })
    }
    for (const { method, path, operationId, access, withSession, portal } of guarded) {
      if (access === 'any key') continue
      const { holder, others } = portal
        ? {
            holder: await ofPage([access]),
            others: await ofPage([...portalPermissions.filter((other) => other !== access), '*']),
          }
        : (all.get(access) as { holder: string; others: string })
      const headers: Record<string, string> = portal ? { origin: embedOrigin } : {}
      const target = path.replaceAll(/\{\w+\}/g, unknownId)
      const body = bodies[operationId]
      const refused = await server.request(method, target, { token: others, body, headers })
      expect(refused, operationId).toMatchObject({ status: 403, json: { code: 'missing_permission' } })
      expect(refused.headers.get('www-authenticate')).toBe(
        `Bearer error="insufficient_scope", scope="${access}"`,
      )
      const token = operationId === 'previewKey' ? ofPreview : holder
      const asked = target + (queries[operationId] ?? '')
      const served = await server.request(method, asked, { token, body, headers })
      // A token alone is no session, and gets as far as being told so; a settlement ends at its reservation, and what takes
      // keys of the instance at the missing ones. What is no token is not live.
      const wanted = {
        settleReservation: [422, 503],
        createWebhook: [200, 503],
        rotateLogSigner: [200, 503],
        verifyTrufflehogFinding: [403],
        // A role that may do more than to write members.
        createInvitation: [403],
      }[operationId]
      expect(wanted ?? (withSession ? [401] : [200, 404]), operationId).toContain(served.status)
    }
    await server.close()
  })

  test('every key may read its own organization, and no other one without the permission', async () => {
    const server = await startTestServer(await makeDatabase())
    const { keys, organizations } = server.latchkey
    for (const id of ['acme', 'bees']) await organizations.create({ id, name: `The ${id}` })
    const { key: token } = await keys.create({ organizationId: 'acme', name: 'K' })
    const own = await server.request('GET', '/v1/organizations/acme', { token })
    expect(own).toMatchObject({ status: 200, json: { id: 'acme', name: 'The acme' } })
    const answers = new Set<string>()
    for (const id of ['bees', 'root', 'nobody', 'ACME']) {
      const headers = { 'x-request-id': 'same' }
      const answer = await server.request('GET', `/v1/organizations/${id}`, { token, headers })
      expect(answer, id).toMatchObject({ status: 403, json: { code: 'missing_permission' } })
      expect(answer.headers.get('www-authenticate')).toContain('scope="latchkey:organizations:read"')
      answers.add(bytes(answer).replaceAll(id, ''))
    }
    expect(answers.size).toBe(1)
    const renaming = { token, body: { name: 'Mine' } }
    expect((await server.request('PATCH', '/v1/organizations/acme', renaming)).status).toBe(403)
    expect((await server.request('GET', '/v1/organizations', { token })).status).toBe(403)
    await server.close()
  })

  test("another organization's id answers as an unknown one does, to the byte, and changes nothing", async () => {
    const server = await startTestServer(await makeDatabase())
    const { keys, organizations } = server.latchkey
    for (const id of ['acme', 'bees']) await organizations.create({ id, name: id })
    const foreign = await keys.create({ organizationId: 'bees', name: 'Secret', permissions: ['a'] })
    await keys.rotate(foreign.id, { graceSeconds: 3600 })
    const foreignKid = foreign.key.slice(3, 19)
    const caller = await keys.create({ organizationId: 'acme', name: 'C', permissions: ['latchkey:*', '*'] })
    const root = await keys.list({ organizationId: 'root' })
    const before = await snapshot(server)
    const ask = (method: string, path: string, body: unknown) =>
      server.request(method, path, { token: caller.key, body, headers: { 'x-request-id': 'same' } })

    let compared = 0
    const ofOne = guarded.filter((route) => route.path.includes('{id}') && !route.portal)
    for (const { method, path, operationId, rootOnly } of ofOne) {
      const isOrganization = path.startsWith('/v1/organizations')
      const unknown = isOrganization ? 'nobody' : unknownId
      const foreignIds = isOrganization ? ['bees', 'root'] : [foreign.id, root.items[0]?.id as string]
      const wanted = await ask(
        method,
        path.replace('{id}', unknown).replace('{kid}', foreignKid),
        bodies[operationId],
      )
      expect(wanted.status, operationId).toBe(rootOnly === undefined ? 404 : 403)
      for (const id of [...foreignIds, isOrganization ? 'a b' : 'no-uuid', '%00', '%ff']) {
        const answer = await ask(
          method,
          path.replace('{id}', id).replace('{kid}', foreignKid),
          bodies[operationId],
        )
        expect(bytes(answer), `${operationId} ${id}`).toBe(bytes(wanted))
        compared++
      }
    }
    expect(compared).toBeGreaterThan(30)

    for (const path of [
      '/v1/keys?',
      '/v1/keys/permissions?',
      '/v1/audit-log?',
      '/v1/audit-log/export?format=csv&',
    ]) {
      const wanted = await ask('GET', `${path}organization_id=nobody`, undefined)
      expect(wanted, path).toMatchObject({ status: 404, json: { code: 'organization_not_found' } })
      for (const id of ['bees', 'root']) {
        expect(bytes(await ask('GET', `${path}organization_id=${id}`, undefined))).toBe(bytes(wanted))
      }
    }
    const create = (organization_id: string) => ask('POST', '/v1/keys', { name: 'A', organization_id })
    const wanted = await create('nobody')
    expect(wanted).toMatchObject({ status: 404, json: { code: 'organization_not_found' } })
    for (const id of ['bees', 'root']) expect(bytes(await create(id))).toBe(bytes(wanted))

    // Nothing of the others is in any list either, nor in a verdict.
    const all = [
      '/v1/keys?status=all',
      '/v1/keys/permissions',
      '/v1/organizations',
      '/v1/organizations?q=bees',
      '/v1/audit-log',
      '/v1/audit-log/export?format=csv',
      '/v1/audit-log/export?format=jsonl',
      `/v1/audit-log/export?format=csv&key_id=${foreign.id}`,
      `/v1/audit-log?key_id=${foreign.id}`,
    ]
    for (const path of all) {
      const { status, text } = await ask('GET', path, undefined)
      expect(status).toBe(200)
      expect(text, path).not.toMatch(/bees|"root"|Secret/)
    }
    const verdicts = await ask('POST', '/v1/keys/verify/batch', [
      { key: foreign.key },
      { key: server.rootKey },
    ])
    expect(verdicts.text).toBe('[{"valid":false,"code":"not_found"},{"valid":false,"code":"not_found"}]')
    const verdict = await ask('POST', '/v1/keys/verify', { key: foreign.key })
    expect(verdict.text).toBe('{"valid":false,"code":"not_found"}')
    expect(await snapshot(server)).toBe(before)
    await server.close()
  })
})
