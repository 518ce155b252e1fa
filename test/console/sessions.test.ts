// The sessions page of the console: where one is signed in with a key, and ending what is elsewhere.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { refusalOf } from './chromium.ts'

const firefox = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'
const safari =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

onOneDatabase('PostgreSQL', `the sessions page of the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()
  const rows = (page: Page) => page.locator('main li')

  test.skipIf(skipsBrowser)(
    'lists every browser that is signed in with the key, and ends others',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const { key: stranger } = await server.latchkey.createRootKey()
      await server.latchkey.sessions.start(stranger, { userAgent: 'Someone else' })
      const open = (userAgent: string) =>
        browser.open(server, { token: server.rootKey, path: '/account', userAgent })
      const there = await open(firefox)
      const here = await open(safari)
      await rows(here).nth(1).waitFor()
      const [mine, other] = await rows(here).allInnerTexts()
      expect(mine).toMatch(/Safari on iPhone\s+This session/)
      expect(other).toContain('Firefox on Windows')
      expect(other).not.toContain('This session')
      for (const told of [mine, other])
        expect(told).toMatch(/From 127\.0\.0\.1.*Signed in.*Last seen.*Ends in/s)
      expect(await rows(here).count()).toBe(2)
      await here
        .getByText('A session ends after 1 hour without use, and after 12 hours in any case.')
        .waitFor()
      expect(await rows(here).first().getByRole('button').count()).toBe(0)

      await here.getByRole('button', { name: 'End the session of Firefox on Windows' }).click()
      await rows(here).nth(1).waitFor({ state: 'detached' })
      const none = here.getByRole('button', { name: 'End all others' })
      expect(await refusalOf(none)).toBe('There are no other sessions.')
      await there.getByRole('link', { name: 'Organizations' }).click()
      await there.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
      await there.reload()
      await there.getByRole('heading', { level: 1, name: 'Sign in to Latchkey' }).waitFor()
      // Somebody else's key is none of this one's business.
      const { items } = await server.latchkey.audit.list({ action: 'session.ended' })
      expect(items).toHaveLength(1)
    },
  )

  test.skipIf(skipsBrowser)('ends all others in one go, and itself last', async () => {
    const server = await browser.serve(await makeDatabase())
    const elsewhere = []
    for (let i = 0; i < 3; i++) elsewhere.push(await server.latchkey.sessions.start(server.rootKey))
    const page = await browser.open(server, { token: server.rootKey, path: '/account' })
    await rows(page).nth(3).waitFor()
    await rows(page).getByText('An unknown browser').first().waitFor()
    await page.getByRole('button', { name: 'End all others' }).click()
    await rows(page).nth(1).waitFor({ state: 'detached' })
    await rows(page).getByText('This session').waitFor()
    for (const started of elsewhere)
      expect(await server.latchkey.sessions.authenticate(started)).toBeUndefined()
    await page.getByRole('button', { name: 'Sign out here' }).click()
    await page.getByRole('heading', { level: 1, name: 'Sign in to Latchkey' }).waitFor()
    expect(await page.context().cookies()).toEqual([])
  })
})
