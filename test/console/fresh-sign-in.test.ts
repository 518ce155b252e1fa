// The console when a change takes a fresh sign-in: it asks for the token, says why, and goes on with what was typed.
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { makeClock } from '../setup/clock.ts'
import { makeSqlite } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { findViolations, isFocused } from './chromium.ts'

describe(`a fresh sign-in in the console${browserNote}`, () => {
  const browser = useBrowser()
  const makeDatabase = () => {
    const { url, remove } = makeSqlite()
    onTestFinished(remove)
    return url
  }
  const dialogOf = (page: Page) => page.getByRole('dialog', { name: 'Enter your token again' })

  test.skipIf(skipsBrowser)('is asked for where it is needed, and the form goes on by itself', async () => {
    const clock = makeClock()
    const server = await browser.serve(makeDatabase(), { now: clock.now })
    const other = await server.latchkey.createRootKey()
    const page = await browser.open(server, { token: server.rootKey, path: '/organizations/root/new-key' })
    await page.getByLabel('Name', { exact: true }).fill('Nightly backup')
    await page.getByLabel('Created by (optional)').fill('ada')
    clock.advance(10 * 60_000)
    await page.getByRole('button', { name: 'Create key' }).click()
    const dialog = dialogOf(page)
    await dialog.getByText('You signed in more than ten minutes ago').waitFor()
    await dialog.getByText('The console has kept what you typed.').waitFor()
    const token = dialog.getByLabel('Token', { exact: true })
    await expect.poll(() => isFocused(token)).toBe(true)
    expect(await findViolations(page)).toEqual([])

    // Who would rather not loses nothing.
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('Nothing was changed. This change requires that you sign in again.').waitFor()
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Nightly backup')
    expect((await server.latchkey.keys.list({ q: 'Nightly' })).items).toEqual([])

    await page.getByRole('button', { name: 'Create key' }).click()
    await token.fill('nonsense')
    await page.keyboard.press('Enter')
    await dialog.getByText('This is not a whole token').waitFor()
    await token.fill(other.key)
    await page.keyboard.press('Enter')
    await dialog.getByText('The token does not belong to the key that is signed in.').waitFor()
    await token.fill(server.rootKey)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'The new key’s token' }).waitFor()
    expect(await dialog.count()).toBe(0)
    const { items } = await server.latchkey.keys.list({ q: 'Nightly' })
    expect(items).toMatchObject([{ name: 'Nightly backup', createdBy: 'ada', organizationId: 'root' }])
    const kept = await page.evaluate(() =>
      JSON.stringify([document.documentElement.outerHTML, localStorage, sessionStorage, history.state]),
    )
    expect(kept).not.toContain(server.rootKey.slice(19, 27))
  })

  test.skipIf(skipsBrowser)('is asked for over a dialog too, and not for ordinary keys', async () => {
    const clock = makeClock()
    const server = await browser.serve(makeDatabase(), { now: clock.now })
    const { keys, organizations } = server.latchkey
    await createAcme({ organizations })
    const make = (permissions: string[]) => keys.create({ organizationId: 'acme', name: 'K', permissions })
    const ordinary = await make(['emails:send'])
    const managing = await make(['latchkey:keys:read'])
    // In a tab of its own: one that shows a token asks before it is left.
    const rotate = async (id: string) => {
      const tab = await page.context().newPage()
      await tab.goto(`${server.url}/keys/${id}`)
      await tab.getByRole('button', { name: 'Rotate' }).click()
      await tab.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click()
      return tab
    }
    const newToken = (tab: Page) => tab.getByRole('heading', { level: 1, name: 'The new token of K' })
    const page = await browser.open(server, { token: server.rootKey })
    await page.getByText('Signed in with').waitFor()
    clock.advance(10 * 60_000)
    await newToken(await rotate(ordinary.id)).waitFor()
    const tab = await rotate(managing.id)
    await dialogOf(tab).getByLabel('Token', { exact: true }).fill(server.rootKey)
    await dialogOf(tab).getByRole('button', { name: 'Continue' }).click()
    await newToken(tab).waitFor()
    // Fresh for a while, in every tab.
    await newToken(await rotate((await make(['latchkey:keys:read'])).id)).waitFor()
  })

  test.skipIf(skipsBrowser)(
    'leads to a new sign-in if the session is over by then, and the form stays',
    async () => {
      const clock = makeClock()
      const server = await browser.serve(makeDatabase(), { now: clock.now })
      const page = await browser.open(server, { token: server.rootKey, path: '/organizations/root/new-key' })
      await page.getByLabel('Name', { exact: true }).fill('Nightly backup')
      clock.advance(10 * 60_000)
      await page.getByRole('button', { name: 'Create key' }).click()
      await dialogOf(page).waitFor()
      clock.advance(3_600_000)
      await dialogOf(page).getByLabel('Token', { exact: true }).fill(server.rootKey)
      await page.keyboard.press('Enter')
      const over = page.getByRole('dialog', { name: 'Your session has ended' })
      await over.getByLabel('Token', { exact: true }).fill(server.rootKey)
      await page.keyboard.press('Enter')
      await over.waitFor({ state: 'detached' })
      await page.getByRole('button', { name: 'Create key' }).click()
      await page.getByRole('heading', { level: 1, name: 'The new key’s token' }).waitFor()
      expect((await server.latchkey.keys.list({ q: 'Nightly' })).items).toHaveLength(1)
    },
  )
})
