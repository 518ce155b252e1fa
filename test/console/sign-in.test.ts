// The door of the console and the frame of its pages: signing in and out, and what holds on every page.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { makeSqlite, onOneDatabase } from '../setup/databases.ts'
import { repository } from '../setup/documents-run.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { go, isFocused, sessionOf, signIn } from './chromium.ts'

onOneDatabase('SQLite', `the door of the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('lets nobody in without a token that opens it, and says why', async () => {
    const server = await browser.serve(await makeDatabase())
    const { keys, organizations } = server.latchkey
    await createAcme({ organizations })
    const weak = await keys.create({ organizationId: 'acme', name: 'Weak', permissions: ['emails:send'] })
    const page = await browser.open(server)
    const field = page.getByLabel('Token', { exact: true })
    await expect.poll(() => isFocused(field)).toBe(true)
    for (const [token, words] of [
      ['', 'Paste a token.'],
      [`sk_live_${'51H8xYzAbC'.repeat(3)}`, 'not one of ours'],
      [server.rootKey.slice(0, -1), 'This is not a whole token'],
      [`${server.rootKey.slice(0, 30)}x${server.rootKey.slice(31)}`, 'This is not a whole token'],
    ] as const) {
      await field.fill(token)
      await page.keyboard.press('Enter')
      await page.getByText(words).waitFor()
    }
    expect(server.log.filter(({ route }) => route === '/v1/sessions')).toEqual([])

    await field.fill(weak.key)
    await page.keyboard.press('Enter')
    await page.getByText('because it lacks the permission latchkey:keys:read').waitFor()
    await keys.revoke(weak.id)
    await page.keyboard.press('Enter')
    await page.getByText('This token is not valid').waitFor()
    const problem = server.log.findLast(({ problem }) => problem === 'invalid_token')
    await page.getByText(String(problem?.request_id)).waitFor()
    expect(await page.context().cookies()).toEqual([])
  })

  test.skipIf(skipsBrowser)(
    'takes a token for a session, and keeps the token nowhere in the browser',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const secret = server.rootKey.slice(19, 27)
      const page = await browser.open(server)
      await page.getByLabel('Token', { exact: true }).fill(server.rootKey)
      expect(await page.content()).not.toContain(secret)
      // As it is copied from a header.
      await signIn(page, `Authorization: Bearer ${server.rootKey}`)
      await page.getByText('Signed in with').waitFor()
      const [cookie, ...others] = await page.context().cookies()
      expect(others).toEqual([])
      expect(cookie).toMatchObject({ name: 'latchkey', httpOnly: true, sameSite: 'Strict', path: '/' })
      const kept = await page.evaluate(() => {
        const fields = [...document.querySelectorAll('input')].map(({ value }) => value)
        const page = [document.documentElement.outerHTML, document.cookie, fields]
        return JSON.stringify([...page, localStorage, sessionStorage, history.state, location.href])
      })
      expect(JSON.stringify([kept, cookie])).not.toContain(secret)
      expect(JSON.stringify(server.log)).not.toContain(secret)
      expect(JSON.stringify(server.log)).not.toContain(cookie?.value)

      await page.reload()
      await page.getByText('Signed in with').waitFor()
    },
  )

  test.skipIf(skipsBrowser)('signs out for good, and the way back shows nothing', async () => {
    const server = await browser.serve(await makeDatabase())
    const page = await browser.open(server, { token: server.rootKey, path: '/account' })
    const headers = await sessionOf(page)
    expect((await server.request('GET', '/v1/keys', { headers })).status).toBe(200)
    await page.getByRole('button', { name: 'Sign out', exact: true }).first().click()
    await page.getByLabel('Token', { exact: true }).waitFor()
    expect(await page.context().cookies()).toEqual([])
    expect(await page.evaluate(() => localStorage.getItem('latchkey-session'))).toBeNull()
    await page.goBack()
    await page.getByLabel('Token', { exact: true }).waitFor()
    const { status, json } = await server.request('GET', '/v1/keys', { headers })
    expect([status, json.code]).toEqual([401, 'session_ended'])
  })

  test.skipIf(skipsBrowser)(
    'closes at once when the key is revoked, and another key opens it where it was',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const { keys } = server.latchkey
      const other = await server.latchkey.createRootKey()
      const page = await browser.open(server, { token: other.key, path: '/activity?action=key.created' })
      await page.getByRole('heading', { name: 'Activity' }).waitFor()
      await keys.revoke(other.id)
      await page.getByRole('link', { name: 'Your account' }).click()
      const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
      await dialog.waitFor()
      await page.keyboard.press('Escape')
      expect(await dialog.isVisible()).toBe(true)
      await signIn(page, server.rootKey)
      await dialog.waitFor({ state: 'detached' })
      await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor()
      expect(new URL(page.url()).pathname).toBe('/account')
    },
  )

  test.skipIf(skipsBrowser)(
    'leads each to their own: an organization sees no other, nor that there are any',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const { keys, organizations } = server.latchkey
      for (const id of ['acme', 'globex']) await organizations.create({ id, name: `The ${id}` })
      const foreign = await keys.create({ organizationId: 'globex', name: 'Theirs' })
      const { key } = await keys.create({
        organizationId: 'acme',
        name: 'Admin',
        permissions: ['latchkey:keys:*', 'latchkey:audit:read'],
      })
      const page = await browser.open(server, { token: key })
      await page.waitForURL('**/organizations/acme')
      expect(await page.getByRole('link', { name: 'Organizations' }).count()).toBe(0)
      for (const path of [
        '/organizations',
        '/organizations/globex',
        '/keys',
        `/keys/${foreign.id}`,
        '/activity?organization=globex',
      ]) {
        await go(page, path)
        const text = await page.locator('main').innerText()
        expect(text, path).not.toMatch(/The globex|Theirs/)
      }
    },
  )
})

describe(`every page of the console${browserNote}`, () => {
  const browser = useBrowser()
  const { url, remove } = makeSqlite()
  afterAll(remove)
  const colourOf = (page: Page) =>
    page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)

  test.skipIf(skipsBrowser)(
    'tells of a lost connection, keeps what was typed, and goes on when it is back',
    async () => {
      const server = await browser.serve(url)
      const expected = /net::ERR_|could not load a part of this page/
      const path = '/organizations/root/new-key'
      const page = await browser.open(server, { token: server.rootKey, path, expected, own: true })
      const banner = page.getByText('No connection to Latchkey')
      const name = page.getByLabel('Name', { exact: true })
      await name.fill('Long thought over')
      // The server is away, and the browser knows nothing of it.
      await page.route('**/*', (route) => route.abort())
      // The files of these were not loaded yet, as this profile has none from before: a page, a window, a hint.
      await page.getByRole('link', { name: 'Your account' }).click()
      await banner.waitFor()
      await page.getByRole('button', { name: 'Help and keyboard' }).click()
      await page.getByText('The browser could not load this part of the page').waitFor()
      await page.getByRole('button', { name: 'Reload the page' }).click()
      await page.getByRole('button', { name: 'Close', exact: true }).click()
      await page.getByRole('button', { name: 'Sign out', exact: true }).click()
      await page.getByText('You are still signed in').waitFor()
      expect(await name.inputValue()).toBe('Long thought over')
      expect(new URL(page.url()).pathname).toBe(path)

      await page.getByRole('button', { name: 'Try now' }).click()
      expect(await banner.isVisible()).toBe(true)

      await page.unroute('**/*')
      await banner.waitFor({ state: 'detached' })
      expect(await name.inputValue()).toBe('Long thought over')
      await page.getByRole('link', { name: 'Your account' }).click()
      await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor()
    },
  )

  test.skipIf(skipsBrowser)('that could not be loaded is shown once the server has answered', async () => {
    const server = await browser.serve(url)
    const expected = /net::ERR_|could not load a part of this page/
    const page = await browser.open(server, { token: server.rootKey, expected, own: true })
    await page.getByRole('heading', { name: 'Organizations' }).waitFor()
    let isAway = true
    await page.route(/\/assets\/account-|\/healthz/, (route) => (isAway ? route.abort() : route.fallback()))
    // By its address, so that there is nothing to stay on.
    await page.goto('/account')
    await page.getByText('This page could not be shown').waitFor()
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('No connection to Latchkey').waitFor()
    // Chromium has put no error of its own in its place.
    expect(await page.getByText('This page could not be shown').isVisible()).toBe(true)
    isAway = false
    await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor()
  })

  test.skipIf(skipsBrowser)(
    'is dark or light as the system is, or as its reader says, the next time too',
    async () => {
      const server = await browser.serve(url)
      const page = await browser.open(server, { token: server.rootKey, colorScheme: 'dark' })
      const dark = 'rgb(19, 20, 22)'
      const light = 'rgb(247, 247, 245)'
      expect(await colourOf(page)).toBe(dark)
      await page.emulateMedia({ colorScheme: 'light' })
      expect(await colourOf(page)).toBe(light)
      await page.getByRole('button', { name: 'Colours: as the system' }).click()
      await page.getByRole('button', { name: 'Colours: light' }).click()
      expect(await colourOf(page)).toBe(dark)
      await page.reload()
      await page.getByRole('button', { name: 'Colours: dark' }).waitFor()
      expect(await colourOf(page)).toBe(dark)
    },
  )

  test.skipIf(skipsBrowser)('helps with the keyboard, and gives the focus back', async () => {
    const server = await browser.serve(url)
    const page = await browser.open(server, { token: server.rootKey, path: '/organizations' })
    const help = page.getByRole('button', { name: 'Help and keyboard' })
    await help.focus()
    await page.keyboard.press('?')
    await page.getByRole('dialog', { name: 'Help' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await help.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.keyboard.press('/')
    const search = page.locator('[data-shortcut="/"]')
    expect(await search.evaluate((element) => element === document.activeElement)).toBe(true)
    await page.keyboard.type('n?/')
    expect(await search.inputValue()).toBe('n?/')
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  test.skipIf(skipsBrowser)('fits a phone, with a menu that goes away once it was used', async () => {
    const server = await browser.serve(url)
    const page = await browser.open(server, { token: server.rootKey, viewport: { width: 360, height: 740 } })
    const link = page.getByRole('banner').getByRole('link', { name: 'Usage' })
    expect(await link.isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Open the menu' }).click()
    await link.click()
    await page.getByRole('heading', { level: 1, name: 'Usage' }).waitFor()
    await link.waitFor({ state: 'hidden' })
  })

  test.skipIf(skipsBrowser)('has a way to sign out', async () => {
    const server = await browser.serve(url)
    const source = readFileSync(join(repository, 'console/router.tsx'), 'utf8')
    const paths = [...source.matchAll(/^ {2}path: '([^'$]+)',$/gm)].map(([, path = '']) => path)
    expect(paths.length).toBeGreaterThan(14)
    const page = await browser.open(server, { token: server.rootKey })
    const signOut = page.getByRole('button', { name: 'Sign out', exact: true })
    for (const path of [...paths, '/organizations/root/new-key', '/nowhere/at/all']) {
      await page.goto(path)
      await page.locator('#main h1').first().waitFor()
      expect(await signOut.isVisible(), path).toBe(true)
    }
    await page.setViewportSize({ width: 360, height: 740 })
    await page.getByRole('button', { name: 'Open the menu' }).click()
    await signOut.click()
    await page.getByRole('heading', { level: 1, name: 'Sign in to Latchkey' }).waitFor()
  })

  test.skipIf(skipsBrowser)('that is none says so, and leads to the start', async () => {
    const server = await browser.serve(url)
    const page = await browser.open(server, { token: server.rootKey, path: '/nowhere/at/all' })
    await page.getByText('There is no page at this address').waitFor()
    await page.getByRole('link', { name: 'Go to the start' }).click()
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
  })
})
