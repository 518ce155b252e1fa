// The catalogue of permissions in the console: described, described anew, removed, and what is in use beside it.
import { expect, test } from 'vitest'
import { groupsOf, undescribed } from '../../console/format/catalogue.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { refusalOf } from './chromium.ts'

const entry = (name: string, group: string | null = null) => ({ name, description: null, group })

test('permissions stand under their headings, those without one last', () => {
  const catalogue = [entry('a'), entry('b:*', 'Zebras'), entry('c', 'Apes'), entry('d', 'Zebras')]
  expect(
    groupsOf(catalogue).map(({ heading, entries }) => [heading, ...entries.map(({ name }) => name)]),
  ).toEqual([
    ['Apes', 'c'],
    ['Zebras', 'b:*', 'd'],
    [null, 'a'],
  ])
  expect(groupsOf([])).toEqual([])
})

test('what is in use and not described is told, without those of Latchkey', () => {
  const inUse = ['b:c', 'a', 'latchkey:keys:read', 'x:*'].map((permission) => ({ permission, keys: 1 }))
  const told = (names: string[]) =>
    undescribed(
      names.map((name) => entry(name)),
      inUse,
    ).map(({ permission }) => permission)
  expect(told([])).toEqual(['b:c', 'a', 'x:*'])
  expect(told(['b:*'])).toEqual(['a', 'x:*'])
  expect(told(['a', 'b:*', 'x:y'])).toEqual([])
})

onOneDatabase('SQLite', `the catalogue of permissions in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('is described, and every form knows it then', async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    const { keys } = server.latchkey
    await keys.create({ organizationId: 'acme', name: 'CI', permissions: ['emails:send', 'emials:send'] })
    const page = await browser.open(server, { token: server.rootKey, path: '/settings/permissions' })
    await page.getByText('No permission is described yet').waitFor()
    const others = page.getByRole('list', { name: 'In use, and not described' })
    await others.getByRole('button', { name: 'Describe emails:send' }).click()
    const dialog = page.getByRole('dialog')
    const save = dialog.getByRole('button', { name: 'Save' })
    await dialog.getByLabel('Description').fill('Send emails')
    await dialog.getByLabel('Group').fill('Emails')
    await save.click()
    await dialog.waitFor({ state: 'detached' })
    const group = page.getByRole('region', { name: 'Emails' })
    await group.getByText('Send emails').waitFor()
    expect(await others.getByRole('listitem').count()).toBe(1)

    await page.getByRole('button', { name: 'Describe a permission' }).click()
    await save.click()
    await dialog.getByText('Enter a permission.').waitFor()
    for (const [name, fault] of [
      ['emails send', 'Must not contain'],
      ['latchkey:keys:read', 'Latchkey explains its own'],
      ['emails:send', 'It is described already'],
    ] as const) {
      await dialog.getByLabel('Permission').fill(name)
      await dialog.getByText(fault).waitFor()
    }
    await dialog.getByLabel('Permission').fill('domains:*:read')
    await save.click()
    await page.getByRole('region', { name: 'Others' }).getByText('No description').waitFor()
    await page.getByRole('button', { name: 'Edit emails:send' }).click()
    await dialog.getByLabel('Description').fill('x'.repeat(257))
    await save.click()
    await dialog.getByText('Must have at most 256 characters').waitFor()
    await dialog.getByLabel('Description').fill('Send an email')
    await save.click()
    await group.getByText('Send an email').waitFor()
    expect(await keys.listCatalogue()).toEqual([
      { name: 'domains:*:read', description: null, group: null },
      { name: 'emails:send', description: 'Send an email', group: 'Emails' },
    ])

    await page.getByRole('button', { name: 'Remove domains:*:read' }).click()
    await dialog.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('region', { name: 'Others' }).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Organizations', exact: true }).click()
    await page.getByRole('link', { name: 'Acme', exact: true }).click()
    await page.getByRole('link', { name: 'New key' }).click()
    await page.getByRole('combobox', { name: 'Permissions' }).pressSequentially('em')
    await page.getByRole('option').filter({ hasText: 'Emails: Send an email' }).waitFor()
  })

  test.skipIf(skipsBrowser)('is changed by who may, and is of the operator alone', async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    const { keys } = server.latchkey
    await keys.describePermissions({ permissions: [{ name: 'emails:send', description: 'Send emails' }] })
    const tokenOf = async (organizationId: string) =>
      (await keys.create({ organizationId, name: 'Reader', permissions: ['latchkey:keys:read'] })).key
    const page = await browser.open(server, { token: await tokenOf('root'), path: '/settings/permissions' })
    await page.getByText('Send emails').waitFor()
    for (const name of ['Describe a permission', 'Edit emails:send', 'Remove emails:send'])
      expect(await refusalOf(page.getByRole('button', { name })), name).toMatch(/latchkey:permissions:write/)
    const other = await browser.open(server, {
      token: await tokenOf('acme'),
      path: '/settings/permissions',
      own: true,
    })
    await other.waitForURL('**/organizations/acme')
    expect(await other.getByRole('link', { name: 'Permissions' }).count()).toBe(0)
  })
})
