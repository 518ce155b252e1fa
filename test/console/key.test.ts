// The page of a key: all that is known of it, and every change that can be made there.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { callerBy } from '../setup/callers.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { callByHand, fact, go, refusalOf, signIn, visit } from './chromium.ts'
import { inThePast } from './past.ts'

const day = 86_400_000

/** The bodies of the changes that a page sends from now on. */
function watchChanges(page: Page): unknown[] {
  const changes: unknown[] = []
  page.on('request', (request) => {
    if (request.method() === 'PATCH') changes.push(request.postDataJSON())
  })
  return changes
}

const besideName = (page: Page) => page.locator('main header').filter({ has: page.locator('h1') })

onOneDatabase('PostgreSQL', `the page of a key${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()
  const serve = async (...permissions: string[]) => {
    const server = await browser.serve(await makeDatabase())
    const { keys, organizations } = server.latchkey
    await organizations.create({ id: 'acme', name: 'Acme' })
    const admin = await keys.create({ organizationId: 'acme', name: 'Admin', permissions })
    return { server, keys, admin }
  }
  const administrator = [
    'latchkey:keys:read',
    'latchkey:keys:write',
    'latchkey:audit:read',
    'latchkey:metadata:write',
    'emails:*',
  ]

  test.skipIf(skipsBrowser)(
    'sends what was changed, and brings nothing back that others took away',
    async () => {
      const { server, keys, admin } = await serve(...administrator, 'files:*')
      const { id } = await keys.create({
        organizationId: 'acme',
        name: 'Mailer',
        permissions: ['emails:read', 'emails:send'],
        metadata: { plan: 'pro', team: 'Growth' },
      })
      const page = await browser.open(server, { path: `/keys/${id}`, token: admin.key })
      const changes = watchChanges(page)
      const open = async (name: string) => {
        await page.getByRole('button', { name }).click()
        await page.getByRole('dialog').waitFor()
      }
      const save = async () => {
        await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
        await page.getByRole('dialog').waitFor({ state: 'detached' })
      }
      await open('Edit the permissions')
      await keys.update(id, { permissions: ['emails:read'], name: 'Mailer 2' })
      await page.getByRole('combobox').fill('files:read')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
      await page.getByRole('dialog').getByRole('alert').waitFor()
      await save()
      // The first was refused, because it is of what the form was opened on.
      expect(changes.splice(0)[1]).toEqual({ permissions: ['emails:read', 'files:read'] })

      await open('Rename the key')
      await keys.update(id, { name: 'Mailer 3' })
      // The page reads the key anew while the form is open, and the form is none the wiser.
      await page.evaluate(() => dispatchEvent(new Event('visibilitychange')))
      await save()
      expect(changes).toEqual([])
      expect(await keys.get(id)).toMatchObject({
        name: 'Mailer 3',
        permissions: ['emails:read', 'files:read'],
      })
    },
  )

  test.skipIf(skipsBrowser)('shows every field, to who may change nothing as well', async () => {
    const database = await makeDatabase()
    const { id, reader } = await inThePast(database, 2 * day, async ({ organizations, keys, verify }) => {
      await organizations.create({ id: 'acme', name: 'Acme' })
      const permissions = ['latchkey:keys:read']
      const { key: reader } = await keys.create({ organizationId: 'acme', name: 'Reader', permissions })
      const created = await keys.create({
        organizationId: 'acme',
        name: 'Mailer',
        permissions: ['emails:send', 'domains:*'],
        expiresAt: new Date(Date.now() + 30 * day),
        metadata: { plan: 'pro' },
        createdBy: 'ada@latchkey.example',
      })
      await verify(created.key)
      return { id: created.id, reader }
    })
    const server = await browser.serve(database)
    const path = `/keys/${id}`
    const page = await browser.open(server, { path, token: reader })
    await page.getByRole('heading', { level: 1, name: 'Mailer' }).waitFor()
    const key = await server.latchkey.keys.get(id)
    await besideName(page).getByText('Active', { exact: true }).waitFor()
    const details = page.getByRole('region', { name: 'Details' })
    for (const [term, words] of [
      ['Id', id],
      ['Organization', 'acme'],
      ['Hint', key.hint],
      ['Created by', 'ada@latchkey.example'],
      ['Permissions', 'emails:send'],
      ['Permissions', 'domains:*'],
      ['Metadata', '"plan": "pro"'],
      ['Revoked', 'Not revoked'],
    ] as const) {
      expect(await fact(details, term).innerText(), term).toContain(words)
    }
    for (const [term, instant] of [
      ['Created', key.createdAt],
      ['Last used', key.lastUsedAt],
      ['Expires', key.expiresAt],
    ] as const) {
      const shown = await fact(details, term).locator('time').first().getAttribute('datetime')
      expect(shown, term).toBe(instant?.toISOString())
    }

    const names = ['Rename the key', 'Change the expiry', 'Edit the permissions', 'Edit the metadata']
    for (const name of [...names, 'Rotate', 'Revoke']) {
      const button = page.getByRole('button', { name, exact: true })
      expect(await refusalOf(button), name).toBe('Your key lacks the permission latchkey:keys:write.')
      await button.click({ force: true })
    }
    expect(await page.getByRole('dialog').count()).toBe(0)
    // What it may not read is not there.
    expect(await page.getByRole('main').getByRole('link', { name: 'Activity' }).count()).toBe(0)
    expect(await callByHand(page, 'PATCH', `/v1${path}`, { name: 'Mine' })).toBe(403)
    expect((await server.latchkey.keys.get(id)).name).toBe('Mailer')
  })

  test.skipIf(skipsBrowser)('sends what was changed and nothing else, and tells of it at once', async () => {
    const { server, keys, admin } = await serve(...administrator)
    const { id } = await keys.create({
      organizationId: 'acme',
      name: 'Mailer',
      permissions: ['emails:send', 'emails:read'],
      metadata: { plan: 'pro' },
    })
    const page = await browser.open(server, { path: `/keys/${id}`, token: admin.key })
    const changes = watchChanges(page)
    const dialog = page.getByRole('dialog')
    const save = async () => {
      await dialog.getByRole('button', { name: 'Save' }).click()
      await dialog.waitFor({ state: 'detached' })
    }

    await page.getByRole('button', { name: 'Rename the key' }).click()
    await save()
    expect(changes).toEqual([])
    await page.getByRole('button', { name: 'Rename the key' }).click()
    await dialog.getByLabel('Name').fill('Old mailer')
    await save()
    await page.getByRole('heading', { level: 1, name: 'Old mailer' }).waitFor()

    await page.getByRole('button', { name: 'Edit the permissions' }).click()
    await dialog.getByRole('button', { name: 'Remove emails:read' }).click()
    await dialog.getByRole('combobox').fill('emails:drafts:*')
    await page.keyboard.press('Enter')
    await save()

    const inMonth = Date.now() + 30 * day
    await page.getByRole('button', { name: 'Change the expiry' }).click()
    await dialog.getByRole('radio', { name: '30 days' }).check()
    await save()

    await page.getByRole('button', { name: 'Edit the metadata' }).click()
    await dialog.getByLabel('Metadata').fill('{"plan": "free", "seats": 3}')
    await save()
    await fact(page, 'Metadata').getByText('"seats": 3').first().waitFor()

    const after = await keys.get(id)
    expect(after).toMatchObject({
      name: 'Old mailer',
      permissions: ['emails:send', 'emails:drafts:*'],
      metadata: { plan: 'free', seats: 3 },
    })
    expect(after.expiresAt?.getTime()).toBeGreaterThanOrEqual(inMonth)
    expect(after.expiresAt?.getTime()).toBeLessThanOrEqual(Date.now() + 30 * day)
    expect(changes).toEqual([
      { name: 'Old mailer' },
      { permissions: ['emails:send', 'emails:drafts:*'] },
      { expires_at: after.expiresAt?.toISOString() },
      { metadata: { plan: 'free', seats: 3 } },
    ])
    await page.getByRole('main').getByRole('link', { name: 'Activity' }).click()
    const history = page.getByRole('region', { name: 'History' })
    await history.getByText('Changed the key').nth(3).waitFor()
    await history.getByText('Created the key').waitFor()
  })

  test.skipIf(skipsBrowser)(
    'says at a field what is wrong there, and keeps what was typed, also where a session ended in between',
    async () => {
      const { server, keys, admin } = await serve(...administrator)
      const { id } = await keys.create({ organizationId: 'acme', name: 'Mailer' })
      const page = await browser.open(server, { path: `/keys/${id}`, token: admin.key })
      const changes = watchChanges(page)
      const dialog = page.getByRole('dialog')
      const save = dialog.getByRole('button', { name: 'Save' })

      await page.getByRole('button', { name: 'Edit the metadata' }).click()
      const metadata = dialog.getByLabel('Metadata')
      await metadata.fill('{"plan": pro}')
      await save.click()
      expect(await metadata.getAttribute('aria-invalid')).toBe('true')
      expect(await metadata.inputValue()).toBe('{"plan": pro}')
      await dialog.getByRole('button', { name: 'Cancel' }).click()

      await page.getByRole('button', { name: 'Rename the key' }).click()
      const name = dialog.getByLabel('Name')
      await name.fill('   ')
      await save.click()
      await dialog.getByText('Enter a name.').waitFor()
      expect(changes).toEqual([])
      await name.fill('Newsletter mailer')
      const caller = await callerBy(server.latchkey, admin.key)
      for (const session of await server.latchkey.sessions.list({ actor: caller })) {
        await server.latchkey.sessions.end(session.id, { actor: caller })
      }
      await save.click()
      const signInDialog = page.getByRole('dialog', { name: 'Your session has ended' })
      await signInDialog.waitFor()
      expect((await keys.get(id)).name).toBe('Mailer')
      await signIn(page, admin.key)
      await signInDialog.waitFor({ state: 'detached' })
      expect(await name.inputValue()).toBe('Newsletter mailer')
      await save.click()
      await page.getByRole('heading', { level: 1, name: 'Newsletter mailer' }).waitFor()
    },
  )

  test.skipIf(skipsBrowser)('puts at its field what only the server refuses', async () => {
    const { server, keys, admin } = await serve(...administrator)
    const { id } = await keys.create({ organizationId: 'acme', name: 'Mailer' })
    const page = await browser.open(server, { path: `/keys/${id}`, token: admin.key, timezoneId: 'UTC' })
    // A browser whose clock is slow takes for the future what is over.
    await page.clock.setFixedTime(Date.now() - 3 * day)
    const yesterday = new Date(Date.now() - day).toISOString().slice(0, 16)
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Change the expiry' }).click()
    await dialog.getByRole('radio', { name: 'On a date' }).check()
    const field = dialog.getByLabel('Expires on, in your time zone')
    await field.fill(yesterday)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('Must be an instant in the future.').waitFor()
    expect(await field.inputValue()).toBe(yesterday)
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    expect((await keys.get(id)).expiresAt).toBeNull()
  })

  test.skipIf(skipsBrowser)(
    'lets nobody grant more than they hold, nor get at it by a rotation',
    async () => {
      const { server, keys, admin } = await serve(...administrator)
      const acme = { organizationId: 'acme' }
      const { id } = await keys.create({ ...acme, name: 'Mailer', permissions: ['emails:send'] })
      const greater = await keys.create({
        ...acme,
        name: 'Greater',
        permissions: ['emails:send', 'domains:*'],
      })
      const page = await browser.open(server, { path: `/keys/${greater.id}`, token: admin.key })
      await page.getByRole('heading', { level: 1, name: 'Greater' }).waitFor()
      for (const name of ['Rename the key', 'Change the expiry', 'Edit the metadata', 'Rotate', 'Revoke']) {
        const refusal = await refusalOf(page.getByRole('button', { name, exact: true }))
        expect(refusal, name).toBe('This key holds more than yours: your key does not hold domains:*.')
      }
      expect(await callByHand(page, 'PATCH', `/v1/keys/${greater.id}`, { name: 'Mine' })).toBe(403)
      expect(await callByHand(page, 'DELETE', `/v1/keys/${greater.id}`, {})).toBe(403)

      await visit(page, `/keys/${id}`)
      const changes = watchChanges(page)
      const dialog = page.getByRole('dialog')
      await page.getByRole('button', { name: 'Edit the permissions' }).click()
      const typed = dialog.getByRole('combobox')
      await typed.fill('domains:read')
      await page.keyboard.press('Enter')
      await dialog.getByText('Your key does not hold it, so it cannot grant it.').waitFor()
      await dialog.getByRole('button', { name: 'Save' }).click()
      expect(await dialog.isVisible()).toBe(true)
      expect(changes).toEqual([])
      await dialog.getByRole('button', { name: 'Remove domains:read, which is invalid' }).click()

      // What this page knows of one's own permissions may be old.
      await typed.fill('emails:read')
      await page.keyboard.press('Enter')
      await keys.update(admin.id, { permissions: administrator.slice(0, 3) })
      await dialog.getByRole('button', { name: 'Save' }).click()
      await dialog.getByText('You can grant only what your own key holds').waitFor()
      expect(changes).toHaveLength(1)
      expect((await keys.get(id)).permissions).toEqual(['emails:send'])
      expect(await dialog.getByRole('button', { name: 'Remove emails:read' }).isVisible()).toBe(true)
    },
  )

  test.skipIf(skipsBrowser)('lets no key make or keep one that outlives it', async () => {
    const { server, keys } = await serve()
    const ends = new Date(Date.now() + 10 * day)
    const own = { organizationId: 'acme', expiresAt: ends, permissions: administrator.slice(0, 3) }
    const { key: token } = await keys.create({ ...own, name: 'Contractor' })
    const longer = await keys.create({ organizationId: 'acme', name: 'Longer' })
    const shorter = await keys.create({ ...own, name: 'Shorter', permissions: [] })
    const page = await browser.open(server, { path: `/keys/${longer.id}`, token, timezoneId: 'UTC' })
    await page.getByRole('heading', { level: 1, name: 'Longer' }).waitFor()
    const rotate = page.getByRole('button', { name: 'Rotate' })
    expect(await refusalOf(rotate)).toContain('Your key expires before this one')
    const metadata = page.getByRole('button', { name: 'Edit the metadata' })
    expect(await refusalOf(metadata)).toBe('Your key lacks the permission latchkey:metadata:write.')

    await visit(page, `/keys/${shorter.id}`)
    expect(await refusalOf(rotate)).toBeUndefined()
    await page.getByRole('button', { name: 'Change the expiry' }).click()
    const dialog = page.getByRole('dialog')
    const tooLate = /Your key cannot set a later expiry than .*\d/
    for (const choice of ['Never', '30 days']) {
      await dialog.getByRole('radio', { name: choice }).check()
      await dialog.getByText(tooLate).waitFor()
      await dialog.getByRole('button', { name: 'Save' }).click()
      expect(await dialog.isVisible(), choice).toBe(true)
    }
    await dialog.getByRole('radio', { name: '7 days' }).check()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })

    await visit(page, '/organizations/acme/new-key')
    await page.getByText('You cannot set it: every verification returns it.').waitFor()
    await page.getByLabel('Name', { exact: true }).fill('Short')
    await page.getByRole('button', { name: 'Create key' }).click()
    await page.getByText('Store it now').waitFor()
    const { items } = await keys.list({ organizationId: 'acme', q: 'Short' })
    expect(items.find(({ name }) => name === 'Short')?.expiresAt).toEqual(ends)
  })

  test.skipIf(skipsBrowser)(
    'says why nothing can be done to a revoked key, and brings an expired one back',
    async () => {
      const database = await makeDatabase()
      const ids = await inThePast(database, 2 * day, async ({ organizations, keys }) => {
        await organizations.create({ id: 'acme', name: 'Acme' })
        const revoked = await keys.create({ organizationId: 'acme', name: 'Old' })
        await keys.revoke(revoked.id)
        const expiresAt = new Date(Date.now() - day)
        const expired = await keys.create({ organizationId: 'acme', name: 'Late', expiresAt })
        return { revoked: revoked.id, expired: expired.id }
      })
      const server = await browser.serve(database)
      const path = `/keys/${ids.revoked}`
      const page = await browser.open(server, { path, token: server.rootKey })
      await page.getByRole('heading', { level: 1, name: 'Old' }).waitFor()
      const { revokedAt } = await server.latchkey.keys.get(ids.revoked)
      const shown = await fact(page, 'Revoked').locator('time').first().getAttribute('datetime')
      expect(shown).toBe(revokedAt?.toISOString())
      for (const name of ['Rename the key', 'Change the expiry', 'Edit the permissions', 'Rotate']) {
        const refusal = await refusalOf(page.getByRole('button', { name, exact: true }))
        expect(refusal, name).toBe('This key is revoked permanently.')
      }
      const revoke = page.getByRole('button', { name: 'Revoke', exact: true })
      expect(await refusalOf(revoke)).toBe('This key is revoked already.')

      await visit(page, `/keys/${ids.expired}`)
      const rotate = page.getByRole('button', { name: 'Rotate', exact: true })
      expect(await refusalOf(rotate)).toBe('This key has expired. Set a later expiry first.')
      expect(await refusalOf(revoke)).toBeUndefined()
      await besideName(page).getByText('Expired', { exact: true }).waitFor()
      await page.getByRole('button', { name: 'Change the expiry' }).click()
      await page.getByRole('radio', { name: 'Never' }).check()
      await page.getByRole('button', { name: 'Save' }).click()
      await besideName(page).getByText('Active', { exact: true }).waitFor()
      expect(await refusalOf(rotate)).toBeUndefined()
    },
  )

  test.skipIf(skipsBrowser)(
    "of another organization looks like that of none, to an organization's administrator",
    async () => {
      const { server, keys, admin } = await serve(...administrator)
      await server.latchkey.organizations.create({ id: 'globex', name: 'Globex' })
      const foreign = await keys.create({ organizationId: 'globex', name: 'Theirs' })
      const page = await browser.open(server, { token: admin.key })
      const looks: string[] = []
      for (const id of [foreign.id, '01900000-0000-7000-8000-000000000000', 'no-id-at-all']) {
        await go(page, `/keys/${id}`)
        await page.getByText('There is no key at this address').waitFor()
        looks.push(`${await page.title()} ${await page.locator('body').ariaSnapshot()}`)
      }
      expect(new Set(looks).size).toBe(1)
      expect(looks[0]).not.toContain('Theirs')
    },
  )
})
