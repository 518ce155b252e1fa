// Plans in the console: made, changed, deleted, and chosen for an organization, whose pages show what they add.
import { expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { isFocused, refusalOf } from './chromium.ts'

onOneDatabase('SQLite', `plans in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()
  const serve = async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    return server
  }

  test.skipIf(skipsBrowser)('a plan is made, changed for its organizations, and deleted', async () => {
    const server = await serve()
    const { plans, organizations } = server.latchkey
    const page = await browser.open(server, { token: server.rootKey, path: '/settings/plans' })
    await page.getByText('No plan yet').waitFor()
    await page.getByRole('button', { name: 'New plan' }).click()
    const making = page.getByRole('dialog', { name: 'New plan' })
    const create = making.getByRole('button', { name: 'Create plan' })
    await create.click()
    await making.getByText('A name has 1 to 32 lower-case letters').waitFor()
    await expect.poll(() => isFocused(making.getByRole('textbox', { name: 'Name' }))).toBe(true)
    await making.getByRole('textbox', { name: 'Name' }).fill('pro')
    const each = making.getByRole('group', { name: /^Limits of each key/ })
    await each.getByRole('button', { name: 'Add a limit' }).click()
    await each.getByLabel('Name').fill('requests')
    await each.getByLabel('Units').fill('100')
    const together = making.getByRole('group', { name: /^Limits of the organization/ })
    await together.getByRole('button', { name: 'Add a limit' }).click()
    await together.getByLabel('Name').fill('credits')
    await together.getByLabel('Units').fill('10,000')
    await together.getByLabel('Per').selectOption({ label: 'each month' })
    await making.getByLabel('Bound what its keys may do').check()
    await making.getByRole('combobox', { name: 'What its keys may do' }).fill('emails:*')
    await create.click()
    const card = page.getByRole('list', { name: 'Plans' }).locator('> li')
    await card.waitFor()
    expect(await card.innerText()).toMatch(
      /pro[\s\S]*Each key\s+requests 100 per minute\s+All keys[\s\S]*credits 10,000 each month\s+Keys may do\s+emails:\*/,
    )
    expect(await plans.get('pro')).toMatchObject({
      permissions: ['emails:*'],
      keyLimits: [{ name: 'requests', limit: 100, windowSeconds: 60 }],
      limits: [{ name: 'credits', limit: 10_000, resets: 'monthly' }],
    })

    await page.getByRole('button', { name: 'New plan' }).click()
    await making.getByRole('textbox', { name: 'Name' }).fill('pro')
    await create.click()
    await making.getByText('Another plan has this name').waitFor()
    await making.getByRole('button', { name: 'Cancel' }).click()

    await organizations.update('acme', { plan: 'pro' })
    await page.getByRole('button', { name: 'Edit the plan pro' }).click()
    const editing = page.getByRole('dialog', { name: 'Edit the plan pro' })
    await editing.getByText('It changes 1 organization within two seconds.').waitFor()
    await editing.getByLabel('Units').first().fill('500')
    await editing.getByLabel('Bound what its keys may do').uncheck()
    // What others changed meanwhile stays.
    await plans.update('pro', { limits: [{ name: 'credits', limit: 7, resets: 'monthly' }] })
    await editing.getByRole('button', { name: 'Save' }).click()
    await editing.getByRole('alert').getByText('credits: 7 each month').waitFor()
    await editing.getByRole('button', { name: 'Save on top' }).click()
    await editing.waitFor({ state: 'detached' })
    expect(await plans.get('pro')).toMatchObject({
      permissions: null,
      keyLimits: [{ limit: 500 }],
      limits: [{ limit: 7 }],
    })
    await card.getByText('500 per minute').waitFor()

    const ending = page.getByRole('dialog', { name: 'Delete the plan pro' })
    const end = ending.getByRole('button', { name: 'Delete permanently' })
    await page.getByRole('button', { name: 'Delete the plan pro' }).click()
    await ending.getByText('On this plan: 1 organization').waitFor()
    expect(await refusalOf(end)).toBe('Organizations are on this plan.')
    await ending.getByRole('button', { name: 'Cancel' }).click()
    await organizations.update('acme', { plan: null })
    await page.getByRole('button', { name: 'Delete the plan pro' }).click()
    await ending.getByText('No organization is on it.').waitFor()
    expect(await refusalOf(end)).toBe('Type the name of the plan first.')
    await ending.getByLabel('Type pro to confirm').fill('pro')
    await end.click()
    await page.getByText('No plan yet').waitFor()
    expect((await plans.list()).items).toEqual([])
  })

  test.skipIf(skipsBrowser)(
    'an organization is put on a plan, and shows what that adds, as its keys do',
    async () => {
      const server = await serve()
      const { plans, keys, organizations } = server.latchkey
      await plans.create({
        name: 'pro',
        limits: [{ name: 'credits', limit: 50, resets: 'monthly' }],
        keyLimits: [{ name: 'requests', limit: 100, windowSeconds: 86_400 }],
      })
      const { id } = await keys.create({ organizationId: 'acme', name: 'CI' })
      const page = await browser.open(server, { token: server.rootKey, path: '/organizations/acme/limits' })
      await page.getByRole('button', { name: 'Limits', exact: true }).click()
      const dialog = page.getByRole('dialog', { name: 'Limits of the organization' })
      await dialog.getByRole('option', { name: 'pro' }).waitFor({ state: 'attached' })
      await dialog.getByLabel('Plan').selectOption('pro')
      await dialog.getByRole('button', { name: 'Save' }).click()
      const limits = page.getByRole('region', { name: 'Limits' })
      await limits.getByText('50 of 50 left').waitFor()
      expect(await limits.innerText()).toContain('By the plan pro')
      await limits.getByRole('button', { name: 'Add units to credits' }).click()
      await page.getByRole('dialog').getByLabel('Units').fill('5')
      await page.getByRole('dialog').getByRole('button', { name: 'Add units' }).click()
      await limits.getByText('55 of 55 left').waitFor()

      await page.goto(`/keys/${id}/limits`)
      await limits.getByText('100 of 100 left').waitFor()
      await limits.getByText('By the plan pro').waitFor()
      expect(await limits.getByRole('button', { name: /^Add units/ }).count()).toBe(0)

      await page.goto('/organizations/acme/limits')
      await page.getByRole('button', { name: 'Limits', exact: true }).click()
      expect(await dialog.getByLabel('Plan').inputValue()).toBe('pro')
      await dialog.getByLabel('Plan').selectOption('')
      await dialog.getByRole('button', { name: 'Save' }).click()
      await dialog.waitFor({ state: 'detached' })
      await limits.waitFor({ state: 'detached' })
      expect((await organizations.get('acme')).plan).toBeNull()

      await page.goto('/organizations')
      await page.getByRole('button', { name: 'New organization' }).click()
      const making = page.getByRole('dialog', { name: 'New organization' })
      await making.getByLabel('Name', { exact: true }).fill('Globex')
      await making.getByLabel('Id').fill('globex')
      await making.getByRole('option', { name: 'pro' }).waitFor({ state: 'attached' })
      await making.getByLabel('Plan').selectOption('pro')
      await making.getByRole('button', { name: 'Create organization' }).click()
      await page.getByRole('link', { name: 'Limits', exact: true }).click()
      await limits.getByText('By the plan pro').waitFor()
      expect((await organizations.get('globex')).plan).toBe('pro')
    },
  )

  test.skipIf(skipsBrowser)(
    'who may not set limits reads plans and changes none, and others see none',
    async () => {
      const server = await serve()
      const { plans, keys } = server.latchkey
      await plans.create({ name: 'pro' })
      const reader = await keys.create({
        organizationId: 'root',
        name: 'Reader',
        permissions: ['latchkey:keys:read', 'latchkey:organizations:read'],
      })
      const page = await browser.open(server, { token: reader.key, path: '/settings/plans' })
      const edit = page.getByRole('button', { name: 'Edit the plan pro' })
      await edit.waitFor()
      const why = 'Your key lacks the permission latchkey:limits:write.'
      expect(await refusalOf(edit)).toBe(why)
      expect(await refusalOf(page.getByRole('button', { name: 'New plan' }))).toBe(why)
      const admin = await keys.create({ organizationId: 'acme', name: 'Admin', permissions: ['latchkey:*'] })
      const own = await browser.open(server, { token: admin.key, path: '/settings/plans' })
      await own.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
      expect(await own.getByRole('link', { name: 'Plans' }).count()).toBe(0)
    },
  )

  test.skipIf(skipsBrowser)(
    'a list that cannot be renewed stays, with what was saved, and says so',
    async () => {
      const server = await serve()
      const { plans } = server.latchkey
      await plans.create({ name: 'pro' })
      const page = await browser.open(server, { token: server.rootKey, path: '/settings/plans' })
      await page.getByRole('button', { name: 'Edit the plan pro' }).click()
      await page.getByLabel('Bound what its keys may do').check()
      await page.getByRole('combobox', { name: 'What its keys may do' }).fill('emails:*')
      await page.route('**/v1/plans?*', (route) => route.fulfill({ status: 429, json: {} }))
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
      await page.getByRole('alert').getByText('The list could not be renewed').waitFor()
      // With what was saved.
      await page.getByRole('list', { name: 'Plans' }).getByText('emails:*').waitFor()
    },
  )
})
