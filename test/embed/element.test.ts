// The element in an operator's page, from the first key to the last: what it shows, sends, and tells the page.
import { expect, test } from 'vitest'
import { browserNote, skipsBrowser } from '../console/browser.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { inToken, makeKey, openClosedTrees, revealToken, shown, useEmbedBrowser } from './browser.ts'

onOneDatabase('SQLite', `the element in a page of another origin${browserNote}`, (makeDatabase) => {
  const browser = useEmbedBrowser()

  test.skipIf(skipsBrowser)(
    'creates, rotates and revokes a key under a policy that allows nothing but scripts and calls of two origins',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const host = await browser.host(server)
      const page = await browser.open(host.url, { before: openClosedTrees })
      const sent: Record<string, string>[] = []
      page.on('request', async (request) => {
        if (request.url().startsWith(server.url)) sent.push(await request.allHeaders())
      })
      await page.getByText('No API keys yet').waitFor()

      await page.getByRole('button', { name: 'New key' }).click()
      const dialog = page.getByRole('dialog', { name: 'New key' })
      await dialog.getByLabel('Name').fill('Mailer')
      await dialog.getByLabel('Description').fill('Sends the letters.')
      await dialog.getByRole('checkbox', { name: 'emails:*' }).check()
      await dialog.getByLabel('Expiry').selectOption('In 30 days')
      await dialog.getByRole('button', { name: 'Create key' }).click()
      await page.getByText('“Mailer” was created.').waitFor()
      const row = page
        .getByRole('listitem')
        .filter({ has: page.getByRole('heading', { name: 'Mailer', exact: true }) })
      for (const text of ['Active', 'Sends the letters.', 'emails:*', 'by Ada'])
        expect(await row.innerText()).toContain(text)

      const first = await revealToken(page)
      const verdict = await server.latchkey.verify(first)
      expect(verdict).toMatchObject({ code: 'valid', name: 'Mailer', permissions: ['emails:*'] })
      expect(await server.latchkey.keys.list()).toMatchObject({
        items: [{ createdBy: 'u_81', description: 'Sends the letters.', expiresAt: expect.any(Date) }, {}],
      })
      // The page finds neither the token nor the tree in which it stands.
      const found = await page.evaluate(() => {
        const { shadowRoot } = document.querySelector('latchkey-keys') as HTMLElement
        const place = shadowRoot?.querySelector('.secret')
        return [
          place?.shadowRoot,
          `${shadowRoot?.querySelector('.app')?.outerHTML} ${document.body.outerHTML}`,
        ]
      })
      expect(found[0]).toBeNull()
      expect(found[1]).toContain('Mailer')
      expect(found[1]).not.toContain(first.slice(-49))
      expect(await inToken(page, 'Hide')).not.toContain(first.slice(-49))
      await inToken(page, 'Close')
      expect(await inToken(page)).toBe('')
      expect(await page.locator('.new-token').count()).toBe(0)

      await row.getByRole('button', { name: 'Rotate: Mailer' }).click()
      const rotate = page.getByRole('dialog', { name: 'Rotate the key?' })
      await rotate.getByText(/^The old token works until/).waitFor()
      const [question, choices] = await Promise.all(
        ['legend', '.segments'].map((part) => rotate.locator(part).boundingBox()),
      )
      // The choices stand apart from the question that they answer.
      expect((choices?.y ?? 0) - (question?.y ?? 0) - (question?.height ?? 0)).toBeGreaterThan(4)
      await rotate.getByRole('radio', { name: 'Not at all' }).check()
      await rotate.getByText('The old token stops working at once.').waitFor()
      await rotate.getByRole('button', { name: 'Rotate' }).click()
      await page.getByText('“Mailer” has a new token.').waitFor()
      const second = await revealToken(page)
      const codes = async () =>
        Promise.all([first, second].map(async (token) => (await server.latchkey.verify(token)).code))
      expect(await codes()).toEqual(['rotated', 'valid'])

      await row.getByRole('button', { name: 'Revoke: Mailer' }).click()
      const revoke = page.getByRole('dialog', { name: 'Revoke the key?' })
      await revoke.getByLabel('To confirm').fill('Mail')
      await revoke.getByRole('button', { name: 'Revoke key' }).click()
      await revoke.getByText('This is not the name of the key.').waitFor()
      expect(await codes()).toEqual(['rotated', 'valid'])
      await revoke.getByLabel('To confirm').fill('Mailer')
      await revoke.getByRole('button', { name: 'Revoke key' }).click()
      await page.getByText('“Mailer” was revoked.').waitFor()
      await row.getByText('Revoked').waitFor()
      expect(await codes()).toEqual(['revoked', 'revoked'])

      const { events, asked } = await page.evaluate(() => ({ ...(globalThis as unknown as Told) }))
      const { keyId: id } = verdict as { keyId?: string }
      expect(events).toEqual([
        ['latchkey-ready', {}],
        ...['created', 'rotated', 'revoked'].map((event) => [`latchkey-${event}`, { id }]),
      ])
      expect(asked).toBe(1)
      // What is asked of the server has a token of the session's, and nothing that the browser keeps.
      expect(sent.length).toBeGreaterThan(3)
      for (const headers of sent) expect(headers).not.toHaveProperty('cookie')
      expect(await page.context().cookies()).toEqual([])
      const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))
      expect(kept).toBe('[{},{}]')
      const log = JSON.stringify([
        server.log,
        browser.said,
        host.requests.map(({ headers, url }) => [headers, url]),
      ])
      for (const token of [first, second]) expect(log).not.toContain(token.slice(-49))
    },
  )

  test.skipIf(skipsBrowser)(
    'shows names with markup as text, and more keys as they are asked for',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const evil = '<img src=x onerror=alert(1)><b>&amp;'
      for (let i = 0; i < 30; i++)
        await server.latchkey.keys.create({ organizationId: 'acme', name: `${evil}${i}`, description: evil })
      const host = await browser.host(server)
      const page = await browser.open(host.url)
      await page.getByRole('heading', { name: `${evil}29`, exact: true }).waitFor()
      const rows = page.getByRole('heading', { name: evil })
      expect(await rows.count()).toBe(25)
      await page.getByRole('button', { name: 'Show more' }).click()
      await expect.poll(() => rows.count()).toBe(30)
      await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'hidden' })
      expect(await page.locator('latchkey-keys img, latchkey-keys b').count()).toBe(0)
    },
  )

  test.skipIf(skipsBrowser)(
    'tells what is wrong beside the fields, and keeps all that was typed',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const host = await browser.host(server, {
        session: { permissions: ['latchkey:keys:write', 'emails:*'] },
      })
      const page = await browser.open(host.url)
      await page.getByRole('button', { name: 'New key' }).click()
      const dialog = page.getByRole('dialog', { name: 'New key' })
      const go = dialog.getByRole('button', { name: 'Create key' })
      await go.click()
      await dialog.getByText('Enter a name of at most 256 characters.').waitFor()
      const name = dialog.getByLabel('Name')
      expect(await name.getAttribute('aria-invalid')).toBe('true')
      await name.fill('Mailer')
      // What the session does not cover, the server refuses.
      await dialog.getByLabel('Other permissions').fill('domains:write')
      await go.click()
      await dialog.getByText('You may not grant this permission.').waitFor()
      expect(await dialog.getByLabel('Other permissions').inputValue()).toBe('domains:write')
      await dialog.getByLabel('Other permissions').fill('not a permission!')
      await go.click()
      await dialog.getByText('The server says:').waitFor()
      await dialog.getByLabel('Other permissions').fill('emails:send')
      // Escape leaves it for now, and nothing is lost.
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
      await page.getByRole('button', { name: 'New key' }).click()
      expect(await name.inputValue()).toBe('Mailer')
      await go.click()
      await page.getByText('“Mailer” was created.').waitFor()
    },
  )

  test.skipIf(skipsBrowser)(
    'makes one key however often the button is pressed and an answer is lost',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const host = await browser.host(server)
      const page = await browser.open(host.url, {
        before: openClosedTrees,
        expected: /ERR_FAILED|Failed to load/,
      })
      await shown(page)
      const keys: (string | undefined)[] = []
      await page.route('**/v1/portal/keys', async (route) => {
        if (route.request().method() !== 'POST') return route.continue()
        keys.push(
          await route
            .request()
            .headerValue('idempotency-key')
            .then((value) => value ?? undefined),
        )
        if (keys.length > 1) return route.continue()
        // It arrived, and its answer did not.
        await route.fetch()
        await route.abort()
      })
      await page.getByRole('button', { name: 'New key' }).click()
      const dialog = page.getByRole('dialog', { name: 'New key' })
      await dialog.getByLabel('Name').fill('Mailer')
      await dialog.getByRole('button', { name: 'Create key' }).dblclick()
      await page.getByText('“Mailer” was created.').waitFor()
      expect(keys).toHaveLength(2)
      expect(keys[0]).toMatch(/^[0-9a-f]{32}$/)
      expect(keys[1]).toBe(keys[0])
      expect((await server.latchkey.verify(await revealToken(page))).code).toBe('valid')
      const { items } = await server.latchkey.keys.list({ organizationId: 'acme' })
      expect(items).toHaveLength(1)
    },
  )

  test.skipIf(skipsBrowser)('offers what the session may do, and nothing else', async () => {
    const server = await browser.serve(await makeDatabase())
    await server.latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const reading = await browser.host(server, { session: { permissions: ['latchkey:keys:read'] } })
    const page = await browser.open(reading.url)
    await page.getByRole('heading', { name: 'CI' }).waitFor()
    expect(await page.locator('latchkey-keys').getByRole('button').allInnerTexts()).toEqual([])
    expect(await page.getByRole('heading', { name: 'Calls in the last 30 days' }).count()).toBe(0)
    const writing = await browser.host(server, { session: { permissions: ['latchkey:keys:write'] } })
    await page.goto(writing.url)
    await page.getByText('You cannot see the list of keys here.').waitFor()
    await makeNamedKey()
    await page.getByText('“Blind” was created.').waitFor()

    async function makeNamedKey() {
      await page.getByRole('button', { name: 'New key' }).click()
      const dialog = page.getByRole('dialog', { name: 'New key' })
      await dialog.getByLabel('Name').fill('Blind')
      await dialog.getByRole('button', { name: 'Create key' }).click()
    }
  })

  test.skipIf(skipsBrowser)('draws the calls of the last days, and tells them by a table too', async () => {
    const server = await browser.serve(await makeDatabase())
    const host = await browser.host(server)
    const page = await browser.open(host.url, { before: openClosedTrees })
    await page.getByText('No calls yet').waitFor()
    await makeKey(page, 'Mailer')
    const token = await revealToken(page)
    for (let i = 0; i < 3; i++) await server.latchkey.verify(token)
    await server.latchkey.verify(token, { permissions: ['domains:write'] })
    await expect
      .poll(
        async () => {
          await page.reload()
          await shown(page)
          return page.getByText('4 calls, 1 of them refused').count()
        },
        { timeout: 60_000 },
      )
      .toBe(1)
    await page.getByRole('img', { name: 'Calls in the last 30 days: 4 calls, 1 of them refused' }).waitFor()
    await page.getByText('As a table').click()
    const [today] = await page.getByRole('table').getByRole('row').filter({ hasText: '2' }).allInnerTexts()
    expect(today?.split(/\s+/).slice(-2)).toEqual(['3', '1'])
  })
})

interface Told {
  events: unknown[]
  asked: number
}
