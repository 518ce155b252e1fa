// The audit log in the console: every event in words, found by filters, and the same as a file.
import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { AuditEvent, ListAuditInput } from '../../src/core/shapes/audit.ts'
import { toWire } from '../../src/core/wire.ts'
import { type Latchkey, openLatchkey } from '../../src/latchkey.ts'
import { readCsv } from '../setup/csv.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { connectDirectly } from '../setup/direct.ts'
import { untilSealed } from '../setup/sealed.ts'
import type { TestServer } from '../setup/server.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { fact, findViolations, refusalOf, sessionOf, visit } from './chromium.ts'

const day = 86_400_000

/** All events that fit, as the library lists them. */
async function listAll({ audit }: Latchkey, filter: ListAuditInput = {}): Promise<AuditEvent[]> {
  return (await audit.list({ ...filter, limit: 1000 })).items
}

/** Does everything once that leaves an event, over HTTP; gives the ids of the keys it was done by and to. */
async function doEverything({ request, rootKey: token }: TestServer) {
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, json } = await request(method, path, { token, body })
    expect(status, path).toBe(200)
    return json
  }
  await ask('POST', '/v1/organizations', { id: 'acme', name: 'Acme' })
  await ask('PATCH', '/v1/organizations/acme', { name: 'Acme & Sons' })
  const { id } = await ask('POST', '/v1/keys', {
    organization_id: 'acme',
    name: 'Mailer',
    permissions: ['emails:send'],
  })
  await ask('PATCH', `/v1/keys/${id}`, { name: 'Old mailer', permissions: ['emails:read'] })
  await ask('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 3600 })
  const { secrets } = await ask('GET', `/v1/keys/${id}`)
  await ask('DELETE', `/v1/keys/${id}/secrets/${(secrets as { kid: string }[])[1]?.kid}`)
  await ask('DELETE', `/v1/keys/${id}`)
  await ask('POST', '/v1/plans', { name: 'pro' })
  const { id: actor } = await ask('GET', '/v1/keys/self')
  return { key: String(id), actor: String(actor) }
}

onOneDatabase('PostgreSQL', `the audit log in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()
  const events = (page: Page) => page.getByRole('region', { name: 'Events' }).locator('ol > li')

  test.skipIf(skipsBrowser)(
    'tells of every kind of event who did what from where, and what changed',
    async () => {
      const server = await browser.serve(await makeDatabase())
      await doEverything(server)
      const page = await browser.open(server, { token: server.rootKey, path: '/account' })
      await page.getByRole('button', { name: 'Sign out here' }).click()
      await page.getByLabel('Token', { exact: true }).waitFor()
      const other = await browser.open(server, { token: server.rootKey, path: '/activity' })
      await events(other).nth(8).waitFor()
      for (const what of [
        'Created the organization Acme & Sons acme',
        'Changed the organization Acme & Sons acme',
        'Created the key Mailer in Acme & Sons acme',
        'Changed the key Old mailer in Acme & Sons acme',
        'Rotated the key Old mailer in Acme & Sons acme',
        'Ended the grace period of the key Old mailer in Acme & Sons acme',
        'Revoked the key Old mailer in Acme & Sons acme',
        'Created the plan in Root root',
        'Signed in to the console in Root root',
        'Signed out of the console in Root root',
      ]) {
        const event = events(other).filter({ hasText: what }).first()
        await event.getByText(/^by Root key.* from 127\.0\.0\.1 · request \S+/).waitFor()
      }
      const changed = events(other).filter({ hasText: 'Changed the key' })
      await changed.getByText('Name, permissions', { exact: true }).click()
      await changed.getByRole('list', { name: 'Added' }).getByText('emails:read').waitFor()
      await changed.getByRole('list', { name: 'Removed' }).getByText('emails:send').waitFor()
      expect(await fact(changed, 'Name').innerText()).toMatch(/^from\s+Mailer\s+to\s+Old mailer$/)
    },
  )

  test.skipIf(skipsBrowser)('names a key with a link to it, and any other actor without one', async () => {
    const database = await makeDatabase()
    const server = await browser.serve(database)
    const { organizations, audit } = server.latchkey
    await organizations.create({ id: 'acme', name: 'Acme' })
    const { status } = await server.request('PATCH', '/v1/organizations/acme', {
      token: server.rootKey,
      body: { name: 'Acme & Sons' },
    })
    expect(status).toBe(200)
    await organizations.update('acme', { name: 'Acme' })
    const [last] = (await audit.list({ organizationId: 'acme', limit: 1 })).items
    await using direct = await connectDirectly(database)
    await direct.run(`update audit_events set actor_type = 'system' where id = '${last?.id}'`)
    const page = await browser.open(server, {
      token: server.rootKey,
      path: '/activity?organization=acme',
    })
    await events(page).nth(2).waitFor()
    const actors = events(page).getByText(/^by /)
    await actors.getByRole('link', { name: 'Root key' }).waitFor()
    const told = await actors.evaluateAll((all) =>
      all.map((one) => [one.textContent?.split(' from ')[0], one.querySelectorAll('a').length]),
    )
    expect(told).toEqual([
      ['by the system', 0],
      ['by Root key', 1],
      ['by the operator', 0],
    ])
  })

  test.skipIf(skipsBrowser)('shows through every filter just what the library lists', async () => {
    const database = await makeDatabase()
    // Around the midnights of the reader's own zone.
    const midnight = Date.parse('2026-03-10T00:00:00+09:00')
    for (const [id, at] of [
      ['before', midnight - 1],
      ['first', midnight],
      ['last', midnight + day - 1],
      ['after', midnight + day],
    ] as const) {
      await using past = await openLatchkey({ database, now: () => at })
      await past.organizations.create({ id, name: id })
    }
    const server = await browser.serve(database)
    const { key, actor } = await doEverything(server)
    const page = await browser.open(server, {
      token: server.rootKey,
      path: '/activity',
      timezoneId: 'Asia/Tokyo',
    })
    const expectAll = async (filter: ListAuditInput, count: number) => {
      const listed = await listAll(server.latchkey, filter)
      expect(listed).toHaveLength(count)
      const shown = () =>
        events(page)
          .locator('p + p > time:first-child')
          .evaluateAll((times) => times.map((time) => time.getAttribute('datetime')))
      await expect.poll(shown, { timeout: 10_000 }).toEqual(listed.map(({ at }) => at.toISOString()))
    }
    const field = (label: string) =>
      page.getByRole('form', { name: 'Filters' }).getByLabel(label, { exact: true })
    const clear = () => page.getByRole('button', { name: 'Clear the filters' }).click()

    await field('Action').selectOption('Rotated the key')
    await expectAll({ action: 'key.rotated' }, 1)
    await clear()
    await field('To the key').fill(key)
    await field('To the key').press('Enter')
    await expectAll({ keyId: key }, 5)
    await clear()
    // By its name, as it is found while it is typed.
    await field('To the key').fill('MAIL')
    const option = page.getByRole('option', { name: /Old mailer/ })
    await option.waitFor()
    expect(await findViolations(page)).toEqual([])
    await option.click()
    await expectAll({ keyId: key }, 5)
    expect(await field('To the key').inputValue()).toBe('Old mailer')
    await page.getByText(key, { exact: true }).waitFor()
    await clear()
    await field('In the organization').fill('sons')
    await page.getByRole('option', { name: 'Acme & Sons acme' }).waitFor()
    await field('In the organization').press('ArrowDown')
    await field('In the organization').press('Enter')
    await expectAll({ organizationId: 'acme' }, 7)
    await clear()
    await field('In the organization').fill('acme')
    await field('In the organization').press('Enter')
    await expectAll({ organizationId: 'acme' }, 7)
    await field('Done by').fill(actor)
    // Taken as the field is left, in the same moment as the next one is chosen.
    await field('Action').focus()
    await field('Action').selectOption('Created the organization')
    await expectAll({ organizationId: 'acme', actor, action: 'organization.created' }, 1)
    const search = new URL(page.url()).searchParams
    expect(Object.fromEntries(search)).toEqual({
      organization: 'acme',
      actor,
      action: 'organization.created',
    })
    await untilSealed(server.latchkey.audit)
    await page.reload()
    await expectAll({ organizationId: 'acme', actor, action: 'organization.created' }, 1)
    await expect.poll(() => field('Done by').inputValue()).toBe('Root key')
    await page.getByText(actor, { exact: true }).waitFor()
    // The instant itself, with its zone, beside how long ago it was, and its number.
    const [at] = await listAll(server.latchkey, { action: 'organization.created', organizationId: 'acme' })
    const told = await events(page).first().locator('p + p').first().innerText()
    expect(told).toBe(`${await exactly(page, at?.at as Date)} · just now · #${at?.sequence}`)
    expect(told).toMatch(/:\d\d:\d\d.* GMT\+9/)

    await clear()
    await field('From').fill('2026-03-10')
    await field('To').fill('2026-03-10')
    await expectAll({ since: new Date(midnight), until: new Date(midnight + day) }, 2)
    await page.reload()
    await expectAll({ since: new Date(midnight), until: new Date(midnight + day) }, 2)
    expect(await field('To').inputValue()).toBe('2026-03-10')

    const asked = server.log.length
    await field('To the key').fill('no id')
    await field('To the key').press('Enter')
    await page.getByText('Must be a key from the list, or a whole key id.').waitFor()
    expect(server.log.slice(asked).filter(({ route }) => route === '/v1/audit-log')).toEqual([])
    const csv = page.getByRole('button', { name: 'Download as CSV' })
    expect(await refusalOf(csv)).toBe('Correct the filters first.')

    await clear()
    // Whatever the operator calls its users.
    const [id, origin] = ['ada@acme.example', 'https://app.example.com']
    const { token } = await server.latchkey.portalSessions.create({
      ...{ kind: 'embed', organizationId: 'acme', user: { id }, origin },
      permissions: ['latchkey:keys:write'],
    })
    const user = await server.latchkey.portal.authenticate(token as string, { origin })
    await server.latchkey.portal.createKey({ name: 'CI' }, { actor: user as NonNullable<typeof user> })
    await field('Done by').fill(id)
    await field('Done by').press('Enter')
    await expectAll({ actor: id }, 1)
    await page.getByText('The user of this id', { exact: true }).waitFor()
    await events(page)
      .filter({ hasText: `user ${id}` })
      .waitFor()
  })

  test.skipIf(skipsBrowser)('downloads what is filtered, whole, and harmless to spreadsheets', async () => {
    const server = await browser.serve(await makeDatabase())
    const { keys, organizations } = server.latchkey
    await organizations.create({ id: '-acme', name: 'Acme' })
    const name = '=cmd|"/c calc"!A1, "quoted"'
    for (let i = 0; i < 60; i++) await keys.create({ organizationId: '-acme', name, createdBy: '=1+1' })
    await organizations.create({ id: 'globex', name: 'Globex' })
    const path = '/activity?organization=-acme&action=key.created'
    const page = await browser.open(server, { token: server.rootKey, path })
    await events(page).first().waitFor()
    expect(await events(page).count()).toBe(50)
    // Older ones come as the end of the list comes into sight.
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight))
    await events(page).nth(59).waitFor()
    expect(await events(page).count()).toBe(60)
    expect(await page.getByRole('button', { name: 'Show older events' }).count()).toBe(0)

    await untilSealed(server.latchkey.audit)
    const listed = await listAll(server.latchkey, { organizationId: '-acme', action: 'key.created' })
    const wire = listed.map((event) => toWire(event) as Record<string, unknown>)
    const download = async (name: string) => {
      const coming = page.waitForEvent('download')
      await page.getByRole('button', { name }).click()
      const file = await coming
      return [file.suggestedFilename(), await readFile(await file.path(), 'utf8')] as const
    }
    const [jsonName, lines] = await download('Download as JSON lines')
    expect(jsonName).toMatch(/\.jsonl$/)
    expect(
      lines
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(wire)

    const [csvName, text] = await download('Download as CSV')
    expect(csvName).toMatch(/\.csv$/)
    const [head = [], ...records] = readCsv(text)
    expect(head).toEqual(Object.keys(wire[0] ?? {}))
    expect(records.flat().filter((cell) => /^[=+\-@]/.test(cell))).toEqual([])
    const cellOf = (value: unknown) =>
      value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
    expect(records).toEqual(
      wire.map((event) => Object.values(event).map((value) => cellOf(value).replace(/^-/, "'-"))),
    )
    expect(page.url()).toContain(path)
  })

  test.skipIf(skipsBrowser)('keeps no file of which a part is missing, and says so', async () => {
    const server = await browser.serve(await makeDatabase())
    const path = '/activity'
    const page = await browser.open(server, { token: server.rootKey, path, expected: /net::ERR_/ })
    await events(page).first().waitFor()
    let isKept = false
    page.on('download', () => {
      isKept = true
    })
    await page.route('**/v1/audit-log/export**', (route) => route.abort())
    await page.getByRole('button', { name: 'Download as CSV' }).click()
    await page.getByText('The download failed').waitFor()
    expect(isKept).toBe(false)
    await page.unroute('**/v1/audit-log/export**')
    const coming = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Try again' }).click()
    expect(await readFile(await (await coming).path(), 'utf8')).toContain('organization.created')
    await page.getByText('The download failed').waitFor({ state: 'detached' })
  })

  test.skipIf(skipsBrowser)('is for who may read it; a key tells its own history', async () => {
    const server = await browser.serve(await makeDatabase())
    const { key } = await doEverything(server)
    const permissions = ['latchkey:keys:read']
    const reader = await server.latchkey.keys.create({ organizationId: 'acme', name: 'Reader', permissions })
    const page = await browser.open(server, { token: reader.key, path: '/activity' })
    await page.getByText('Your key cannot read the audit log').waitFor()
    for (const name of ['Download as CSV', 'Download as JSON lines']) {
      const refusal = await refusalOf(page.getByRole('button', { name }))
      expect(refusal).toBe('Your key lacks the permission latchkey:audit:read.')
    }
    expect(server.log.filter(({ route }) => String(route).startsWith('/v1/audit-log'))).toEqual([])
    const headers = await sessionOf(page)
    const { status } = await server.request('GET', '/v1/audit-log/export?format=csv', { headers })
    expect(status).toBe(403)

    // Its own organization's, and nothing of the operator's.
    await server.latchkey.keys.update(reader.id, { permissions: [...permissions, 'latchkey:audit:read'] })
    await page.reload()
    await events(page).first().waitFor()
    const own = await listAll(server.latchkey, { organizationId: 'acme' })
    expect(await events(page).count()).toBe(own.length)
    expect(await page.getByLabel('In the organization').count()).toBe(0)

    await visit(page, `/keys/${key}/activity`)
    const history = page.getByRole('region', { name: 'History' }).locator('ol > li')
    await history.first().waitFor()
    const told = await history.evaluateAll((items) =>
      items.map((item) => item.querySelector('p')?.textContent),
    )
    expect(told).toEqual([
      'Revoked the key',
      'Ended the grace period of the key',
      'Rotated the key',
      'Changed the key',
      'Created the key',
    ])
    // Not by which of the operator's keys, nor from where.
    await history.first().getByText('by the operator', { exact: true }).waitFor()
  })
})

/** The instant with its seconds and its zone, as the reader's browser writes it. */
function exactly(page: Page, instant: Date): Promise<string> {
  return page.evaluate((at) => {
    const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' })
    return format.format(new Date(at))
  }, instant.toISOString())
}
