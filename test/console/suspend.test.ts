// Suspending and resuming keys and organizations in the console: it holds at once, and both pages tell of it.
import { expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { fact, visit } from './chromium.ts'

onOneDatabase('SQLite', `suspending in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)(
    'refuses a key, or all keys of an organization, until it is resumed',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const { keys, organizations, verify } = server.latchkey
      await createAcme({ organizations })
      const notBefore = new Date('2026-01-31T12:00:00Z')
      const { id, key } = await keys.create({ organizationId: 'acme', name: 'Mailer', notBefore })
      const codeOf = async () => (await verify(key)).code
      const page = await browser.open(server, { path: `/keys/${id}`, token: server.rootKey })
      await fact(page, 'Begins').locator('time').first().waitFor()

      await page.getByRole('button', { name: 'Suspend', exact: true }).click()
      const suspending = page.getByRole('dialog', { name: 'Suspend the key' })
      await suspending.getByLabel('Reason').fill('Unpaid <b>invoice</b>')
      await suspending.getByRole('button', { name: 'Suspend', exact: true }).click()
      await suspending.waitFor({ state: 'detached' })
      await page.getByRole('status').filter({ hasText: 'The key is suspended' }).first().waitFor()
      await page.getByText('Unpaid <b>invoice</b>').first().waitFor()
      await page.locator('main header').getByText('Suspended', { exact: true }).waitFor()
      expect(await codeOf()).toBe('suspended')
      await page.getByRole('button', { name: 'Resume', exact: true }).click()
      const resuming = page.getByRole('dialog', { name: 'Resume the key' })
      await resuming.getByRole('button', { name: 'Resume', exact: true }).click()
      await resuming.waitFor({ state: 'detached' })
      await page.locator('main header').getByText('Active', { exact: true }).waitFor()
      expect(await codeOf()).toBe('valid')

      await visit(page, '/organizations/acme/settings')
      await page.getByRole('button', { name: 'Suspend', exact: true }).click()
      const organization = page.getByRole('dialog', { name: 'Suspend the organization' })
      await organization.getByRole('button', { name: 'Suspend', exact: true }).click()
      await organization.waitFor({ state: 'detached' })
      await page.getByText('The organization is suspended').waitFor()
      expect(await codeOf()).toBe('suspended')
      await page.getByRole('link', { name: 'Keys', exact: true }).last().click()
      await page.getByRole('link', { name: 'Mailer', exact: true }).click()
      await page.getByText('Its organization is suspended').waitFor()
      await page.getByText('Its tokens are refused with all others of').getByRole('link').click()
      await page.getByRole('link', { name: 'Go to its settings' }).click()
      await page.getByRole('button', { name: 'Resume', exact: true }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Resume', exact: true }).click()
      await page.getByText('The organization is suspended').waitFor({ state: 'detached' })
      expect(await codeOf()).toBe('valid')
      // The root organization has no such button.
      await visit(page, '/organizations/root/settings')
      await page.getByRole('button', { name: 'Rename' }).waitFor()
      expect(await page.getByRole('button', { name: 'Suspend', exact: true }).count()).toBe(0)
    },
  )
})
