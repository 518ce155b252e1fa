// People sign in on the console's own pages: by a link of an invitation, at a real provider, and again without losing what they typed.

import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeSqlite } from '../setup/databases.ts'
import { startRealProvider, writeProviders } from '../setup/oidc.ts'
import { secretOf } from '../setup/people.ts'
import { startTestServer } from '../setup/server.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { callByHand, findViolations, isFocused, plugIn, refusalOf } from './chromium.ts'
import { freePort } from './person.ts'

const minute = 60_000

describe(`the pages of signing in${browserNote}`, () => {
  const browser = useBrowser()

  /** A server with a provider, at which Ada signs in, and an organization. */
  async function start(settings: object = {}, more: object = {}) {
    const port = await freePort()
    // Passkeys take a name.
    const url = `http://localhost:${port}`
    const provider = await startRealProvider(['okta', 'acme-okta'], url)
    const account = (email: string) => ({ email, email_verified: true })
    provider.accounts = {
      ada: account('ada@acme.example'),
      bob: account('bob@acme.example'),
      eve: account('eve@acme.example'),
    }
    const { url: database, remove } = makeSqlite()
    onTestFinished(remove)
    const server = await startTestServer(database, {
      ...{ port, publicUrl: url },
      sealingKeys: [Buffer.alloc(32, 7).toString('base64')],
      oidcFile: writeProviders({ id: 'okta', issuer: provider.issuer, listed: true, ...settings }),
      ...more,
    })
    onTestFinished(() => server.close())
    const { latchkey } = server
    await latchkey.organizations.create({ id: 'acme', name: 'Acme Robotics' })
    await latchkey.organizations.update('acme', { grantablePermissions: ['emails:*'] })
    const invite = async (email = 'ada@acme.example') =>
      secretOf(
        await latchkey.invitations.create({
          organizationId: 'acme',
          email,
          role: 'owner',
          name: 'Ada Lovelace',
        }),
      )
    return { server, latchkey, provider, site: { url }, invite }
  }

  /** Has somebody accept an invitation on its page. */
  async function accept(page: Page, secret: string): Promise<void> {
    await page.goto(`/invitation#${secret}`)
    await page.getByRole('button', { name: 'Accept with Okta' }).click()
    await page.locator('#main').waitFor({ state: 'attached' })
  }

  const stored = (page: Page) =>
    page.evaluate(() =>
      JSON.stringify([
        document.documentElement.outerHTML,
        { ...localStorage },
        { ...sessionStorage },
        history.state,
        location.href,
      ]),
    )

  test.skipIf(skipsBrowser)(
    'show an invitation, use nothing up by it, and accept it at a provider',
    async () => {
      const { server, latchkey, site, invite } = await start()
      const secret = await invite()
      const page = await browser.open(site, { path: `/invitation#${secret}` })
      await page.getByRole('heading', { level: 1, name: 'You are invited' }).waitFor()
      await page.getByText('Acme Robotics').first().waitFor()
      await page.getByText('Does everything in the organization, and names other owners.').waitFor()
      await page.getByText('ada@acme.example').waitFor()
      expect(page.url()).toBe(`${site.url}/invitation`)
      expect(await stored(page)).not.toContain(secret)
      expect(await findViolations(page)).toEqual([])
      // Whoever only looks uses nothing up, however often.
      await page.reload()
      await page.getByText('Open the link of your invitation once more.').waitFor()
      const [pending] = (await latchkey.invitations.list({ organizationId: 'acme' })).items
      expect(pending?.status).toBe('pending')

      await page.goto(`/invitation#${secret}`)
      const sent: string[] = []
      page.on('request', (request) => sent.push(request.url(), request.headers().referer ?? ''))
      await page.getByRole('button', { name: 'Accept with Okta' }).click()
      await page.locator('#main').waitFor({ state: 'attached' })
      await page.getByText('Ada Lovelace').first().waitFor()
      expect(page.url()).toBe(`${site.url}/`)
      expect(sent.filter((text) => text.includes(secret))).toEqual([])
      expect(await stored(page)).not.toContain(secret)
      expect(JSON.stringify(server.log)).not.toContain(secret)
      expect((await latchkey.members.list({ organizationId: 'acme' })).items).toMatchObject([
        { email: 'ada@acme.example', role: 'owner', status: 'active' },
      ])
      // Once.
      await page.goto(`/invitation#${secret}`)
      await page.getByText('This invitation has ended').waitFor()
      await page.getByText('Ask whoever invited you for a new link.').waitFor()
    },
  )

  test.skipIf(skipsBrowser)('lead back to where somebody was, and to no other origin', async () => {
    const { site, invite } = await start()
    const page = await browser.open(site)
    await accept(page, await invite())
    await page.goto('/account')
    await page.getByRole('button', { name: 'Sign out' }).first().click()
    const heading = page.getByRole('heading', { level: 1, name: 'Sign in to Latchkey' })
    await heading.waitFor()
    const signIn = async () => {
      await page.getByRole('button', { name: 'Continue with Okta' }).click()
      await page.locator('#main').waitFor({ state: 'attached' })
    }
    const leave = async () => {
      await callByHand(page, 'DELETE', '/v1/sessions/self', {})
      await page.evaluate(() => localStorage.clear())
    }
    await page.goto('/organizations/acme?status=all')
    await heading.waitFor()
    expect(await findViolations(page)).toEqual([])
    await signIn()
    await expect.poll(() => page.url()).toBe(`${site.url}/organizations/acme?status=all`)
    const elsewhere = ['//evil.example', 'https://evil.example/x', '/\\evil.example', 'javascript:alert(1)']
    for (const path of [...elsewhere, '/.//evil.example', '/sign-in/okta', '/invitation', 'nonsense']) {
      await leave()
      await page.goto('/sign-in/okta')
      await page.evaluate((path) => sessionStorage.setItem('latchkey-return-path', path), path)
      await signIn()
      await expect.poll(() => page.url(), { message: path }).toBe(`${site.url}/`)
    }
  })

  test.skipIf(skipsBrowser)(
    'clear the address of what a provider sent, and say why nobody is signed in',
    async () => {
      const { server, site, invite, provider } = await start()
      const page = await browser.open(site)
      const handed: unknown[] = []
      page.on('request', (request) => {
        if (request.method() === 'POST')
          handed.push([new URL(request.url()).pathname, request.postDataJSON()])
      })
      const sent = { code: 'the-code', state: 'the-state', iss: 'https://okta.example' }
      await page.goto(`/sign-in/callback/okta?${new URLSearchParams(sent)}`)
      await page.getByRole('alert').getByText('This sign-in is over').waitFor()
      expect(page.url()).toBe(`${site.url}/sign-in/callback/okta`)
      expect(handed).toEqual([['/v1/sign-in/providers/okta/callback', sent]])
      expect(await stored(page)).not.toContain('the-code')
      expect(JSON.stringify(server.log)).not.toContain('the-code')
      expect(await findViolations(page)).toEqual([])
      // Loaded anew it sends nothing a second time.
      await page.reload()
      await page.getByText('This page ends a sign-in').waitFor()
      expect(handed).toHaveLength(1)

      await page.getByRole('button', { name: 'Sign in again' }).click()
      await page.getByRole('button', { name: 'Continue with Okta' }).click()
      await page.getByText('You are no member here').waitFor()
      await page.getByText('Ask an owner of your organization to invite you').waitFor()

      provider.subject = 'eve'
      await page.context().clearCookies()
      await page.goto(`/invitation#${await invite()}`)
      await page.getByRole('button', { name: 'Accept with Okta' }).click()
      await page.getByText('The account does not prove the invited address').waitFor()
    },
  )

  test.skipIf(skipsBrowser)('keep a filled form while somebody signs in again in a window', async () => {
    const { latchkey, site, invite } = await start()
    const page = await browser.open(site)
    await accept(page, await invite())
    await page.goto('/organizations/acme/new-key')
    await page.getByLabel('Name', { exact: true }).fill('Newsletter')
    await callByHand(page, 'DELETE', '/v1/sessions/self', {})
    await page.getByRole('button', { name: 'Create key' }).click()
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
    await dialog.getByText('What you typed is still here').waitFor()
    const opened = page.context().waitForEvent('page')
    await dialog.getByRole('button', { name: 'Continue with Okta' }).click()
    const window = await opened
    await dialog.waitFor({ state: 'detached' })
    await expect.poll(() => window.isClosed()).toBe(true)
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Newsletter')
    await page.getByRole('button', { name: 'Create key' }).click()
    await page.getByRole('heading', { level: 1, name: 'The new key’s token' }).waitFor()
    expect((await latchkey.keys.list({ organizationId: 'acme' })).items).toMatchObject([
      { name: 'Newsletter' },
    ])
  })

  test.skipIf(skipsBrowser)('make a sign-in fresh in a window, and send the change again', async () => {
    let behind = 11 * minute
    const { latchkey, site, invite } = await start({}, { now: () => Date.now() - behind })
    const page = await browser.open(site)
    await accept(page, await invite())
    behind = 0
    await page.goto('/organizations/acme/new-key')
    await page.getByLabel('Name', { exact: true }).fill('Auditor')
    await page.getByRole('combobox', { name: 'Permissions' }).fill('latchkey:keys:read')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Create key' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sign in again' })
    await dialog.getByText('You signed in more than ten minutes ago').waitFor()
    expect(await findViolations(page)).toEqual([])
    // Who would rather not loses nothing.
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('Nothing was changed. This change requires that you sign in again.').waitFor()
    await page.getByRole('button', { name: 'Create key' }).click()
    await dialog.getByRole('button', { name: 'Sign in again with Okta' }).click()
    await page.getByRole('heading', { level: 1, name: 'The new key’s token' }).waitFor()
    expect(await dialog.count()).toBe(0)
    expect((await latchkey.keys.list({ organizationId: 'acme' })).items).toHaveLength(1)
  })

  test.skipIf(skipsBrowser)('add an account to oneself and remove one, never the last', async () => {
    const { site, invite, provider } = await start()
    const page = await browser.open(site)
    await accept(page, await invite())
    await page.goto('/account')
    const own = page.getByRole('region', { name: 'How you sign in' })
    await own.getByText('ada@acme.example').waitFor()
    expect(await refusalOf(own.getByRole('button', { name: 'Remove ada@acme.example' }))).toMatch(
      /the only one/,
    )
    provider.subject = 'bob'
    await page.context().clearCookies({ domain: '127.0.0.1' })
    await own.getByRole('button', { name: 'Add another way' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a way to sign in' })
    await dialog.getByRole('button', { name: 'Add an account of Okta' }).click()
    await own.getByText('bob@acme.example').waitFor()
    await expect.poll(() => dialog.count()).toBe(0)
    expect(await findViolations(page)).toEqual([])
    await own.getByRole('button', { name: 'Remove bob@acme.example' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await expect.poll(() => own.getByRole('listitem').count()).toBe(1)
    await page.getByText('ada@acme.example').first().waitFor()
    // The window was told what it is for; this page keeps nothing of it, and a link to the window's page begins nothing here.
    await page.goto('/sign-in/window')
    await page.getByRole('heading', { level: 1, name: 'There is nothing to do here' }).waitFor()
  })

  test.skipIf(skipsBrowser)('take a passkey for everything, and no password', async () => {
    let behind = 11 * minute
    const { latchkey, site, invite } = await start({}, { now: () => Date.now() - behind })
    const page = await browser.open(site)
    await plugIn(page, 'internal')
    await page.goto(`/invitation#${await invite()}`)
    await page.getByRole('button', { name: 'Accept with a new passkey' }).click()
    await page.locator('#main').waitFor({ state: 'attached' })
    await page.goto('/account')
    behind = 0
    // Who was signed in long ago says who it is, then goes on.
    const own = page.getByRole('region', { name: 'How you sign in' })
    await own.getByText('Passkey', { exact: true }).waitFor()
    await own.getByRole('button', { name: 'Add another way' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Use your passkey' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add a way to sign in' })
    await dialog.getByRole('button', { name: 'Add a passkey' }).waitFor()
    expect(await findViolations(page)).toEqual([])
    // The device has one already.
    await dialog.getByRole('button', { name: 'Add a passkey' }).click()
    await dialog.getByText('This device has a passkey of yours already.').waitFor()
    await plugIn(page, 'usb')
    await dialog.getByLabel('Name of the passkey').fill('Key in the drawer')
    await dialog.getByRole('button', { name: 'Add a passkey' }).click()
    await own.getByText('Key in the drawer').waitFor()
    await own.getByRole('button', { name: 'Rename Key in the drawer' }).click()
    const renaming = page.getByRole('dialog', { name: 'Rename the passkey' })
    await renaming.getByLabel('Name of the passkey').fill('Key at the office')
    await renaming.getByRole('button', { name: 'Rename' }).click()
    await own.getByText('Key at the office').waitFor()

    // A session that has ended: nothing of the page is lost.
    await page.goto('/organizations/acme/new-key')
    await page.getByLabel('Name', { exact: true }).fill('Newsletter')
    await callByHand(page, 'DELETE', '/v1/sessions/self', {})
    await page.getByRole('button', { name: 'Create key' }).click()
    const ended = page.getByRole('dialog', { name: 'Your session has ended' })
    await ended.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await ended.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Create key' }).click()
    await page.getByRole('heading', { level: 1, name: 'The new key’s token' }).waitFor()
    expect((await latchkey.keys.list({ organizationId: 'acme' })).items).toHaveLength(1)
  })

  test.skipIf(skipsBrowser)('leave the other ways while a provider is away', async () => {
    const { server, site, provider } = await start()
    provider.close()
    const page = await browser.open(site, { expected: /status of 503/ })
    await page.getByRole('button', { name: 'Continue with Okta' }).click()
    await page.getByText('The provider does not answer').waitFor()
    await page.getByText('or sign in another way').waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.getByRole('button', { name: 'Use the token of a key' }).click()
    const token = page.getByLabel('Token', { exact: true })
    await expect.poll(() => isFocused(token)).toBe(true)
    await token.fill(server.rootKey)
    await page.keyboard.press('Enter')
    await page.locator('#main').waitFor({ state: 'attached' })
  })

  test.skipIf(skipsBrowser)('can be pressed again by whoever comes back from a provider', async () => {
    const { site, provider } = await start()
    const page = await browser.open(site)
    // The page stays, as browsers keep it for who goes back to it.
    await page.route(`${provider.issuer}/**`, (route) => route.fulfill({ status: 204 }))
    const button = page.getByRole('button', { name: 'Continue with Okta' })
    for (let time = 1; time <= 2; time++) {
      const asked = page.waitForRequest(`${provider.issuer}/**`)
      await button.click()
      await asked
      await expect.poll(() => button.getAttribute('aria-busy')).toBe('true')
      await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))
      await expect.poll(() => button.getAttribute('aria-busy')).not.toBe('true')
    }
  })

  test.skipIf(skipsBrowser)('show a provider that is not listed at its own address alone', async () => {
    const { site } = await start(
      { id: 'acme-okta', name: 'Acme’s Okta', listed: false },
      { tokenSignIn: 'off' },
    )
    const page = await browser.open(site)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
    expect(await page.getByRole('button').count()).toBe(1)
    await page.goto('/sign-in/acme-okta')
    await page.getByRole('button', { name: 'Continue with Acme’s Okta' }).waitFor()
    expect(await page.getByLabel('Token', { exact: true }).count()).toBe(0)
    await page.goto('/sign-in/nobody')
    await page.getByText('There is no provider of this address').waitFor()
  })

  test.skipIf(skipsBrowser)(
    'are readable in the dark and on the smallest screen, and stand still',
    async () => {
      const { site, invite } = await start({ name: 'The directory of all people of Acme Robotics' })
      const page = await browser.open(site, { viewport: { width: 320, height: 640 }, colorScheme: 'dark' })
      await page.addInitScript(() => {
        Object.assign(globalThis, { shifted: 0 })
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries() as unknown as { value: number; hadRecentInput: boolean }[])
            if (!entry.hadRecentInput) (globalThis as unknown as { shifted: number }).shifted += entry.value
        }).observe({ type: 'layout-shift', buffered: true })
      })
      for (const [path, title] of [
        ['/', 'Sign in to Latchkey'],
        ['/sign-in/okta', 'Sign in to Latchkey'],
        ['/sign-in/nobody', 'Sign in to Latchkey'],
        [`/invitation#${await invite()}`, 'You are invited'],
        ['/invitation', 'Invitation'],
        ['/sign-in/callback/okta?state=x&code=y', 'You are not signed in'],
        ['/sign-in/window', 'There is nothing to do here'],
      ] as const) {
        // Of one page, another fragment loads nothing anew.
        await page.goto('about:blank')
        await page.goto(path)
        await page.getByRole('heading', { level: 1, name: title }).waitFor()
        await expect.poll(() => page.locator('.animate-pulse').count()).toBe(0)
        expect(await findViolations(page), path).toEqual([])
        const [overflow, shifted] = await page.evaluate(() => [
          document.documentElement.scrollWidth - innerWidth,
          (globalThis as unknown as { shifted: number }).shifted,
        ])
        expect(overflow, path).toBeLessThanOrEqual(0)
        expect(shifted, path).toBeLessThan(0.1)
      }
    },
  )

  test.skipIf(skipsBrowser)('begin nothing in a window that the console did not open', async () => {
    const { site } = await start()
    const page = await browser.open(site)
    const posts: string[] = []
    page.on('request', (request) => request.method() === 'POST' && posts.push(request.url()))
    await page.goto('/sign-in/window?provider=okta&purpose=identity#{"provider":"okta","purpose":"identity"}')
    await page.getByRole('heading', { level: 1, name: 'There is nothing to do here' }).waitFor()
    await page.goto('/sign-in/okta')
    await page.getByRole('button', { name: 'Continue with Okta' }).waitFor()
    expect(posts).toEqual([])
  })
})
