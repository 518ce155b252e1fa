// Rotating a key in the console: the grace, the new token, and when the old one ends.
import { expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import type { TestServer } from '../setup/server.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { fact, isFocused, refusalOf } from './chromium.ts'
import { inThePast } from './past.ts'

const hour = 3_600_000

onOneDatabase('PostgreSQL', `rotating a key in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()
  const serve = async (options: Parameters<typeof browser.serve>[1] = {}) => {
    const server = await browser.serve(await makeDatabase(), options)
    const { keys, organizations } = server.latchkey
    await createAcme({ organizations })
    const old = await keys.create({ organizationId: 'acme', name: 'Mailer', permissions: ['emails:send'] })
    return { server, keys, old }
  }
  const codeOf = async (server: TestServer, token: string) => (await server.latchkey.verify(token)).code

  test.skipIf(skipsBrowser)(
    'without a grace: one new token, shown once, and the old one is over',
    async () => {
      const { server, old } = await serve()
      const page = await browser.open(server, { path: `/keys/${old.id}`, token: server.rootKey })
      await page.getByRole('button', { name: 'Rotate' }).click()
      const dialog = page.getByRole('dialog', { name: 'Rotate the key' })
      await dialog.getByRole('radio', { name: 'None' }).check()
      await dialog.getByText('The old token ends at once').waitFor()
      await dialog.getByRole('button', { name: 'Rotate' }).click()
      await page.getByRole('heading', { level: 1, name: 'The new token of Mailer' }).waitFor()
      const token = await page.locator('pre').first().innerText()
      await page.getByText('The old token has ended').waitFor()
      expect([await codeOf(server, old.key), await codeOf(server, token)]).toEqual(['rotated', 'valid'])

      await page.getByRole('link', { name: 'Activity' }).click()
      await page.getByRole('dialog', { name: 'Have you stored the token?' }).waitFor()
      await page.getByRole('button', { name: 'Stay here' }).click()
      const back = page.getByRole('button', { name: 'Back to the key' })
      expect(await refusalOf(back)).toBe('Confirm first that you have stored the token.')
      await page.getByLabel('I have stored the token').check()
      await back.click()
      await page.getByRole('heading', { level: 1, name: 'Mailer' }).waitFor()
      const secret = token.slice(-49, -6)
      const kept = await page.evaluate(() => {
        const { outerHTML } = document.documentElement
        return JSON.stringify([outerHTML, localStorage, sessionStorage, history.state, location.href])
      })
      expect(kept).not.toContain(secret)
      expect(JSON.stringify(server.log)).not.toContain(secret)
      await page.goBack()
      await page.goForward()
      await page.getByRole('heading', { level: 1, name: 'Mailer' }).waitFor()
      expect(await page.content()).not.toContain(secret)
    },
  )

  test.skipIf(skipsBrowser)('with a grace set by the keyboard: both tokens work until it ends', async () => {
    let ahead = 0
    const { server, old } = await serve({ now: () => Date.now() + ahead })
    const page = await browser.open(server, { path: `/keys/${old.id}`, token: server.rootKey })
    await page.getByRole('button', { name: 'Rotate' }).focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Rotate the key' })
    // The usual length has the focus, and the arrows lead to the others.
    await expect.poll(() => isFocused(dialog.getByRole('radio', { name: '24 hours' }))).toBe(true)
    await page.keyboard.press('ArrowRight')
    expect(await dialog.getByRole('radio', { name: '48 hours' }).isChecked()).toBe(true)
    await dialog.getByRole('radio', { name: 'Another length' }).check()
    const length = dialog.getByLabel('Length of the grace')
    expect(await length.inputValue()).toBe('2')
    const rotate = dialog.getByRole('button', { name: 'Rotate' })
    for (const none of ['', '0', '31']) {
      await length.fill(none)
      await dialog.getByText('Must be a number, such as 12 or 1.5').waitFor()
      expect(await refusalOf(rotate), none).toBe('Enter the length of the grace first.')
    }
    // Escape drops nothing that was typed without asking, and gives the focus back.
    await length.fill('6')
    await page.keyboard.press('Escape')
    const ask = page.getByRole('dialog', { name: 'Discard what you typed?' })
    await expect.poll(() => isFocused(ask.getByRole('button', { name: 'Continue to edit' }))).toBe(true)
    // It hears of keys when it is drawn, which is a moment after it has the focus.
    await page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    )
    await page.keyboard.press('Escape')
    await ask.waitFor({ state: 'detached' })
    expect(await length.inputValue()).toBe('6')
    await expect.poll(() => isFocused(length)).toBe(true)
    await dialog.getByLabel('Unit of the grace').selectOption('hours')
    await dialog.getByRole('button', { name: 'Rotate' }).press('Enter')
    const told = page.getByText('The old token works until').locator('time')
    const graceEnds = Date.parse((await told.getAttribute('datetime')) ?? '')
    const [, before] = (await server.latchkey.keys.get(old.id)).secrets
    expect(graceEnds).toBe(before?.expiresAt?.getTime())
    expect(graceEnds).toBeCloseTo(Date.now() + 6 * hour, -6)
    const token = await page.locator('pre').first().innerText()
    expect([await codeOf(server, old.key), await codeOf(server, token)]).toEqual(['valid', 'valid'])
    await page.getByLabel('I have stored the token').check()
    await page.getByRole('button', { name: 'Back to the key' }).click()
    const secrets = page.getByRole('region', { name: 'Secrets' }).getByRole('listitem')
    await secrets.nth(1).waitFor()
    expect(await secrets.first().innerText()).toContain('Live')
    expect(await secrets.nth(1).innerText()).toContain('In grace until')

    ahead = 6 * hour + 1000
    expect([await codeOf(server, old.key), await codeOf(server, token)]).toEqual(['rotated', 'valid'])
  })

  test.skipIf(skipsBrowser)(
    'until nobody uses the old token: how long that is, by when it would end, and what is waited for',
    async () => {
      const { server, old } = await serve()
      const page = await browser.open(server, { path: `/keys/${old.id}`, token: server.rootKey })
      await page.getByRole('button', { name: 'Rotate' }).click()
      const dialog = page.getByRole('dialog', { name: 'Rotate the key' })
      await dialog.getByRole('radio', { name: 'Until nobody uses it' }).check()
      await dialog.getByLabel('Not used for').selectOption('3 days')
      await dialog.getByText('until nobody has used the old one for 3 days').waitFor()
      await dialog.getByRole('button', { name: 'Rotate' }).click()
      await page.getByText('or until nobody has used it for 3 days').waitFor()
      const [, before] = (await server.latchkey.keys.get(old.id)).secrets
      expect(before).toMatchObject({ untilSilentSeconds: 3 * 86_400 })
      expect(before?.expiresAt?.getTime()).toBeCloseTo(Date.now() + 30 * 24 * hour, -6)
      await page.getByLabel('I have stored the token').check()
      await page.getByRole('button', { name: 'Back to the key' }).click()
      const secret = page.getByRole('region', { name: 'Secrets' }).getByRole('listitem').nth(1)
      const awaited = fact(secret, 'Ends before that').locator('time')
      expect(await awaited.getAttribute('datetime')).toBe(before?.silentAt?.toISOString())
    },
  )

  test.skipIf(skipsBrowser)(
    'tells who ends a grace whether the old token is still in use, and then refuses it at once',
    async () => {
      const database = await makeDatabase()
      const { id, old, renewed } = await inThePast(database, hour, async (latchkey) => {
        const { keys, organizations, verify } = latchkey
        await createAcme({ organizations })
        const { id, key: old } = await keys.create({ organizationId: 'acme', name: 'Mailer' })
        const { key: renewed } = await keys.rotate(id, { graceSeconds: 86_400 })
        await verify(old)
        return { id, old, renewed }
      })
      const server = await browser.serve(database)
      const page = await browser.open(server, { path: `/keys/${id}`, token: server.rootKey })
      const secrets = page.getByRole('region', { name: 'Secrets' }).getByRole('listitem')
      await secrets.nth(1).waitFor()
      expect(await fact(secrets.first(), 'Last used').innerText()).toBe('Never yet')
      expect(await fact(secrets.nth(1), 'Last used').innerText()).toMatch(/ago$/)

      await page.getByRole('button', { name: 'Rotate' }).click()
      const rotate = page.getByRole('dialog', { name: 'Rotate the key' })
      await rotate.getByText('An earlier grace has not ended').waitFor()
      await rotate.getByText('The old token is still in use').waitFor()
      const go = rotate.getByRole('button', { name: 'Rotate' })
      expect(await refusalOf(go)).toBe('End the earlier grace first, or rotate without a grace.')
      await rotate.getByRole('radio', { name: 'None' }).check()
      await rotate.getByText('Both old tokens end').waitFor()
      expect(await refusalOf(go)).toBeUndefined()
      await rotate.getByRole('button', { name: 'Cancel' }).click()

      await page.getByRole('button', { name: 'End grace now' }).click()
      const end = page.getByRole('dialog', { name: 'End the grace now?' })
      // What changes nothing has the focus, where there is nothing to type.
      await expect.poll(() => isFocused(end.getByRole('button', { name: 'Keep it' }))).toBe(true)
      await end.getByText('The old token is still in use').waitFor()
      expect(await codeOf(server, old)).toBe('valid')
      await end.getByRole('button', { name: 'End grace now' }).click()
      const outcome = page.getByRole('status').filter({ hasText: 'The grace has ended' })
      await outcome.getByText(/Every process confirmed in \d+ ms/).waitFor()
      expect([await codeOf(server, old), await codeOf(server, renewed)]).toEqual(['rotated', 'valid'])
      await secrets.nth(1).getByText('Ended').first().waitFor()
      await page.getByRole('main').getByRole('link', { name: 'Activity' }).click()
      const history = page.getByRole('region', { name: 'History' })
      await history.getByText('Ended the grace period of the key').waitFor()
    },
  )

  test.skipIf(skipsBrowser)('says so of a grace whose old token nobody sends any more', async () => {
    const database = await makeDatabase()
    const id = await inThePast(database, hour, async ({ keys, organizations }) => {
      await createAcme({ organizations })
      const { id } = await keys.create({ organizationId: 'acme', name: 'Mailer' })
      await keys.rotate(id, { graceSeconds: 86_400 })
      return id
    })
    const server = await browser.serve(database)
    const page = await browser.open(server, { path: `/keys/${id}`, token: server.rootKey })
    await page.getByRole('button', { name: 'End grace now' }).click()
    await page.getByText('The old token has not been used since the rotation').waitFor()
    await page.getByText('Nor was it used before.').waitFor()
    await page.getByRole('button', { name: 'Keep it' }).click()
    expect((await server.latchkey.keys.get(id)).secrets[1]?.expiresAt?.getTime()).toBeGreaterThan(Date.now())
  })

  test.skipIf(skipsBrowser)('of the very key that is signed in goes on in a new session', async () => {
    const { server, keys } = await serve()
    const { key: token, id } = await server.latchkey.createRootKey()
    const page = await browser.open(server, { path: `/keys/${id}`, token })
    await page.getByText('You are signed in with it').waitFor()
    await page.getByRole('button', { name: 'Rotate' }).click()
    const dialog = page.getByRole('dialog', { name: 'Rotate the key' })
    await dialog.getByText('This session continues: the grace is longer than any session.').waitFor()
    await dialog.getByRole('radio', { name: 'None' }).check()
    await dialog.getByText('The console signs you in again with the new token.').waitFor()
    await dialog.getByRole('button', { name: 'Rotate' }).click()
    await page.getByRole('heading', { level: 1, name: /The new token of/ }).waitFor()
    const renewed = await page.locator('pre').first().innerText()
    expect([await codeOf(server, token), await codeOf(server, renewed)]).toEqual(['rotated', 'valid'])
    await page.getByLabel('I have stored the token').check()
    await page.getByRole('button', { name: 'Back to the key' }).click()
    await page.getByText('You are signed in with it').waitFor()
    await page.getByRole('link', { name: 'Your account' }).click()
    await page.getByText('This session').waitFor()
    expect(await page.getByRole('listitem').filter({ hasText: 'Signed in' }).count()).toBe(1)
    expect((await keys.get(id)).secrets).toHaveLength(2)
  })
})
