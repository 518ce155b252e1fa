// A preview of a change of a key whose children are called: it tells of their calls exactly what the change then does.
import { expect, test } from 'vitest'
import { type Latchkey, openLatchkey, type PreviewKeyInput } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy } from './setup/callers.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'

const hour = 3_600_000
const ofAcme = { organizationId: 'acme', name: 'K' }
const places = [undefined, '192.0.2.1', '192.0.2.2']

function make(latchkey: Latchkey, id: string, given: PreviewKeyInput): Promise<unknown> {
  if (given.revoke) return latchkey.keys.revoke(id)
  if (given.suspend) return latchkey.keys.suspend(id)
  return given.rotate ? latchkey.keys.rotate(id, given.rotate) : latchkey.keys.update(id, given)
}

onEachDatabase('a preview of a change of a parent', (makeDatabase) => {
  test('tells which calls of the keys below it the change refuses, and which it cannot know of', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    await createAcme(latchkey)
    const changes: [PreviewKeyInput, { codes: string[]; unknown?: number; laterMs?: number }][] = [
      [{ revoke: true }, { codes: ['revoked'] }],
      [{ suspend: true }, { codes: ['suspended'] }],
      [{ permissions: ['a'] }, { codes: ['insufficient_permissions'] }],
      [{ expiresAt: new Date(clock.now() + hour) }, { codes: ['expired'], laterMs: hour }],
      [{ notBefore: new Date(clock.now() + 2 * hour) }, { codes: ['not_yet_valid'] }],
      [{ rotate: {} }, { codes: ['rotated'] }],
      [{ rotate: { keepChildren: true } }, { codes: ['rotated'] }],
      [{ rotate: { graceSeconds: 60 } }, { codes: ['rotated'], laterMs: 60_000 }],
      [{ allowedIps: ['192.0.2.1'] }, { codes: ['ip_not_allowed'], unknown: 10 }],
      [{ name: 'Other' }, { codes: [] }],
    ]
    for (const [given, { codes, unknown = 0, laterMs = 0 }] of changes) {
      const what = JSON.stringify(given)
      const permissions = ['a', 'b', 'latchkey:self:derive']
      const parent = await latchkey.keys.create({ ...ofAcme, permissions })
      const expiresAt = new Date(clock.now() + 9 * hour)
      const derived = await latchkey.keys.derive(
        { name: 'D', permissions: ['a', 'b'], expiresAt },
        { actor: await callerBy(latchkey, parent.key) },
      )
      const below = await latchkey.keys.create({ ...ofAcme, permissions: ['b'], parentId: derived.id })
      const other = await latchkey.keys.create({ ...ofAcme, permissions: ['a'], parentId: parent.id })
      const gone = await latchkey.keys.create({ ...ofAcme, permissions: ['a'], parentId: parent.id })
      const calls = [
        ...[parent.key, derived.key, other.key].map((token) => ({ token, permissions: ['a'] })),
        ...[derived.key, below.key].map((token) => ({ token, permissions: ['b'] })),
      ]
      const callAll = async () => {
        const verdicts = places.flatMap((ip) =>
          calls.map(({ token, permissions }) =>
            latchkey.verify(token, { permissions, context: ip ? { ip } : {} }),
          ),
        )
        return (await Promise.all(verdicts)).filter(({ valid }) => !valid)
      }
      await latchkey.verify(gone.key)
      await latchkey.keys.revoke(gone.id)
      expect(await callAll()).toEqual([])
      // A second time, so that no sum is right by chance.
      await callAll()
      const preview = await latchkey.keys.preview(parent.id, given)
      expect(preview, what).toMatchObject({ calls: 30, unknown, children: 3, moreChildren: false })
      expect([...new Set(preview.refusals.map(({ code }) => code))], what).toEqual(codes)
      await make(latchkey, parent.id, given)
      clock.advance(laterMs)
      const refused = 2 * (await callAll()).length
      clock.advance(-laterMs)
      // Calls of no known place are refused too, where a place is asked for.
      expect([preview.atLeast, preview.atMost], what).toEqual([refused - unknown, refused])
    }
  })

  test('has at most a hundred of them, and their draws from its limits between bounds', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const parent = await latchkey.keys.create(ofAcme)
    const children = await Promise.all(
      Array.from({ length: 101 }, () => latchkey.keys.create({ ...ofAcme, parentId: parent.id })),
    )
    for (const { key } of [parent, ...children]) await latchkey.verify(key)
    const preview = await latchkey.keys.preview(parent.id, { revoke: true })
    expect(preview).toMatchObject({
      calls: 101,
      atLeast: 101,
      atMost: 101,
      children: 100,
      moreChildren: true,
    })
    const limits = [{ name: 'calls', limit: 1, resets: 'monthly' as const }]
    expect(await latchkey.keys.preview(parent.id, { limits })).toMatchObject({ atLeast: 0, atMost: 100 })
  })
})
