// What other pages can do with the session of somebody who is signed in to the console: nothing.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { makeSqlite, onOneDatabase } from '../setup/databases.ts'
import type { TestServer } from '../setup/server.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'

/** Cookies go by the site, whatever the port: a page on another port of this host is of the same site. */
const strangers = { 'the same site': '127.0.0.1', 'another site': 'localhost' }

onOneDatabase('SQLite', `a page of another origin${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  describe.each(Object.entries(strangers))('on %s', (_, host) => {
    test.skipIf(skipsBrowser)(
      'changes and learns nothing by whatever a page can send, and the session goes on',
      async () => {
        const server = await browser.serve(await makeDatabase())
        const key = await makeKey(server)
        const page = await browser.open(server, { token: server.rootKey, path: '/try', expected: /./ })
        const strange = await page.context().newPage()
        await strange.goto(await serveEmptyPage(host))
        // What the console asks for itself is no attack.
        await page.waitForLoadState('networkidle')
        const before = await snapshot(server)
        const from = server.log.length

        const learned = await attackByFetch(strange, server.url, key.id)
        for (const [path, encoding] of formAttacks(key.id)) {
          await attackByForm(strange, server.url + path, encoding)
          await strange.goto(await serveEmptyPage(host))
        }

        expect(learned).toEqual([])
        expect(await snapshot(server)).toBe(before)
        const attacks = server.log.slice(from).filter(({ route }) => String(route).startsWith('/v1/'))
        // They did arrive: what stopped them is the server.
        expect(attacks.length).toBeGreaterThan(8)
        for (const { status, problem } of attacks) expect([401, 403], String(problem)).toContain(status)
        const codes = new Set(attacks.map(({ problem }) => problem))
        expect([...codes]).toContain(host === '127.0.0.1' ? 'cross_site_request' : 'missing_token')
        await page.reload()
        await page.getByText('Signed in with').waitFor()
      },
    )
  })
})

describe(`a frame of another page${browserNote}`, () => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('cannot hold the console', async () => {
    const { url, remove } = makeSqlite()
    onTestFinished(remove)
    const server = await browser.serve(url)
    const page = await browser.open(server, { token: server.rootKey, expected: /./ })
    const strange = await page.context().newPage()
    await strange.goto(await serveEmptyPage('127.0.0.1'))
    await strange.evaluate((url) => {
      const frame = document.createElement('iframe')
      frame.src = url
      document.body.append(frame)
      return new Promise((done) => frame.addEventListener('load', done))
    }, server.url)
    const frames = strange.frames().map((frame) => frame.url())
    expect(frames).toEqual([strange.url(), 'chrome-error://chromewebdata/'])
  })
})

async function makeKey({ latchkey }: TestServer) {
  await createAcme(latchkey)
  return latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions: ['emails:send'] })
}

/** All that an attack could change, and the audit log of it. */
async function snapshot({ latchkey: { keys, organizations, audit } }: TestServer): Promise<string> {
  const all = await Promise.all([keys.list({ status: 'all' }), organizations.list(), audit.list()])
  // Whoever is signed in uses a key by looking at a page, and an event gets its number a moment later.
  return JSON.stringify(all).replace(/"(?:lastUsedAt|sequence)":(?:null|\d+|"[^"]+")/g, '')
}

async function serveEmptyPage(host: string): Promise<string> {
  const server = createServer((_, answer) => {
    answer
      .writeHead(200, { 'content-type': 'text/html', connection: 'close' })
      .end('<!doctype html><title>Elsewhere</title>')
  })
  await new Promise<void>((done) => server.listen(0, host, done))
  onTestFinished(() => void server.close())
  return `http://${host}:${(server.address() as AddressInfo).port}/`
}

/** Everything that `fetch`, an image and a script can try, with the cookies; gives what could be read of it. */
function attackByFetch(page: Page, url: string, keyId: string): Promise<unknown[]> {
  return page.evaluate(
    async ([url, keyId]) => {
      const learned: unknown[] = []
      const attempts: [method: string, path: string, body?: string][] = [
        ['POST', `/v1/keys/${keyId}/rotate`],
        ['POST', '/v1/keys', '{"name":"Mine","permissions":["latchkey:*"]}'],
        ['POST', '/v1/organizations', '{"id":"mine","name":"Mine"}'],
        ['POST', '/v1/sessions'],
        ['PATCH', `/v1/keys/${keyId}`, '{"permissions":["*"]}'],
        ['DELETE', `/v1/keys/${keyId}`],
        ['DELETE', '/v1/sessions/self'],
        ['GET', '/v1/keys'],
        ['GET', '/v1/sessions'],
        ['GET', '/v1/audit-log/export?format=csv'],
      ]
      for (const mode of ['cors', 'no-cors'] as const) {
        for (const [method, path, body] of attempts) {
          for (const type of [undefined, 'text/plain', 'application/json']) {
            try {
              const headers = type === undefined ? {} : { 'content-type': type }
              const given = { mode, method, headers, credentials: 'include', ...(body && { body }) } as const
              const answer = await fetch(url + path, given)
              const text = await answer.text()
              if (answer.status !== 0 || text !== '') learned.push([mode, method, path, answer.status])
            } catch {
              // The browser let nothing out, or nothing in.
            }
          }
        }
      }
      for (const element of ['img', 'script'] as const) {
        const loaded = document.createElement(element)
        loaded.src = `${url}/v1/audit-log/export?format=csv`
        document.body.append(loaded)
        await new Promise((done) => {
          loaded.addEventListener('error', done)
          loaded.addEventListener('load', () => done(learned.push(element)))
        })
      }
      return learned
    },
    [url, keyId] as const,
  )
}

function formAttacks(keyId: string): [path: string, encoding: string][] {
  const encodings = ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']
  const paths = [`/v1/keys/${keyId}/rotate`, '/v1/keys', '/v1/sessions']
  return paths.flatMap((path) => encodings.map((encoding): [string, string] => [path, encoding]))
}

/** Sends a form as a page can: the whole window goes to the answer. */
async function attackByForm(page: Page, action: string, encoding: string): Promise<void> {
  await page.evaluate(
    ([action, encoding]) => {
      const form = document.createElement('form')
      form.method = 'POST'
      form.action = action
      form.enctype = encoding
      // With text/plain this reads as JSON: {"name":"Mine","x":"="}.
      const field = document.createElement('input')
      field.name = '{"name":"Mine","x":"'
      field.value = '"}'
      form.append(field)
      document.body.append(form)
      form.submit()
    },
    [action, encoding] as const,
  )
  await page.waitForURL(action)
}
