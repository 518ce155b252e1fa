// Journeys among keys: the first one of all, and finding any one again by its name, its status and its last use.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { WireKey } from '../../console/api.ts'
import { openLatchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { go } from './chromium.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

onOneDatabase('PostgreSQL', `keys in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)(
    'an organization without keys leads to its first, which the list then has',
    async () => {
      const database = await makeDatabase()
      const server = await browser.serve(database)
      await createAcme(server.latchkey)
      const page = await browser.open(server, { token: server.rootKey, path: '/organizations/acme' })
      await page.getByRole('heading', { name: 'No active key yet' }).waitFor()
      await page.getByRole('link', { name: 'Create the first key' }).click()
      await page.getByLabel('Name', { exact: true }).fill('CI')
      await page.getByLabel('Permissions', { exact: true }).fill('emails:send, domains:*')
      await page.getByRole('button', { name: 'Create key' }).click()
      const token = await page.getByText(/^re_[0-9A-Za-z]{65}$/).innerText()
      await page.getByLabel('I have stored the token').check()
      await page.getByRole('button', { name: 'Done' }).click()
      await page.getByRole('heading', { level: 1, name: 'CI' }).waitFor()
      await page.getByRole('navigation', { name: 'You are here' }).getByRole('link', { name: 'Acme' }).click()
      await page.getByText('1 key', { exact: true }).waitFor()

      const row = page.getByRole('row').nth(1)
      const root = await server.request<WireKey>('GET', '/v1/keys/self', { token: server.rootKey })
      expect(await cells(page, 1)).toEqual([
        ['Name', `CI\n${token.slice(0, 19)}…`],
        ['Permissions', 'emails:send\ndomains:*'],
        ['Created by', root.json.name],
        ['Created', expect.stringMatching(/^\w{3} \d+, 20\d\d$/)],
        ['Last used', 'Never used'],
        ['Expires', 'Never'],
        ['Status', 'Active'],
      ])
      const creator = row.getByRole('link', { name: root.json.name })
      expect(await creator.getAttribute('href')).toBe(`/keys/${root.json.id}`)

      // Another process finds it valid, and writes so when it stops.
      const other = await openLatchkey({ database })
      expect((await other.verify(token, { permissions: ['domains:read'] })).code).toBe('valid')
      await other.close()
      await page.reload()
      await row.getByText('just now').waitFor()
      const used = (await server.latchkey.keys.list({ organizationId: 'acme' })).items[0]?.lastUsedAt as Date
      const shown = row.getByText('just now')
      expect(await shown.getAttribute('datetime')).toBe(used.toISOString())
      expect(await shown.getAttribute('title')).toBe(await inFull(page, used))
    },
  )

  test.skipIf(skipsBrowser)(
    'every status and order shows what the API lists, and each key tells when it was used and ends',
    async () => {
      const database = await makeDatabase()
      await liveThreeMonths(database)
      const server = await browser.serve(database)
      const page = await browser.open(server, {
        token: server.rootKey,
        path: '/organizations/acme',
        // Every row is on the screen, and so is drawn.
        viewport: { width: 1280, height: 1200 },
      })
      for (const status of ['Active', 'Expired', 'Revoked', 'All']) {
        await page.getByRole('radio', { name: status, exact: true }).check({ force: true })
        for (const [heading, sort] of [
          ['Name', 'name'],
          ['Last used', '-last_used_at'],
          ['Created', '-created_at'],
        ] as const) {
          await page.getByRole('button', { name: heading, exact: true }).click()
          const { json } = await server.request<WireKey[]>(
            'GET',
            `/v1/keys?organization_id=acme&status=${status.toLowerCase()}&sort=${sort}`,
            { token: server.rootKey },
          )
          expect(json.length).toBeGreaterThan(1)
          const listed = json.map((key) => [key.name, key.status])
          await expect.poll(() => namesAndStatuses(page), { message: `${status} ${sort}` }).toEqual(listed)
        }
      }
      const told = async (name: string, heading: string) => {
        const row = page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })
        const at = await page.getByRole('columnheader').allInnerTexts()
        return row.getByRole('cell').nth(at.indexOf(heading))
      }
      expect(await (await told('Backup', 'Last used')).innerText()).toBe('3 hours ago')
      expect(await (await told('Archive', 'Last used')).innerText()).toBe('Never used')
      const warned = await told('Backup', 'Expires')
      expect(await warned.innerText()).toBe('in 7 days')
      // Not by colour alone.
      expect(await warned.locator('svg').count()).toBe(1)
      for (const name of ['Archive', 'Émile', 'Old'])
        expect(await (await told(name, 'Expires')).locator('svg').count(), name).toBe(0)
      expect(await (await told('Émile', 'Expires')).innerText()).toMatch(/^\w{3} \d+, 20\d\d$/)
    },
  )

  test.skipIf(skipsBrowser)(
    'a list is narrowed to keys that end soon and keys that nobody uses, by its address',
    async () => {
      const database = await makeDatabase()
      await liveThreeMonths(database)
      const server = await browser.serve(database)
      const page = await browser.open(server, { token: server.rootKey, path: '/organizations/acme' })
      const found = async () => (await namesAndStatuses(page)).map(([name]) => name)
      const listed = async (parameters: string) => {
        const path = `/v1/keys?organization_id=acme&${parameters}`
        const { json } = await server.request<WireKey[]>('GET', path, { token: server.rootKey })
        return json.map(({ name }) => name)
      }
      const choice = page.getByLabel('Use and expiry')
      const thisHour = Math.floor(Date.now() / hour) * hour
      const ago = (days: number) => new Date(thisHour - days * day).toISOString()
      for (const [label, only, parameters] of [
        ['Never used', 'never-used', 'never_used=true&decoy=false&sort=-last_used_at'],
        ['Unused 30 days', 'unused-30d', `unused_since=${ago(30)}&decoy=false&sort=last_used_at`],
        ['Ends in 7 days', 'expires-7d', `expires_before=${ago(-7.04)}&sort=expires_at`],
      ] as const) {
        await choice.selectOption({ label })
        const expected = await listed(parameters)
        expect(expected.length, label).toBeGreaterThan(0)
        await expect.poll(found, { message: label }).toEqual(expected)
        expect(new URL(page.url()).search).toBe(`?only=${only}`)
      }
      const expires = page.getByRole('columnheader', { name: 'Expires' })
      expect(await expires.getAttribute('aria-sort')).toBe('ascending')
      await choice.selectOption({ label: 'Unused 90 days' })
      await page.getByText('No active key has been unused for 90 days').waitFor()
      await page.getByRole('button', { name: 'Show the active ones' }).click()
      await expect.poll(found).toEqual(await listed('sort=-created_at'))
      expect(await expires.getAttribute('aria-sort')).toBe(null)
    },
  )

  test.skipIf(skipsBrowser)(
    'a search says what it searched, and the operator searches all organizations at once',
    async () => {
      const database = await makeDatabase()
      await liveThreeMonths(database)
      const server = await browser.serve(database)
      const page = await browser.open(server, { token: server.rootKey, path: '/keys?sort=name' })
      const found = async () => (await namesAndStatuses(page)).map(([name]) => name)
      await expect.poll(found).toContain('Backup of Globex')
      expect(await found()).toEqual(
        (await server.request<WireKey[]>('GET', '/v1/keys?sort=name', { token: server.rootKey })).json.map(
          ({ name }) => name,
        ),
      )
      await page.getByLabel('Search by name').fill('BACKUP')
      await expect.poll(found).toEqual(['Backup', 'Backup of Globex'])
      // By their names, with the ids under them.
      const owners = page
        .getByRole('row')
        .getByRole('cell')
        .filter({ hasText: /^(Acme|Globex)/ })
      await expect.poll(() => owners.allInnerTexts()).toEqual(['Acme\nacme', 'Globex\nglobex'])
      await page.getByLabel('Search by name').fill('lost')
      await page.getByText('The search covered active keys only').waitFor()
      await page.getByRole('button', { name: 'Search all statuses' }).click()
      await expect.poll(() => namesAndStatuses(page)).toEqual([['Lost laptop', 'revoked']])
      expect(new URL(page.url()).searchParams.get('status')).toBe('all')

      await page.getByRole('row').getByRole('link', { name: 'Acme', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
      await expect.poll(found).not.toContain('Backup of Globex')
      await go(page, '/organizations/globex?status=revoked')
      await page.getByText('No key is revoked').waitFor()
      await page.getByRole('button', { name: 'Show the active ones' }).click()
      await expect.poll(found).toEqual(['Backup of Globex'])
    },
  )
})

/** Leaves keys of every status, made and used at different times. */
async function liveThreeMonths(database: string): Promise<void> {
  const present = Date.now()
  let now = present - 90 * day
  await using latchkey = await openLatchkey({ database, now: () => now })
  const { keys, organizations } = latchkey
  for (const [id, name] of [
    ['acme', 'Acme'],
    ['globex', 'Globex'],
  ] as const)
    await organizations.create({ id, name })
  const made: Record<string, { id: string; key: string }> = {}
  for (const [name, endsIn] of [
    ['Old', -40 * day],
    ['Émile', 8 * day],
    ['Backup', 7 * day - minute],
    ['Lost laptop', undefined],
    ['Archive', undefined],
    ['Trial', -minute],
    ['Leaver', 5 * day],
  ] as const) {
    now += day
    const expiresAt = endsIn === undefined ? null : new Date(present + endsIn)
    made[name] = await keys.create({ organizationId: 'acme', name, expiresAt, permissions: ['emails:send'] })
  }
  await keys.create({ organizationId: 'globex', name: 'Backup of Globex' })
  for (const [name, ago] of [
    ['Old', 50 * day],
    ['Émile', 30 * day],
    ['Leaver', 20 * day],
    ['Trial', 9 * day],
    ['Backup', 200 * minute],
  ] as const) {
    now = present - ago
    await latchkey.verify(made[name]?.key ?? '')
  }
  for (const name of ['Lost laptop', 'Leaver']) await keys.revoke(made[name]?.id ?? '')
}

/** The keys that the table shows, from its top. */
async function namesAndStatuses(page: Page): Promise<[name: string, status: string][]> {
  const rows = await page.getByRole('table').evaluateAll(([table]) =>
    [...(table?.querySelectorAll('tbody tr') ?? [])].map((row) => {
      const cells = [...row.querySelectorAll('td')]
      return [cells[0]?.querySelector('a')?.textContent ?? '', cells.at(-1)?.textContent ?? ''] as const
    }),
  )
  return rows.map(([name, status]) => [name, status.toLowerCase()])
}

/** A row's cells, each with the heading over it. */
async function cells(page: Page, row: number): Promise<(string | undefined)[][]> {
  const headings = await page.getByRole('columnheader').allInnerTexts()
  const texts = await page.getByRole('row').nth(row).getByRole('cell').allInnerTexts()
  return texts.map((text, index) => [headings[index], text.trim()])
}

/** The instant with its seconds and its zone, as the reader's browser writes it. */
function inFull(page: Page, instant: Date): Promise<string> {
  return page.evaluate((at) => {
    const format = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeStyle: 'long' })
    return format.format(new Date(at))
  }, instant.toISOString())
}
