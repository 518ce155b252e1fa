// What a program on another port of the same host can do with the cookie that every browser sends it: nothing.
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { makeSqlite } from '../setup/databases.ts'
import type { TestServer } from '../setup/server.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { signIn } from './chromium.ts'

describe(`a program on another port${browserNote}`, () => {
  const browser = useBrowser()
  const makeDatabase = () => {
    const { url, remove } = makeSqlite()
    onTestFinished(remove)
    return url
  }

  test.skipIf(skipsBrowser)(
    'gets the cookie of who visits it, and can neither read nor change anything',
    async () => {
      const server = await browser.serve(makeDatabase())
      const page = await browser.open(server, { token: server.rootKey })
      await page.getByRole('heading', { name: 'Overview' }).waitFor()
      const program = await listen()
      await (await page.context().newPage()).goto(program.url)
      const cookie = program.cookies.at(-1) as string
      expect(cookie).toMatch(/^latchkey=[A-Za-z0-9_-]{43}$/)
      for (const [method, path, body] of [
        ['GET', '/v1/keys'],
        ['GET', '/v1/audit-log/export?format=csv'],
        ['POST', '/v1/keys', { name: 'Mine', permissions: ['latchkey:*'] }],
        ['DELETE', '/v1/sessions/self'],
      ] as const) {
        const headers = { cookie, 'sec-fetch-site': 'same-origin', origin: server.url }
        const answer = await server.request(method, path, { headers, ...(body && { body }) })
        expect(answer, path).toMatchObject({ status: 401, json: { code: 'session_ended' } })
      }
      await page.getByRole('link', { name: 'Your account' }).click()
      await page.getByText('This session').waitFor()
      expect((await server.latchkey.keys.list({ q: 'Mine' })).items).toEqual([])
    },
  )

  test.skipIf(skipsBrowser)('plants a session of its own, and shows nobody its keys', async () => {
    const server = await browser.serve(makeDatabase())
    const cookie = await attackersCookie(server)
    const program = await listen(`latchkey=${cookie}; Path=/`)
    const page = await browser.open(server)
    await page.goto(program.url)
    await page.goto(server.url)
    await page.getByRole('heading', { level: 1, name: 'Sign in to Latchkey' }).waitFor()
    await signIn(page, server.rootKey)
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    // Planted over a session, it is that of an ended one: who signs in again is in their own.
    await page.goto(program.url)
    await page.goto(server.url)
    await page.getByRole('heading', { level: 1, name: 'Sign in to Latchkey' }).waitFor()
    expect(await page.getByText('Attacker').count()).toBe(0)
  })

  test.skipIf(skipsBrowser)('all tabs share a session, whichever signs in or out', async () => {
    const server = await browser.serve(makeDatabase())
    await createAcme(server.latchkey)
    const permissions = ['latchkey:keys:read', 'latchkey:audit:read']
    const acme = await server.latchkey.keys.create({ organizationId: 'acme', name: 'Of Acme', permissions })
    const first = await browser.open(server)
    const second = await first.context().newPage()
    const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name })
    await second.goto(server.url)
    await heading(second, 'Sign in to Latchkey').waitFor()
    await signIn(first, server.rootKey)
    await heading(second, 'Overview').waitFor()
    await second.getByRole('link', { name: 'Activity' }).click()
    await second.locator('ol > li').first().waitFor()

    // Another sign-in, in a third tab, takes the place of the first: every tab shows what the new key may see.
    const third = await first.context().newPage()
    await third.goto(`${server.url}/sessions`)
    await third.getByText('This session').waitFor()
    await third.evaluate(() => localStorage.removeItem('latchkey-session'))
    await heading(first, 'Sign in to Latchkey').waitFor()
    await third.reload()
    await signIn(third, acme.key)
    await first.getByText('Of Acme').first().waitFor()
    await second.getByText('Of Acme').first().waitFor()
    await first.getByRole('button', { name: 'Sign out', exact: true }).first().click()
    for (const page of [first, second, third]) await heading(page, 'Sign in to Latchkey').waitFor()
    expect(await second.evaluate(() => localStorage.getItem('latchkey-session'))).toBeNull()
  })
})

async function attackersCookie({ latchkey, request }: TestServer): Promise<string> {
  const permissions = ['latchkey:keys:read']
  const key = await latchkey.keys.create({ organizationId: 'root', name: 'Attacker', permissions })
  const { headers } = await request('POST', '/v1/sessions', { token: key.key })
  return /latchkey=([^;]+)/.exec(headers.get('set-cookie') ?? '')?.[1] as string
}

/** A program of somebody else on this host: it keeps the cookies that come, and sets one. */
async function listen(setCookie?: string): Promise<{ url: string; cookies: string[] }> {
  const cookies: string[] = []
  const server: Server = createServer((request, response) => {
    cookies.push(request.headers.cookie ?? '')
    response.writeHead(200, {
      'content-type': 'text/html',
      connection: 'close',
      ...(setCookie !== undefined && { 'set-cookie': setCookie }),
    })
    response.end('<!doctype html><link rel="icon" href="data:,"><title>Elsewhere</title>')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, cookies }
}
