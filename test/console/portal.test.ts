// The customer page of an organization in the console: how it is built in, who has it open, and how that ends.
import { expect, test } from 'vitest'
import { portalSnippetsFor } from '../../console/format/portal-snippets.ts'
import { createPortalSessionSchema } from '../../src/core/shapes/portal-sessions.ts'
import { fromWire } from '../../src/core/wire.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { join } from '../setup/people.ts'
import { askForSession, openPage, portalUrl } from '../setup/portal.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { fact, refusalOf } from './chromium.ts'
import { judge, judged, judgeOnPhone } from './judge.ts'

const path = '/organizations/acme/customer-page'

onOneDatabase('SQLite', `the customer page in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  async function start() {
    const server = await browser.serve(await makeDatabase(), { publicUrl: portalUrl })
    await createAcme(server.latchkey)
    await server.latchkey.organizations.update('acme', { grantablePermissions: ['emails:*'] })
    return server
  }

  test.skipIf(skipsBrowser)('lists who has it open, and ends one session, then all', async () => {
    const server = await start()
    const ada = await openPage(server)
    const bob = await openPage(server, { kind: 'embed', user: { id: 'u_82', name: '<b>Bob</b>' } })
    const eve = await openPage(server, { kind: 'embed', user: { id: 'u_83' } })
    await server.latchkey.portalSessions.end(eve.id)
    await askForSession(server, { user: { id: 'u_84', name: 'Late' } })
    const page = await browser.open(server, { token: server.rootKey, path: '/organizations/acme' })
    await page.getByRole('link', { name: 'Customer page' }).click()
    const rows = page.getByRole('list', { name: 'Sessions' }).getByRole('listitem')
    await rows.nth(2).waitFor()
    const told = await rows.allInnerTexts()
    expect(told).toHaveLength(3)
    expect(told[0]).toMatch(/^Late\s+u_84\s+Link\s+not opened yet · made .+ by Root key · ends in/)
    expect(told[1]).toMatch(/^<b>Bob<\/b>\s+u_82\s+Element\s+in https:\/\/app\.example\.com · made/)
    expect(told[2]).toMatch(/^Ada\s+u_81\s+Link\s+made/)
    // Neither a link nor a token is told a second time.
    expect(await page.content()).not.toMatch(/lk[lp]_/)
    await page.getByRole('button', { name: 'End the session of <b>Bob</b>' }).click()
    await expect.poll(() => rows.count()).toBe(2)
    expect([(await bob.ask('GET', 'self')).status, (await ada.ask('GET', 'self')).status]).toEqual([401, 200])
    await page.getByRole('button', { name: 'End all' }).click()
    const dialog = page.getByRole('dialog', { name: 'End all sessions' })
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect((await ada.ask('GET', 'self')).status).toBe(200)
    await page.getByRole('button', { name: 'End all' }).click()
    await dialog.getByRole('button', { name: 'End them all' }).click()
    await page.getByText('Nobody has the page open').waitFor()
    expect((await ada.ask('GET', 'self')).json.code).toBe('session_ended')
    expect(await refusalOf(page.getByRole('button', { name: 'End all' }))).toBe('There is none.')
  })

  test.skipIf(skipsBrowser)('forgets a user once the id is typed, also one who is not there', async () => {
    const server = await start()
    const ada = await openPage(server)
    const { json: key } = await ada.ask<{ id: string }>('POST', 'keys', { name: 'CI' })
    const page = await browser.open(server, { token: server.rootKey, path })
    await page.getByRole('button', { name: 'Forget Ada' }).click()
    const dialog = page.getByRole('dialog', { name: 'Forget a user' })
    const forget = dialog.getByRole('button', { name: 'Forget', exact: true })
    await dialog.getByLabel('Type u_81 to confirm').fill('u_8')
    expect(await refusalOf(forget)).toBe('Type the id of the user first.')
    await dialog.getByLabel('Type u_81 to confirm').fill('u_81')
    await forget.click()
    await page.getByText('Nobody has the page open').waitFor()
    expect((await ada.ask('GET', 'self')).status).toBe(401)
    const sessions = await server.latchkey.portalSessions.list({ organizationId: 'acme' })
    expect(sessions.items[0]).toMatchObject({ user: { id: 'u_81', name: null } })
    await page.getByRole('button', { name: 'Forget a user' }).click()
    await dialog.getByLabel('The id of the user in your app').fill('u_nobody')
    await forget.click()
    await dialog.waitFor({ state: 'detached' })
    // What the user made says so, and so does the activity.
    await page.goto(`/keys/${key.id}`)
    const details = page.getByRole('region', { name: 'Details' })
    expect(await fact(details, 'Created by').innerText()).toContain('user u_81')
    await page.goto(`/keys/${key.id}/activity`)
    await page.getByText(`by user u_81 via session …${ada.id.slice(-8)}`).waitFor()
  })

  test.skipIf(skipsBrowser)(
    'is there for who may make sessions alone, and for no root organization',
    async () => {
      const server = await start()
      const { latchkey } = server
      const lesser = await latchkey.keys.create({
        ...{ organizationId: 'root', name: 'Reader' },
        permissions: ['latchkey:keys:read', 'latchkey:organizations:read'],
      })
      const tab = (page: Awaited<ReturnType<typeof browser.open>>) =>
        page.getByRole('link', { name: 'Customer page' })
      const reader = await browser.open(server, { token: lesser.key, path })
      await reader.getByText('Your key lacks the permission latchkey:portal:write.').waitFor()
      expect(await tab(reader).count()).toBe(0)
      const owner = await join(latchkey, 'acme', 'owner', 'ada')
      const customer = await browser.open(server, {
        session: await latchkey.sessions.startFor(owner.identityId),
        path,
        own: true,
      })
      await customer.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
      expect([new URL(customer.url()).pathname, await tab(customer).count()]).toEqual([
        '/organizations/acme',
        0,
      ])
      const root = await browser.open(server, {
        token: server.rootKey,
        path: path.replace('acme', 'root'),
        own: true,
      })
      await root.waitForURL('**/organizations/root')
      expect(await tab(root).count()).toBe(0)
      const admin = await join(latchkey, 'root', 'admin', 'grace')
      const member = await browser.open(server, {
        session: await latchkey.sessions.startFor(admin.identityId),
        path,
        own: true,
      })
      await member.getByText('Nobody has the page open').waitFor()
    },
  )

  test.skipIf(skipsBrowser)(
    'axe-core finds nothing wrong with it, its sessions and its dialogs',
    async () => {
      const server = await start()
      await openPage(server, { user: { id: 'x'.repeat(256), name: 'Wide'.repeat(60) } })
      await openPage(server, { kind: 'embed', user: { id: 'u_81', name: 'עדה' } })
      const page = await browser.open(server, { ...judged, token: server.rootKey, path })
      await page.getByRole('listitem').filter({ hasText: 'u_81' }).waitFor()
      const found = { ...(await judge(page, 'sessions')), ...(await judgeOnPhone(page, 'sessions')) }
      await page.getByRole('button', { name: 'Forget עדה' }).click()
      await page.getByRole('dialog').waitFor()
      Object.assign(found, await judge(page, 'forget'))
      expect(found).toEqual({})
    },
  )

  test('its code names the organization, grants what members grant, and is what the API takes', () => {
    const origin = 'https://keys.example.com'
    const snippets = portalSnippetsFor({ organization: 'acme', grantable: ['emails:*'], origin })
    const code = (title: string) => snippets.find((snippet) => snippet.title === title)?.code ?? ''
    for (const title of ['Link', 'Element: backend']) {
      expect(code(title)).toContain("organizationId: 'acme'")
      expect(code(title)).toContain("  'emails:*',")
      // As the guide has it, whatever another page sends is refused.
      expect(code(title)).toContain("if (request.get('origin') !== 'https://app.example.com') return")
    }
    const [bare] = portalSnippetsFor({ organization: 'acme', grantable: [], origin })
    expect(bare?.code).toContain("  // and what keys may be granted, such as 'emails:*'\n]")
    expect(code('Element: page')).toContain(`${origin}/embed/latchkey.js`)
    const body = JSON.parse(/--json '(.+)'/.exec(code('curl'))?.[1] ?? '')
    expect(createPortalSessionSchema.parse(fromWire(body))).toMatchObject({
      ...{ kind: 'link', organizationId: 'acme', user: { id: 'u_81', name: 'Ada' } },
      permissions: ['latchkey:keys:read', 'latchkey:keys:write', 'latchkey:usage:read', 'emails:*'],
    })
  })
})
