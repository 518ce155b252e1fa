// Decoys in the console: planted, found by their filter, and what their page says once somebody has tried one.
import { expect, test } from 'vitest'
import { decoyInShort } from '../../console/format/decoys.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { refusalOf } from './chromium.ts'

test('how often a decoy was tried is told in words', () => {
  const told = [0, 1, 2, 1234].map((tries) => decoyInShort({ tries, last_tried_at: null }))
  expect(told).toEqual([
    ...['Decoy, not tried', 'Decoy, tried once'],
    ...['Decoy, tried twice', 'Decoy, tried 1,234 times'],
  ])
})

onOneDatabase('SQLite', `a decoy in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('is planted, listed alone, and says that it was tried', async () => {
    const server = await browser.serve(await makeDatabase())
    const { keys } = server.latchkey
    await createAcme(server.latchkey)
    await keys.create({ organizationId: 'acme', name: 'CI' })
    const path = '/organizations/acme/new-key'
    const page = await browser.open(server, { token: server.rootKey, path })
    await page.getByLabel('Name', { exact: true }).fill('Backup of the mailer')
    await page.getByRole('checkbox', { name: 'Decoy' }).check()
    await page.getByRole('button', { name: 'Create key' }).click()
    await page.getByLabel('I have stored the token').check()
    await page.getByRole('button', { name: 'Done' }).click()
    const [decoy] = (await keys.list({ organizationId: 'acme', decoy: true })).items
    expect(decoy).toMatchObject({ name: 'Backup of the mailer', decoy: { tries: 0 } })

    const planted = await keys.create({ organizationId: 'acme', name: 'Old wiki', decoy: true })
    // Nobody should use one: it is not among the keys that wait to be used.
    const counted = page.waitForRequest((request) => {
      const { searchParams } = new URL(request.url())
      return searchParams.has('count') && searchParams.get('never_used') === 'true'
    })
    await page.goto(`${server.url}/`)
    expect(new URL((await counted).url()).searchParams.get('decoy')).toBe('false')
    await page.goto(`${server.url}/organizations/acme?only=never-used`)
    await page.getByText('1 key', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'CI', exact: true }).waitFor()

    await page.goto(`${server.url}/organizations/acme?decoy=true`)
    await page.getByText('Decoy, not tried').first().waitFor()
    expect(await page.getByRole('link', { name: 'CI', exact: true }).count()).toBe(0)
    // What is cut where there is no room is the hint.
    const line = page.getByText('Decoy, not tried').first().locator('..')
    expect(await line.textContent()).toMatch(/^Decoy, not tried · re_/)
    await page.goto(`${server.url}/keys/${planted.id}`)
    await page.getByText('This is a decoy').waitFor()
    expect(await refusalOf(page.getByRole('button', { name: 'Rotate' }))).toContain('never rotated')

    await server.latchkey.verify(planted.key, { context: { ip: '192.0.2.7' } })
    await expect.poll(async () => (await keys.get(planted.id)).decoy?.tries, { timeout: 5_000 }).toBe(1)
    await page.reload()
    await page.getByText('Somebody has tried this decoy').waitFor()
    await page.getByText('It was tried once').waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Activity' }).click()
    await page.getByText('Noted that somebody tried the decoy').waitFor()
    await page.getByText('192.0.2.7').waitFor()
  })
})
