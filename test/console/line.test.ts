// The line of a key on its page: the keys above it, its children page by page, a new one, and whom a verdict is of.
import { expect, test } from 'vitest'
import type { Latchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { fact, go, refusalOf, visit } from './chromium.ts'

onOneDatabase('SQLite', `the line of a key in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  function childOf({ keys }: Latchkey, parentId: string | undefined, name: string) {
    return keys.create({ organizationId: 'acme', name, permissions: ['emails:send'], parentId })
  }

  test.skipIf(skipsBrowser)('is a tree, in which children come as they are asked for', async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    const first = await childOf(server.latchkey, undefined, 'First')
    const second = await childOf(server.latchkey, first.id, 'Second')
    const third = await childOf(server.latchkey, second.id, 'Third')
    const last = await childOf(server.latchkey, third.id, 'Last')
    for (let i = 0; i < 21; i++) await childOf(server.latchkey, second.id, `Job ${i}`)
    const page = await browser.open(server, { token: server.rootKey, path: `/keys/${second.id}` })
    const line = page.getByRole('region', { name: 'Parents and children' })
    const children = line.getByRole('list', { name: 'Children of Second' })
    await children.getByRole('link', { name: 'Job 20', exact: true }).waitFor()
    expect(await children.getByRole('listitem').count()).toBe(20)
    await line.getByRole('link', { name: 'First', exact: true }).waitFor()
    expect(await line.locator('[aria-current="true"]').innerText()).toBe('Second')
    await line.getByRole('button', { name: 'Show older children' }).click()
    await children.getByRole('link', { name: 'Third', exact: true }).waitFor()
    await line.getByRole('button', { name: 'Show the children of Third' }).click()
    const grandchildren = line.getByRole('list', { name: 'Children of Third' })
    await grandchildren.getByRole('link', { name: 'Last', exact: true }).waitFor()
    // The fourth of a line has none.
    expect(await grandchildren.getByRole('button').count()).toBe(0)
    await line.getByRole('button', { name: 'Hide the children of Third' }).click()
    await grandchildren.waitFor({ state: 'detached' })

    await line.getByRole('link', { name: 'First', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'First' }).waitFor()
    expect(await fact(page, 'Child of').innerText()).toBe('None')
    await visit(page, `/keys/${last.id}`)
    await line.getByRole('link', { name: 'First', exact: true }).waitFor()
    await fact(page, 'Child of').getByRole('link', { name: 'Third', exact: true }).waitFor()
    expect(await refusalOf(line.getByRole('button', { name: 'New child' }))).toBe(
      'A line has at most 4 keys, and this is its last.',
    )
  })

  test.skipIf(skipsBrowser)(
    'gets a new child from the page of the parent, and from there alone',
    async () => {
      const server = await browser.serve(await makeDatabase())
      await createAcme(server.latchkey)
      const parent = await childOf(server.latchkey, undefined, 'Deployer')
      const page = await browser.open(server, { token: server.rootKey, path: `/keys/${parent.id}` })
      await page.getByRole('link', { name: 'New child' }).click()
      await page.getByRole('heading', { level: 1, name: 'New child' }).waitFor()
      await page.getByText('It may do no more than its parent, and ends with it').waitFor()
      await page.getByLabel('Name', { exact: true }).fill('Job 42')
      await page.getByRole('combobox', { name: 'Permissions' }).fill('emails:send ')
      await page.getByRole('button', { name: 'Create key' }).click()
      await page.getByText('Store it now').waitFor()
      const token = await page.getByText(/^re_\w{65}$/).innerText()
      const [child] = (await server.latchkey.keys.listChildren(parent.id)).items
      expect(child).toMatchObject({ name: 'Job 42', parentId: parent.id })

      await server.latchkey.keys.suspend(parent.id)
      const other = await browser.open(server, { token: server.rootKey, path: '/try', own: true })
      await other.getByRole('main').getByLabel('Token', { exact: true }).fill(token)
      await other.keyboard.press('Enter')
      const verdict = other.getByRole('region', { name: 'The verdict' })
      await verdict.getByText('suspended', { exact: true }).waitFor()
      await fact(verdict, 'That is so of').getByRole('link', { name: 'Deployer' }).waitFor()

      await fact(verdict, 'That is so of').getByRole('link', { name: 'Deployer' }).click()
      const line = other.getByRole('region', { name: 'Parents and children' })
      await line.getByText('Refused with a key above it').waitFor()
      await other.getByRole('button', { name: 'Revoke', exact: true }).click()
      const dialog = other.getByRole('dialog')
      await dialog.getByText('Its children are refused with it.').waitFor()
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      await line.getByRole('link', { name: 'Job 42' }).click()
      await other.getByText('A key of which it is a child is suspended').waitFor()
      await server.latchkey.organizations.create({ id: 'globex', name: 'Globex' })
      await visit(other, `/organizations/globex/new-key?parent=${parent.id}`)
      await other.getByText('This key cannot have children here').waitFor()
      await server.latchkey.keys.revoke(parent.id)
      // Anew: what the page has read a moment ago it does not ask for again.
      await go(other, `/keys/${parent.id}`)
      expect(await refusalOf(other.getByRole('button', { name: 'New child' }))).toBe(
        'This key is revoked permanently, and a child ends with its parent.',
      )
    },
  )
})
