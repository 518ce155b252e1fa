// From where a key is called, on its page, until that is forgotten; and what other limits would have refused.
import { expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { dayMs, type GivenProfile, writeProfiles } from '../setup/profiles.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { fact, refusalOf } from './chromium.ts'

onOneDatabase('SQLite', `the places of a key${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  async function openKey(
    profiles: Partial<GivenProfile>[],
    { as = ['*', 'latchkey:*'], revoked = false }: { as?: string[]; revoked?: boolean } = {},
  ) {
    const database = await makeDatabase()
    const server = await browser.serve(database)
    const { keys } = server.latchkey
    await createAcme(server.latchkey)
    const key = await keys.create({ organizationId: 'acme', name: 'Mailer', permissions: ['emails:*'] })
    await writeProfiles(
      { database },
      profiles.map((profile) => ({ keyId: key.id, kid: key.hint.slice(3, 19), at: Date.now(), ...profile })),
    )
    if (revoked) await keys.revoke(key.id)
    const { key: token } = await keys.create({ organizationId: 'acme', name: 'Admin', permissions: as })
    const page = await browser.open(server, { path: `/keys/${key.id}/usage`, token })
    return { server, key, database, page, places: page.getByRole('region', { name: 'Places', exact: true }) }
  }

  const forget = 'Forget the places'
  const cellsOf = (text: string) => text.split(/\t|\n/).map((cell) => cell.trim())

  test.skipIf(skipsBrowser)(
    'are told by secret, the last seen ones first, and forgotten for good',
    async () => {
      const { server, key, page, places } = await openKey(
        [
          { ip: '192.0.2.7', userAgent: 'curl/8', calls: 1204, at: Date.now() - 3 * dayMs },
          { ip: '2001:db8::1', kid: 'anotherSecret000', at: Date.now() - dayMs },
          ...Array.from({ length: 8 }, (_, i) => ({
            ip: `198.51.100.${i}`,
            at: Date.now() - 10 * dayMs - i,
          })),
        ],
        { revoked: true },
      )
      await server.latchkey.verify(key.key, { context: { ip: '192.0.2.7', operation: 'POST /emails' } })
      const rows = places.getByRole('row')
      await rows.first().waitFor()
      expect(await rows.count()).toBe(9)
      const [, first, second] = (await rows.allInnerTexts()).map(cellsOf)
      expect(first).toEqual(['2001:db8::1', 'Not known', 'anothe…', '1', expect.any(String), '1 day ago'])
      expect(second?.slice(0, 4)).toEqual(['192.0.2.7', 'curl', `${key.hint.slice(3, 9)}… newest`, '1,204'])
      expect(await places.getByText('These are not all').count()).toBe(0)
      await places.getByRole('button', { name: 'Show all 10' }).click()
      expect(await rows.count()).toBe(11)
      await places.getByRole('button', { name: forget }).click()
      await page.getByRole('button', { name: 'Keep them' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      expect((await server.latchkey.keys.readPlaces(key.id)).callers).toHaveLength(10)
      await places.getByRole('button', { name: forget }).click()
      await page.getByRole('dialog').getByRole('button', { name: forget }).click()
      await places.getByText('Of the calls that there were no place is known.').waitFor()
      expect(await places.getByRole('button').count()).toBe(0)
      expect((await server.latchkey.keys.readPlaces(key.id)).callers).toEqual([])
      await page.getByRole('main').getByRole('link', { name: 'Activity' }).click()
      await page.getByRole('region', { name: 'History' }).getByText('Forgot the places of the key').waitFor()
    },
  )

  test.skipIf(skipsBrowser)(
    'are nothing of a key that is not called, and none to who may not read usage',
    async () => {
      const { server, key, page, places } = await openKey([])
      await places.getByText('No call yet told of its place.').waitFor()
      await server.latchkey.verify(key.key, { context: { ip: '192.0.2.7', operation: 'POST /emails' } })
      await page.reload()
      await page.getByRole('main').getByRole('link', { name: 'Summary' }).click()
      await fact(page, 'Last used').first().getByText('POST /emails from 192.0.2.7').waitFor()
      const { page: blind, places: hidden } = await openKey([{ ip: '192.0.2.7' }], {
        as: ['*', 'latchkey:keys:*'],
      })
      await blind.getByText('Your key lacks the permission latchkey:usage:read.').waitFor()
      expect(await hidden.count()).toBe(0)
      const { places: shown } = await openKey([{ ip: '192.0.2.7' }, {}], {
        as: ['*', 'latchkey:keys:read', 'latchkey:usage:read'],
      })
      await shown.getByText('These are not all: of some calls no place is known').waitFor()
      expect(await refusalOf(shown.getByRole('button', { name: forget }))).toBe(
        'Your key lacks the permission latchkey:keys:write.',
      )
    },
  )

  test.skipIf(skipsBrowser)('other limits tell between which bounds they would have refused', async () => {
    const { server, key, database, page } = await openKey([])
    const { id: keyId, organizationId } = key
    const at = Date.now() - 2 * dayMs
    await writeProfiles(
      { database },
      [{ keyId, kid: key.hint.slice(3, 19), at, calls: 60 }],
      [{ keyId, organizationId, hour: Math.floor(at / 3_600_000), measure: 'valid', amount: 60 }],
    )
    const dialog = page.getByRole('dialog')
    await page.getByRole('main').getByRole('link', { name: 'Limits' }).click()
    await page.getByRole('button', { name: 'Edit the limits' }).click()
    await dialog.getByRole('button', { name: 'Add a limit' }).click()
    expect(await dialog.getByText('last 30 days').count()).toBe(0)
    await dialog.getByLabel('Name').fill('requests')
    await dialog.getByLabel('Units').fill('10')
    await dialog.getByLabel('Per').selectOption({ label: 'each day' })
    await dialog.getByText('Would have refused 50 calls of the last 30 days').waitFor()
    // Which kinds of calls these are depends on their order.
    expect(await dialog.getByText(/other kinds?/).count()).toBe(0)
    await dialog.getByLabel('Per').selectOption({ label: 'per minute' })
    await dialog.getByText(/^Might have refused up to \d+ calls of the last 30 days$/).waitFor()
    await dialog.getByText('It depends on how soon calls follow each other').waitFor()
    await dialog.getByLabel('Units').fill('1000')
    await dialog.getByText('No call of the last 30 days would have been refused.').waitFor()
    expect((await server.latchkey.keys.get(keyId)).limits).toEqual([])
  })
})
