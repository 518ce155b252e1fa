// A browser for the tests of the customers' page: whatever goes wrong on a page fails the test.
import type { BrowserContextOptions, Page } from 'playwright-core'
import { afterEach, expect } from 'vitest'
import { sharedBrowser } from '../console/chromium.ts'
import { createAcme } from '../setup/acme.ts'
import { startTestServer, type TestServer } from '../setup/server.ts'
import { type Host, type HostOptions, startHost } from './host.ts'

export interface PageOptions extends BrowserContextOptions {
  /** What may be said in the browser's console, or fail, without failing the test. */
  expected?: RegExp
  /** Runs before the scripts of the page. */
  before?: (() => void) | string
  /** Sets the page's clock by hand (`page.clock`). */
  hasClock?: boolean
}

export interface EmbedBrowser {
  /** Starts a server that has the organization `acme`. */
  serve(database: string, options?: Parameters<typeof startTestServer>[1]): Promise<TestServer>
  /** Starts an operator's page beside it. */
  host(server: TestServer, options?: HostOptions): Promise<Host>
  /** Opens an address in a profile of its own. */
  open(url: string, options?: PageOptions): Promise<Page>
  /** All that was said in the consoles of pages. */
  said: string[]
}

/** Gives the tests of a file a browser. */
export function useEmbedBrowser(): EmbedBrowser {
  const cleanups: (() => Promise<void>)[] = []
  const said: string[] = []
  afterEach(async () => {
    said.length = 0
    await using stack = new AsyncDisposableStack()
    for (const cleanup of cleanups.splice(0)) stack.defer(cleanup)
  })
  return {
    said,
    serve: async (database, options) => {
      const server = await startTestServer(database, options)
      cleanups.push(() => server.close())
      await createAcme(server.latchkey)
      return server
    },
    host: async (server, options) => {
      const host = await startHost(server, options)
      cleanups.push(async () => {
        await host.close()
        expect(host.reports).toEqual([])
      })
      return host
    },
    open: async (url, { expected, before, hasClock = false, ...options } = {}) => {
      const context = await (await sharedBrowser()).newContext({
        reducedMotion: 'reduce',
        locale: 'en',
        ...options,
      })
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      const troubles: string[] = []
      const note = (text: string) => {
        // A browser says so of every refusal, which the page has in words of its own.
        if (/the server responded with a status of 4/.test(text)) return
        if (!expected?.test(text)) troubles.push(text)
      }
      page.on('pageerror', (error) => note(`error: ${error.message}`))
      page.on('console', (message) => {
        said.push(message.text())
        if (message.type() === 'error' || message.type() === 'warning') note(message.text())
      })
      if (before !== undefined) await page.addInitScript(before)
      if (hasClock) await page.clock.install()
      cleanups.push(async () => {
        await context.close()
        expect(troubles).toEqual([])
      })
      await page.goto(url)
      return page
    },
  }
}

/** Remembers the trees in which tokens stand, closed or not: a test reads there what the page's own scripts do not find. */
export function openClosedTrees(): void {
  const roots: ShadowRoot[] = []
  const attach = Element.prototype.attachShadow
  Element.prototype.attachShadow = function (init) {
    const root = attach.call(this, init)
    if (this.localName !== 'latchkey-keys') roots.push(root)
    return root
  }
  Object.assign(globalThis, { closedTrees: roots })
}

/** Presses a button of the newest card of a token, by its words; gives all that the card shows after it. */
export function inToken(page: Page, press?: string): Promise<string> {
  return page.evaluate(async (press) => {
    const { closedTrees } = globalThis as unknown as { closedTrees: ShadowRoot[] }
    const tree = closedTrees.at(-1)
    const button = [...(tree?.querySelectorAll('button') ?? [])].find((found) => found.textContent === press)
    if (press !== undefined && !button) throw new Error(`No button says ${press}.`)
    button?.click()
    await new Promise((done) => setTimeout(done, 100))
    return tree?.textContent ?? ''
  }, press)
}

/** The token that the newest card shows once it is revealed. */
export async function revealToken(page: Page): Promise<string> {
  const text = await inToken(page, 'Reveal')
  return /\w+_[0-9A-Za-z]{65}/.exec(text)?.[0] ?? ''
}

/** Waits until the element shows the keys. */
export async function shown(page: Page): Promise<void> {
  await page
    .locator('latchkey-keys')
    .getByRole('heading', { name: /API keys|API-Schlüssel|Claves de API/ })
    .waitFor()
  await page.locator('latchkey-keys [role=status].empty').waitFor({ state: 'detached' })
}

/** Makes a key by the form, as a person does. */
export async function makeKey(page: Page, name: string, permission = 'emails:*'): Promise<void> {
  await page.getByRole('button', { name: 'New key' }).click()
  const dialog = page.getByRole('dialog', { name: 'New key' })
  await dialog.getByLabel('Name').fill(name)
  await dialog.getByRole('checkbox', { name: permission }).check()
  await dialog.getByRole('button', { name: 'Create key' }).click()
  await dialog.waitFor({ state: 'detached' })
}
