// Exports that a person asks for in the console: by its session, of its own organization, and as its role may.
import { expect, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { join, publicUrl } from './setup/people.ts'
import { startTestServer } from './setup/server.ts'
import { ask } from './setup/sessions.ts'

onEachDatabase('exports by people', (makeDatabase) => {
  test('hold what the organization of the session has, for the roles that may read it', async () => {
    await using server = await startTestServer(await makeDatabase(), { publicUrl })
    const { latchkey } = server
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const sign = async (organizationId: string, role: 'owner' | 'auditor' | 'viewer') => {
      const { value, pageValue } = await join(latchkey, organizationId, role)
      return { cookie: `latchkey=${value}`, 'latchkey-session': pageValue }
    }
    const made: Record<string, string> = {}
    for (const organizationId of ['acme', 'globex']) {
      const { id } = await latchkey.keys.create({ organizationId, name: `CI of ${organizationId}` })
      made[organizationId] = id
    }
    const auditor = await sign('acme', 'auditor')
    const read = async (path: string, headers: Record<string, string>) => {
      const answer = await ask(server, 'GET', path, headers)
      return { status: answer.status, text: answer.text }
    }
    for (const path of ['/v1/audit-log/export', '/v1/audit-log/export?format=csv']) {
      const { status, text } = await read(path, auditor)
      expect(status, path).toBe(200)
      expect(text).toContain(made.acme)
      expect(text).not.toContain(made.globex)
      expect(text).not.toContain('globex')
    }
    const usage = '/v1/usage/export?by=hour'
    expect((await read(usage, auditor)).status).toBe(200)
    // Another organization is named by nobody but the operator.
    for (const path of ['/v1/audit-log/export', '/v1/usage/export?by=hour']) {
      const named = await read(`${path}${path.includes('?') ? '&' : '?'}organization_id=globex`, auditor)
      expect([403, 404], path).toContain(named.status)
    }
    expect((await read('/v1/audit-log/export', await sign('root', 'owner'))).text).toContain(made.globex)
    const viewer = await sign('acme', 'viewer')
    expect((await read('/v1/audit-log/export', viewer)).status).toBe(403)
    expect((await read(usage, viewer)).status).toBe(200)
    // The cookie alone is what every page of this host could have the browser send.
    expect((await read(usage, { cookie: viewer.cookie })).status).toBe(401)
  })
})
