// Where the element has its sessions from: the page's `getToken`, which may fail, hang, or give what is over.
import { expect, test } from 'vitest'
import { browserNote, skipsBrowser } from '../console/browser.ts'
import { onOneDatabase } from '../setup/databases.ts'
import type { TestServer } from '../setup/server.ts'
import { shown, useEmbedBrowser } from './browser.ts'

onOneDatabase('SQLite', `the sessions of the element${browserNote}`, (makeDatabase) => {
  const browser = useEmbedBrowser()
  const endAll = (server: TestServer) =>
    server.request('DELETE', '/v1/portal-sessions?organization_id=acme&user_id=u_81', {
      token: server.rootKey,
    })

  test.skipIf(skipsBrowser)(
    'a function that fails is told, without what it threw, and asked again by hand',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const script = `
      let fails = true
      keys.getToken = () => {
        if (!fails) return open()
        fails = false
        throw new Error('lkp_of_somebody')
      }`
      const host = await browser.host(server, { script })
      const page = await browser.open(host.url)
      await page.getByText('This page could not open your session.').waitFor()
      expect(host.opened()).toBe(0)
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByText('No API keys yet').waitFor()
      expect(host.opened()).toBe(1)
      const told = await page.evaluate(() =>
        JSON.stringify((globalThis as unknown as { events: unknown }).events),
      )
      expect(told).toBe('[["latchkey-failed",{"code":"token_failed"}],["latchkey-ready",{}]]')
      expect(browser.said.join('\n')).not.toContain('lkp_')
    },
  )

  test.skipIf(skipsBrowser)('one that gives nothing usable fails as well', async () => {
    const server = await browser.serve(await makeDatabase())
    for (const given of ['undefined', '{}', '({ token: 7 })', "({ token: 'a\\nb' })"]) {
      const host = await browser.host(server, { script: `keys.getToken = async () => (${given})` })
      const page = await browser.open(host.url)
      await page.getByText('This page could not open your session.').waitFor()
    }
  })

  test.skipIf(skipsBrowser)('one that hangs, or is never set, is waited for ten seconds', async () => {
    const server = await browser.serve(await makeDatabase())
    for (const options of [
      { script: 'keys.getToken = () => new Promise(() => {})' },
      { givesToken: false },
    ]) {
      const host = await browser.host(server, options)
      const page = await browser.open(host.url, { hasClock: true })
      await page.getByText('Loading API keys…').waitFor()
      await page.clock.fastForward(9_000)
      expect(await page.getByText('Loading API keys…').count()).toBe(1)
      await page.clock.fastForward(1_000)
      await page.getByText('This page took too long to open your session.').waitFor()
      await page.evaluate(() => {
        const keys = document.querySelector('latchkey-keys') as unknown as { getToken: unknown }
        keys.getToken = async () => (await fetch('/session', { method: 'POST' })).json()
      })
      await page.getByRole('button', { name: 'Try again' }).click()
      await page.getByText('No API keys yet').waitFor()
    }
  })

  test.skipIf(skipsBrowser)('one that gives what is over is not asked for ever', async () => {
    const server = await browser.serve(await makeDatabase())
    const script = `
      let first
      globalThis.given = 0
      keys.getToken = async () => {
        globalThis.given++
        first ??= await open()
        return first
      }`
    const host = await browser.host(server, { script })
    const page = await browser.open(host.url)
    await shown(page)
    expect((await endAll(server)).status).toBeLessThan(300)
    await page.getByLabel('Show').selectOption('All keys')
    await page.getByText('Your session has ended, and this page gave no new one.').waitFor()
    const given = () => page.evaluate(() => (globalThis as unknown as { given: number }).given)
    expect(await given()).toBe(2)
    await page.reload()
    await shown(page)
  })

  test.skipIf(skipsBrowser)('many calls that are refused at once ask the page once', async () => {
    const server = await browser.serve(await makeDatabase())
    const host = await browser.host(server)
    const page = await browser.open(host.url)
    await shown(page)
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByLabel('Name').fill('Mailer')
    expect(host.opened()).toBe(1)
    const from = server.log.length
    expect((await endAll(server)).status).toBeLessThan(300)
    await page.evaluate(() => {
      const root = document.querySelector('latchkey-keys')?.shadowRoot
      const status = root?.querySelector('.tools select') as HTMLSelectElement
      status.value = 'all'
      status.dispatchEvent(new Event('change'))
      root?.querySelector('form')?.requestSubmit()
    })
    await page.getByText('“Mailer” was created.').waitFor()
    await page.getByRole('heading', { name: 'Mailer', exact: true }).waitFor()
    expect(host.opened()).toBe(2)
    const refused = server.log
      .slice(from)
      .filter(({ status, route }) => status === 401 && /portal/.test(String(route)))
    expect(refused).toHaveLength(2)
  })

  test.skipIf(skipsBrowser)('a session of another origin opens nothing here', async () => {
    const server = await browser.serve(await makeDatabase())
    const host = await browser.host(server, { session: { origin: 'https://app.example.com' } })
    const page = await browser.open(host.url)
    await page.getByText('Your session was opened for another page than this one.').waitFor()
  })

  test.skipIf(skipsBrowser)('a lost server is told, and found again by hand', async () => {
    const server = await browser.serve(await makeDatabase())
    const host = await browser.host(server)
    const page = await browser.open(host.url, { expected: /ERR_FAILED|Failed to load/ })
    await shown(page)
    await page.route('**/v1/portal/**', (route) => route.abort())
    await page.getByLabel('Show').selectOption('All keys')
    await page.getByText('The server did not answer.').waitFor()
    await page.unroute('**/v1/portal/**')
    await page.getByLabel('Show').selectOption('Active keys')
    await page.getByText('The server did not answer.').waitFor({ state: 'hidden' })
  })
})
