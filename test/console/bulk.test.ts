// Many keys changed at once in the console: what is meant is told first, and exactly that changes; what a list is narrowed to, and
// which columns it has.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { WireBulkResult } from '../../console/api.ts'
import { bulkWords } from '../../console/format/bulk-results.ts'
import { bulkFilter, chipsOf, listFilter } from '../../console/format/key-filters.ts'
import { readKeySearch } from '../../console/searches.ts'
import type { Latchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { refusalOf } from './chromium.ts'

const now = Date.parse('2026-03-01T12:34:56Z')

test('a change of all keys of a list means those of its filters', () => {
  const search = readKeySearch({
    q: 'mail',
    tag: 'a,b',
    prefix: 're_test',
    permission: 'x:y',
    only: 'never-used',
  })
  expect(bulkFilter(search, 'acme', now)).toEqual({
    organization_id: 'acme',
    status: 'active',
    q: 'mail',
    tag: ['a', 'b'],
    kid: undefined,
    permission: 'x:y',
    created_by: undefined,
    prefix: 're_test',
    decoy: false,
    never_used: true,
  })
  expect(bulkFilter({ kid: '0123456789abcdef' }, undefined, now)).toMatchObject({ status: 'all' })
  expect(bulkFilter({ exposed: true }, undefined, now)).toMatchObject({ status: 'all', exposed: true })
  expect(bulkFilter({ only: 'expires-7d' }, 'acme', now)).toMatchObject({
    expires_before: '2026-03-08T13:00:00.000Z',
  })
  expect(listFilter({ only: 'expires-7d' }, 'acme', now)).toMatchObject({
    sort: 'expires_at',
    filter: { organization: 'acme', expires_before: '2026-03-08T13:00:00.000Z' },
  })
  expect(listFilter({}, 'acme', now).sort).toBe('-created_at')
})

test('each filter without a field of its own is a chip, which takes it away alone', () => {
  const search = { tag: 'a,b', permission: 'x:y', created_by: 'ada', q: 'mail' }
  const left: object[] = []
  const chips = chipsOf(search, (edit) => left.push(edit(search)))
  expect(chips.map(({ label, value }) => `${label} ${value}`)).toEqual([
    'Tag a',
    'Tag b',
    'Permission x:y',
    'Created by ada',
  ])
  for (const { remove } of chips) remove()
  expect(left).toEqual([
    { ...search, tag: 'b' },
    { ...search, tag: 'a' },
    { tag: 'a,b', created_by: 'ada', q: 'mail' },
    { tag: 'a,b', permission: 'x:y', q: 'mail' },
  ])
})

test('what a change of many comes to is told in words', () => {
  const result = (given: Partial<WireBulkResult>): WireBulkResult => ({
    ...{ matched: 3, changed: 3, unchanged: 0, skipped: [], failures: [], left: 0, stopped_by: null },
    is_dry_run: false,
    ...given,
  })
  expect(bulkWords('revoke', result({ is_dry_run: true }))).toEqual(['3 keys would be revoked.'])
  expect(bulkWords('tag', result({ changed: 1, unchanged: 2 }))).toEqual([
    '1 key is tagged.',
    '2 keys are so already.',
  ])
  const failures = [{ id: 'x', code: 'key_revoked', detail: 'No.' }]
  expect(bulkWords('suspend', result({ changed: 0, skipped: ['y'], failures, left: 1 }))).toEqual([
    '0 keys are suspended.',
    'The key that you are signed in with is left out: change it on its own page.',
    '1 key was not come to. The same again goes on with them.',
    '1 key cannot be suspended:',
  ])
})

onOneDatabase('SQLite', `many keys at once in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  async function openList(names: readonly string[], path = '/organizations/acme') {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    for (const name of names) await server.latchkey.keys.create({ organizationId: 'acme', name })
    const page = await browser.open(server, { token: server.rootKey, path })
    await page.getByRole('checkbox', { name: 'Select all that are shown' }).waitFor()
    return { server, page, bar: page.getByRole('region', { name: 'Selected keys' }) }
  }

  const select = (page: Page, name: string) =>
    page.getByRole('checkbox', { name: `Select ${name}`, exact: true }).check()
  const statusesOf = async ({ keys }: Latchkey) => {
    const { items } = await keys.list({ organizationId: 'acme', status: 'all', sort: 'name' })
    return items.map(({ name, status }) => `${name} ${status}`)
  }

  test.skipIf(skipsBrowser)('are suspended, resumed and revoked, exactly those that are meant', async () => {
    const { server, page, bar } = await openList(['A', 'B', 'C'])
    await select(page, 'A')
    await select(page, 'B')
    await bar.getByText('2 selected').waitFor()
    // A box opens no page.
    expect(new URL(page.url()).pathname).toBe('/organizations/acme')
    await bar.getByRole('button', { name: 'Suspend' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('2 keys would be suspended.').waitFor()
    expect(await statusesOf(server.latchkey)).toEqual(['A active', 'B active', 'C active'])
    await dialog.getByLabel('Reason').fill('Unpaid')
    await dialog.getByRole('button', { name: 'Suspend', exact: true }).click()
    await dialog.getByText('2 keys are suspended.').waitFor()
    await dialog.getByText(/Every process confirmed in \d+ ms/).waitFor()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await bar.waitFor({ state: 'detached' })
    expect(await statusesOf(server.latchkey)).toEqual(['A suspended', 'B suspended', 'C active'])
    await page.getByText('1 key', { exact: true }).waitFor()

    // Of another list nothing is selected, and so nothing that is not seen is changed.
    await select(page, 'C')
    await bar.getByText('1 selected').waitFor()
    await page.getByRole('radio', { name: 'Suspended' }).check({ force: true })
    await page.getByText('2 keys', { exact: true }).waitFor()
    await bar.waitFor({ state: 'detached' })
    await select(page, 'A')
    await bar.getByRole('button', { name: 'Resume' }).click()
    await dialog.getByText('1 key would be resumed.').waitFor()
    await dialog.getByRole('button', { name: 'Resume', exact: true }).click()
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByText('1 key', { exact: true }).waitFor()

    await page.getByRole('radio', { name: 'All', exact: true }).check({ force: true })
    await page.getByText('3 keys', { exact: true }).waitFor()
    await page.getByRole('checkbox', { name: 'Select all that are shown' }).check()
    await bar.getByText('3 selected').waitFor()
    await bar.getByRole('button', { name: 'Revoke' }).click()
    const revoke = dialog.getByRole('button', { name: 'Revoke permanently' })
    await dialog.getByText('3 keys would be revoked.').waitFor()
    expect(await refusalOf(revoke)).toBe('Type the number of keys first.')
    await dialog.getByLabel('Reason').selectOption('no_longer_used')
    await dialog.getByLabel('Type 3 to confirm').fill('3')
    await revoke.click()
    await dialog.getByText('3 keys are revoked.').waitFor()
    await dialog.getByRole('button', { name: 'Done' }).click()
    expect(await statusesOf(server.latchkey)).toEqual(['A revoked', 'B revoked', 'C revoked'])
    const { items } = await server.latchkey.keys.list({ organizationId: 'acme', status: 'revoked' })
    expect(new Set(items.map(({ revocationReason }) => revocationReason))).toEqual(
      new Set(['no_longer_used']),
    )
  })

  test.skipIf(skipsBrowser)(
    'are all that the filters find, and nothing is done when others are meant by now',
    async () => {
      const names = Array.from({ length: 102 }, (_, i) => `Job ${i}`)
      const { server, page, bar } = await openList([...names, 'Other'], '/organizations/acme?q=Job')
      await page.getByText('100 shown, more below').waitFor()
      await page.getByRole('checkbox', { name: 'Select all that are shown' }).check()
      await bar.getByRole('button', { name: 'Select all that the filters find' }).click()
      await bar.getByText('All 102 selected').waitFor()
      await bar.getByRole('button', { name: 'Tag' }).click()
      const dialog = page.getByRole('dialog')
      const look = dialog.getByRole('button', { name: 'Look at what it changes' })
      await look.click()
      await dialog.getByText('Enter a tag.').waitFor()
      await dialog.getByLabel('Tags to add').fill('nightly')
      await look.click()
      await dialog.getByText('102 keys would be tagged.').waitFor()
      await server.latchkey.keys.create({ organizationId: 'acme', name: 'Job 200' })
      const tag = dialog.getByRole('button', { name: 'Tag', exact: true })
      await tag.click()
      await dialog.getByText('Nothing was changed').waitFor()
      await dialog.getByText('103 keys would be tagged.').waitFor()
      expect((await server.latchkey.keys.list({ tag: ['nightly'] })).items).toEqual([])
      await tag.click()
      await dialog.getByText('103 keys are tagged.').waitFor()
      await dialog.getByRole('button', { name: 'Done' }).click()
      const tagged = await server.latchkey.keys.list({ tag: ['nightly'], limit: 200 })
      expect(tagged.items.length).toBe(103)
      expect(tagged.items.some(({ name }) => name === 'Other')).toBe(false)
    },
  )

  test.skipIf(skipsBrowser)(
    'tells which could not be changed, and leaves out the key of the session',
    async () => {
      const server = await browser.serve(await makeDatabase())
      await createAcme(server.latchkey)
      const { keys } = server.latchkey
      const permissions = ['latchkey:keys:read', 'latchkey:keys:write']
      const admin = await keys.create({ organizationId: 'acme', name: 'Admin', permissions })
      await keys.create({ organizationId: 'acme', name: 'Stronger', permissions: ['emails:send'] })
      await keys.create({ organizationId: 'acme', name: 'Weak' })
      const page = await browser.open(server, { token: admin.key, path: '/organizations/acme' })
      await page.getByRole('checkbox', { name: 'Select all that are shown' }).check()
      await page
        .getByRole('region', { name: 'Selected keys' })
        .getByRole('button', { name: 'Suspend' })
        .click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText('1 key would be suspended.').waitFor()
      await dialog.getByText('The key that you are signed in with is left out').waitFor()
      await dialog.getByRole('listitem').filter({ hasText: 'Stronger' }).waitFor()
      await dialog.getByRole('button', { name: 'Suspend', exact: true }).click()
      await dialog.getByText('1 key is suspended.').waitFor()
      expect(await statusesOf(server.latchkey)).toEqual(['Admin active', 'Stronger active', 'Weak suspended'])
    },
  )

  test.skipIf(skipsBrowser)('cannot be selected by who may not change keys', async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    const reader = await server.latchkey.keys.create({
      organizationId: 'acme',
      name: 'Reader',
      permissions: ['latchkey:keys:read'],
    })
    const page = await browser.open(server, { token: reader.key, path: '/organizations/acme' })
    await page.getByRole('link', { name: 'Reader', exact: true }).waitFor()
    expect(await page.getByRole('checkbox').count()).toBe(0)
  })
})

onOneDatabase('SQLite', `the filters and columns of a list in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('are a prefix, where there are several, a permission and a creator', async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    const { keys } = server.latchkey
    await keys.setPrefixes({ prefixes: ['re', 're_test'] })
    const make = (name: string, given: object) => keys.create({ organizationId: 'acme', name, ...given })
    await make('Live', { permissions: ['emails:send'], createdBy: 'ada' })
    await make('Test', { permissions: ['emails:send'], prefix: 're_test' })
    await make('Bare', { prefix: 're_test' })
    const page = await browser.open(server, { token: server.rootKey, path: '/organizations/acme' })
    await page.getByText('3 keys', { exact: true }).waitFor()
    await page.getByLabel('Prefix').selectOption('re_test')
    await page.getByText('2 keys', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Filter the keys' })
    await dialog.getByLabel('Permission').fill('emails send')
    await dialog.getByRole('button', { name: 'Filter' }).click()
    await dialog.getByRole('alert').waitFor()
    await dialog.getByLabel('Permission').fill('emails:send')
    await dialog.getByRole('button', { name: 'Filter' }).click()
    await page.getByText('1 key', { exact: true }).waitFor()
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({
      prefix: 're_test',
      permission: 'emails:send',
    })
    await page.reload()
    await page.getByRole('link', { name: 'Test', exact: true }).waitFor()
    await page.getByLabel('Prefix').selectOption('Any prefix')
    await page.getByText('2 keys', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await dialog.getByLabel('Created by').fill('ada')
    await dialog.getByRole('button', { name: 'Filter' }).click()
    await page.getByRole('link', { name: 'Live', exact: true }).waitFor()
    await page.getByText('1 key', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Remove the filter permission emails:send' }).click()
    await page.getByRole('button', { name: 'Remove the filter created by ada' }).click()
    await page.getByText('3 keys', { exact: true }).waitFor()
  })

  test.skipIf(skipsBrowser)('are chosen by the reader, and kept in the browser', async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    await server.latchkey.keys.create({ organizationId: 'acme', name: 'CI', tags: ['nightly'] })
    const page = await browser.open(server, { token: server.rootKey, path: '/organizations/acme', own: true })
    const headings = () => page.getByRole('columnheader').allInnerTexts()
    await page.getByRole('link', { name: 'CI', exact: true }).waitFor()
    const usual = ['Name', 'Permissions', 'Created by', 'Created', 'Last used', 'Expires', 'Status']
    expect(await headings()).toEqual(usual)
    await page.getByRole('button', { name: 'Choose the columns' }).click()
    const dialog = page.getByRole('dialog', { name: 'Columns' })
    await dialog.getByLabel('Tags').check()
    await dialog.getByLabel('Created by').uncheck()
    await dialog.getByRole('button', { name: 'Done' }).click()
    const chosen = ['Name', 'Permissions', 'Tags', 'Created', 'Last used', 'Expires', 'Status']
    expect(await headings()).toEqual(chosen)
    await page.reload()
    await page.getByRole('cell').getByText('nightly').waitFor()
    expect(await headings()).toEqual(chosen)
    await page.getByRole('button', { name: 'Choose the columns' }).click()
    await dialog.getByRole('button', { name: 'The usual ones' }).click()
    await dialog.getByRole('button', { name: 'Done' }).click()
    expect(await headings()).toEqual(usual)
  })
})
