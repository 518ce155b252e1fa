// The reference page in a browser: what its script adds, and that it is read without one.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeSqlite } from '../setup/databases.ts'
import { casesIfLong } from '../setup/rounds.ts'
import { startTestServer, type TestServer } from '../setup/server.ts'
import { browserNote, skipsBrowser } from './browser.ts'
import { findViolations, sharedBrowser } from './chromium.ts'

describe.skipIf(skipsBrowser)(`the reference page${browserNote}`, () => {
  const database = makeSqlite()
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer(database.url)
  })
  afterAll(async () => {
    await server.close()
    database.remove()
  })

  /** Opens the page, with what went wrong on it. */
  async function open(
    options: Parameters<Awaited<ReturnType<typeof sharedBrowser>>['newContext']>[0] = {},
    hash = '',
  ) {
    const context = await (await sharedBrowser()).newContext({ baseURL: server.url, ...options })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    const faults: string[] = []
    page.on('console', (message) => faults.push(message.text()))
    page.on('pageerror', (error) => faults.push(error.message))
    page.on('request', (request) => {
      if (!request.url().startsWith(server.url)) faults.push(request.url())
    })
    await page.goto(`/docs${hash}`)
    return { page, faults }
  }

  // The page is long: to look at all of it takes half a minute.
  test.each(casesIfLong(['light', 'dark'] as const))(
    'is whole for every reader in %s',
    async (colorScheme) => {
      const { page, faults } = await open({ colorScheme, viewport: { width: 1280, height: 900 } })
      expect(await findViolations(page)).toEqual([])
      expect(faults).toEqual([])
    },
  )

  test('fits on a phone, where the list of calls opens and closes', async () => {
    const { page, faults } = await open({ viewport: { width: 360, height: 740 } })
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
    expect(over).toBeLessThanOrEqual(0)
    await page.getByRole('button', { name: 'Calls' }).click()
    await page.getByRole('navigation').getByRole('link', { name: 'Create a key', exact: true }).click()
    await expect.poll(() => page.getByRole('navigation').isVisible()).toBe(false)
    expect(page.url()).toMatch(/#keys\/createKey$/)
    expect(faults).toEqual([])
  })

  test('finds calls with the keyboard, keeps the language of the code, and copies it', async () => {
    const { page, faults } = await open({ viewport: { width: 1280, height: 900 } })
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.keyboard.press('/')
    await page.keyboard.type('v1/keys/{id}/rotate')
    await page.getByText('1 found').waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL('**/docs#keys/rotateKey')
    const call = page.locator('[id="keys/rotateKey"]')
    await call.getByText('Python', { exact: true }).click()
    expect(await call.locator('pre:visible').first().textContent()).toMatch(
      /^answer = client\.keys\.rotate\(/,
    )
    await page.reload()
    const shown = call.locator('.samples pre:visible')
    await call.locator('.samples .copy:visible').click()
    await call.getByText('Copied').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(await shown.textContent())
    // No other call keeps another language.
    const other = page.locator('[id="keys/createKey"] .samples pre:visible')
    expect(await other.textContent()).toMatch(/^answer = client\.keys\.create\(/)
    expect(faults).toEqual([])
  })

  test('is read, and shows the code of each language, without a script', async () => {
    const { page } = await open(
      { javaScriptEnabled: false, viewport: { width: 390, height: 800 } },
      '#keys/createKey',
    )
    const call = page.locator('[id="keys/createKey"]')
    await call.getByText('Go', { exact: true }).click()
    expect(await call.locator('.samples pre:visible').textContent()).toMatch(/client\.Keys\.Create\(ctx/)
    await page.getByRole('button', { name: 'Calls' }).click()
    await page.getByRole('navigation').getByRole('link', { name: 'Revoke a key permanently' }).click()
    await page.waitForURL('**/docs#keys/revokeKey')
  })
})
