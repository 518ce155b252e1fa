// A form whose answer is lost: pressed again, it has what was made the first time, the token included.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'

onOneDatabase('SQLite', `answers that are lost${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  /** Has the server do what the next request asks, and loses its answer. */
  async function loseNext(page: Page, path: string): Promise<void> {
    await page.route(
      `**${path}`,
      async (route) => {
        await route.fetch()
        await route.abort('connectionreset')
      },
      { times: 1 },
    )
  }

  test.skipIf(skipsBrowser)('a new key has its token after all, and is there once', async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    const { keys } = server.latchkey
    const page = await browser.open(server, {
      ...{ path: '/organizations/acme/new-key', token: server.rootKey },
      expected: /Failed to load resource/,
    })
    await page.getByLabel('Name').fill('Mailer')
    await loseNext(page, '/v1/keys')
    const create = page.getByRole('button', { name: 'Create key' })
    await create.click()
    await page.getByText('Latchkey does not answer').first().waitFor()
    expect((await keys.list({ q: 'Mailer' })).items).toHaveLength(1)
    await create.click()
    const heading = page.getByRole('heading', { level: 1, name: 'The new key’s token' })
    await heading.waitFor()
    const { items } = await keys.list({ q: 'Mailer' })
    expect(items).toHaveLength(1)
    const shown = (await page.locator('#main').innerText()).match(/\bre_[0-9A-Za-z]{65}\b/)?.[0] ?? ''
    expect(await server.latchkey.verify(shown)).toMatchObject({ valid: true, keyId: items[0]?.id })
  })

  test.skipIf(skipsBrowser)(
    'another thing is another request, and so is the same after an answer',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const page = await browser.open(server, {
        ...{ path: '/organizations', token: server.rootKey },
        expected: /Failed to load resource/,
      })
      const sent: (string | undefined)[] = []
      page.on('request', (request) => {
        if (request.method() === 'POST') sent.push(request.headers()['idempotency-key'])
      })
      await page.getByRole('button', { name: 'New organization' }).first().click()
      const dialog = page.getByRole('dialog')
      const name = dialog.getByLabel('Name', { exact: true }).first()
      const create = dialog.getByRole('button', { name: 'Create organization' })
      await name.fill('Globex')
      await loseNext(page, '/v1/organizations')
      await create.click()
      await dialog.getByText('Latchkey does not answer').waitFor()
      await name.fill('Initech')
      await create.click()
      await dialog.waitFor({ state: 'detached' })
      expect(new Set(sent).size).toBe(2)
      const { items } = await server.latchkey.organizations.list()
      expect(items.map((item) => item.name).sort()).toEqual(['Globex', 'Initech', 'Root'])
    },
  )
})
