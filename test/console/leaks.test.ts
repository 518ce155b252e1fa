// Leaks in the console: what a key with a reported token says, what is to be done about it, and the list of such keys.
import { expect, test } from 'vitest'
import { describeChanges } from '../../console/format/audit-changes.ts'
import { exposureInShort } from '../../console/format/exposures.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { findViolations, refusalOf } from './chromium.ts'

const url = 'https://github.com/acme/app/blob/main/.env'

test('the event of a leak says in words where the token was, who reported it and what was done', () => {
  const told = describeChanges({
    action: 'key.exposed',
    actor: null,
    at: '2026-03-01T09:00:00.000Z',
    changes: {
      ...{ kid: '4kTz9WqLm2Xc7RbN', hint: 're_4kTz9WqLm2Xc7RbN…', source: 'github', url, action: 'revoked' },
      ...{ ends_at: null, last_used_at: null, last_used_from: '192.0.2.7' },
    },
  })
  expect(
    told.map((change) => [change.label, 'to' in change && 'text' in change.to && change.to.text]),
  ).toEqual([
    ['Token', '4kTz9WqLm2Xc7RbN'],
    ['Reported by', 'GitHub'],
    ['Found at', url],
    ['Done at once', 'The key was revoked'],
    ['Last used', 'Never'],
    ['Last used from', '192.0.2.7'],
  ])
})

onOneDatabase('SQLite', `a leak in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('is followed by what the settings say, set or not', async () => {
    const server = await browser.serve(await makeDatabase())
    const page = await browser.open(server, { token: server.rootKey, path: '/settings/leaks' })
    const done = page.getByRole('region', { name: 'What is done' })
    await done.getByText('Revoke the key.').waitFor()
    await server.latchkey.policies.set({ onLeak: 'end_after', leakEndsAfterHours: 4 })
    await page.reload()
    await done.getByText('End the token 4 hours later.').waitFor()
  })

  test.skipIf(skipsBrowser)('is listed, told on its key, dealt with there, and cleared', async () => {
    const server = await browser.serve(await makeDatabase())
    const { keys, leaks, policies, verify } = server.latchkey
    await createAcme(server.latchkey)
    await policies.set({ onLeak: 'notify' })
    await keys.create({ organizationId: 'acme', name: 'CI' })
    const leaked = await keys.create({ organizationId: 'acme', name: 'Mailer' })
    const revoked = await keys.create({ organizationId: 'acme', name: 'Old mailer' })
    await keys.revoke(revoked.id)
    await verify(leaked.key, { context: { ip: '192.0.2.7' } })
    await leaks.report({ keys: [leaked.key, revoked.key], url })
    const exposureOf = async () => (await keys.get(leaked.id)).exposure
    await expect.poll(exposureOf).not.toBeNull()

    const page = await browser.open(server, { token: server.rootKey })
    await page.getByRole('link', { name: '2 keys marked as leaked' }).click()
    await page.getByText('2 keys', { exact: true }).waitFor()
    await page.getByText('Leaked, had ended').waitFor()
    expect(new URL(page.url()).pathname).toBe('/keys')
    await page.goto(`${server.url}/organizations/acme`)
    await page.getByText('2 keys', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.getByRole('dialog').getByLabel('Marked as leaked').check()
    await page.getByRole('dialog').getByRole('button', { name: 'Filter' }).click()
    // Of any state: most of them are revoked.
    await page.getByText('Leaked, had ended').waitFor()
    await page.getByText('Leaked, nothing done').waitFor()
    expect(await page.getByRole('radio', { name: 'All', exact: true }).isChecked()).toBe(true)
    expect(await page.getByRole('link', { name: 'CI', exact: true }).count()).toBe(0)
    await page.getByRole('radio', { name: 'Active' }).check({ force: true })
    await page.getByText('1 key', { exact: true }).waitFor()
    expect(new URL(page.url()).searchParams.get('exposed')).toBe('true')
    await page.getByRole('button', { name: 'Remove the filter leaks reported' }).waitFor()
    await page.getByRole('link', { name: 'Mailer', exact: true }).click()

    const notice = page
      .getByRole('alert')
      .filter({ hasText: 'A token of this key leaked, and it is not ended' })
    await notice.getByText(url).waitFor()
    // Nothing leads to where somebody says that it was found.
    expect(await page.locator(`a[href*="github.com"]`).count()).toBe(0)
    await notice.getByText('Somebody who has the token').waitFor()
    await notice.getByText('Look at what was done with it').waitFor()
    // The notice stands above each part of the page.
    await page.getByRole('main').getByRole('link', { name: 'Activity' }).click()
    await page.getByText('Reported a leaked token').waitFor()
    expect(await findViolations(page)).toEqual([])

    const steps = page.getByRole('list', { name: 'What to do now' })
    await steps.getByRole('button', { name: 'Rotate' }).click()
    await page.getByRole('dialog').getByRole('radio', { name: '24 hours' }).check()
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click()
    await page.getByLabel('I have stored the token').check()
    await page.getByRole('button', { name: 'Back to the key' }).click()
    await steps.getByText('Done: The key has a newer token.').waitFor()
    await steps.getByRole('button', { name: 'End it now' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'End grace now' }).click()
    await page.getByText('A token of this key leaked. It opens nothing any more').waitFor()
    await steps.getByText('Done: The leaked token opens nothing any more.').waitFor()
    await page.setViewportSize({ width: 390, height: 844 })
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0)
    await steps.getByRole('button', { name: 'Clear the mark' }).click()
    await steps.waitFor({ state: 'detached' })
    // What has the focus does not go away from under it.
    const focused = page.locator(':focus').filter({ hasText: 'The mark is cleared' })
    expect(await focused.getAttribute('role')).toBe('status')
    await page.getByText('Cleared the mark of a leak').waitFor()
    expect(await exposureOf()).toBeNull()
  })

  test.skipIf(skipsBrowser)(
    'of the own key is cleared by another one, and a revoked key is replaced',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const { keys, leaks, policies } = server.latchkey
      await createAcme(server.latchkey)
      await policies.set({ onLeak: 'notify' })
      const permissions = ['latchkey:keys:*']
      const own = await keys.create({ organizationId: 'acme', name: 'Admin', permissions })
      const old = own.key
      const { key: token } = await keys.rotate(own.id, { graceSeconds: 3_600 })
      const revoked = await keys.create({ organizationId: 'acme', name: 'Mailer' })
      await keys.revoke(revoked.id)
      await leaks.report({ keys: [old, revoked.key] })
      const exposures = async () =>
        Promise.all([own.id, revoked.id].map(async (id) => (await keys.get(id)).exposure?.action))
      await expect.poll(exposures).toEqual(['secret_ended', 'none'])

      const page = await browser.open(server, { token, path: `/keys/${own.id}` })
      const clear = page.getByRole('button', { name: 'Clear the mark' })
      await page.getByText('The old token was ended').waitFor()
      expect(await refusalOf(clear)).toContain('A key does not clear the mark of its own leak')
      await page.goto(`${server.url}/keys/${revoked.id}`)
      await page.getByText('Nobody said where').waitFor()
      await page.getByText('Done: Nobody has used the leaked token.').waitFor()
      await page.getByRole('link', { name: 'New key' }).waitFor()
    },
  )
})

test('a list says of each report what became of the token', () => {
  const exposure = { at: '', kid: '', hint: '', source: 'possession', url: null, ends_at: null } as const
  const actions = ['revoked', 'secret_ended', 'ends_later', 'notified', 'none'] as const
  expect(actions.map((action) => exposureInShort({ ...exposure, action }))).toEqual([
    ...['Leaked, revoked', 'Leaked, old token ended', 'Leaked, ends later', 'Leaked, nothing done'],
    'Leaked, had ended',
  ])
})
