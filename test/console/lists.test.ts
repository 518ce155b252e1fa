// Lists of keys and organizations in the console: found, filtered, and left without losing one's place.
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { addManyKeys } from '../setup/bulk.ts'
import { makeSqlite } from '../setup/databases.ts'
import { connectDirectly } from '../setup/direct.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'

describe(`long lists in the console${browserNote}`, () => {
  const browser = useBrowser()
  const { url, remove } = makeSqlite()
  afterAll(remove)
  const serve = async () => {
    const server = await browser.serve(url)
    const acme = await server.latchkey.organizations
      .create({ id: 'acme', name: 'Acme' })
      .catch(() => undefined)
    if (acme !== undefined) {
      await using direct = await connectDirectly(url)
      await addManyKeys(direct, 'acme', 2000, Date.now())
    }
    return server
  }

  test.skipIf(skipsBrowser).each([
    ['a table', 1280],
    ['cards on a phone', 390],
  ])('are as far down as they were after back and after reload: %s', async (_, width) => {
    const server = await serve()
    const page = await browser.open(server, {
      token: server.rootKey,
      path: '/organizations/acme?status=all&sort=name',
      viewport: { width, height: 800 },
    })
    await page.getByText('100 shown, more below').waitFor()
    await page.mouse.move(width / 2, 600)
    // As far as rows are there: more come meanwhile.
    for (let turn = 0; turn < 8; turn++) {
      await page.mouse.wheel(0, 3000)
      await page.waitForTimeout(100)
    }
    const left = await place(page)
    expect(left.top).toBeGreaterThan(10_000)

    await page.getByRole('link', { name: left.name, exact: true }).click()
    await page.getByRole('heading', { level: 1, name: left.name }).waitFor()
    await page.goBack()
    await page.getByRole('link', { name: left.name, exact: true }).waitFor()
    expect(await place(page)).toEqual(left)

    await page.reload()
    await page.getByRole('link', { name: left.name, exact: true }).waitFor()
    expect(await place(page)).toEqual(left)
  })

  test.skipIf(skipsBrowser)('draw what is on the screen only, and say that there is more', async () => {
    const server = await serve()
    const page = await browser.open(server, { token: server.rootKey, path: '/keys' })
    const table = page.getByRole('table')
    await table.getByRole('link').first().waitFor()
    expect(await table.getByRole('row').count()).toBeLessThan(40)
    expect(await table.getAttribute('aria-rowcount')).toBe('-1')
    await page.keyboard.press('/')
    await page.keyboard.type('Key 23757')
    await page.getByText('1 key', { exact: true }).waitFor()
    expect(await table.getAttribute('aria-rowcount')).toBe('2')
  })

  test.skipIf(skipsBrowser)('keep search, status and order in the address, and ask the server', async () => {
    const server = await serve()
    const page = await browser.open(server, { token: server.rootKey, path: '/organizations/acme' })
    await page.getByText('100 shown, more below').waitFor()
    await page.getByText('Revoked', { exact: true }).first().click()
    await page.getByRole('button', { name: 'Name', exact: true }).click()
    await page
      .getByRole('columnheader', { name: 'Name', exact: true })
      .and(page.locator('[aria-sort=ascending]'))
      .waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('no such name')
    await page.getByText('No revoked key has that in its name').waitFor()
    await page.reload()
    await page.getByText('No revoked key has that in its name').waitFor()
    expect(await page.getByLabel('Search by name').inputValue()).toBe('no such name')
    await page.getByRole('button', { name: 'Clear the search' }).click()
    await page.getByText('100 shown, more below').waitFor()
    expect(new URL(page.url()).search).toBe('?sort=name')
  })
})

/** How far down the page is, and the first key that can be seen whole. */
async function place(page: Page): Promise<{ top: number; name: string }> {
  return page.evaluate(() => {
    const links = [...document.querySelectorAll<HTMLElement>('main a[href^="/keys/"][title^="Key "]')]
    const seen = links.find((link) => link.getBoundingClientRect().top > 60)
    return { top: Math.round(scrollY), name: seen?.title ?? '' }
  })
}
