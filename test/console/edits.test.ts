// Two administrators edit the same: who saves last sees what the other has changed, and nothing that was taken away comes back.
import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'

onOneDatabase('SQLite', `edits by two administrators${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  async function openTwice() {
    const server = await browser.serve(await makeDatabase())
    const { keys, organizations, plans } = server.latchkey
    await createAcme(server.latchkey)
    await plans.create({ name: 'pro', permissions: ['emails:*', 'domains:read'] })
    const permissions = ['emails:send', 'domains:read']
    const key = await keys.create({ organizationId: 'acme', name: 'Mailer', permissions })
    const open = (path: string) => browser.open(server, { path, token: server.rootKey, own: true })
    return { server, key, keys, organizations, plans, open }
  }

  const openEdit = async (page: Page, button: string) => {
    await page.getByRole('button', { name: button, exact: true }).first().click()
    return page.getByRole('dialog')
  }
  const press = (page: Page, name: string) => page.getByRole('dialog').getByRole('button', { name }).click()
  const closed = (page: Page) => page.getByRole('dialog').waitFor({ state: 'detached' })

  const rename = (form: Locator, text: string) => form.getByLabel('Name').fill(text)
  const permit = async (form: Locator, text: string) => {
    await form.getByRole('combobox').fill(text)
    await form.page().keyboard.press('Enter')
  }
  const describe = (form: Locator, text: string) => form.getByLabel('Description').fill(text)

  test.skipIf(skipsBrowser)(
    'one’s own edit is made of the one before it, though it was not read anew since',
    async () => {
      const { server, key, keys, organizations, plans, open } = await openTwice()
      const { webhooks } = server.latchkey
      const { id } = await webhooks.create({ url: 'https://example.com/in', events: ['key.*'] })
      const page = await open('/')
      const editTwice = async (
        path: string,
        read: string,
        [button, save]: [string, string],
        fill: (form: Locator, text: string) => Promise<void>,
      ) => {
        await page.goto(path)
        await page.getByRole('button', { name: button, exact: true }).first().waitFor()
        const { promise: isOver, resolve: end } = Promise.withResolvers<void>()
        await page.route(read, async (route) => {
          if (route.request().method() === 'GET') await isOver
          await route.continue().catch(() => {})
        })
        for (const text of ['one:read', 'other:read']) {
          await fill(await openEdit(page, button), text)
          await press(page, save)
          await closed(page)
        }
        end()
        await page.unroute(read)
      }
      await editTwice(`/keys/${key.id}`, `**/v1/keys/${key.id}`, ['Rename the key', 'Save'], rename)
      expect((await keys.get(key.id)).name).toBe('other:read')
      await editTwice(
        '/organizations/acme/settings',
        '**/v1/organizations/acme',
        ['Rename', 'Rename'],
        rename,
      )
      expect((await organizations.get('acme')).name).toBe('other:read')
      await editTwice('/settings/plans', '**/v1/plans?*', ['Edit the plan pro', 'Save'], permit)
      expect((await plans.get('pro')).permissions).toEqual(expect.arrayContaining(['one:read', 'other:read']))
      await editTwice(`/webhooks/${id}`, `**/v1/webhooks/${id}`, ['Edit the webhook', 'Save'], describe)
      expect((await webhooks.get(id)).description).toBe('other:read')
    },
  )

  test.skipIf(skipsBrowser)(
    'an old form shows both versions, and saves on top of the other one',
    async () => {
      const { key, keys, open } = await openTwice()
      const [one, other] = [await open(`/keys/${key.id}`), await open(`/keys/${key.id}`)]
      const form = await openEdit(one, 'Edit the permissions')
      await form.getByRole('combobox').fill('orders:read')
      await one.keyboard.press('Enter')
      await openEdit(other, 'Edit the permissions')
      await press(other, 'Remove emails:send')
      await press(other, 'Save')
      await closed(other)
      await press(one, 'Save')
      const conflict = form.getByRole('alert')
      await conflict.getByText('Somebody else has changed this key since you opened it').waitFor()
      const told = (await conflict.innerText()).replace(/\s+/g, ' ')
      expect(told).toMatch(/They changed Permissions Removed emails:send/)
      expect(told).toMatch(/You would change, on top of that Permissions Added orders:read/)
      expect((await keys.get(key.id)).permissions).toEqual(['domains:read'])
      await press(one, 'Save on top')
      await closed(one)
      expect((await keys.get(key.id)).permissions).toEqual(['domains:read', 'orders:read'])
    },
  )

  test.skipIf(skipsBrowser)(
    'cancelling keeps what the other has changed, also of another field',
    async () => {
      const { key, keys, open } = await openTwice()
      const one = await open(`/keys/${key.id}`)
      const form = await openEdit(one, 'Rename the key')
      await form.getByLabel('Name').fill('Mine')
      await keys.update(key.id, { name: 'Theirs', expiresAt: new Date('2098-01-01T00:00:00Z') })
      await press(one, 'Save')
      const conflict = form.getByRole('alert')
      await conflict.waitFor()
      const told = (await conflict.innerText()).replace(/\s+/g, ' ')
      expect(told).toMatch(/They changed Name from Mailer to Theirs Expires from Never to .*2098/)
      expect(told).toMatch(/on top of that Name from Theirs to Mine/)
      await keys.update(key.id, { name: 'Theirs again' })
      await press(one, 'Save on top')
      await conflict.getByText('Theirs again').first().waitFor()
      await press(one, 'Cancel')
      await closed(one)
      expect((await keys.get(key.id)).name).toBe('Theirs again')
    },
  )

  test.skipIf(skipsBrowser)(
    'a rotation does not end a token unseen that somebody else has just got',
    async () => {
      const { key, keys, open } = await openTwice()
      const one = await open(`/keys/${key.id}`)
      const dialog = await openEdit(one, 'Rotate')
      await dialog.getByRole('radio', { name: 'None' }).check()
      const theirs = await keys.rotate(key.id)
      await press(one, 'Rotate')
      await dialog.getByRole('alert').getByText('Somebody else has changed this key').waitFor()
      expect((await keys.get(key.id)).hint).toBe(theirs.hint)
      await press(one, 'Rotate all the same')
      await one.getByRole('heading', { level: 1, name: 'The new token of Mailer' }).waitFor()
      expect((await keys.get(key.id)).hint).not.toBe(theirs.hint)
    },
  )

  test.skipIf(skipsBrowser)('organizations and plans the same', async () => {
    const { organizations, plans, open } = await openTwice()
    const page = await open('/organizations/acme/settings')
    const rename = await openEdit(page, 'Rename')
    await rename.getByLabel('Name').fill('Mine')
    await organizations.update('acme', { plan: 'pro' })
    await press(page, 'Rename')
    await rename.getByRole('alert').getByText('pro').waitFor()
    await press(page, 'Rename on top')
    await closed(page)
    expect(await organizations.get('acme')).toMatchObject({ name: 'Mine', plan: 'pro' })

    await page.goto('/settings/plans')
    const edit = await openEdit(page, 'Edit the plan pro')
    await edit.getByRole('combobox').fill('orders:read')
    await page.keyboard.press('Enter')
    await plans.update('pro', { permissions: ['domains:read'] })
    await press(page, 'Save')
    await edit.getByRole('alert').getByText('emails:*').waitFor()
    await press(page, 'Save on top')
    await closed(page)
    expect((await plans.get('pro')).permissions).toEqual(['domains:read', 'orders:read'])
  })
})
