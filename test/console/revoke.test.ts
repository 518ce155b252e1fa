// Revoking a key in the console: it takes its name, tells what will stop working, and holds at once.
import { expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { connectDirectly } from '../setup/direct.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { fact, isFocused, refusalOf, sessionOf, visit } from './chromium.ts'
import { inThePast } from './past.ts'

const hour = 3_600_000

onOneDatabase('SQLite', `revoking a key in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)(
    'takes its name, tells what will stop, and refuses its token at once',
    async () => {
      const database = await makeDatabase()
      const { id, key } = await inThePast(database, 3 * hour, async ({ organizations, keys, verify }) => {
        await createAcme({ organizations })
        const permissions = ['emails:send', 'domains:read']
        const created = await keys.create({ organizationId: 'acme', name: 'Mailer', permissions })
        await verify(created.key)
        return created
      })
      const server = await browser.serve(database)
      const page = await browser.open(server, { path: `/keys/${id}`, token: server.rootKey })
      await page.getByRole('button', { name: 'Revoke' }).click()
      const dialog = page.getByRole('dialog', { name: 'Revoke the key' })
      expect(await fact(dialog, 'Last used').innerText()).toBe('3 hours ago')
      expect(await fact(dialog, 'It may do').getByRole('listitem').allInnerTexts()).toEqual([
        'emails:send',
        'domains:read',
      ])
      const name = dialog.getByLabel('Type the name to confirm')
      const revoke = dialog.getByRole('button', { name: 'Revoke permanently' })
      for (const wrong of ['', 'mailer', 'Mailer 2', 'Maile', id]) {
        await name.fill(wrong)
        expect(await refusalOf(revoke), wrong).toBe('Type the name of the key first.')
        await name.press('Enter')
        await revoke.click({ force: true })
      }
      expect(await dialog.isVisible()).toBe(true)
      expect(server.log.filter(({ method }) => method === 'DELETE')).toEqual([])

      const before = await server.latchkey.verify(key)
      await name.fill('Mailer')
      await name.press('Enter')
      await dialog.waitFor({ state: 'detached' })
      const outcome = page.getByRole('status').filter({ hasText: 'The key is revoked' })
      await outcome.getByText(/Every process confirmed in \d+ ms/).waitFor()
      const after = await server.latchkey.verify(key)
      expect([before.code, after.code]).toEqual(['valid', 'revoked'])
      await page.locator('main header').getByText('Revoked', { exact: true }).waitFor()
      await fact(page, 'Revoked').locator('time').first().waitFor()
      const again = page.getByRole('button', { name: 'Revoke', exact: true })
      expect(await refusalOf(again)).toBe('This key is revoked already.')
      await page.getByRole('main').getByRole('link', { name: 'Activity' }).click()
      await page.getByRole('region', { name: 'History' }).getByText('Revoked the key').waitFor()
    },
  )

  test.skipIf(skipsBrowser)('keeps a reason, which the page and the history tell in words', async () => {
    const server = await browser.serve(await makeDatabase())
    const { keys, organizations } = server.latchkey
    await createAcme({ organizations })
    const { id } = await keys.create({ organizationId: 'acme', name: 'Mailer' })
    const page = await browser.open(server, { path: `/keys/${id}`, token: server.rootKey })
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Revoke the key' })
    const words = 'Somebody else may have its token'
    expect(await dialog.getByLabel('Reason').locator('option').allTextContents()).toEqual([
      'No reason given',
      words,
      'Another key has replaced it',
      'Nobody uses it any more',
      'Its owner has left',
    ])
    await dialog.getByLabel('Reason').selectOption(words)
    await dialog.getByLabel('Type the name to confirm').fill('Mailer')
    await dialog.getByRole('button', { name: 'Revoke permanently' }).click()
    await dialog.waitFor({ state: 'detached' })
    await fact(page, 'Revoked').getByText(words).waitFor()
    await page.getByRole('main').getByRole('link', { name: 'Activity' }).click()
    await page.getByRole('region', { name: 'History' }).getByText(words).first().waitFor()
    expect(await keys.get(id)).toMatchObject({ revocationReason: 'compromised' })
  })

  test.skipIf(skipsBrowser)('works for every name that a key can have', async () => {
    const server = await browser.serve(await makeDatabase())
    const { keys, organizations } = server.latchkey
    await createAcme({ organizations })
    const page = await browser.open(server, { token: server.rootKey })
    for (const [name, typed] of [
      ['مفتاح المتجر', 'مفتاح المتجر'],
      ['👩🏽‍🚀 launch 🚀', '👩🏽‍🚀 launch 🚀'],
      [`${'x'.repeat(255)}é`, `${'x'.repeat(255)}é`],
      // As people see them, which is all that they can type.
      ['  led  by\u00a0blanks ', 'led by blanks'],
      ['zero\u200bwidth co\u00adop \u202egnp.exe', 'zerowidth coop gnp.exe'],
      ['Zoe\u0308 & <b>co</b>', 'Zoë & <b>co</b>'],
    ] as const) {
      const { id, key } = await keys.create({ organizationId: 'acme', name })
      await visit(page, `/keys/${id}`)
      await page.getByRole('button', { name: 'Revoke', exact: true }).click()
      await expect.poll(() => isFocused(page.getByLabel('Type the name to confirm'))).toBe(true)
      await page.keyboard.insertText(typed)
      await page.getByRole('button', { name: 'Revoke permanently' }).click()
      await page.getByText('The key is revoked').waitFor()
      expect((await server.latchkey.verify(key)).code, name).toBe('revoked')
    }
  })

  test.skipIf(skipsBrowser)(
    'works for an old key whose name nobody can see, by the end of its id',
    async () => {
      const database = await makeDatabase()
      const server = await browser.serve(database)
      await createAcme(server.latchkey)
      const { id, key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'Seen' })
      {
        await using direct = await connectDirectly(database)
        await direct.run(`update keys set name = '\u200b\u202e'`)
      }
      const page = await browser.open(server, { path: `/keys/${id}`, token: server.rootKey })
      await page.getByRole('heading', { level: 1, name: /^U\+200B ?U\+202E$/ }).waitFor()
      expect(await page.title()).toBe('[U+200B][U+202E] · Latchkey')
      await page.getByRole('button', { name: 'Revoke', exact: true }).click()
      const revoke = page.getByRole('button', { name: 'Revoke permanently' })
      expect(await refusalOf(revoke)).toBe('Type the end of its id first.')
      await page.keyboard.insertText(id.slice(-8))
      await revoke.click()
      await page.getByText('The key is revoked').waitFor()
      expect((await server.latchkey.verify(key)).code).toBe('revoked')
    },
  )

  test.skipIf(skipsBrowser)('of the very key that is signed in ends the session at once', async () => {
    const server = await browser.serve(await makeDatabase())
    const { key: token, id, name } = await server.latchkey.createRootKey()
    const page = await browser.open(server, { path: `/keys/${id}`, token })
    const headers = await sessionOf(page)
    await page.getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('This ends your session and all others of the key').waitFor()
    await page.getByLabel('Type the name to confirm').fill(name)
    await page.getByRole('button', { name: 'Revoke permanently' }).click()
    await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
    expect((await server.request('GET', '/v1/keys', { headers })).json.code).toBe('session_ended')
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Sign in to Latchkey' }).waitFor()
    await page.getByLabel('Token', { exact: true }).fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('This token is not valid').waitFor()
  })

  test.skipIf(skipsBrowser)('refuses who had the permission only when the page was opened', async () => {
    const server = await browser.serve(await makeDatabase())
    const { keys, organizations } = server.latchkey
    await createAcme({ organizations })
    const { id, key } = await keys.create({ organizationId: 'acme', name: 'Mailer' })
    const permissions = ['latchkey:keys:read', 'latchkey:keys:write']
    const admin = await keys.create({ organizationId: 'acme', name: 'Admin', permissions })
    const page = await browser.open(server, { path: `/keys/${id}`, token: admin.key })
    await page.getByRole('button', { name: 'Revoke' }).click()
    await keys.update(admin.id, { permissions: ['latchkey:keys:read'] })
    await page.getByLabel('Type the name to confirm').fill('Mailer')
    await page.getByRole('button', { name: 'Revoke permanently' }).click()
    await page
      .getByRole('alert')
      .getByText(/latchkey:keys:write/)
      .waitFor()
    expect((await server.latchkey.verify(key)).code).toBe('valid')
  })
})
