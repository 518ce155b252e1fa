// The page behind a link: it opens once and in time, keeps its session to its tab, and leaves the console's alone.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { browserNote, skipsBrowser } from '../console/browser.ts'
import { judge, judgeOnPhone } from '../console/judge.ts'
import { onOneDatabase } from '../setup/databases.ts'
import type { TestServer } from '../setup/server.ts'
import { makeKey, openClosedTrees, revealToken, useEmbedBrowser } from './browser.ts'
import { allOfPortal } from './host.ts'

/** As browsers do for who blocks all cookies. */
function denyStorage(): void {
  Object.defineProperty(window, 'sessionStorage', {
    get() {
      throw new DOMException('Access is denied for this document.', 'SecurityError')
    },
  })
}

onOneDatabase('SQLite', `the page behind a link${browserNote}`, (makeDatabase) => {
  const browser = useEmbedBrowser()
  const serve = async (options: Parameters<typeof browser.serve>[1] = {}) => {
    const port = await freePort()
    return browser.serve(await makeDatabase(), { port, publicUrl: `http://127.0.0.1:${port}`, ...options })
  }
  const makeLink = async (server: TestServer, fields: Record<string, unknown> = {}) => {
    const body = {
      ...{
        kind: 'link',
        organization_id: 'acme',
        user: { id: 'u_81', name: 'Ada' },
        permissions: allOfPortal,
      },
      ...{ return_url: 'https://app.example.com/settings', ...fields },
    }
    const { json, status, text } = await server.request<{ id: string; url: string }>(
      ...(['POST', '/v1/portal-sessions', { token: server.rootKey, body }] as const),
    )
    if (status !== 200) throw new Error(text)
    return json
  }
  const secretOf = (url: string) => new URL(url).hash.slice(1)

  test.skipIf(skipsBrowser)(
    'shows whose keys they are and the way back, and goes on after a reload',
    async () => {
      const server = await serve()
      const { url } = await makeLink(server)
      const page = await browser.open(url, { before: openClosedTrees })
      await page.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
      await page.getByText('Signed in as Ada').waitFor()
      await page.getByText(/^This page is open until/).waitFor()
      const back = page.getByRole('link', { name: 'Back to app.example.com' })
      expect(await back.getAttribute('href')).toBe('https://app.example.com/settings')
      expect(await page.title()).toBe('API keys – Acme')
      await makeKey(page, 'Mailer')
      expect((await server.latchkey.verify(await revealToken(page))).code).toBe('valid')
      await page.reload()
      await page.getByRole('heading', { name: 'Mailer', exact: true }).waitFor()
      // Nothing of the link is left, in the bar, the history, or the log.
      expect(page.url()).toBe(`${server.url}/portal`)
      await page.goto('about:blank')
      await page.goBack()
      expect(page.url()).toBe(`${server.url}/portal`)
      await page.getByRole('heading', { name: 'Mailer', exact: true }).waitFor()
      const secret = secretOf(url)
      expect(secret).toMatch(/^lkl_/)
      expect(JSON.stringify([server.log, browser.said])).not.toContain(secret)
      expect(await page.evaluate(() => JSON.stringify({ ...sessionStorage }))).not.toContain(secret)
    },
  )

  test.skipIf(skipsBrowser)(
    'opens once: a second time, in this browser or another, it says so and leads back',
    async () => {
      const server = await serve()
      const { url } = await makeLink(server)
      // Who fetches the page ahead, without its script, uses nothing up.
      expect((await server.request('GET', '/portal')).status).toBe(200)
      const page = await browser.open(url)
      await page.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
      const again = await page.context().newPage()
      await again.goto(url)
      await again.getByRole('heading', { name: 'This link does not open any more' }).waitFor()
      expect(again.url()).toBe(`${server.url}/portal`)
      const elsewhere = await browser.open(url)
      await elsewhere.getByRole('heading', { name: 'This link does not open any more' }).waitFor()
      await elsewhere.getByText('Go back to the page that you came from, and open it again.').waitFor()
      // The tab that it opened in first goes on, and knows the way back if the link is opened there again.
      await page.reload()
      await page.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
      await page.goto('about:blank')
      await page.goto(url)
      await page.getByText('Go back to app.example.com, and open it again.').waitFor()
    },
  )

  test.skipIf(skipsBrowser)(
    'a second link in the same tab opens too, and stays in no address bar',
    async () => {
      const server = await serve()
      await server.latchkey.organizations.create({ id: 'globex', name: 'Globex' })
      const page = await browser.open((await makeLink(server)).url)
      await page.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
      await page.goto((await makeLink(server, { organization_id: 'globex' })).url)
      await page.getByRole('heading', { level: 1, name: 'Globex' }).waitFor()
      expect(page.url()).toBe(`${server.url}/portal`)
    },
  )

  test.skipIf(skipsBrowser)('opens in a browser that lets no site keep anything', async () => {
    const server = await serve()
    const page = await browser.open((await makeLink(server)).url, { before: denyStorage })
    await page.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
    await page.getByText('No API keys yet').waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Nothing is open here' }).waitFor()
  })

  test.skipIf(skipsBrowser)('late, it says so; and without a link there is nothing', async () => {
    let ahead = 0
    const server = await serve({ now: () => Date.now() + ahead })
    const { url } = await makeLink(server)
    ahead = 5 * 60_000 + 1_000
    const page = await browser.open(url)
    await page.getByRole('heading', { name: 'This link does not open any more' }).waitFor()
    await page.goto('about:blank')
    await page.goto(`${server.url}/portal`)
    await page.getByRole('heading', { name: 'Nothing is open here' }).waitFor()
  })

  test.skipIf(skipsBrowser)(
    'a session that was ended tells the way back, and keeps what is on the page',
    async () => {
      const server = await serve()
      const { url, id } = await makeLink(server, { lang: 'de' })
      const page = await browser.open(url, { viewport: { width: 1280, height: 720 } })
      await page.getByRole('heading', { name: 'API-Schlüssel', exact: true }).waitFor()
      // Of what loads, the title comes first.
      await page.getByText('Noch keine API-Schlüssel').waitFor()
      expect(await page.evaluate(() => document.documentElement.lang)).toBe('de')
      const { status } = await server.request('DELETE', `/v1/portal-sessions/${id}`, {
        token: server.rootKey,
      })
      expect(status).toBeLessThan(300)
      await page.getByLabel('Anzeigen').selectOption('Alle Schlüssel')
      await page.getByRole('heading', { name: 'Ihre Sitzung ist zu Ende' }).waitFor()
      await page.getByText('Gehen Sie zurück zu app.example.com').waitFor()
      const found = { ...(await judge(page, 'ended')), ...(await judgeOnPhone(page, 'ended')) }
      await page.reload()
      await page
        .getByRole('heading', { name: /Ihre Sitzung ist zu Ende|Hier ist nichts|Nothing is open/ })
        .waitFor()
      expect(found).toEqual({})
    },
  )

  test.skipIf(skipsBrowser)('axe-core finds nothing on it, open or not, and it fits a phone', async () => {
    const server = await serve()
    const { url } = await makeLink(server)
    const page = await browser.open(url, { viewport: { width: 1280, height: 720 } })
    await page.getByText('No API keys yet').waitFor()
    const found = { ...(await judge(page, 'open')), ...(await judgeOnPhone(page, 'open')) }
    await page.goto('about:blank')
    await page.goto(url)
    await page.getByRole('heading', { name: 'This link does not open any more' }).waitFor()
    Object.assign(found, await judge(page, 'used'), await judgeOnPhone(page, 'used'))
    expect(found).toEqual({})
  })

  test.skipIf(skipsBrowser)('a console session of this browser is neither used nor changed', async () => {
    const server = await serve()
    const { url } = await makeLink(server)
    const page = await browser.open('about:blank')
    const headers = { authorization: `Bearer ${server.rootKey}` }
    const signedIn = await page.context().request.post(`${server.url}/v1/sessions`, { headers })
    const session = { 'latchkey-session': (await signedIn.json()).page_value }
    const before = await page.context().cookies()
    expect(before).toHaveLength(1)
    const sent: (string | undefined)[] = []
    page.on('request', async (request) => {
      if (request.url().includes('/v1/')) sent.push((await request.allHeaders()).cookie)
    })
    await page.goto(url)
    await page.getByText('No API keys yet').waitFor()
    expect(sent.length).toBeGreaterThan(2)
    expect(sent.filter((cookie) => cookie !== undefined)).toEqual([])
    expect(await page.context().cookies()).toEqual(before)
    const self = await page.context().request.get(`${server.url}/v1/keys/self`, { headers: session })
    expect(self.status()).toBe(200)
  })
})

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done))
  const { port } = probe.address() as AddressInfo
  await new Promise((done) => probe.close(done))
  return port
}
