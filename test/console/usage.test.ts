// Usage in the console: what the first page, the page of usage and those of keys and organizations tell of it.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { addTraffic } from '../setup/traffic.ts'
import { browserNote, skipsBrowser, useBrowser, useStage } from './browser.ts'

const hour = 3_600_000

describe(`usage in the console${browserNote}`, () => {
  const browser = useBrowser()
  const stageOf = useStage()
  const open = (path: string, token?: string) =>
    browser.open(stageOf().server, {
      path,
      token: token ?? stageOf().server.rootKey,
      locale: 'en-GB',
      timezoneId: 'America/St_Johns',
    })

  /** What the API tells of a time, in all. */
  async function total(query: string): Promise<{ calls: number; valid: number; refused: object }> {
    const { server } = stageOf()
    const path = `/v1/usage?by=total&${query}`
    const { json } = await server.request<{ calls: number; valid: number; refused: object }[]>('GET', path, {
      token: server.rootKey,
    })
    return json[0] as { calls: number; valid: number; refused: object }
  }
  const count = (number: number) => new Intl.NumberFormat('en').format(number)
  const sinceHours = (hours: number) => {
    const at = (Math.floor(Date.now() / hour) - hours + 1) * hour
    return `since=${new Date(at).toISOString()}`
  }

  test.skipIf(skipsBrowser)(
    'is the first page: calls, reasons and the busiest, each a way to more of it',
    async () => {
      const page = await open('/')
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
      const told = await total(sinceHours(24))
      const calls = page.getByRole('region', { name: 'Calls' })
      await calls.getByText(count(told.calls), { exact: true }).waitFor()
      await calls
        .getByText(count(told.calls - told.valid))
        .first()
        .waitFor()
      const reasons = page.getByRole('region', { name: 'Refused' })
      await reasons.getByText('Missing permission').waitFor()
      expect(await reasons.getByRole('listitem').count()).toBe(Object.keys(told.refused).length)
      const busiest = page.getByRole('region', { name: 'Busiest keys' })
      await busiest.getByRole('link', { name: 'Production mailer' }).click()
      await page.getByRole('heading', { level: 1, name: 'Production mailer' }).waitFor()
      await page.getByRole('main').getByRole('link', { name: 'Usage' }).click()
      const usage = page.getByRole('region', { name: 'Usage' })
      await usage.getByRole('radio', { name: '24 hours' }).check({ force: true })
      const ofKey = await total(`${sinceHours(24)}&key_id=${stageOf().keyId}`)
      await usage.getByText(count(ofKey.calls), { exact: true }).waitFor()
      await page.getByRole('link', { name: 'Overview' }).click()
      await page.getByRole('radio', { name: '7 days' }).check({ force: true })
      await expect.poll(() => new URL(page.url()).search).toBe('?range=7d')
      await page
        .getByRole('region', { name: 'Busiest organizations' })
        .getByRole('link', { name: 'More of them' })
        .click()
      const groups = page.getByRole('table', { name: 'By organization' })
      await groups.getByRole('link', { name: 'Acme Robotics' }).waitFor()
      expect(new URL(page.url()).search).toBe('?range=7d&group=organization')
      const numberIn = (text = '') => Number(text.replaceAll(/\D/g, ''))
      const [, , , refused, why] = (await groups.getByRole('row').nth(1).innerText()).split('\t')
      const ofReasons = why?.split(/, (?=\D)/).map(numberIn) ?? []
      expect(ofReasons.length).toBeGreaterThan(1)
      expect(numberIn(refused)).toBe(ofReasons.reduce((a, b) => a + b, 0))
    },
  )

  test.skipIf(skipsBrowser)(
    'says of each part of the first page that it could not be read, until it is',
    async () => {
      const { server } = stageOf()
      const page = await browser.open(server, { path: '/', token: server.rootKey, expected: /503/ })
      const parts = ['Calls', 'Refused', 'Busiest keys', 'Busiest organizations'].map((name) =>
        page.getByRole('region', { name }),
      )
      const problem = { code: 'store_unavailable', detail: 'The database does not answer.' }
      await page.route('**/v1/usage?**', (route) => route.fulfill({ status: 503, json: problem }))
      await page.getByRole('radio', { name: '7 days' }).check({ force: true })
      for (const part of parts) await part.getByText('could not be read').waitFor()
      await page.unroute('**/v1/usage?**')
      for (const part of parts) {
        // One way to try again serves all that show the same figures.
        const again = part.getByRole('button', { name: 'Try again' })
        if (await again.isVisible()) await again.click()
        await part.getByText('could not be read').waitFor({ state: 'detached' })
      }
    },
  )

  test.skipIf(skipsBrowser)(
    'counts what wants attention, each line a way to the list that it counts',
    async () => {
      const page = await open('/')
      const lines = page.getByRole('region', { name: 'Needs attention' }).getByRole('listitem')
      await lines.filter({ hasText: '4' }).waitFor()
      expect((await lines.allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim())).toEqual([
        '1 key marked as leaked',
        '2 keys of people who have left',
        '1 key ends within 7 days',
        '0 keys unused for 90 days',
        '4 keys never used',
      ])
      await lines.getByRole('link', { name: 'people who have left' }).click()
      await page.getByRole('heading', { level: 1, name: 'Keys' }).waitFor()
      await page.getByText('2 keys', { exact: true }).waitFor()
      expect(new URL(page.url()).search).toBe('?creator=gone')
      await page.goBack()
      await lines.getByRole('link', { name: 'ends within' }).click()
      await page.getByText('1 key', { exact: true }).waitFor()
      expect(await page.getByLabel('Use and expiry').inputValue()).toBe('expires-7d')
    },
  )

  test.skipIf(skipsBrowser)(
    'is a chart for the keyboard and the ear, and the same as a table by the reader’s own days',
    async () => {
      const page = await open('/usage?range=7d')
      const chart = page.getByRole('slider', { name: 'Calls by day in the last 7 days' })
      await chart.locator('canvas').waitFor()
      expect(await chart.getAttribute('aria-valuemax')).toBe('7')
      await chart.focus()
      await page.keyboard.press('Home')
      const table = page.getByRole('table', { name: 'Calls by day in the last 7 days' })
      const cells = (await table.getByRole('row').last().innerText())
        .split(/\t|\n/)
        .map((text) => text.trim())
      const first = await chart.getAttribute('aria-valuetext')
      expect(first).toBe(`${cells[0]}: ${cells[1]} calls, ${cells[3]} refused`)
      await page.keyboard.press('ArrowRight')
      expect(await chart.getAttribute('aria-valuenow')).toBe('2')
      await page.keyboard.press('End')
      expect(await chart.getAttribute('aria-valuetext')).toContain('so far')
      expect(await table.getByText('so far').count()).toBe(1)
      // Days begin where the reader is, half an hour beside those of most others.
      const day = await page.evaluate(() => {
        const at = new Date()
        at.setHours(0, 0, 0, 0)
        return at.getTime() - 6 * 86_400_000
      })
      const told = await total(`since=${new Date(Math.ceil(day / hour) * hour).toISOString()}`)
      const sum = (await table.getByRole('row').all()).slice(1).map(async (row) => {
        const text = await row.getByRole('cell').first().innerText()
        return Number(text.replaceAll(',', ''))
      })
      expect((await Promise.all(sum)).reduce((a, b) => a + b, 0)).toBe(told.calls)
      await page.getByText('Days are by your time zone, America/St_Johns').waitFor()
      await page.getByText(/^Closed until .*does not change any more/).waitFor()
    },
  )

  test.skipIf(skipsBrowser)(
    'is filtered by the address, says what is wrong with it, and comes as a file',
    async () => {
      const page = await open('/usage?group=key&range=30d')
      await page.getByText('The keys of all organizations are compared over 7 days.').waitFor()
      await page.getByText('Correct the filters to see figures.').waitFor()
      await page.getByRole('combobox', { name: 'Organization' }).fill('acme')
      await page.keyboard.press('Enter')
      const groups = page.getByRole('table', { name: 'By key' })
      await groups.getByRole('link', { name: 'Staging' }).waitFor()
      expect(await groups.getByRole('link', { name: 'Website' }).count()).toBe(0)
      await page.getByLabel('By', { exact: true }).selectOption('hour')
      await page.getByRole('slider', { name: /^Calls by hour/ }).waitFor()
      expect(new URL(page.url()).searchParams.get('by')).toBe('hour')
      const coming = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Download as CSV' }).click()
      expect((await coming).suggestedFilename()).toMatch(/^latchkey-usage-acme-20\d\d-\d\d-\d\d\.csv$/)
      await page.getByRole('button', { name: 'Clear the filters' }).click()
      await expect.poll(() => new URL(page.url()).search).toBe('')
      await page.getByRole('table', { name: 'Calls by day in the last 7 days' }).waitFor()
    },
  )

  test.skipIf(skipsBrowser)(
    'is beside the keys of a list, which are asked for together, and only as far as they are looked at',
    async () => {
      const page = await browser.open(stageOf().server, {
        path: '/account',
        token: stageOf().server.rootKey,
        viewport: { width: 1440, height: 900 },
      })
      const asked: string[] = []
      page.on('request', (request) => {
        if (request.url().includes('key_ids=')) asked.push(request.url())
      })
      await page.getByRole('link', { name: 'Keys', exact: true }).click()
      const callsOf = (name: string) =>
        page
          .getByRole('row')
          .filter({ has: page.getByRole('link', { name, exact: true }) })
          .getByTitle(/calls in the last 7 days by UTC/)
      await callsOf('Production mailer').waitFor()
      const day = 24 * hour
      const since = `since=${new Date((Math.floor(Date.now() / day) - 6) * day).toISOString()}`
      const told = await total(`${since}&key_id=${stageOf().keyId}`)
      expect(await callsOf('Production mailer').getAttribute('title')).toBe(
        `${count(told.calls)} calls in the last 7 days by UTC, ${count(told.calls - told.valid)} refused`,
      )
      expect(await page.getByRole('row').getByText('None', { exact: true }).count()).toBeGreaterThan(0)
      expect(asked).toHaveLength(1)
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.getByRole('columnheader', { name: 'Calls, 7 days' }).waitFor({ state: 'detached' })
      // Every row has a cell for each heading, whatever the window was when it was drawn.
      const row = page.getByRole('row').filter({ hasText: 'Production mailer' })
      const headings = page.getByRole('columnheader')
      await expect.poll(() => row.getByRole('cell').count()).toBe(await headings.count())
      await page.setViewportSize({ width: 1440, height: 900 })
      await page.getByRole('columnheader', { name: 'Calls, 7 days' }).waitFor()
      await expect.poll(() => row.getByRole('cell').count()).toBe(await headings.count())
    },
  )

  test.skipIf(skipsBrowser)('loads what draws charts where a chart is, and not before', async () => {
    const page = await browser.open(stageOf().server, {
      path: '/account',
      token: stageOf().server.rootKey,
      own: true,
    })
    await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor()
    const charts = () =>
      page.evaluate(
        () =>
          performance.getEntriesByType('resource').filter(({ name }) => /\/chart-[^/]+\.js$/.test(name))
            .length,
      )
    expect(await charts()).toBe(0)
    await page.getByRole('link', { name: 'Usage' }).click()
    await page.locator('canvas').waitFor()
    expect(await charts()).toBe(1)
  })
})

onOneDatabase('SQLite', `a first look in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)(
    'at a fresh server has its first steps, with ticks at what is there',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const page = await browser.open(server, { token: server.rootKey })
      const steps = page.getByRole('region', { name: 'First steps' })
      await steps.waitFor()
      const done = () => steps.getByText('Done.').count()
      expect(await done()).toBe(0)
      await page.getByText('No calls.').first().waitFor()
      await createAcme(server.latchkey)
      await again(page)
      await expect.poll(done).toBe(1)
      const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
      await again(page)
      await expect.poll(done).toBe(2)
      expect(await steps.getByRole('link', { name: 'Try a token' }).getAttribute('href')).toBe('/try')
      await server.request('POST', '/v1/keys/verify', { token: server.rootKey, body: { key } })
      await expect
        .poll(
          async () =>
            (await server.latchkey.keys.list({ organizationId: 'acme', neverUsed: false })).items.length,
          {
            timeout: 15_000,
          },
        )
        .toBe(1)
      await again(page)
      await page.getByRole('region', { name: 'Busiest keys' }).waitFor()
      await expect.poll(() => steps.count()).toBe(0)
    },
  )

  test.skipIf(skipsBrowser)(
    'of an organization’s own person is at its own calls, or at its keys',
    async () => {
      const database = await makeDatabase()
      const server = await browser.serve(database)
      await createAcme(server.latchkey)
      const make = (permissions: string[]) =>
        server.latchkey.keys.create({ organizationId: 'acme', name: 'Mailer', permissions })
      const [reader, blind] = [
        await make(['latchkey:usage:read', 'latchkey:keys:read']),
        await make(['latchkey:keys:read']),
      ]
      const foreign = await server.latchkey.keys.create({ organizationId: 'root', name: 'Of the operator' })
      const refused = { malformed: 1 }
      await addTraffic(
        database,
        [
          // Enough for the hours and days of fewest calls.
          { key: reader, perHour: 1000, kinds: [{ permissions: 'emails:send' }] },
          { key: foreign, perHour: 90_000 },
          { perHour: 50, refused },
        ],
        3,
        Date.now(),
      )
      const page = await browser.open(server, { token: reader.key })
      await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
      const busiest = page.getByRole('region', { name: 'Busiest keys' })
      await busiest.getByRole('link', { name: 'Mailer' }).waitFor()
      expect(await busiest.getByRole('row').count()).toBe(2)
      expect(await page.getByRole('region', { name: 'Busiest organizations' }).count()).toBe(0)
      await page.getByText('No call was refused.').waitFor()
      // Their own keys they compare over as long as one organization's.
      const compare = page.getByLabel('Compare')
      await page.getByRole('link', { name: 'Usage' }).click()
      expect(await compare.getByRole('option').allInnerTexts()).toEqual([
        'Nothing',
        'Key',
        'Permission',
        'Verdict',
      ])
      await page.getByLabel('Time').selectOption('30 days')
      await compare.selectOption('Key')
      await page.getByRole('table', { name: 'By key' }).getByRole('link', { name: 'Mailer' }).waitFor()
      await compare.selectOption('Permission')
      const asked = page.getByRole('table', { name: 'By permission' })
      await asked.getByRole('rowheader', { name: 'emails:send' }).waitFor()
      expect(await asked.getByRole('row').count()).toBe(2)
      await page.getByText('A call counts for each that it asked for, by days of UTC.').waitFor()
      const other = await browser.open(server, { token: blind.key })
      await other.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
      expect(await other.getByRole('link', { name: 'Usage' }).count()).toBe(0)
      expect(await other.getByRole('link', { name: 'Overview' }).count()).toBe(0)
    },
  )
})

/** Comes back to the first page, as one does a while later. */
async function again(page: Page): Promise<void> {
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
}
