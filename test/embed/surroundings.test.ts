// What a page can do to the element without meaning to, or meaning to: its style sheets, a second copy, a recorder of sessions.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { browserNote, skipsBrowser } from '../console/browser.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { repository } from '../setup/documents-run.ts'
import { inToken, makeKey, openClosedTrees, revealToken, shown, useEmbedBrowser } from './browser.ts'

const hostile = `
* { color: transparent !important; font-size: 0 !important; visibility: hidden !important; text-indent: -999px !important;
  letter-spacing: -1em !important; line-height: 0 !important; white-space: nowrap !important; text-transform: uppercase !important; cursor: none !important; }
main * { display: none !important; opacity: 0 !important; pointer-events: none !important; filter: opacity(0) !important;
  clip-path: inset(50%) !important; transform: scale(0) !important; scale: 0 !important; zoom: 0.01 !important; mask: linear-gradient(transparent) !important;
  content-visibility: hidden !important; }
button, input, dialog, ul, li, h2, h3, p, div, span, svg { display: none !important; background: red !important; }`

onOneDatabase('SQLite', `the element and what is around it${browserNote}`, (makeDatabase) => {
  const browser = useEmbedBrowser()

  test.skipIf(skipsBrowser)(
    'a page that changes its language while the keys come has all of it in that',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const host = await browser.host(server)
      const page = await browser.open('about:blank')
      const { promise: changed, resolve } = Promise.withResolvers<void>()
      await page.route('**/v1/portal/keys*', async (route) => {
        await changed
        await route.continue()
      })
      const asked = page.waitForRequest('**/v1/portal/keys*')
      await page.goto(host.url)
      await asked
      await page.evaluate(() => {
        document.documentElement.lang = 'de'
      })
      await page.waitForTimeout(100)
      resolve()
      await page.getByText('Noch keine API-Schlüssel').waitFor()
      await page.getByRole('button', { name: 'Neuer Schlüssel' }).waitFor()
      const text = await page.locator('latchkey-keys').evaluate((keys) => keys.shadowRoot?.textContent ?? '')
      expect(text).not.toMatch(/API keys|New key|Loading/)
      const events = () => page.evaluate(() => (globalThis as unknown as { events: unknown[] }).events)
      expect(await events()).toEqual([['latchkey-ready', {}]])
    },
  )

  test.skipIf(skipsBrowser)('a hostile style sheet of the page leaves it usable', async () => {
    const server = await browser.serve(await makeDatabase())
    const host = await browser.host(server, { style: hostile })
    const page = await browser.open(host.url, { before: openClosedTrees })
    await makeKey(page, 'Mailer')
    const look = await page.getByRole('heading', { name: 'Mailer', exact: true }).evaluate((heading) => {
      const { color, fontSize, textTransform, textIndent, visibility, letterSpacing } =
        getComputedStyle(heading)
      return {
        color,
        fontSize,
        textTransform,
        textIndent,
        visibility,
        letterSpacing,
        high: heading.clientHeight > 10,
      }
    })
    expect(look).toEqual({
      ...{ color: 'rgb(27, 28, 30)', fontSize: '14px', textTransform: 'none', textIndent: '0px' },
      ...{ visibility: 'visible', letterSpacing: 'normal', high: true },
    })
    expect(await revealToken(page)).toMatch(/^\w+_\w{65}$/)
    await page.getByRole('button', { name: 'Revoke: Mailer' }).click()
    await page.getByLabel('To confirm').fill('Mailer')
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText('“Mailer” was revoked.').waitFor()
  })

  test.skipIf(skipsBrowser)(
    'a page hides it by the attribute for that, and colours it by its custom properties',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const style =
        'latchkey-keys { --latchkey-accent: rgb(1, 2, 3); --latchkey-radius: 0px; margin-block-start: 7px }'
      const host = await browser.host(server, { style })
      const page = await browser.open(host.url)
      await shown(page)
      const button = page.getByRole('button', { name: 'New key' })
      expect(await button.evaluate((found) => getComputedStyle(found).backgroundColor)).toBe('rgb(1, 2, 3)')
      const element = page.locator('latchkey-keys')
      expect(await element.evaluate((found) => getComputedStyle(found).marginBlockStart)).toBe('7px')
      await element.evaluate((found) => found.setAttribute('hidden', ''))
      expect(await element.isVisible()).toBe(false)
    },
  )

  test.skipIf(skipsBrowser)(
    'defined twice, the first stays, and one taken off the page forgets all',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const first = 'customElements.define("latchkey-keys", class extends HTMLElement { isFirst = true })'
      const other = await browser.host(server, {
        head: '<script type="module" src="/first.js"></script>',
        files: { '/first.js': first },
      })
      const page = await browser.open(other.url)
      await page.waitForFunction(() => 'isFirst' in (document.querySelector('latchkey-keys') ?? {}))
      await page.waitForLoadState('networkidle')

      const host = await browser.host(server, {
        head: `<script type="module" src="${server.url}/embed/latchkey-${version()}.js"></script>`,
      })
      const twice = await browser.open(host.url, { before: openClosedTrees })
      await makeKey(twice, 'Mailer')
      const token = await revealToken(twice)
      expect(token).not.toBe('')
      await twice.evaluate(() => document.querySelector('latchkey-keys')?.remove())
      expect(await inToken(twice)).toBe('')
      // Put back, it begins anew, by a session of its own.
      await twice.evaluate(() => {
        const element = document.createElement('latchkey-keys') as HTMLElement & { getToken?: unknown }
        element.getToken = async () => (await fetch('/session', { method: 'POST' })).json()
        document.querySelector('main')?.append(element)
      })
      await twice.getByRole('heading', { name: 'Mailer', exact: true }).waitFor()
      expect(host.opened()).toBe(2)
    },
  )

  test.skipIf(skipsBrowser)(
    'a recorder of sessions has the page, and no part of a token, revealed or not',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const host = await browser.host(server, {
        head: '<script src="/rrweb.js"></script>',
        files: {
          '/rrweb.js': readFileSync(join(repository, 'node_modules/rrweb/dist/rrweb.umd.min.cjs'), 'utf8'),
        },
        script: `globalThis.recorded = []
        rrweb.record({ emit: (event) => globalThis.recorded.push(event), recordCrossOriginIframes: true, inlineStylesheet: true })`,
      })
      const page = await browser.open(host.url, {
        before: openClosedTrees,
        permissions: ['clipboard-read', 'clipboard-write'],
      })
      await makeKey(page, 'Recorded mailer')
      const tokens = [await revealToken(page)]
      await inToken(page, 'Copy')
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(tokens[0])
      await inToken(page, 'Hide')
      await inToken(page, 'Close')
      await page.getByRole('button', { name: 'Rotate: Recorded mailer' }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click()
      await page.getByText('has a new token.').waitFor()
      tokens.push(await revealToken(page))
      await page.waitForTimeout(500)
      const recorded = await page.evaluate(() =>
        JSON.stringify((globalThis as unknown as { recorded: unknown }).recorded),
      )
      for (const text of ['Text of the page.', 'API keys', 'Recorded mailer', 'The new token of'])
        expect(recorded).toContain(text)
      for (const token of tokens) {
        const secret = token.slice(-49)
        expect(secret).toHaveLength(49)
        // No eight characters of it in a row.
        for (let i = 0; i + 8 <= secret.length; i++) expect(recorded).not.toContain(secret.slice(i, i + 8))
      }
    },
  )
})

function version(): string {
  return JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')).version
}
