// When and from where a key is valid, set in the console: each entry that is wrong is told by itself, and what is set holds.
import { expect, test } from 'vitest'
import { beginningFault } from '../../console/format/beginnings.ts'
import { networksFault, networksRefusal, readNetworks, writeNetworks } from '../../console/format/networks.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { descriptionOf, fact } from './chromium.ts'

const dayMs = 86_400_000

test('addresses are read from lines, and what is wrong is said of each', () => {
  expect(readNetworks(' 192.0.2.7\n\n10.0.0.0/8, 2001:db8::/32\n192.0.2.7 ')).toEqual([
    '192.0.2.7',
    '10.0.0.0/8',
    '2001:db8::/32',
  ])
  expect(readNetworks(' \n')).toEqual([])
  expect(readNetworks(writeNetworks(['10.0.0.0/8', '::1']))).toEqual(['10.0.0.0/8', '::1'])
  expect(networksFault(['192.0.2.7', '10.0.0.0/8'])).toBeUndefined()
  expect(networksFault(['10.0.0.0/8', '10.0.0.1/8'])).toBe(
    '10.0.0.1/8: Must have no bits behind the length of the network, such as 10.0.0.0/8.',
  )
  expect(networksFault(['fe80::1%eth0', 'here'])).toMatch(
    /^fe80::1%eth0: Must have no zone.* here: Must be an address/,
  )
  expect(networksFault(Array.from({ length: 5 }, (_, i) => `x${i}`))).toMatch(/x2: .* There are 2 more\.$/)
  expect(networksFault(Array.from({ length: 33 }, (_, i) => `192.0.2.${i}`))).toBe(
    'Must have at most 32 addresses and networks, and has 33.',
  )
  expect(networksFault(['x'.repeat(1_000)])?.length).toBeLessThan(200)
})

test('what the server says of an entry is told at that entry, and of the list as it is', () => {
  const sent = ['10.0.0.0/8', '10.0.0.1/8']
  expect(networksRefusal([{ path: 'allowed_ips[1]', message: 'No.' }], sent)).toBe('10.0.0.1/8: No.')
  expect(networksRefusal([{ path: 'allowed_ips', message: 'Too many.' }], sent)).toBe('Too many.')
  expect(networksRefusal([{ path: 'name', message: 'No.' }], sent)).toBeUndefined()
})

test('a key begins before it expires', () => {
  const [early, late] = ['2030-01-01T00:00:00Z', '2030-01-02T00:00:00Z']
  expect(beginningFault(null, early)).toBeUndefined()
  expect(beginningFault(early, late)).toBeUndefined()
  expect(beginningFault(late, null)).toBeUndefined()
  expect(beginningFault(late, early)).toMatch(/expire before it begins/)
  expect(beginningFault(early, early)).toMatch(/expire before it begins/)
  expect(beginningFault(undefined, null)).toMatch(/Enter a date/)
})

onOneDatabase(
  'SQLite',
  `when and from where a key is valid, in the console${browserNote}`,
  (makeDatabase) => {
    const browser = useBrowser()

    test.skipIf(skipsBrowser)('is given to a new key, with its prefix where there are several', async () => {
      const server = await browser.serve(await makeDatabase())
      await createAcme(server.latchkey)
      const { keys, verify } = server.latchkey
      const path = '/organizations/acme/new-key'
      const page = await browser.open(server, { token: server.rootKey, path, timezoneId: 'Asia/Kolkata' })
      await page.getByLabel('Name', { exact: true }).fill('Bound')
      expect(await page.getByRole('group', { name: 'Prefix' }).count()).toBe(0)
      await keys.setPrefixes({ prefixes: ['re', 're_test'] })
      await page.reload()
      await page.getByRole('radio', { name: 're_test' }).check()
      await page.getByLabel('Name', { exact: true }).fill('Bound')
      await page.getByRole('radio', { name: '30 days' }).check()
      await page.getByRole('radio', { name: 'From a date on' }).check()
      const create = page.getByRole('button', { name: 'Create key' })
      await create.click()
      await page.getByText('Enter a date and a time, or choose at once.').waitFor()
      const begins = page.getByLabel('Begins on, in your time zone')
      const year = new Date().getUTCFullYear() + 1
      await begins.fill(`${year}-12-31T09:30`)
      await create.click()
      await page.getByText('The key would expire before it begins.').waitFor()
      await page.getByRole('radio', { name: 'Never' }).check()
      const addresses = page.getByLabel('Allowed addresses')
      await addresses.fill('192.0.2.7\n10.0.0.1/8')
      await create.click()
      await page.getByText('10.0.0.1/8: Must have no bits').waitFor()
      expect(await descriptionOf(addresses)).toContain('10.0.0.1/8: Must have no bits')
      expect((await keys.list({ organizationId: 'acme' })).items).toEqual([])
      await addresses.fill('192.0.2.7\n10.0.0.0/8')
      await create.click()
      await page.getByText('Store it now').waitFor()
      await page.getByText(`works from December 31, ${year}`).waitFor()
      const [made] = (await keys.list({ organizationId: 'acme', prefix: 're_test' })).items
      expect(made).toMatchObject({
        name: 'Bound',
        notBefore: new Date(`${year}-12-31T04:00:00.000Z`),
        allowedIps: ['192.0.2.7', '10.0.0.0/8'],
      })
      const token = await page.getByText(/^re_test_\w{65}$/).innerText()
      expect((await verify(token)).code).toBe('not_yet_valid')
    })

    test.skipIf(skipsBrowser)('is changed on its page, and holds', async () => {
      const server = await browser.serve(await makeDatabase())
      await createAcme(server.latchkey)
      const { keys, verify } = server.latchkey
      const { id, key } = await keys.create({
        organizationId: 'acme',
        name: 'Free',
        expiresAt: new Date(Date.now() + 30 * dayMs),
      })
      const codeFrom = async (ip: string) => (await verify(key, { context: { ip } })).code
      const page = await browser.open(server, { token: server.rootKey, path: `/keys/${id}` })
      const dialog = page.getByRole('dialog')
      const save = async () => {
        await dialog.getByRole('button', { name: 'Save', exact: true }).click()
        await dialog.waitFor({ state: 'detached' })
      }
      expect(await fact(page, 'Begins').innerText()).toContain('At once')
      await page.getByRole('button', { name: 'Edit the allowed addresses' }).click()
      await dialog.getByLabel('Allowed addresses').fill('::ffff:192.0.2.0/120')
      await save()
      // In its one form.
      await page.getByRole('list', { name: 'Allowed addresses' }).getByText('192.0.2.0/24').waitFor()
      expect([await codeFrom('192.0.2.7'), await codeFrom('198.51.100.1')]).toEqual([
        'valid',
        'ip_not_allowed',
      ])

      await page.getByRole('button', { name: 'Change the beginning' }).click()
      await dialog.getByRole('radio', { name: 'From a date on' }).check()
      const day = (days: number) => new Date(Date.now() + days * dayMs).toISOString().slice(0, 16)
      const begins = dialog.getByLabel('Begins on, in your time zone')
      await begins.fill(day(40))
      await dialog.getByRole('button', { name: 'Save', exact: true }).click()
      await dialog.getByText('The key would expire before it begins.').waitFor()
      await begins.fill(day(10))
      await save()
      await fact(page, 'Begins').locator('time').first().waitFor()
      expect(await codeFrom('192.0.2.7')).toBe('not_yet_valid')
      // Nor may it expire before it begins.
      await page.getByRole('button', { name: 'Change the expiry' }).click()
      await dialog.getByRole('radio', { name: '7 days' }).check()
      await dialog.getByRole('button', { name: 'Save', exact: true }).click()
      await dialog.getByText('The key would expire before it begins.').waitFor()
      await dialog.getByRole('button', { name: 'Cancel' }).click()

      await page.getByRole('button', { name: 'Change the beginning' }).click()
      await dialog.getByRole('radio', { name: 'At once' }).check()
      await save()
      await page.getByRole('button', { name: 'Edit the allowed addresses' }).click()
      await dialog.getByLabel('Allowed addresses').fill('')
      await save()
      await page.getByText('It may be used from anywhere.').waitFor()
      expect(await codeFrom('198.51.100.1')).toBe('valid')
    })
  },
)
