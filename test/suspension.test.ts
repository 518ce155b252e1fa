// Keys and organizations are suspended and resumed: what is refused meanwhile, who may do so, and what is told of it.
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { beginDeliveries, ofAcme } from './setup/delivery-rounds.ts'
import { connectDirectly } from './setup/direct.ts'
import { startReceiver } from './setup/receiver.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'
import { ask, signIn } from './setup/sessions.ts'

onEachDatabase('a suspension', (makeDatabase, kind) => {
  async function open() {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const root = await makeCaller(latchkey, 'root', ['latchkey:*'])
    const customer = await makeCaller(latchkey, 'acme', ['*', 'latchkey:keys:write', 'latchkey:keys:read'])
    const issue = (name = 'CI', permissions: string[] = []) =>
      latchkey.keys.create({ organizationId: 'acme', name, permissions })
    return {
      ...latchkey,
      latchkey,
      database,
      root,
      customer,
      issue,
      [Symbol.asyncDispose]: () => latchkey.close(),
    }
  }

  test('of a key refuses its tokens everywhere until it is resumed, and tells why', async () => {
    await using stage = await open()
    const { keys, latchkey, root } = stage
    const { id, key } = await stage.issue()
    await using other = await openLatchkey({ database: stage.database })
    expect((await other.verify(key)).valid && (await latchkey.verify(key)).valid).toBe(true)
    const suspended = await keys.suspend(id, { reason: 'Unpaid' }, { actor: root, wait: 'applied' })
    expect(suspended).toMatchObject({
      status: 'suspended',
      suspendedAt: expect.any(Date),
      suspendedBy: root.keyId,
      suspendedReason: 'Unpaid',
      applied: { confirmed: true },
    })
    for (const one of [latchkey, other])
      expect(await one.verify(key)).toMatchObject({ valid: false, code: 'suspended', keyId: id })
    expect((await keys.list({ status: 'suspended' })).items.map((one) => one.id)).toEqual([id])
    const active = (await keys.list({ organizationId: 'acme' })).items.map((one) => one.id)
    expect(active).not.toContain(id)
    const resumed = await keys.resume(id, { actor: root, wait: 'applied' })
    expect(resumed).toMatchObject({
      status: 'active',
      suspendedAt: null,
      suspendedBy: null,
      suspendedReason: null,
    })
    for (const one of [latchkey, other]) expect((await one.verify(key)).valid).toBe(true)
    const events = (await latchkey.audit.list({ keyId: id })).items.slice(0, 2)
    expect(events.map(({ action, actor }) => [action, actor])).toEqual([
      ['key.resumed', root.keyId],
      ['key.suspended', root.keyId],
    ])
    const at = suspended.suspendedAt?.toISOString()
    expect(events.map(({ changes }) => changes)).toEqual([
      { suspended_at: { from: at, to: null }, suspended_reason: { from: 'Unpaid', to: null } },
      { suspended_at: { from: null, to: at }, suspended_reason: { from: null, to: 'Unpaid' } },
    ])
  })

  test('of a key once more changes nothing, nor does resuming one that is not suspended', async () => {
    await using stage = await open()
    const { keys, latchkey } = stage
    const { id, revision } = await stage.issue()
    expect((await keys.resume(id)).revision).toBe(revision)
    const first = await keys.suspend(id, { reason: 'First' })
    expect(await keys.suspend(id, { reason: 'Second' })).toEqual(first)
    // What is there already is no fault, whatever the revision.
    expect(await keys.suspend(id, {}, { ifRevision: revision })).toEqual(first)
    expect(await codeOf(keys.resume(id, { ifRevision: revision }))).toBe('precondition_failed')
    await keys.resume(id)
    expect(await codeOf(keys.suspend(id, {}, { ifRevision: first.revision }))).toBe('precondition_failed')
    expect((await latchkey.audit.list({ keyId: id, action: 'key.suspended' })).items).toHaveLength(1)
    await keys.revoke(id)
    expect(await codeOf(keys.suspend(id))).toBe('key_revoked')
    expect(await codeOf(keys.resume(id))).toBe('key_revoked')
  })

  test('by the root organization is lifted by that alone, also if the customer was first', async () => {
    await using stage = await open()
    const { keys, latchkey, root, customer } = stage
    const { id, key } = await stage.issue()
    await keys.suspend(id, {}, { actor: customer })
    expect((await keys.get(id)).suspendedBy).toBe(customer.keyId)
    await keys.resume(id, { actor: customer })
    await keys.suspend(id, { reason: 'Lost laptop' }, { actor: customer })
    const { suspendedAt } = await keys.get(id)
    const taken = await keys.suspend(id, { reason: 'Fraud' }, { actor: root })
    expect(taken).toMatchObject({ suspendedAt, suspendedBy: root.keyId, suspendedReason: 'Fraud' })
    // The customer's own second one takes nothing back.
    expect(await keys.suspend(id, { reason: 'Lost' }, { actor: customer })).toEqual(taken)
    expect(await codeOf(keys.resume(id, { actor: customer }))).toBe('root_organization_required')
    expect((await latchkey.verify(key)).code).toBe('suspended')
    await keys.resume(id)
    await keys.suspend(id)
    // The operator is as much as the root organization.
    expect(await codeOf(keys.resume(id, { actor: customer }))).toBe('root_organization_required')
    await keys.resume(id, { actor: root })
    expect((await latchkey.verify(key)).valid).toBe(true)
  })

  test('takes what every change of a key takes', async () => {
    await using stage = await open()
    const { keys, latchkey, customer } = stage
    const { id } = await stage.issue('Strong', ['latchkey:keys:verify'])
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const stranger = await makeCaller(latchkey, 'globex', ['*', 'latchkey:*'])
    const reader = await makeCaller(latchkey, 'acme', ['latchkey:keys:read', 'latchkey:keys:verify'])
    for (const [actor, code] of [
      [stranger, 'key_not_found'],
      [reader, 'missing_permission'],
      [customer, 'permission_escalation'],
    ] as const) {
      expect(await codeOf(keys.suspend(id, {}, { actor }))).toBe(code)
      expect(await codeOf(keys.resume(id, { actor }))).toBe(code)
    }
    for (const input of [
      { reason: '' },
      { reason: 7 },
      { reason: 'x'.repeat(501) },
      { why: 'x' },
      null,
    ] as never[])
      expect(await codeOf(keys.suspend(id, input))).toBe('invalid_input')
    // A key may suspend itself, and then does nothing more.
    await keys.suspend(customer.keyId, {}, { actor: customer })
    expect(await codeOf(keys.resume(customer.keyId, { actor: customer }))).toBe('invalid_token')
  })

  test('leaves a root key that can change keys', async () => {
    await using stage = await open()
    const { keys, root } = stage
    const others = (await keys.list({ organizationId: 'root' })).items.filter(({ id }) => id !== root.keyId)
    for (const { id } of others) await keys.revoke(id)
    expect(await codeOf(keys.suspend(root.keyId, {}, { actor: root }))).toBe('last_root_key')
    expect(await codeOf(keys.update(root.keyId, { notBefore: new Date(Date.now() + 60_000) }))).toBe(
      'last_root_key',
    )
    const second = await makeCaller(stage.latchkey, 'root', ['latchkey:*'])
    await keys.suspend(second.keyId, {}, { actor: root })
    const fields = { organizationId: 'root', name: 'Child', permissions: ['latchkey:*'] }
    const child = await keys.create({ ...fields, parentId: root.keyId })
    // One that is suspended is none that is left, nor is a child, which ends with it.
    expect(await codeOf(keys.revoke(root.keyId))).toBe('last_root_key')
    await keys.revoke(child.id)
  })

  test('of a key lets it be changed and rotated: its new token is suspended too', async () => {
    await using stage = await open()
    const { keys, latchkey } = stage
    const { id, key } = await stage.issue()
    await keys.suspend(id)
    expect((await keys.update(id, { name: 'Robot' })).status).toBe('suspended')
    const rotated = await keys.rotate(id)
    expect((await latchkey.verify(rotated.key)).code).toBe('suspended')
    await keys.resume(id)
    expect((await latchkey.verify(rotated.key)).code).toBe('valid')
    expect(await latchkey.verify(key)).toEqual({ valid: false, code: 'rotated', keyId: id })
  })

  test('of an organization refuses all of its keys everywhere, and their changes', async () => {
    await using stage = await open()
    const { keys, organizations, latchkey, root, customer } = stage
    const { id, key } = await stage.issue()
    await using other = await openLatchkey({ database: stage.database })
    expect((await other.verify(key)).valid && (await latchkey.verify(key)).valid).toBe(true)
    const [before] = (await organizations.list()).items.filter((one) => one.id === 'acme')
    const suspended = await organizations.suspend(
      'acme',
      { reason: 'Unpaid' },
      { actor: root, wait: 'applied' },
    )
    expect(suspended).toMatchObject({
      suspendedAt: expect.any(Date),
      suspendedBy: root.keyId,
      suspendedReason: 'Unpaid',
    })
    expect(suspended.revision).not.toBe(before?.revision)
    for (const one of [latchkey, other])
      expect(await one.verify(key)).toMatchObject({ code: 'suspended', keyId: id })
    // The callers were found valid before: a change looks again.
    for (const one of [latchkey, other]) {
      expect(await codeOf(one.keys.create({ name: 'New' }, { actor: customer }))).toBe('invalid_token')
      expect(await codeOf(one.keys.update(id, { name: 'New' }, { actor: customer }))).toBe('invalid_token')
    }
    expect((await keys.get(id)).status).toBe('active')
    expect(await codeOf(keys.rotate(id))).toBe('organization_suspended')
    expect(await organizations.suspend('acme', { reason: 'Other' })).toMatchObject({
      suspendedReason: 'Unpaid',
    })
    await organizations.resume('acme', { wait: 'applied' })
    expect(await organizations.resume('acme')).toMatchObject({ suspendedAt: null, suspendedReason: null })
    for (const one of [latchkey, other]) expect((await one.verify(key)).valid).toBe(true)
    expect((await keys.rotate(id)).id).toBe(id)
    const { items } = await latchkey.audit.list({ organizationId: 'acme' })
    expect(items.filter(({ action }) => /^organization\.(suspended|resumed)/.test(action))).toHaveLength(2)
  })

  test('of an organization is made by the root organization alone, and not of itself', async () => {
    await using stage = await open()
    const { organizations, latchkey } = stage
    const customer = await makeCaller(latchkey, 'acme', ['latchkey:organizations:write'])
    const reader = await makeCaller(latchkey, 'root', ['latchkey:organizations:read'])
    for (const method of ['suspend', 'resume'] as const) {
      const run = (id: string, actor = customer) =>
        codeOf(
          method === 'suspend'
            ? organizations.suspend(id, {}, { actor })
            : organizations.resume(id, { actor }),
        )
      expect(await run('acme')).toBe('root_organization_required')
      expect(await run('root')).toBe('organization_not_found')
      expect(await run('nobody')).toBe('organization_not_found')
      expect(await run('acme', reader)).toBe('missing_permission')
    }
    expect(await codeOf(organizations.suspend('root'))).toBe('root_organization')
    expect(await codeOf(organizations.suspend('nobody'))).toBe('organization_not_found')
    expect(await codeOf(organizations.suspend('acme', { reason: 7 } as never))).toBe('invalid_input')
  })

  test('of an organization comes before no change by its keys that is answered later', async () => {
    await using stage = await open()
    const { latchkey, customer } = stage
    await using other = await openLatchkey({ database: stage.database })
    for (let round = 0; round < 3; round++) {
      const late: boolean[] = []
      let isAcknowledged = false
      const change = async (one: typeof latchkey) => {
        for (let i = 0; i < 30; i++) {
          const begunLate = isAcknowledged
          const made = await one.keys.create({ name: `${round} ${i}` }, { actor: customer }).then(
            () => true,
            (error) => error.code !== 'invalid_token',
          )
          late.push(begunLate && made)
          if (!made) return
        }
      }
      const changing = [latchkey, other, other].map(change)
      await latchkey.organizations.suspend('acme')
      isAcknowledged = true
      const count = async () => (await latchkey.keys.list({ organizationId: 'acme' })).items.length
      const atOnce = await count()
      await Promise.all(changing)
      expect(late).not.toContain(true)
      // Nothing was committed after the acknowledgement.
      expect(await count()).toBe(atOnce)
      await latchkey.organizations.resume('acme')
    }
  })

  if (kind === 'PostgreSQL')
    test('of an organization waits for a change by its keys that is under way, and for a rotation', async () => {
      await using stage = await open()
      const { latchkey, customer } = stage
      const { id } = await stage.issue()
      await using direct = await connectDirectly(stage.database)
      const waits = async () => {
        const rows = await direct.run('select 1 from pg_locks where not granted')
        return rows.length
      }
      for (const change of [
        () => latchkey.keys.update(id, { name: 'Later' }, { actor: customer }),
        () => latchkey.keys.rotate(id),
      ]) {
        // The change is admitted, and then waits for the row.
        await direct.run('begin')
        await direct.run(
          change.toString().includes('rotate')
            ? `lock table latchkey.secrets in exclusive mode`
            : `select id from keys where id = '${id}' for update`,
        )
        let isSuspended = false
        const changing = change()
        await expect.poll(waits).toBe(1)
        const suspending = latchkey.organizations.suspend('acme').then(() => {
          isSuspended = true
        })
        await expect.poll(waits).toBe(2)
        expect(isSuspended).toBe(false)
        await direct.run('commit')
        await changing
        await suspending
        await latchkey.organizations.resume('acme')
      }
    })

  test('ends sessions: of the key, and of all keys of the organization', async () => {
    await using server = await startTestServer(await makeDatabase())
    const { latchkey } = server
    await createAcme(latchkey)
    const make = () =>
      latchkey.keys.create({ organizationId: 'acme', name: 'P', permissions: ['latchkey:keys:read'] })
    const [one, two] = [await make(), await make()]
    const browsers = [(await signIn(server, one.key)).browser, (await signIn(server, two.key)).browser]
    const statuses = async () =>
      Promise.all(
        browsers.map(async (browser) => (await ask(server, 'GET', '/v1/keys/self', browser)).status),
      )
    expect(await statuses()).toEqual([200, 200])
    await latchkey.keys.suspend(one.id)
    expect(await statuses()).toEqual([401, 200])
    await latchkey.keys.resume(one.id)
    expect(await statuses()).toEqual([401, 200])
    await latchkey.organizations.suspend('acme')
    expect(await statuses()).toEqual([401, 401])
    const answers = [one.key, 'nonsense'].map((token) => server.request('GET', '/v1/keys/self', { token }))
    const [suspended, unknown] = await Promise.all(answers)
    expect([suspended?.status, suspended?.json]).toEqual([
      401,
      { ...unknown?.json, request_id: suspended?.json.request_id },
    ])
    await latchkey.organizations.resume('acme')
    expect(await statuses()).toEqual([401, 401])
    expect((await server.request('GET', '/v1/keys/self', { token: one.key })).status).toBe(200)
  })

  test('of an organization holds its webhooks, which lose nothing and go on afterwards', async () => {
    const receiver = await startReceiver((_, response) => response.writeHead(204).end())
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    await stage.record(3)
    await stage.deliver()
    expect(receiver.received).toHaveLength(3)
    // The customer's from now on.
    await stage.direct.run("update webhooks set organization_id = 'acme'")
    {
      await using latchkey = await openLatchkey(stage.opening)
      await latchkey.organizations.suspend('acme')
    }
    await stage.direct.run('update webhook_states set failures = 3, failing_since = 1')
    await stage.record(4)
    const { cursor } = await stage.state()
    expect(await stage.deliver()).toBeUndefined()
    expect(await stage.state()).toMatchObject({ cursor, failures: 3 })
    expect(await stage.counts()).toEqual({ 'delivered 1': 3 })
    await stage.direct.run("delete from jobs where kind = 'webhook'")
    await using latchkey = await openLatchkey(stage.opening)
    await latchkey.organizations.resume('acme')
    const tried = async () => Object.values(await stage.counts()).reduce((sum, count) => sum + count, 0)
    await expect.poll(tried, { timeout: 10_000 }).toBe(7)
    // What failed before it was held counts no more.
    const { failing_since } = (await stage.state()) as { failing_since?: number | null }
    expect(failing_since).not.toBe(1)
  })

  if (kind === 'SQLite')
    test('goes over HTTP, on the condition of If-Match, and refuses what is no body of it', async () => {
      await using server = await startTestServer(await makeDatabase())
      const { latchkey, rootKey: token } = server
      await createAcme(latchkey)
      const { id, revision } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
      for (const path of [`/v1/keys/${id}`, '/v1/organizations/acme']) {
        const condition = { 'if-match': `"${path.includes('keys') ? revision : '1'}"` }
        const stale = await server.request('POST', `${path}/suspend`, {
          token,
          headers: { 'if-match': '"1"' },
        })
        expect(stale.status).toBe(412)
        for (const body of [{ reason: '' }, { reason: null }, { other: 1 }, [], 'x'])
          expect((await server.request('POST', `${path}/suspend`, { token, body })).status).toBeGreaterThan(
            399,
          )
        const headers = path.includes('keys') ? condition : {}
        const answer = await server.request('POST', `${path}/suspend`, {
          token,
          headers,
          body: { reason: 'R' },
        })
        expect(answer).toMatchObject({ status: 200, json: { suspended_reason: 'R' } })
        expect(answer.headers.get('etag')).toBe(`"${answer.json.revision}"`)
        const resumed = await server.request('POST', `${path}/resume?wait=applied`, { token })
        expect(resumed).toMatchObject({
          status: 200,
          json: { suspended_at: null, applied: { confirmed: true } },
        })
      }
      const refused = await refusalOf(latchkey.organizations.suspend('root'))
      expect(refused.status).toBe(409)
    })
})
