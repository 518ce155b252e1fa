// Journeys to a new key: the form with all its faults, the token that is shown once, and a session that ends meanwhile.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { WireCreatedKey, WireKey } from '../../console/api.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { missingPrograms, wants } from '../setup/programs.ts'
import type { TestServer } from '../setup/server.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { callByHand, descriptionOf, insecureHost, isFocused, signIn } from './chromium.ts'

const { skip: skipsCurl } = wants(missingPrograms(['curl']))
const day = 86_400_000
const path = '/organizations/acme/new-key'

onOneDatabase('SQLite', `a new key in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()
  const serve = async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    return server
  }

  test.skipIf(skipsBrowser)(
    'is made as the form says, its permissions completed by the keyboard',
    async () => {
      const server = await serve()
      const { keys } = server.latchkey
      await keys.create({ organizationId: 'acme', name: 'Old', permissions: ['emails:send', 'emails:read'] })
      await keys.create({ organizationId: 'acme', name: 'Older', permissions: ['emails:read'] })
      const page = await browser.open(server, { token: server.rootKey, path })
      const name = page.getByLabel('Name', { exact: true })
      await expect.poll(() => isFocused(name)).toBe(true)
      await name.fill('CI of Ünïcode 🔑')

      const permissions = page.getByRole('combobox', { name: 'Permissions' })
      await permissions.fill('mail')
      const options = page.getByRole('option')
      await options.first().waitFor()
      expect(await options.allInnerTexts()).toEqual(['emails:read\n2 keys', 'emails:send\n1 key'])
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.keyboard.type('emails:*,')
      await page.keyboard.type('domains:*:read')
      await page.keyboard.press('Enter')
      const chips = page.getByRole('list', { name: 'Permissions so far' }).getByRole('listitem')
      expect(await chips.allInnerTexts()).toEqual(['emails:send', 'emails:*', 'domains:*:read'])
      await page.getByText('emails:* covers everything under emails. In use now: emails:').waitFor()
      await page.getByText('domains:*:read covers any one segment').waitFor()
      await page.getByRole('button', { name: 'Remove emails:*' }).click()
      expect(await chips.allInnerTexts()).toEqual(['emails:send', 'domains:*:read'])
      expect(await page.getByText('covers everything under emails.').count()).toBe(0)

      await page.getByRole('radio', { name: '30 days' }).check()
      await page.getByLabel('Metadata').fill('{"plan":"pro","seats":3}')
      await page.getByText('24 of 4096 bytes').waitFor()
      await page.getByLabel('Created by').fill('ada@example.com')
      const made = await create(page)
      expect(made).toMatchObject({
        name: 'CI of Ünïcode 🔑',
        organization_id: 'acme',
        permissions: ['emails:send', 'domains:*:read'],
        metadata: { plan: 'pro', seats: 3 },
        created_by: 'ada@example.com',
      })
      const lasts = Date.parse(made.expires_at as string) - Date.parse(made.created_at)
      expect(Math.abs(lasts - 30 * day)).toBeLessThan(5 * 60_000)
    },
  )

  test.skipIf(skipsBrowser)(
    'has its permissions explained by the catalogue, warned of beyond it, and those of a role by one button',
    async () => {
      const server = await serve()
      const { keys } = server.latchkey
      await keys.describePermissions({
        permissions: [
          { name: 'emails:read', description: 'Read emails', group: 'Emails' },
          { name: 'projects:*:read', description: null, group: null },
        ],
      })
      const page = await browser.open(server, { token: server.rootKey, path })
      await page.getByLabel('Name', { exact: true }).fill('Reader')
      const permissions = page.getByRole('combobox', { name: 'Permissions' })
      await permissions.fill('emai')
      const options = page.getByRole('option')
      await options.first().waitFor()
      expect(await options.allInnerTexts()).toEqual(['emails:read\nEmails: Read emails'])
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.keyboard.type('projects:42:read,')
      expect(await page.getByText('Not in the catalogue').count()).toBe(0)
      await page.keyboard.type('emials:read,')
      await page.getByText('Not in the catalogue of permissions, so perhaps mistyped: emials:read.').waitFor()
      await page.getByRole('button', { name: 'Remove emials:read' }).click()
      await page.getByRole('button', { name: 'Read only' }).click()
      expect((await create(page)).permissions).toEqual(['emails:read', 'projects:42:read', 'latchkey:*:read'])

      // A key is offered no role that it may not grant.
      const weaker = await keys.create({
        organizationId: 'acme',
        name: 'W',
        permissions: ['latchkey:keys:*', 'emails:*'],
      })
      const other = await browser.open(server, { token: weaker.key, path: '/organizations/acme/new-key' })
      await other.getByRole('button', { name: 'Verify only' }).waitFor()
      expect(await other.getByRole('button', { name: 'Read only' }).count()).toBe(0)
    },
  )

  test.skipIf(skipsBrowser)('expires at the date and time that its maker gave, in their zone', async () => {
    const server = await serve()
    const page = await browser.open(server, { token: server.rootKey, path, timezoneId: 'Asia/Kolkata' })
    await page.getByLabel('Name', { exact: true }).fill('Conference')
    await page.getByRole('radio', { name: 'On a date' }).check()
    const own = page.getByLabel('Expires on, in your time zone')
    await page.getByRole('button', { name: 'Create key' }).click()
    await page.getByText('Enter a date and a time').waitFor()
    await own.fill('2020-01-31T09:30')
    await page.getByText('This is in the past').waitFor()
    await page.getByRole('button', { name: 'Create key' }).click()
    await expect.poll(() => isFocused(own)).toBe(true)
    expect((await server.latchkey.keys.list({ organizationId: 'acme' })).items).toEqual([])
    const year = new Date().getUTCFullYear() + 1
    await own.fill(`${year}-01-31T09:30`)
    expect((await create(page)).expires_at).toBe(`${year}-01-31T04:00:00.000Z`)
  })

  test.skipIf(skipsBrowser || skipsCurl)(
    'has its token shown once, to be copied and tried, and leaving asks whether it is stored',
    async () => {
      const server = await serve()
      const page = await browser.open(server, {
        token: server.rootKey,
        path: '/organizations/acme',
        permissions: ['clipboard-read', 'clipboard-write'],
        expected: /^dialog: /,
      })
      await page.getByRole('link', { name: 'New key' }).click()
      await page.getByLabel('Name', { exact: true }).fill('CI')
      await page.getByLabel('Permissions', { exact: true }).fill('emails:send ')
      const { id, key: token } = await create(page)
      const shown = page.getByText(token, { exact: true })
      await shown.waitFor()
      await page.getByRole('button', { name: 'Copy' }).first().click()
      await page.getByText('Copied', { exact: true }).first().waitFor()
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(token)

      const code = page.getByRole('tabpanel').locator('code')
      expect((await promisify(execFile)('bash', ['-c', await code.innerText()])).stdout).toMatch(
        /^HTTP\/1.1 200 OK\r\n/,
      )
      for (const name of ['Hono', 'Express', 'Fastify', 'fetch']) {
        await page.getByRole('tab', { name }).click()
        expect(await code.innerText(), name).toContain("permissions: ['emails:send']")
        expect(await code.innerText(), name).toContain(server.url)
      }

      const ask = page.getByRole('dialog', { name: 'Have you stored the token?' })
      const leave: Record<string, () => Promise<unknown>> = {
        link: () => page.getByRole('link', { name: 'Activity' }).click(),
        back: () => page.evaluate(() => history.back()),
      }
      for (const [how, by] of Object.entries(leave)) {
        await by()
        await ask.waitFor()
        await ask.getByRole('button', { name: 'Stay here' }).click()
        await ask.waitFor({ state: 'detached' })
        expect(await shown.isVisible(), how).toBe(true)
        expect(new URL(page.url()).pathname, how).toBe(path)
      }
      const asked = page.waitForEvent('dialog')
      await page.evaluate(() => location.reload())
      expect((await asked).type()).toBe('beforeunload')
      expect(await shown.isVisible()).toBe(true)

      const done = page.getByRole('button', { name: 'Done' })
      expect(await descriptionOf(done)).toBe('Confirm first that you have stored the token.')
      await page.getByLabel('I have stored the token').check()
      await done.click()
      await page.getByRole('heading', { level: 1, name: 'CI' }).waitFor()
      expect(new URL(page.url()).pathname).toBe(`/keys/${id}`)
      for (const after of ['done', 'back', 'reload']) {
        if (after === 'back') {
          await page.goBack()
          await page.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
        }
        if (after === 'reload') {
          await page.goto(`/keys/${id}/activity`)
          await page.getByText('Created the key').first().waitFor()
        }
        expect(await keptBy(page), after).not.toContain(token.slice(19, 40))
      }
    },
  )

  test.skipIf(skipsBrowser)(
    'has its token copied over plain HTTP too, or selected and told why not',
    async () => {
      const server = await serve()
      const url = server.url.replace('127.0.0.1', insecureHost)
      const permissions = ['clipboard-read']
      const page = await browser.open(
        { url },
        {
          token: server.rootKey,
          // The browser alone knows the name of this host.
          byForm: true,
          path,
          permissions,
          // Browsers say so of every page over plain HTTP.
          expected: /Cross-Origin-Opener-Policy/,
        },
      )
      expect(await page.evaluate(() => [isSecureContext, 'clipboard' in navigator])).toEqual([false, false])
      await page.getByLabel('Name', { exact: true }).fill('CI')
      const { key: token } = await create(page)
      const copy = page.locator('pre').first().locator('xpath=..').getByRole('button')
      await copy.click()
      await page.getByText('Copied', { exact: true }).first().waitFor()
      // A page that is secure may read the machine's clipboard.
      const secure = await page.context().newPage()
      await secure.goto(server.url)
      await secure.bringToFront()
      expect(await secure.evaluate(() => navigator.clipboard.readText())).toBe(token)
      await secure.close()
      await page.bringToFront()

      await page.evaluate(() => {
        document.execCommand = () => false
      })
      await copy.click()
      await page.getByText('The browser lets no page copy that came over plain HTTP').waitFor()
      expect(await page.evaluate(() => String(getSelection()))).toBe(token)
    },
  )

  test.skipIf(skipsBrowser)(
    'is not made while anything is wrong, which is said where it is wrong',
    async () => {
      const server = await serve()
      const admin = await makeAdmin(server)
      const page = await browser.open(server, { token: admin.key, path })
      const button = page.getByRole('button', { name: 'Create key' })
      const name = page.getByLabel('Name', { exact: true })
      const permissions = page.getByRole('combobox', { name: 'Permissions' })
      const metadata = page.getByLabel('Metadata')
      const refuses = async (field: typeof name, words: string) => {
        await button.click()
        await expect.poll(() => isFocused(field), { message: words }).toBe(true)
        expect(await descriptionOf(field)).toContain(words)
      }
      await refuses(name, 'Enter a name.')
      await name.fill('CI')
      await permissions.fill('emails:s*')
      await refuses(permissions, 'Must have a * alone between colons')
      await permissions.fill('domains:read')
      await refuses(permissions, 'Your key does not hold it, so it cannot grant it.')
      await permissions.fill('')
      await metadata.fill('{"plan": ')
      await refuses(metadata, 'This is not JSON yet')
      await metadata.fill('["pro"]')
      await refuses(metadata, 'Must be an object')
      await metadata.fill(JSON.stringify({ text: 'x'.repeat(4096) }))
      await refuses(metadata, 'Must have at most 4096 bytes as JSON, and has 4107.')
      expect(server.log.filter(({ method, route }) => method === 'POST' && route === '/v1/keys')).toEqual([])

      // What the page could not know, the server refuses: the form says so, and keeps what was typed.
      await metadata.fill('{"plan": "pro"}')
      await permissions.fill('emails:send ')
      await server.latchkey.keys.update(admin.id, { permissions: ['latchkey:keys:*'] })
      await button.click()
      const alert = page.getByRole('alert').filter({ hasText: 'The key was not created' })
      await alert.waitFor()
      const refusal = server.log.findLast(({ problem }) => problem === 'permission_escalation')
      expect(await alert.innerText()).toContain(String(refusal?.request_id))
      expect(await name.inputValue()).toBe('CI')
      await server.latchkey.keys.update(admin.id, { permissions: adminPermissions })
      expect(await create(page)).toMatchObject({ permissions: ['emails:send'], metadata: { plan: 'pro' } })
    },
  )

  test.skipIf(skipsBrowser)('is one key, however often its button is pressed', async () => {
    const server = await serve()
    const page = await browser.open(server, { token: server.rootKey, path })
    await page.getByLabel('Name', { exact: true }).fill('Once')
    const button = page.getByRole('button', { name: 'Create key' })
    // Before the page can have shown anything of the first.
    await button.evaluate((element: HTMLElement) => {
      element.click()
      element.click()
    })
    await page.getByText('Store it now').waitFor()
    const { items } = await server.latchkey.keys.list({ organizationId: 'acme' })
    expect(items.map(({ name }) => name)).toEqual(['Once'])
  })

  test.skipIf(skipsBrowser)(
    'loses nothing that was typed where the session ends in the middle of the form',
    async () => {
      const server = await serve()
      const page = await browser.open(server, { token: server.rootKey, path })
      await page.getByLabel('Name', { exact: true }).fill('Long thought over')
      await page.getByRole('combobox', { name: 'Permissions' }).fill('emails:send ')
      await page.getByRole('radio', { name: '90 days' }).check()
      await page.getByLabel('Metadata').fill('{"plan": "pro"}')
      await page.getByLabel('Created by').fill('ada')
      await endSessions(server)
      await page.getByRole('button', { name: 'Create key' }).click()
      const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
      await dialog.waitFor()
      await signIn(page, server.rootKey)
      await dialog.waitFor({ state: 'detached' })
      await page.getByText('The key was not created. Press “Create key” again.').waitFor()
      const made = await create(page)
      expect(made).toMatchObject({
        name: 'Long thought over',
        permissions: ['emails:send'],
        expires_at: expect.any(String),
        metadata: { plan: 'pro' },
        created_by: 'ada',
      })
      const { items } = await server.latchkey.keys.list({ organizationId: 'acme' })
      expect(items.map(({ id }) => id)).toEqual([made.id])
    },
  )

  test.skipIf(skipsBrowser)('is not for a key without the permission, which is told why', async () => {
    const server = await serve()
    const reader = await server.latchkey.keys.create({
      organizationId: 'acme',
      name: 'Reader',
      permissions: ['latchkey:keys:read'],
    })
    const page = await browser.open(server, { token: reader.key })
    const why = 'Your key lacks the permission latchkey:keys:write.'
    const button = page.getByRole('button', { name: 'New key' })
    await button.waitFor()
    expect(await button.getAttribute('aria-disabled')).toBe('true')
    expect(await descriptionOf(button)).toBe(why)
    await button.hover()
    await page.getByRole('tooltip', { name: why }).waitFor()
    await page.keyboard.press('n')
    expect(new URL(page.url()).pathname).toBe('/organizations/acme')

    await page.goto(path)
    await page.getByText('You cannot create keys').waitFor()
    await page.getByLabel('Name', { exact: true }).fill('By hand')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Create key' }).click({ force: true })
    const posts = () => server.log.filter(({ method, route }) => method === 'POST' && route === '/v1/keys')
    expect(posts()).toEqual([])
    // Past the page, with its session.
    await callByHand(page, 'POST', '/v1/keys', { name: 'By hand' })
    expect(posts()).toMatchObject([{ problem: 'missing_permission', status: 403 }])
    const { items } = await server.latchkey.keys.list({ organizationId: 'acme' })
    expect(items.map(({ name }) => name)).toEqual(['Reader'])
  })
})

/** Presses the form's button; gives the key as the server answered it. */
async function create(page: Page): Promise<WireCreatedKey> {
  const answer = page.waitForResponse(
    (response) => new URL(response.url()).pathname === '/v1/keys' && response.request().method() === 'POST',
  )
  await page.getByRole('button', { name: 'Create key' }).click()
  const made = (await (await answer).json()) as WireCreatedKey
  await page.getByText(made.key, { exact: true }).waitFor()
  return made
}

const adminPermissions = ['latchkey:keys:*', 'latchkey:metadata:write', 'emails:*']

/** An administrator of Acme, who may grant what has to do with emails. */
function makeAdmin({ latchkey }: TestServer) {
  return latchkey.keys.create({ organizationId: 'acme', name: 'Admin', permissions: adminPermissions })
}

/** Ends the operator's sessions from elsewhere. */
async function endSessions({ request, rootKey: token }: TestServer): Promise<void> {
  const { json } = await request<WireKey[]>('GET', '/v1/sessions', { token })
  expect(json.length).toBeGreaterThan(0)
  for (const { id } of json) await request('DELETE', `/v1/sessions/${id}`, { token })
}

/** All that the page shows, and all that a script of it could find in the browser. */
function keptBy(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const fields = [...document.querySelectorAll('input, textarea')].map((field) =>
      'value' in field ? field.value : '',
    )
    const databases = await indexedDB.databases()
    const page = [document.documentElement.outerHTML, document.cookie, fields, databases]
    return JSON.stringify([...page, localStorage, sessionStorage, history.state, name, location.href])
  })
}
