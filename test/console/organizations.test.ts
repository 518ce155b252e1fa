// Journeys of the operator among organizations: from none at all to found again, each from an empty server.
import { expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { callByHand, descriptionOf, go, isFocused } from './chromium.ts'

onOneDatabase('PostgreSQL', `organizations in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('an empty server says what to do first, and the way leads to a key', async () => {
    const server = await browser.serve(await makeDatabase())
    const page = await browser.open(server, { token: server.rootKey, path: '/organizations' })
    await page.getByRole('heading', { name: 'No customer yet' }).waitFor()
    // The operator's own is there from the first, and is named so.
    await page.getByRole('row', { name: /root.*operator/i }).waitFor()
    await page.getByRole('button', { name: 'Create the first organization' }).click()
    const dialog = page.getByRole('dialog', { name: 'New organization' })
    await dialog.getByLabel('Name').fill('Acme Robotics')
    await dialog.getByLabel('Id').fill('acme')
    await dialog.getByRole('button', { name: 'Create organization' }).click()
    await page.getByRole('heading', { level: 1, name: 'Acme Robotics' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/organizations/acme')
    expect(await server.latchkey.organizations.get('acme')).toMatchObject({ name: 'Acme Robotics' })
    await page.getByRole('link', { name: 'Create the first key' }).click()
    await page.waitForURL('**/organizations/acme/new-key')
  })

  test.skipIf(skipsBrowser)(
    'one is created without an id too, and a refusal says why at its field and loses nothing',
    async () => {
      const server = await browser.serve(await makeDatabase())
      await server.latchkey.organizations.create({ id: 'acme', name: 'The first' })
      const page = await browser.open(server, { token: server.rootKey, path: '/organizations' })
      await page.getByRole('button', { name: 'New organization' }).click()
      const dialog = page.getByRole('dialog', { name: 'New organization' })
      const [name, id] = [dialog.getByLabel('Name'), dialog.getByLabel('Id')]
      const create = dialog.getByRole('button', { name: 'Create organization' })
      const isAtFault = async (field: typeof id, words: RegExp) => {
        await dialog.getByText(words).waitFor()
        await expect.poll(() => isFocused(field)).toBe(true)
        expect(await field.getAttribute('aria-invalid')).toBe('true')
        // Whoever reads by ear is told why with the field.
        expect(await descriptionOf(field)).toMatch(words)
      }
      await create.click()
      await isAtFault(name, /256 characters/)
      await name.fill('The second')
      await id.fill('no spaces here')
      await create.click()
      await isAtFault(id, /A-Z a-z 0-9/)
      await id.fill('acme')
      await create.click()
      await isAtFault(id, /Another organization has this id/)
      expect(await name.inputValue()).toBe('The second')
      expect(await dialog.getByRole('link').getAttribute('href')).toBe('/organizations/acme')
      expect(await server.latchkey.organizations.get('acme')).toMatchObject({ name: 'The first' })

      await id.fill('')
      await create.click()
      await page.getByRole('heading', { level: 1, name: 'The second' }).waitFor()
      const made = new URL(page.url()).pathname.split('/')[2] as string
      expect(made).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      expect(await server.latchkey.organizations.get(made)).toMatchObject({ name: 'The second' })
    },
  )

  test.skipIf(skipsBrowser)(
    'each is found by a part of its name or id, opened and renamed, and the search is there again',
    async () => {
      const server = await browser.serve(await makeDatabase())
      for (const [id, name] of [
        ['acme', 'Acme Robotics'],
        ['cust-42', 'Globex'],
        ['initech', 'Initech'],
      ] as const)
        await server.latchkey.organizations.create({ id, name })
      const page = await browser.open(server, { token: server.rootKey, path: '/organizations' })
      const names = () => page.getByRole('table').getByRole('link').allInnerTexts()
      await page.getByText('4 organizations').waitFor()
      expect(new Set(await names())).toEqual(new Set(['Acme Robotics', 'Globex', 'Initech', 'Root']))
      const search = page.getByLabel('Search by name or id')
      await search.fill('ROBOT')
      await page.getByText('1 organization', { exact: true }).waitFor()
      expect(await names()).toEqual(['Acme Robotics'])
      await search.fill('t-42')
      await page.getByRole('link', { name: 'Globex' }).waitFor()
      expect(await names()).toEqual(['Globex'])

      // Wherever its row is pressed.
      await page
        .getByRole('row', { name: /Globex/ })
        .getByRole('cell')
        .nth(1)
        .click()
      await page.getByRole('heading', { level: 1, name: 'Globex' }).waitFor()
      await page
        .getByRole('navigation', { name: 'Parts of Globex' })
        .getByRole('link', { name: 'Settings' })
        .click()
      await page.getByRole('button', { name: 'Rename' }).click()
      const dialog = page.getByRole('dialog', { name: 'Rename the organization' })
      expect(await dialog.getByLabel('Name').inputValue()).toBe('Globex')
      await dialog.getByLabel('Name').fill('Globex <b>Corporation</b>')
      // Neither Escape nor a press beside the window drops what was typed.
      const ask = page.getByRole('dialog', { name: 'Discard what you typed?' })
      for (const leave of [() => page.keyboard.press('Escape'), () => page.mouse.click(5, 5)]) {
        await leave()
        await ask.getByRole('button', { name: 'Continue to edit' }).click()
        await ask.waitFor({ state: 'detached' })
        // Only when it has the focus again does the window below hear the next of these.
        await expect.poll(() => isFocused(dialog.getByLabel('Name'))).toBe(true)
      }
      expect(await dialog.getByLabel('Name').inputValue()).toBe('Globex <b>Corporation</b>')
      await dialog.getByRole('button', { name: 'Rename' }).click()
      await page.getByRole('heading', { level: 1, name: 'Globex <b>Corporation</b>' }).waitFor()
      await dialog.waitFor({ state: 'detached' })
      const renamed = { id: 'cust-42', name: 'Globex <b>Corporation</b>' }
      expect(await server.latchkey.organizations.get('cust-42')).toMatchObject(renamed)

      await page.goBack()
      await page.goBack()
      await page.getByRole('link', { name: renamed.name }).waitFor()
      for (const again of ['back', 'reload']) {
        if (again === 'reload') await page.reload()
        await page.getByText('1 organization', { exact: true }).waitFor()
        expect(await search.inputValue(), again).toBe('t-42')
        expect(await names(), again).toEqual([renamed.name])
      }
      await search.fill('nobody')
      await page.getByText('No organization has this text in its name or id').waitFor()
      await page.getByRole('button', { name: 'Clear the search' }).click()
      await page.getByText('4 organizations').waitFor()
      expect(new URL(page.url()).search).toBe('')
    },
  )

  test.skipIf(skipsBrowser)(
    'an administrator of one lands in it, and one who may only read them creates none',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const { keys, organizations } = server.latchkey
      await createAcme({ organizations })
      const admin = await keys.create({
        organizationId: 'acme',
        name: 'Admin',
        permissions: ['latchkey:keys:*'],
      })
      const reader = await keys.create({
        organizationId: 'root',
        name: 'Reader',
        permissions: ['latchkey:keys:read', 'latchkey:organizations:read'],
      })
      const own = await browser.open(server, { token: admin.key })
      // By its name, without a permission to read organizations: it is its own.
      await own.getByRole('heading', { level: 1, name: 'Acme', exact: true }).waitFor()
      await own.getByRole('banner').getByText('Acme', { exact: true }).waitFor()
      expect(new URL(own.url()).pathname).toBe('/organizations/acme')
      await go(own, '/organizations')
      expect(new URL(own.url()).pathname).toBe('/organizations/acme')

      const page = await browser.open(server, { token: reader.key, path: '/organizations' })
      const create = page.getByRole('button', { name: 'New organization' })
      await create.waitFor()
      expect(await descriptionOf(create)).toBe('Your key lacks the permission latchkey:organizations:write.')
      await create.click({ force: true })
      await page.keyboard.press('n')
      expect(await page.getByRole('dialog').count()).toBe(0)
      expect(await callByHand(page, 'POST', '/v1/organizations', { name: 'By hand' })).toBe(403)
    },
  )
})
