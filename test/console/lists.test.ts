// Lists of keys and organizations in the console: found, filtered, and left without losing one's place.
import type { Page } from 'playwright-core'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { addManyEvents, addManyKeys } from '../setup/bulk.ts'
import { makeSqlite } from '../setup/databases.ts'
import { connectDirectly } from '../setup/direct.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { findViolations } from './chromium.ts'

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

    // A row opens wherever it is pressed.
    const link = page.getByRole('link', { name: left.name, exact: true })
    await page.locator('[data-opens]').filter({ has: link }).click()
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
    for (const [width, height, least] of [
      [640, 800, 10],
      [820, 1180, 17],
      [1024, 768, 10],
      [1440, 900, 13],
      [1920, 1080, 16],
    ] as const) {
      await page.setViewportSize({ width, height })
      // Many on a screen, over the whole width of the window, and nothing beside it.
      await expect.poll(() => wholeRows(page), { message: `${width}` }).toBeGreaterThanOrEqual(least)
      expect(await blankAtTheRight(page), `${width}`).toBeLessThanOrEqual(40)
    }
    // There no column is cut.
    expect(await cutCells(page)).toEqual([])
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
    await page.waitForURL((url) => url.searchParams.get('q') === 'no such name')
    await page.getByText('No revoked key has this text in its name').waitFor()
    await page.reload()
    await page.getByText('No revoked key has this text in its name').waitFor()
    expect(await page.getByLabel('Search by name').inputValue()).toBe('no such name')
    await page.getByRole('button', { name: 'Clear the search' }).click()
    await page.getByText('100 shown, more below').waitFor()
    expect(new URL(page.url()).search).toBe('?sort=name')
  })
})

describe(`long searches in the console${browserNote}`, () => {
  const browser = useBrowser()
  const serve = async () => {
    const { url, remove } = makeSqlite()
    onTestFinished(remove)
    const server = await browser.serve(url)
    await createAcme(server.latchkey)
    return { server, url }
  }

  test.skipIf(skipsBrowser)(
    'go on after pages on which nothing was found, and say so meanwhile',
    async () => {
      const { server, url } = await serve()
      {
        await using direct = await connectDirectly(url)
        // More than the server looks through for one page.
        await addManyKeys(direct, 'acme', 55_000, Date.now())
        await addManyEvents(direct, 'acme', 55_000, Date.now())
        await direct.run(
          `update keys set name = 'Needle', name_folded = 'needle', created_at = 1, revoked_at = null,
           expires_at = null where kid = '1000000000000001'`,
        )
      }
      const path = '/organizations/acme?q=needle'
      const page = await browser.open(server, { token: server.rootKey, path: '/account' })
      const release = await holdNextPages(page)
      await page.goto(path)
      await page.getByText('None found so far. Searching…').waitFor()
      await page.getByRole('progressbar', { name: 'Searching' }).waitFor()
      expect(await page.getByText('No active key has this text in its name').count()).toBe(0)
      expect(await findViolations(page)).toEqual([])
      release()
      await page.getByRole('link', { name: 'Needle' }).waitFor()
      await page.getByText('1 key', { exact: true }).waitFor()
      expect(await page.getByRole('progressbar').count()).toBe(0)

      const releaseEvents = await holdNextPages(page)
      await page.goto('/activity?organization=acme&action=key.rotated')
      await page.getByText('No event found so far. Searching…').waitFor()
      expect(await page.getByText('No event matches these filters').count()).toBe(0)
      releaseEvents()
      await page.getByText('No event matches these filters').waitFor()
    },
  )

  test.skipIf(skipsBrowser)('show every secret that a key has had, some at a time', async () => {
    const { server } = await serve()
    const { keys } = server.latchkey
    const { id } = await keys.create({ organizationId: 'acme', name: 'Often rotated' })
    for (let turn = 0; turn < 120; turn++) await keys.rotate(id)
    const page = await browser.open(server, { token: server.rootKey, path: `/keys/${id}` })
    const rows = page.getByRole('region', { name: 'Secrets' }).getByRole('listitem')
    await page.getByRole('button', { name: 'Show the newest 99 that have ended' }).click()
    await expect.poll(() => rows.count()).toBe(100)
    const older = page.getByRole('button', { name: 'Show older ones' })
    await older.click()
    await expect.poll(() => rows.count()).toBe(121)
    await older.waitFor({ state: 'detached' })
    const shown = await rows.locator('p').allInnerTexts()
    const { secrets } = await keys.get(id)
    const rest = await keys.get(id, { secretsAfter: secrets.at(-1)?.kid })
    expect(shown).toEqual([...secrets, ...rest.secrets].map(({ hint }) => hint))
    await page.getByRole('button', { name: 'Show fewer' }).click()
    await expect.poll(() => rows.count()).toBe(4)
  })
})

/** Holds back what the page asks for beyond first pages, until the function that is returned is called. */
async function holdNextPages(page: Page): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  await page.route(/\/v1\/.*[?&]after=/, async (route) => {
    await promise
    await route.fallback()
  })
  return resolve
}

/** How far down the page is, and the first key that can be seen whole. */
async function place(page: Page): Promise<{ top: number; name: string }> {
  return page.evaluate(() => {
    const links = [...document.querySelectorAll<HTMLElement>('main a[href^="/keys/"][title^="Key "]')]
    const seen = links.find((link) => link.getBoundingClientRect().top > 60)
    return { top: Math.round(scrollY), name: seen?.title ?? '' }
  })
}

/** How many rows of the table can be seen whole, as the page comes. */
function wholeRows(page: Page): Promise<number> {
  return page.evaluate(() => {
    const rows = [...document.querySelectorAll('tbody tr[data-opens]')]
    return rows.filter((row) => row.getBoundingClientRect().bottom <= innerHeight).length
  })
}

/** How much of the window is left blank beside the table. */
function blankAtTheRight(page: Page): Promise<number> {
  return page.evaluate(() => {
    const table = document.querySelector('table')?.getBoundingClientRect()
    return document.documentElement.clientWidth - (table?.right ?? 0)
  })
}

/** The texts of the table that end in dots for lack of room. */
function cutCells(page: Page): Promise<(string | null)[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('td .truncate')]
      .filter((text) => text.scrollWidth > text.clientWidth)
      .map((text) => text.textContent),
  )
}
