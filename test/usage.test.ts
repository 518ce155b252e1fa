// Usage as it is asked for: in the library, over HTTP and by the client, of the caller's own organization alone.
import { expect, test } from 'vitest'
import { createClient, createVerifier } from '../src/client/index.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { collect } from './setup/iterables.ts'
import { startTestServer } from './setup/server.ts'
import { hourMs, readAmounts } from './setup/usage.ts'
import { begun, openStage } from './setup/usage-stage.ts'

const dayMs = 24 * hourMs
const hour = Math.floor(begun / hourMs)
const stranger = '01a20711-2508-7000-8000-18883f1ab395'

onEachDatabase('usage', (makeDatabase) => {
  test('is held to what a number tells exactly, whatever is claimed to have been counted', async () => {
    await using stage = await openStage(await makeDatabase())
    const most = Number.MAX_SAFE_INTEGER
    const claimed = [undefined, hour, 'not_found', most] as const
    for (let i = 0; i < 3; i++) await stage.write([claimed, claimed])
    expect(Object.values(await readAmounts(stage.database))).toEqual([most])
    await stage.write([[undefined, hour + 1, 'not_found', most]])
    stage.clock.advance(3 * hourMs)
    await stage.roll()
    const { rows } = await stage.latchkey.usage.read({ by: 'total' })
    expect(rows).toMatchObject([{ refused: { not_found: most } }])
    // Given back without end, many at once, and when the hour is closed already.
    const { acme, bees } = stage
    const back = [acme, hour + 3, 'key/credits', -most] as const
    for (let i = 0; i < 3; i++) await stage.write([back, back])
    for (let i = 0; i < 3; i++) await stage.write([[acme, hour, 'valid', most]])
    const many = Array.from({ length: 3 }, (_, i) => [acme, hour + 2, `key/of_${i}`, most] as const)
    await stage.write(many)
    stage.clock.advance(2 * dayMs)
    await stage.roll()
    const all = await stage.latchkey.usage.exportPage({ by: 'day', keyId: acme.id })
    expect(all.rows.find(({ measure }) => measure === 'valid')).toMatchObject({ amount: most, late: most })
    const ofAcme = await stage.latchkey.usage.read({ by: 'total', organizationId: 'acme', group: 'key' })
    expect(ofAcme.rows[0]?.units.find(({ name }) => name === 'credits')?.units).toBe(-most)
    const late = await stage.latchkey.usage.exportPage({
      by: 'hour',
      keyId: acme.id,
      since: new Date(hour * hourMs),
    })
    expect(late.rows.find(({ measure }) => measure === 'valid')).toMatchObject({ amount: most, late: most })
    // What keys have together is more than a number tells exactly, and no error; what is kept of it is exact.
    const next = hour + 51
    await stage.write([acme, bees].map((key) => [key, next, 'valid', most] as const))
    const read = { by: 'hour', since: new Date(next * hourMs) } as const
    stage.clock.advance(hourMs)
    expect((await stage.latchkey.usage.read(read)).rows[0]?.valid).toBeGreaterThan(most)
    stage.clock.advance(2 * hourMs)
    await stage.roll()
    expect((await stage.latchkey.usage.read(read)).rows[0]?.valid).toBe(most)
  })

  test('is told by period and group, with refusals by code and units by limit', async () => {
    await using stage = await openStage(await makeDatabase())
    const { latchkey, acme, bees } = stage
    await stage.write([
      [acme, hour, 'valid', 5],
      [acme, hour, 'expired', 2],
      [acme, hour, 'key/requests', 9],
      [acme, hour - 30, 'valid', 1],
      [bees, hour, 'valid', 3],
      [undefined, hour, 'malformed', 4],
    ])
    const read = async (input: object) => {
      const { rows } = await latchkey.usage.read(input)
      return rows.filter(({ calls }) => calls > 0)
    }
    const since = new Date(begun - 2 * dayMs)
    expect(await read({ since, by: 'total' })).toEqual([
      {
        start: new Date((hour - 48) * hourMs),
        id: null,
        name: null,
        calls: 15,
        valid: 9,
        refused: { expired: 2, malformed: 4 },
        units: [{ scope: 'key', name: 'requests', units: 9 }],
      },
    ])
    // Among the keys of all organizations the last 7 days are looked at, else the last 30.
    const usual = async (input: object) =>
      (await read({ ...input, by: 'total', group: 'key' })).map(({ start }) => start.getTime())
    expect(new Set(await usual({}))).toEqual(new Set([(hour - 7 * 24) * hourMs]))
    expect(await usual({ organizationId: 'bees' })).toEqual([(hour - 30 * 24) * hourMs])
    expect(await usual({ keyIds: [bees.id] })).toEqual([(hour - 30 * 24) * hourMs])
    const days = await read({ since, by: 'day', organizationId: 'acme' })
    expect(days.map(({ start, calls }) => [start, calls])).toEqual([
      [new Date(Date.UTC(2026, 4, 19)), 1],
      [new Date(Date.UTC(2026, 4, 20)), 7],
    ])
    const told = (rows: Awaited<ReturnType<typeof read>>) =>
      rows.map(({ id, name, calls }) => [id, name, calls])
    expect(told(await read({ since, by: 'total', group: 'organization' }))).toEqual([
      ['acme', 'Acme', 8],
      [null, null, 4],
      ['bees', 'Bees', 3],
    ])
    expect(told(await read({ since, by: 'total', group: 'key', organizationId: 'bees' }))).toEqual([
      [bees.id, 'CI', 3],
    ])
    const top = { since, by: 'total', group: 'key', sort: '-refused', limit: 1 }
    expect(told(await read({ ...top, organizationId: 'acme' }))).toEqual([[acme.id, 'CI', 8]])
    expect(told(await read({ since, by: 'total', group: 'code' }))).toEqual([
      ['valid', null, 9],
      ['malformed', null, 4],
      ['expired', null, 2],
    ])
    const hours = await latchkey.usage.readKey(acme.id, { since: new Date(begun - 3 * hourMs), by: 'hour' })
    expect(hours.rows.map(({ calls }) => calls)).toEqual([0, 0, 0, 7])
    expect(hours.asOf).toEqual(new Date(begun))
    // Of named keys, whoever else calls more.
    const keyIds = [bees.id, stranger, acme.id]
    const ofBoth = { since, by: 'day', group: 'key', keyIds } as const
    const { rows } = await latchkey.usage.read(ofBoth)
    expect(rows.map(({ start, id, name, calls }) => [start.getUTCDate(), id, name, calls])).toEqual([
      [19, acme.id, 'CI', 1],
      [20, bees.id, 'CI', 3],
      [20, acme.id, 'CI', 7],
    ])
    expect(
      (await latchkey.usage.read({ ...ofBoth, organizationId: 'acme' })).rows.map(({ id }) => id),
    ).toEqual([acme.id, acme.id])
    expect((await latchkey.usage.read({ ...ofBoth, keyIds: [stranger] })).rows).toEqual([])
  })

  test('of a process is written within ten seconds, or when it stops, and survives a revocation', async () => {
    await using stage = await openStage(await makeDatabase())
    const { latchkey, acme } = stage
    await latchkey.verify(acme.key)
    await latchkey.keys.revoke(acme.id)
    await latchkey.close()
    expect(await readAmounts(stage.database)).toEqual({ [`${hour} ${acme.id} valid`]: 1 })
  })

  test('is exported when it is closed, once and for all', async () => {
    await using stage = await openStage(await makeDatabase())
    const { latchkey, acme, bees, clock } = stage
    const many = Array.from({ length: 1_200 }, (_, i) => [acme, hour, `key/limit_${i}`, 1] as const)
    await stage.write([...many, [bees, hour, 'valid', 3]])
    const exportAll = async (input: object) => {
      const rows = []
      let page = await latchkey.usage.exportPage(input)
      const { closedUntil } = page
      rows.push(...page.rows)
      while (page.next !== undefined) {
        page = await latchkey.usage.exportPage({ ...input, until: closedUntil, after: page.next })
        rows.push(...page.rows)
      }
      return { rows, closedUntil }
    }
    expect((await exportAll({ by: 'hour' })).rows).toEqual([])
    clock.advance(hourMs)
    await stage.roll()
    const all = await exportAll({ by: 'hour' })
    expect(all.closedUntil).toEqual(new Date((hour + 1) * hourMs))
    expect(all.rows).toHaveLength(1_201)
    expect(all.rows.at(-1)).toEqual({
      start: new Date(hour * hourMs),
      organizationId: 'bees',
      keyId: bees.id,
      measure: 'valid',
      amount: 3,
      late: 0,
    })
    expect((await exportAll({ by: 'hour', organizationId: 'acme' })).rows).toHaveLength(1_200)
    expect((await exportAll({ by: 'hour', keyId: bees.id })).rows).toHaveLength(1)
    // What comes too late changes nothing of it.
    await stage.write([[bees, hour, 'valid', 7]])
    const until = { until: all.closedUntil }
    expect(await exportAll({ by: 'hour', ...until })).toEqual(all)
    clock.advance(2 * dayMs)
    await stage.roll()
    expect(await exportAll({ by: 'hour', ...until })).toEqual(all)
    const exported = await latchkey.usage.export({ by: 'hour', ...until })
    expect({ rows: await collect(exported), closedUntil: exported.closedUntil }).toEqual(all)
    const days = await exportAll({ by: 'day', organizationId: 'bees' })
    expect(days.rows).toMatchObject([{ start: new Date(Date.UTC(2026, 4, 20)), amount: 10, late: 7 }])
  })
})

onOneDatabase('SQLite', 'usage over HTTP', (makeDatabase) => {
  test('is told to the own organization, and of others as of what is not there', async () => {
    await using stage = await openStage(await makeDatabase())
    const { latchkey, acme, bees, root } = stage
    await stage.write([
      [acme, hour, 'valid', 5],
      [bees, hour, 'valid', 3],
    ])
    await using server = await startTestServer(stage.database, { now: stage.clock.now })
    const customer = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'Reader',
      permissions: ['latchkey:usage:read'],
    })
    const blind = await latchkey.keys.create({ organizationId: 'acme', name: 'Blind', permissions: [] })
    const get = async (path: string, token: string) => {
      const response = await fetch(server.url + path, { headers: { authorization: `Bearer ${token}` } })
      const text = await response.text()
      return { status: response.status, headers: response.headers, text }
    }
    const calls = async (path: string, token: string) => {
      const { status, text } = await get(path, token)
      const body = JSON.parse(text)
      return status === 200
        ? body.reduce((sum: number, row: { calls: number }) => sum + row.calls, 0)
        : body.code
    }
    expect(await calls('/v1/usage', root)).toBe(8)
    expect(await calls('/v1/usage', customer.key)).toBe(5)
    expect(await calls('/v1/usage?organization_id=acme', customer.key)).toBe(5)
    expect(await calls(`/v1/keys/${acme.id}/usage`, customer.key)).toBe(5)
    expect(await calls(`/v1/usage?key_id=${bees.id}`, root)).toBe(3)
    expect(await calls('/v1/usage?organization_id=bees', customer.key)).toBe('organization_not_found')
    expect(await calls('/v1/usage?organization_id=nobody', root)).toBe('organization_not_found')
    for (const path of [`/v1/keys/${bees.id}/usage`, `/v1/usage?key_id=${bees.id}`])
      expect(await calls(path, customer.key)).toBe('key_not_found')
    expect(await calls('/v1/keys/no-id/usage', root)).toBe('key_not_found')
    const both = `/v1/usage?by=total&group=key&key_ids=${acme.id},${bees.id}`
    expect([await calls(both, root), await calls(both, customer.key)]).toEqual([8, 5])
    expect(await calls('/v1/usage', blind.key)).toBe('missing_permission')
    const answer = await get('/v1/usage?by=total', root)
    expect(answer.headers.get('latchkey-as-of')).toBe(new Date(begun).toISOString())
    const client = createClient({ url: server.url, token: customer.key })
    const library = await latchkey.usage.read({ organizationId: 'acme' })
    expect(await client.usage.read()).toEqual(library)
    expect((await client.usage.readKey(acme.id)).rows).toEqual(library.rows)
    const keyIds = [bees.id, acme.id]
    const named = { by: 'total', group: 'key', keyIds } as const
    expect((await client.usage.read(named)).rows).toEqual(
      (await latchkey.usage.read({ ...named, organizationId: 'acme' })).rows,
    )
    stage.clock.advance(hourMs)
    await stage.roll()
    const closed = await get('/v1/usage?by=total', root)
    expect(closed.headers.get('latchkey-closed-until')).toBe(new Date((hour + 1) * hourMs).toISOString())
    expect((await client.usage.read()).closedUntil).toEqual(new Date((hour + 1) * hourMs))
    const csv = await get('/v1/usage/export?by=hour&format=csv', customer.key)
    expect(csv.headers.get('latchkey-closed-until')).toBe(new Date((hour + 1) * hourMs).toISOString())
    expect(csv.text).toBe(
      `"start","organization_id","key_id","measure","amount","late"\r\n"${new Date(hour * hourMs).toISOString()}","acme","${acme.id}","valid","5","0"\r\n`,
    )
    const lines = await get('/v1/usage/export?by=hour', root)
    expect(
      lines.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).amount),
    ).toEqual([5, 3])
    expect((await get('/v1/usage/export', blind.key)).status).toBe(403)
  })

  test('is read by the client row by row, as the library reads it', async () => {
    await using stage = await openStage(await makeDatabase())
    const { latchkey, acme, bees } = stage
    const many = Array.from({ length: 1_200 }, (_, i) => [acme, hour, `key/limit_${i}`, 1] as const)
    await stage.write([...many, [bees, hour, 'valid', 3], [undefined, hour, 'malformed', 4]])
    stage.clock.advance(hourMs)
    await stage.roll()
    await using server = await startTestServer(stage.database, { now: stage.clock.now })
    const client = createClient({ url: server.url, token: stage.root })
    for (const input of [{ by: 'hour' }, { by: 'hour', organizationId: 'acme' }, { by: 'day' }] as const) {
      const [read, library] = [await client.usage.export(input), await latchkey.usage.export(input)]
      expect(read.closedUntil).toEqual(library.closedUntil)
      expect(await collect(read)).toEqual(await collect(library))
    }
    await expect(client.usage.export({ organizationId: 'nobody' })).rejects.toMatchObject({
      code: 'organization_not_found',
    })
    // A reader that has enough ends the transfer.
    for await (const row of await client.usage.export({ by: 'hour' })) {
      expect(row.amount).toBe(4)
      break
    }
  })

  test('refuses a range that is upside down or too long, and what it does not know', async () => {
    await using stage = await openStage(await makeDatabase())
    await using server = await startTestServer(stage.database, { now: stage.clock.now })
    const refused = async (query: string) => {
      const headers = { authorization: `Bearer ${stage.root}` }
      const response = await fetch(`${server.url}/v1/usage?${query}`, { headers })
      const { errors = [] } = (await response.json()) as { errors?: { path: string }[] }
      return [response.status, ...errors.map(({ path }) => path)]
    }
    const range = (since: string, until: string) => `since=${since}T00:00:00Z&until=${until}T00:00:00Z`
    expect(await refused(range('2026-05-02', '2026-05-01'))).toEqual([422, 'until'])
    expect(await refused(range('2026-05-01', '2026-05-01'))).toEqual([422, 'until'])
    expect(await refused(`by=hour&${range('2026-04-01', '2026-05-20')}`)).toEqual([422, 'since'])
    expect(await refused('by=day&since=2020-01-01T00:00:00Z')).toEqual([422, 'since'])
    expect(await refused('by=week')).toEqual([422, 'by'])
    expect(await refused('group=colour')).toEqual([422, 'group'])
    expect(await refused('group=key')).toEqual([200])
    // So far back as it may be, some moments ago.
    expect(await refused('group=key&since=2026-05-13T10:29:00Z')).toEqual([200])
    expect(await refused('by=hour&since=2026-04-15T10:29:00Z')).toEqual([200])
    expect(await refused('group=key&since=2026-05-13T09:29:00Z')).toEqual([422, 'group'])
    expect(await refused('group=key&since=2026-05-01T00:00:00Z')).toEqual([422, 'group'])
    expect(await refused('sort=name')).toEqual([422, 'sort'])
    expect(await refused('limit=0')).toEqual([422, 'limit'])
    expect(await refused('by=hour&group=key&organization_id=acme&limit=100')).toEqual([422, 'limit'])
    expect(await refused('key_id=1')).toEqual([422, 'key_id'])
    expect(await refused(`key_ids=${stranger}`)).toEqual([422, 'key_ids'])
    expect(await refused(`group=key&key_id=${stranger}&key_ids=${stranger}`)).toEqual([422, 'key_ids'])
    expect(await refused('group=key&key_ids=')).toEqual([422, 'key_ids[0]'])
    expect(await refused(`group=key&key_ids=${Array(51).fill(stranger)}`)).toEqual([422, 'key_ids'])
    const tooMany = `by=hour&${range('2026-05-01', '2026-05-20')}&key_ids=${Array(50).fill(stranger)}`
    expect(await refused(`group=key&${tooMany}`)).toEqual([422, 'key_ids'])
    expect(await refused('since=yesterday')).toEqual([422, 'since'])
    expect(await refused('colour=red')).toEqual([422, 'colour'])
  })

  test('has what verifiers elsewhere have counted, and a report that is repeated once', async () => {
    const database = await makeDatabase()
    await using server = await startTestServer(database)
    const { latchkey } = server
    await createAcme(latchkey)
    const limits = [{ name: 'requests', limit: 100, resets: 'daily' as const }]
    const make = (more: object) =>
      latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: [], ...more })
    const [plain, limited] = [await make({}), await make({ limits })]
    const reporter = await make({ permissions: ['latchkey:keys:verify'] })
    const foreign = await latchkey.keys.create({ organizationId: 'root', name: 'Root', permissions: [] })
    const verifier = createVerifier({ url: server.url, token: reporter.key })
    await verifier.ready()
    for (let i = 0; i < 3; i++) await verifier.verify(plain.key)
    expect(verifier.verifyCached(plain.key, { permissions: ['emails:send'] })).toMatchObject({ valid: false })
    await verifier.verify(limited.key, { cost: 4 })
    expect(await verifier.verify(foreign.key)).toMatchObject({ code: 'not_found' })
    await verifier.close()
    const { verifiers } = createClient({ url: server.url, token: reporter.key })
    const start = new Date(Date.now() - 90 * dayMs)
    const count = (keyId: string, amount: number) => ({ keyId, start, measure: 'valid', amount })
    const report = {
      source: 'own',
      number: 1,
      counts: [count(plain.id, 10), count(foreign.id, 20)],
      uses: [],
    }
    for (let i = 0; i < 3; i++) await verifiers.report(report)
    await verifiers.report({ ...report, counts: [count(plain.id, 1)], number: 2 })
    // No key has these: they would stay for ever.
    const made = ['made_up', 'malformed', 'key/made_up', 'organization/requests'].map((measure) => ({
      ...count(limited.id, 1),
      measure,
    }))
    const ofNone = ['valid', 'key/requests'].map((measure) => ({ keyId: null, start, measure, amount: 1 }))
    await verifiers.report({ ...report, counts: [...made, ...ofNone], number: 3 })
    await expect(verifiers.report({ ...report, number: 0 })).rejects.toMatchObject({ code: 'invalid_input' })
    const amounts: Record<string, number> = {}
    for (const [place, amount] of Object.entries(await readAmounts(database))) {
      const rest = place.slice(place.indexOf(' ') + 1)
      amounts[rest] = (amounts[rest] ?? 0) + amount
    }
    expect(amounts).toEqual({
      [`${plain.id} valid`]: 3 + 10 + 1,
      [`${plain.id} insufficient_permissions`]: 1,
      [`${limited.id} valid`]: 1,
      [`${limited.id} key/requests`]: 4,
      ' not_found': 1,
    })
    await expect.poll(async () => (await latchkey.keys.get(plain.id)).lastUsedAt).toBeInstanceOf(Date)
  })
})
