// People in the console: each acts for one organization at a time, and sees the pages that there are for them.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { browserNote, skipsBrowser, useBrowser, useStage } from './browser.ts'
import { go, refusalOf } from './chromium.ts'
import type { People } from './stage-people.ts'

describe(`people in the console${browserNote}`, () => {
  const browser = useBrowser()
  const stageOf = useStage()
  const openAs = async (who: keyof People, path = '/') => {
    const { server, people } = stageOf()
    const session = await server.latchkey.sessions.startFor(people[who].identityId)
    return browser.open(server, { session, path })
  }
  const entries = (page: Page) =>
    page.getByRole('navigation', { name: 'Main' }).getByRole('link').allInnerTexts()

  test.skipIf(skipsBrowser)('each have the pages that they may read, six at most', async () => {
    const wanted: Partial<Record<keyof People, string[]>> = {
      owner: ['Overview', 'Keys', 'Usage', 'Activity', 'Settings'],
      developer: ['Keys', 'Usage'],
      viewer: ['Keys', 'Usage'],
      auditor: ['Activity', 'Keys', 'Usage', 'Members'],
    }
    for (const [who, places] of Object.entries(wanted)) {
      const page = await openAs(who as keyof People)
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(await entries(page), who).toEqual(places)
    }
    const page = await browser.open(stageOf().server, { token: stageOf().server.rootKey })
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect(await entries(page)).toEqual([
      'Overview',
      'Keys',
      'Organizations',
      'Usage',
      'Activity',
      'Settings',
    ])
  })

  test.skipIf(skipsBrowser)('begin with what they come for', async () => {
    for (const [who, path] of [
      ['developer', '/organizations/acme'],
      ['auditor', '/activity'],
      ['owner', '/'],
    ] as const) {
      const page = await openAs(who)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await expect.poll(() => new URL(page.url()).pathname, { message: who }).toBe(path)
    }
  })

  test.skipIf(skipsBrowser)(
    'choose for which organization they act, and every request names it',
    async () => {
      const page = await openAs('operator')
      const choice = page.getByRole('combobox', { name: 'Organization' })
      await choice.waitFor()
      const named = new Set<string | undefined>()
      page.on('request', (request) => {
        // What the page of before had still to ask is not meant.
        if (request.isNavigationRequest()) named.clear()
        if (request.url().includes('/v1/') && !request.url().endsWith('/self'))
          named.add(request.headers()['latchkey-organization'])
      })
      await choice.selectOption('Root')
      await page.getByRole('link', { name: 'Organizations' }).waitFor()
      await page.getByRole('region', { name: 'Needs attention' }).getByRole('listitem').first().waitFor()
      expect([...named]).toEqual(['root'])
      await page.getByText('Grace Hopper').waitFor()
      // Another tab goes on with it, and a reload too.
      await page.reload()
      await page.getByRole('link', { name: 'Organizations' }).waitFor()
      await choice.selectOption('Acme Robotics')
      await expect.poll(() => entries(page)).toEqual(['Keys', 'Usage'])
    },
  )

  test.skipIf(skipsBrowser)('open the link of a colleague who acts for another organization', async () => {
    const { leakedId } = stageOf()
    const page = await openAs('operator', '/account')
    const acting = page.getByRole('combobox', { name: 'Organization' })
    await acting.selectOption('Acme Robotics')
    await page.getByRole('heading', { level: 1, name: 'Acme Robotics' }).waitFor()
    await go(page, `/keys/${leakedId}`)
    await page.getByText('There is no key at this address').waitFor()
    await page.getByRole('button', { name: 'Act for Root' }).click()
    await page.getByRole('heading', { level: 1, name: 'Deploy bot' }).waitFor()
    expect(new URL(page.url()).pathname).toBe(`/keys/${leakedId}`)
    await acting.selectOption('Acme Robotics')
    await page.getByRole('heading', { level: 1, name: 'Acme Robotics' }).waitFor()
    await go(page, '/organizations/root?status=all')
    await page.getByText('You act for another organization').waitFor()
    await page.getByRole('button', { name: 'Act for Root' }).click()
    await page.getByRole('heading', { level: 1, name: 'Root' }).waitFor()
    // Whoever has no other organization is offered none.
    const other = await openAs('viewer', `/keys/${leakedId}`)
    await other.getByText('There is no key at this address').waitFor()
    expect(await other.getByRole('button', { name: /^Act for/ }).count()).toBe(0)
  })

  test.skipIf(skipsBrowser)('are told beforehand what they may not do', async () => {
    const page = await openAs('viewer', '/organizations/acme')
    const create = page.getByRole('button', { name: 'New key' })
    await create.waitFor()
    expect(await refusalOf(create)).toBe('Your role lacks the permission latchkey:keys:write.')
    await go(page, '/settings/members')
    await page.getByText('You cannot list the members').waitFor()
  })

  test.skipIf(skipsBrowser)(
    'are named wherever they did something, and as a former member once erased',
    async () => {
      const page = await openAs('owner', '/activity')
      await page.getByRole('link', { name: 'Linus Torvalds' }).first().waitFor()
      const { items } = await stageOf().server.latchkey.members.list({
        organizationId: 'acme',
        status: 'removed',
      })
      const erased = items.find(({ email }) => email === null)
      const name = `a former member (…${erased?.id.slice(-4)})`
      await page.getByRole('link', { name }).first().click()
      await page.getByRole('heading', { level: 1, name }).waitFor()
      await go(page, '/organizations/acme?creator=gone&status=all')
      await page.getByText('2 keys', { exact: true }).waitFor()
      await page.getByRole('link', { name: 'Kevin Mitnick' }).first().waitFor()
    },
  )

  test.skipIf(skipsBrowser)('find a key by a token, which is never sent', async () => {
    const { server, token } = stageOf()
    const page = await browser.open(server, { token: server.rootKey, path: '/account' })
    await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor()
    const sent: string[] = []
    page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
    await page.keyboard.press('Control+k')
    const field = page.getByRole('combobox', { name: 'Name, id, or token' })
    await field.fill(token)
    await page.getByRole('option', { name: /CI 🚀/ }).waitFor()
    expect(await field.inputValue()).toBe('')
    await field.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'CI 🚀' }).waitFor()
    const secret = token.slice(token.lastIndexOf('_') + 1 + 16)
    expect(sent.filter((line) => line.includes(secret))).toEqual([])
    expect(sent.some((line) => line.includes('kid='))).toBe(true)

    // By name, whatever it is.
    for (const [sought, kind, name] of [
      ['globex', 'Organization', 'Globex Corporation'],
      ['lovelace', 'Member', 'Ada Lovelace'],
      ['plans', 'Page', 'Plans'],
    ] as const) {
      await page.keyboard.press('Control+k')
      await field.fill(sought)
      await page.getByRole('option', { name: new RegExp(`${kind}.*${name}`) }).click()
      await page.getByRole('heading', { level: 1, name }).waitFor()
    }
  })

  test.skipIf(skipsBrowser)('find each page by the address that it had', async () => {
    const { server } = stageOf()
    const page = await browser.open(server, { token: server.rootKey })
    for (const [old, now, title] of [
      ['/webhooks?organization=acme', '/settings/webhooks?organization=acme', 'Webhooks'],
      ['/permissions', '/settings/permissions', 'Permissions'],
      ['/plans', '/settings/plans', 'Plans'],
      ['/policy', '/settings/policy', 'Policy'],
      ['/audit-log?action=key.created', '/activity?action=key.created', 'Activity'],
      ['/sessions', '/account', 'Account'],
      ['/settings', '/settings/members', 'Members'],
    ] as const) {
      await go(page, old)
      await page.getByRole('heading', { level: 1, name: title }).waitFor()
      expect(page.url(), old).toBe(server.url + now)
    }
  })

  test.skipIf(skipsBrowser)('see themselves and their sessions, and end those elsewhere', async () => {
    const { server, people } = stageOf()
    await server.latchkey.sessions.startFor(people.auditor.identityId, {
      userAgent: 'curl/8',
      ip: '192.0.2.9',
    })
    const page = await openAs('auditor', '/account')
    const sessions = page.getByRole('region', { name: 'Sessions' })
    await sessions.getByText('192.0.2.9').waitFor()
    await sessions.getByText('acme-okta').first().waitFor()
    await page.getByRole('region', { name: 'How you sign in' }).getByText('katherine@example.com').waitFor()
    await sessions.getByRole('button', { name: 'End all others' }).click()
    await expect.poll(() => sessions.getByRole('listitem').count()).toBe(1)
  })
})
