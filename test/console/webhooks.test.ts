// Webhooks in the console: made with a secret that is shown once, changed, stopped, and what became of each event.
import type { Locator, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import type { Latchkey } from '../../src/latchkey.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { startReceiver, verifyMessage } from '../setup/receiver.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { fact, isFocused, refusalOf } from './chromium.ts'

onOneDatabase('SQLite', `webhooks in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()
  const serve = async () => {
    const server = await browser.serve(await makeDatabase(), { webhookNetworks: ['127.0.0.0/8'] })
    await createAcme(server.latchkey)
    return server
  }
  /** A receiver that answers as the test says at the time. What it refuses is not tried again by itself meanwhile. */
  const receive = async () => {
    const answers = { status: 204, text: '' }
    const receiver = await startReceiver((_, response) =>
      response
        .writeHead(answers.status, { 'content-type': 'text/html', 'retry-after': '600' })
        .end(answers.text),
    )
    return { ...receiver, answers }
  }
  const createKey = ({ keys }: Latchkey, name: string) => keys.create({ organizationId: 'acme', name })
  /** Waits until the newest event has come to a state. */
  const comesTo = (latchkey: Latchkey, id: string, state: string) =>
    expect.poll(async () => (await latchkey.webhooks.listDeliveries(id)).items[0]?.state).toBe(state)
  const isHere = (page: Page, name: string) =>
    page.getByRole('heading', { level: 1, name, exact: true }).waitFor()
  const press = (within: Page | Locator, name: string) =>
    within.getByRole('button', { name, exact: true }).click()

  test.skipIf(skipsBrowser)(
    'one is made, tried, told of each event as it stands, sent again and deleted',
    async () => {
      const server = await serve()
      const { latchkey } = server
      const receiver = await receive()
      const page = await browser.open(server, { token: server.rootKey })
      await page.getByRole('link', { name: 'Settings' }).click()
      await page.getByRole('link', { name: 'Webhooks' }).click()
      await page.getByText('No webhook yet').waitFor()

      await press(page, 'New webhook')
      const making = page.getByRole('dialog', { name: 'New webhook' })
      const url = making.getByRole('textbox', { name: 'URL' })
      await url.fill('https://10.0.0.8/in')
      await press(making, 'Create webhook')
      await making.getByText(/^Must lead to an address that everybody can reach/).waitFor()
      await expect.poll(() => isFocused(url)).toBe(true)
      await url.fill(`${receiver.url}/in`)
      await making.getByRole('radio', { name: 'One organization' }).check()
      const organization = making.getByRole('combobox', { name: 'Organization', exact: true })
      await organization.fill('nobody')
      await page.keyboard.press('Tab')
      await press(making, 'Create webhook')
      await making.getByText('No organization has this id.').waitFor()
      await making.getByRole('radio', { name: 'All organizations' }).check()
      await making.getByRole('radio', { name: 'Some of them' }).check()
      await press(making, 'Create webhook')
      await making.getByText('Choose at least one event.').waitFor()
      await making.getByRole('checkbox', { name: 'Keys key.*' }).check()
      await press(making, 'Single ones of Keys')
      // Of a whole group, the others stay.
      await making.getByRole('checkbox', { name: 'key.created' }).uncheck()
      await making.getByRole('checkbox', { name: 'Keys key.*' }).check()
      await making.getByRole('textbox', { name: 'Description' }).fill('Provisioning')
      await press(making, 'Create webhook')

      await isHere(page, 'The new webhook’s secret')
      const [secret = ''] = (await page.locator('#main').innerText()).match(/whsec_[\w+/=]+/) ?? []
      expect(await refusalOf(page.getByRole('button', { name: 'Done' }))).toBe(
        'Confirm first that you have stored the secret.',
      )
      await page.getByLabel('I have stored the secret').check()
      await press(page, 'Done')
      await isHere(page, 'Provisioning')
      expect(await page.content()).not.toContain(secret)
      const [webhook] = (await latchkey.webhooks.list()).items
      expect(webhook).toMatchObject({ url: `${receiver.url}/in`, events: ['key.*'], organizationId: 'root' })
      const id = webhook?.id ?? ''

      await press(page, 'Send a test')
      await page.getByRole('status').getByText('The receiver took the test').waitFor()
      const [tested] = await receiver.has(1)
      expect(verifyMessage(tested ?? expect.unreachable(), secret)).toMatchObject({ type: 'webhook.test' })

      const choose = (state: string) =>
        page.getByRole('group', { name: 'State' }).getByText(state, { exact: true }).click()
      const key = await createKey(latchkey, 'CI')
      await comesTo(latchkey, id, 'delivered')
      await choose('Delivered')
      const rows = page.getByRole('list', { name: 'Deliveries' }).locator('> li')
      await rows.filter({ hasText: /key\.created\s*Delivered\s*204 in/ }).waitFor()

      Object.assign(receiver.answers, { status: 503, text: '<b>not now</b>' })
      await latchkey.keys.update(key.id, { name: 'Deploys' })
      await comesTo(latchkey, id, 'pending')
      await choose('Pending')
      await rows.filter({ hasText: /key\.updated\s*Pending\s*503 in/ }).waitFor()
      await rows.getByRole('button', { name: /^key.updated/ }).click()
      // As text, whatever it is.
      await rows.getByText('<b>not now</b>').waitFor()
      expect(await fact(rows, 'Error').innerText()).toBe('The receiver answered 503.')
      Object.assign(receiver.answers, { status: 204, text: '' })
      await rows.getByRole('button', { name: 'Send again' }).click()
      // It is seen to arrive.
      await page.getByText('No event is pending').waitFor()
      expect((await latchkey.audit.list({ action: 'webhook.retried' })).items).toHaveLength(1)
      await choose('All')
      await rows.filter({ hasText: /key\.updated\s*Delivered\s*204 in.*, attempt 2/ }).waitFor()

      await press(page, 'Send events once more')
      const replaying = page.getByRole('dialog', { name: 'Send events once more' })
      await replaying.getByRole('radio', { name: 'Another time' }).check()
      await replaying.getByLabel('Since').fill('2098-01-01T00:00')
      await press(replaying, 'Send once more')
      await replaying.getByText('Must not be in the future.').waitFor()
      await replaying.getByRole('radio', { name: '1 hour ago' }).check()
      await press(replaying, 'Send once more')
      await page.getByRole('status').getByText('Events are sent once more').waitFor()
      // Of the root key's too, which was there before it.
      const ids = (await receiver.has(7)).map((one) => one.id)
      expect(ids.slice(4)).toEqual(expect.arrayContaining(ids.slice(1, 3)))

      await page.getByRole('link', { name: 'Webhooks' }).first().click()
      const row = page.getByRole('row', { name: /Provisioning/ })
      expect(await row.innerText()).toMatch(/127\.0\.0\.1:\d+\/in\s+Provisioning[\s\S]*key\.\*[\s\S]*Active/)
      await row.getByRole('link').first().click()
      await press(page, 'Delete')
      const ending = page.getByRole('dialog', { name: 'Delete the webhook' })
      await ending.getByRole('textbox').fill(new URL(receiver.url).host)
      await press(ending, 'Delete permanently')
      await page.getByText('No webhook yet').waitFor()
      expect((await latchkey.webhooks.list()).items).toEqual([])
    },
  )

  test.skipIf(skipsBrowser)('one that is disabled goes on where it stopped, and says why it is', async () => {
    const server = await serve()
    const { latchkey } = server
    const receiver = await receive()
    const { id } = await latchkey.webhooks.create({ url: receiver.url, events: ['key.created'] })
    const page = await browser.open(server, { token: server.rootKey, path: `/webhooks/${id}` })
    const dialog = page.getByRole('dialog')
    await press(page, 'Disable')
    await press(dialog, 'Disable')
    await page.getByText('Somebody disabled it.').waitFor()
    await createKey(latchkey, 'Missed')
    await press(page, 'Enable')
    await dialog.getByRole('radio', { name: 'With what comes now' }).check()
    await dialog.getByText('What happened meanwhile is never sent').waitFor()
    await dialog.getByRole('radio', { name: 'From where it stopped' }).check()
    await press(dialog, 'Enable')
    await dialog.waitFor({ state: 'detached' })
    const [missed] = await receiver.has(1)
    expect(missed?.message.data.key.name).toBe('Missed')
    expect((await latchkey.audit.list({ action: 'webhook.updated' })).items[0]?.changes).toMatchObject({
      resume_from: 'stopped',
    })

    receiver.answers.status = 410
    await createKey(latchkey, 'Gone')
    await expect.poll(async () => (await latchkey.webhooks.get(id)).disabledReason).toBe('gone')
    await page.goto('/activity')
    const made = page.getByRole('listitem').filter({ hasText: 'Created the webhook' })
    const [created] = (await latchkey.audit.list({ action: 'webhook.created' })).items
    await made.getByText(`#${created?.sequence}`, { exact: true }).waitFor()
    const event = page.getByRole('listitem').filter({ hasText: 'Disabled the webhook' })
    await event.locator('summary').click()
    await event.getByText('Its receiver answered 410').waitFor()
    await event.getByRole('link', { name: `…${id.slice(-8)}` }).click()
    await page.getByText('the receiver answered 410, which says that it is gone').waitFor()
    await page.getByText('waits until it is enabled').waitFor()
  })

  test.skipIf(skipsBrowser)(
    'what two administrators change at once is shown to the later one, and a new secret is not lost',
    async () => {
      const server = await serve()
      const { webhooks } = server.latchkey
      const { id } = await webhooks.create({
        url: 'https://example.com/in',
        events: ['key.created', 'plan.*'],
      })
      const page = await browser.open(server, { token: server.rootKey, path: `/webhooks/${id}` })
      await press(page, 'Edit the webhook')
      const editing = page.getByRole('dialog', { name: 'Edit the webhook' })
      await editing.getByRole('checkbox', { name: 'Limits' }).check()
      await webhooks.update(id, { url: 'https://example.org/in', events: ['key.created'] })
      await press(editing, 'Save')
      const conflict = editing.getByRole('alert')
      await conflict.getByText('Somebody else has changed this webhook since you opened it').waitFor()
      const told = (await conflict.innerText()).replace(/\s+/g, ' ')
      expect(told).toMatch(/They changed URL from https:\/\/example.com\/in to https:\/\/example.org\/in/)
      expect(told).toMatch(/Events Removed plan\.\* You would change, on top of that Events Added limit\.\*/)
      await press(editing, 'Save on top')
      await editing.waitFor({ state: 'detached' })
      expect(await webhooks.get(id)).toMatchObject({
        url: 'https://example.org/in',
        events: ['key.created', 'limit.*'],
      })

      await press(page, 'Disable')
      const stopping = page.getByRole('dialog', { name: 'Disable the webhook?' })
      await webhooks.update(id, { description: 'Busy' })
      await press(stopping, 'Disable')
      await stopping.getByRole('alert').getByText('Busy').waitFor()
      await press(stopping, 'Cancel')
      expect((await webhooks.get(id)).status).toBe('active')

      await press(page, 'Rotate the secret')
      const rotating = page.getByRole('dialog', { name: 'Rotate the secret' })
      await webhooks.update(id, { description: 'Theirs' })
      await press(rotating, 'Rotate')
      await rotating.getByRole('alert').getByText('Theirs').waitFor()
      await press(rotating, 'Rotate all the same')
      await isHere(page, 'The new secret of Theirs')
      await page.getByText(/^The old secret signs too until/).waitFor()
      await page.getByLabel('I have stored the secret').check()
      await press(page, 'Back to the webhook')
      await fact(page, 'Secret').getByText('The one before signs too').waitFor()
    },
  )

  test.skipIf(skipsBrowser)('who may only read changes nothing, and sees what is their own', async () => {
    const server = await serve()
    const { webhooks, keys } = server.latchkey
    const own = await webhooks.create({
      ...{ url: 'https://acme.example/in', events: ['*'], organizationId: 'acme' },
    })
    const foreign = await webhooks.create({ url: 'https://root.example/in', events: ['key.*'] })
    const tokenOf = async (organizationId: string, permissions: string[]) =>
      (await keys.create({ organizationId, name: 'Reader', permissions })).key
    const read = ['latchkey:keys:read', 'latchkey:webhooks:read']

    const page = await browser.open(server, {
      token: await tokenOf('acme', read),
      path: '/settings/webhooks',
    })
    await page.getByRole('link', { name: 'acme.example/in' }).waitFor()
    expect(await page.getByRole('row').count()).toBe(2)
    expect(await page.getByRole('combobox', { name: 'Of the organization' }).count()).toBe(0)
    const why = 'Your key lacks the permission latchkey:webhooks:write.'
    expect(await refusalOf(page.getByRole('button', { name: 'New webhook' }))).toBe(why)
    await page.getByRole('link', { name: 'acme.example/in' }).click()
    await isHere(page, 'acme.example')
    for (const name of ['Edit the webhook', 'Send a test', 'Disable', 'Delete', 'Rotate the secret'])
      expect(await refusalOf(page.getByRole('button', { name, exact: true })), name).toBe(why)
    expect(await refusalOf(page.getByRole('button', { name: 'Send events once more' }))).toBe(why)
    await page.goto(`/webhooks/${foreign.id}`)
    await isHere(page, 'No such webhook')

    const root = await browser.open(server, { token: server.rootKey, path: '/settings/webhooks' })
    const choice = root.getByRole('combobox', { name: 'Of the organization' })
    await root.getByRole('link', { name: 'root.example/in' }).waitFor()
    await choice.fill('acme')
    await root.keyboard.press('Enter')
    await root.getByRole('link', { name: 'root.example/in' }).waitFor({ state: 'detached' })
    expect(new URL(root.url()).search).toBe('?organization=acme')
    await press(root, 'New webhook')
    // As the list: whose it is can still be changed.
    expect(await root.getByRole('radio', { name: 'One, and it is theirs' }).isChecked()).toBe(true)

    const blind = await browser.open(server, {
      token: await tokenOf('acme', ['latchkey:keys:read']),
      path: `/webhooks/${own.id}`,
    })
    await blind.getByText('You cannot see webhooks').waitFor()
    expect(await blind.getByRole('link', { name: 'Webhooks' }).count()).toBe(0)
  })
})
