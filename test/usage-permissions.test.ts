// Usage by the permissions that calls asked for: by whole days, of one organization or of all.
import { expect, test } from 'vitest'
import { createClient } from '../src/client/index.ts'
import type { UsageRow } from '../src/core/shapes/usage.ts'
import { onEachDatabase } from './setup/databases.ts'
import { dayMs, type GivenProfile, writeProfiles } from './setup/profiles.ts'
import { refusalOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'
import { begun, openStage } from './setup/usage-stage.ts'

const told = (rows: readonly UsageRow[]) =>
  rows.map(({ start, id, calls, valid }) => [start.toISOString().slice(5, 10), id, calls, valid])

onEachDatabase('usage by permission', (makeDatabase) => {
  test('counts a call for each permission that it asked for, in order of calls, by day or in all', async () => {
    await using stage = await openStage(await makeDatabase())
    const { latchkey, acme, bees } = stage
    const [send, read] = ['emails:send', 'domains:read']
    const of = (keyId: string, days: number, more: Partial<GivenProfile>) => ({
      ...{ keyId, at: begun - days * dayMs, ...more },
    })
    await writeProfiles(stage, [
      of(acme.id, 0, { permissions: send, calls: 5 }),
      of(acme.id, 0, { permissions: send, code: 'rate_limited', calls: 2 }),
      of(acme.id, 0, { permissions: `${read} ${send}`, kid: 'other', calls: 3 }),
      of(acme.id, 0, { calls: 100 }),
      of(acme.id, 2, { permissions: read, code: 'insufficient_permissions', calls: 9 }),
      of(acme.id, 2, { isRest: true, calls: 4 }),
      of(acme.id, 20, { permissions: send, calls: 1 }),
      of(bees.id, 1, { permissions: 'emails:read', calls: 6 }),
      of(bees.id, 1, { permissions: 'emails:list', calls: 6 }),
    ])
    const ask = async (input: object) => (await latchkey.usage.read({ group: 'permission', ...input })).rows
    const ofAcme = await ask({ organizationId: 'acme', by: 'total' })
    expect(told(ofAcme)).toEqual([
      ['04-20', read, 12, 3],
      ['04-20', send, 11, 9],
      ['04-20', null, 4, 4],
    ])
    expect(ofAcme[0]).toMatchObject({ name: null, refused: { insufficient_permissions: 9 }, units: [] })
    expect(told(await ask({ organizationId: 'acme', by: 'day', limit: 2 }))).toEqual([
      ['04-30', send, 1, 1],
      ['05-18', read, 9, 0],
      ['05-20', read, 3, 3],
      ['05-20', send, 10, 8],
    ])
    expect(told(await ask({ organizationId: 'acme', by: 'month' }))).toEqual([
      ['04-01', send, 1, 1],
      ['05-01', read, 12, 3],
      ['05-01', send, 10, 8],
      ['05-01', null, 4, 4],
    ])
    const top = { organizationId: 'acme', by: 'total', limit: 1 }
    expect(told(await ask({ ...top, sort: '-valid' }))).toEqual([['04-20', send, 11, 9]])
    expect(told(await ask({ ...top, sort: '-refused' }))).toEqual([['04-20', read, 12, 3]])
    // Of all organizations the last seven days, each whole.
    expect(told(await ask({ by: 'total' }))).toEqual([
      ['05-13', read, 12, 3],
      ['05-13', send, 10, 8],
      ['05-13', 'emails:list', 6, 6],
      ['05-13', 'emails:read', 6, 6],
      ['05-13', null, 4, 4],
    ])
    expect(told(await ask({ by: 'total', keyId: bees.id, limit: 1 }))).toEqual([
      ['04-20', 'emails:list', 6, 6],
    ])
    const since = new Date(begun - dayMs)
    expect(told((await latchkey.usage.readKey(acme.id, { since, group: 'permission' })).rows)).toEqual([
      ['05-20', send, 10, 8],
      ['05-20', read, 3, 3],
    ])
    expect(await ask({ organizationId: 'root' })).toEqual([])
    const refused = (input: object) => refusalOf(ask(input))
    const long = new Date(begun - 91 * dayMs)
    expect(await refused({ organizationId: 'acme', by: 'hour' })).toMatchObject({ errors: [{ path: 'by' }] })
    expect(await refused({ organizationId: 'acme', since: long })).toMatchObject({
      errors: [{ path: 'since' }],
    })
    expect(await refused({ since: new Date(begun - 8 * dayMs) })).toMatchObject({
      errors: [{ path: 'group' }],
    })
    expect(await refused({ by: 'month' })).toMatchObject({ errors: [{ path: 'by' }] })
    expect(await refused({ keyIds: [acme.id] })).toMatchObject({ errors: [{ path: 'keyIds' }] })
  })

  test('is of the own organization over HTTP, and holds a thousand lists apart', async () => {
    await using stage = await openStage(await makeDatabase())
    const { latchkey, acme, bees } = stage
    // A key has 256 profiles a day: of five keys there are more lists than are told apart.
    const keys = [acme]
    for (let i = 0; i < 4; i++)
      keys.push(
        await latchkey.keys.create({ organizationId: 'acme', name: `${i}`, permissions: ['emails:*'] }),
      )
    const lists = keys.flatMap(({ id: keyId }, key) =>
      Array.from({ length: 250 }, (_, i) => ({
        ...{ keyId, at: begun, permissions: `lists:of_${key}_${i}`, calls: i + 2 },
      })),
    )
    await writeProfiles(stage, [
      ...lists,
      { keyId: bees.id, at: begun, permissions: 'lists:of_bees', calls: 1 },
    ])
    const reader = await latchkey.keys.create({
      ...{ organizationId: 'acme', name: 'Reader', permissions: ['latchkey:usage:read'] },
    })
    await using server = await startTestServer(stage.database, { now: stage.clock.now })
    const client = createClient({ url: server.url, token: reader.key })
    const { rows } = await client.usage.read({ by: 'total', group: 'permission', limit: 100 })
    const all = lists.reduce((sum, { calls }) => sum + calls, 0)
    const least = lists.map(({ calls }) => calls).sort((a, b) => b - a)
    const rest = least.slice(1_000).reduce((sum, calls) => sum + calls, 0)
    expect(rows).toHaveLength(100)
    expect([rows[0]?.id, rows[0]?.calls]).toEqual([null, rest])
    expect(rows[1]?.calls).toBe(251)
    expect(rows.some(({ id }) => id === 'lists:of_bees')).toBe(false)
    const days = await client.usage.read({ by: 'day', group: 'permission', limit: 100 })
    expect(days.rows.map(({ id, calls }) => [id, calls])).toEqual(rows.map(({ id, calls }) => [id, calls]))
    expect(rest).toBeLessThan(all)
    for (const [call, code] of [
      [client.usage.read({ group: 'permission', organizationId: 'bees' }), 'organization_not_found'],
      [client.usage.readKey(bees.id, { group: 'permission' }), 'key_not_found'],
    ] as const)
      await expect(call).rejects.toMatchObject({ code })
  })
})
