// Before a key is changed, its dialogs say which calls of the last 30 days would have been refused; its page, what it never needed.
import { expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { dayMs, type GivenProfile, writeProfiles } from '../setup/profiles.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { refusalOf } from './chromium.ts'

const minuteMs = 60_000

onOneDatabase('SQLite', `what a change would refuse${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  async function openKey(
    profiles: Partial<GivenProfile>[],
    { as = ['*', 'latchkey:*'], expected }: { as?: string[]; expected?: RegExp } = {},
  ) {
    const database = await makeDatabase()
    const server = await browser.serve(database)
    const { keys } = server.latchkey
    await createAcme(server.latchkey)
    const permissions = ['emails:*', 'domains:read']
    const key = await keys.create({ organizationId: 'acme', name: 'Mailer', permissions })
    await writeProfiles(
      { database },
      profiles.map((profile) => ({ keyId: key.id, kid: key.hint.slice(3, 19), at: Date.now(), ...profile })),
    )
    const { key: token } = await keys.create({ organizationId: 'acme', name: 'Admin', permissions: as })
    const page = await browser.open(server, {
      ...{ path: `/keys/${key.id}`, token },
      ...(expected && { expected }),
    })
    const dialog = page.getByRole('dialog')
    const open = (name: string) => page.getByRole('button', { name, exact: true }).click()
    const close = async () => {
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      await dialog.waitFor({ state: 'detached' })
    }
    return { server, key, page, dialog, open, close }
  }

  const used: Partial<GivenProfile>[] = [
    {
      ...{ operation: 'POST /v1/orders', ip: '203.0.113.7', permissions: 'emails:send' },
      ...{ calls: 1204, at: Date.now() - dayMs, last: Date.now() - 2 * minuteMs - 5_000 },
    },
    { operation: 'GET /v1/orders', permissions: 'emails:read' },
  ]

  test.skipIf(skipsBrowser)(
    'is told in each dialog before its button, and nothing is changed by it',
    async () => {
      const { server, key, dialog, open, close } = await openKey(used)
      const told = 'POST /v1/orders from 203.0.113.7: 1,204 calls, last 2 minutes ago'
      const warning = (calls: string) => dialog.getByText(`Would have refused ${calls} of the last 30 days`)

      await open('Suspend')
      await warning('1,205 calls').waitFor()
      await close()
      await open('Revoke')
      await warning('1,205 calls').waitFor()
      expect(await dialog.getByRole('listitem').allInnerTexts()).toEqual(expect.arrayContaining([told]))
      await close()

      await open('Rotate')
      await warning('1,205 calls').waitFor()
      expect(await dialog.getByText(/^Such calls are refused from .* on\.$/).count()).toBe(1)
      await dialog.getByRole('radio', { name: 'None' }).check()
      await dialog.getByText(/refused from/).waitFor({ state: 'detached' })
      await warning('1,205 calls').waitFor()
      await close()

      await open('Edit the permissions')
      expect(await dialog.getByText('last 30 days').count()).toBe(0)
      await dialog.getByRole('combobox').fill('emails:read')
      await dialog.page().keyboard.press('Enter')
      await dialog.getByText('No call of the last 30 days would have been refused.').waitFor()
      await dialog.getByRole('button', { name: 'Remove emails:*' }).click()
      await warning('1,204 calls').waitFor()
      await dialog.getByText(`${told}, without emails:send`).waitFor()
      await close()

      await open('Change the expiry')
      await dialog.getByRole('radio', { name: '30 days' }).check()
      await warning('1,205 calls').waitFor()
      await close()

      await open('Edit the allowed addresses')
      await dialog.getByLabel('Allowed addresses').fill('203.0.113.7')
      expect(await dialog.getByText(told).count()).toBe(0)
      await dialog.getByLabel('Allowed addresses').fill('198.51.100.0/24')
      await dialog.getByText(told).waitFor()
      await close()
      expect(await server.latchkey.keys.get(key.id)).toMatchObject({
        allowedIps: [],
        expiresAt: null,
        permissions: key.permissions,
      })

      await server.latchkey.keys.create({ organizationId: 'acme', name: 'Child', parentId: key.id })
      await open('Revoke')
      await dialog.getByText('Counted with the calls of one key below it.').waitFor()
    },
  )

  test.skipIf(skipsBrowser)('counts all calls, also of kinds that are too many to be told', async () => {
    const { dialog, open } = await openKey(
      Array.from({ length: 130 }, (_, i) => ({
        operation: `GET /${i}`,
        permissions: 'emails:read',
        calls: 2,
      })),
    )
    await open('Revoke')
    await dialog.getByText('Would have refused 260 calls of the last 30 days').waitFor()
    expect(await dialog.getByRole('listitem').filter({ hasText: 'GET /' }).count()).toBe(3)
    await dialog.getByText('And 254 calls of other kinds.').waitFor()
  })

  test.skipIf(skipsBrowser)('never blocks the button: while it is read, and if it cannot be', async () => {
    const { page, dialog, open } = await openKey(used, { expected: /503/ })
    const held = Promise.withResolvers<void>()
    await page.route('**/preview', async (route) => {
      await held.promise
      const problem = { code: 'store_unavailable', detail: 'The database does not answer.' }
      await route.fulfill({ status: 503, json: problem })
    })
    await open('Revoke')
    await dialog.getByText('Looking at the calls of the last 30 days…').waitFor()
    await dialog.getByLabel('Type the name to confirm').fill('Mailer')
    const button = dialog.getByRole('button', { name: 'Revoke permanently' })
    expect(await refusalOf(button)).toBeUndefined()
    held.resolve()
    await dialog
      .getByText('What this would refuse could not be read. The database does not answer.')
      .waitFor()
    expect(await refusalOf(button)).toBeUndefined()
    await button.click()
    await page.getByRole('status').filter({ hasText: 'The key is revoked' }).waitFor()
  })

  test.skipIf(skipsBrowser)('says why it cannot be shown, and what is not known', async () => {
    const { dialog, open } = await openKey(used, { as: ['*', 'latchkey:keys:*'] })
    await open('Revoke')
    await dialog
      .getByText('What this would refuse cannot be shown. Your key lacks the permission latchkey:usage:read.')
      .waitFor()
  })

  test.skipIf(skipsBrowser)('is nothing of a key that nobody uses', async () => {
    const { page, dialog, open } = await openKey([])
    await open('Revoke')
    await dialog.getByText('The key had no valid call in the last 30 days.').waitFor()
    expect(await page.getByText(/needed no more/).count()).toBe(0)
  })

  test.skipIf(skipsBrowser)('a key is narrowed to what its calls needed, by the form filled in', async () => {
    const { server, key, page, dialog } = await openKey(used)
    await page.getByRole('main').getByRole('link', { name: 'Permissions' }).click()
    const permissions = page.getByRole('region', { name: 'Permissions' })
    await permissions.getByText('Never used in the last 90 days').waitFor()
    expect(
      await permissions
        .getByRole('list', { name: 'Permissions never used' })
        .getByRole('listitem')
        .allInnerTexts(),
    ).toEqual(['domains:read'])
    await permissions.getByRole('button', { name: 'Narrow the permissions to these…' }).click()
    await dialog.getByText('No call of the last 30 days would have been refused.').waitFor()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect((await server.latchkey.keys.get(key.id)).permissions).toEqual(['emails:read', 'emails:send'])
    await permissions.getByText('needed no more').waitFor({ state: 'detached' })
  })
})
