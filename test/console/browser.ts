// A browser for the tests of a file, and the console in it: whatever goes wrong there fails the test.
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { makeSqlite } from '../setup/databases.ts'
import { wants } from '../setup/programs.ts'
import { startTestServer, type TestServer } from '../setup/server.ts'
import { launchBrowser, missingBrowser, signIn } from './chromium.ts'
import { type Stage, setStage } from './stage.ts'

/** Whether to skip what takes a browser, and how to have it run. */
export const { skip: skipsBrowser, note: browserNote } = wants(missingBrowser)

export interface ConsoleOptions extends BrowserContextOptions {
  /** Where to begin; `/` if absent. */
  path?: string
  /** Signs in with it; nobody is signed in if absent. */
  token?: string
  /** What may be said in the browser's console, or fail, without failing the test. */
  expected?: RegExp
}

/** What the tests of a file do with the browser that {@link useBrowser} keeps for them. */
export interface TestBrowser {
  /** Starts a server; it is closed when the test is over, before its database goes away. */
  serve(...args: Parameters<typeof startTestServer>): Promise<TestServer>
  /** Opens the console in a profile of its own. Whatever goes wrong in it fails the test at its end. */
  open(server: Pick<TestServer, 'url'>, options?: ConsoleOptions): Promise<Page>
}

/** Keeps a browser for the tests of a file. To be called inside the suite that makes the databases. */
export function useBrowser(): TestBrowser {
  let browser: Browser | undefined
  const cleanups: (() => Promise<void>)[] = []
  beforeAll(async () => {
    if (!skipsBrowser) browser = await launchBrowser()
  })
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  })
  afterAll(async () => browser?.close())
  return {
    serve: async (...args) => {
      const server = await startTestServer(...args)
      cleanups.push(() => server.close())
      return server
    },
    open: async (server, { path = '/', token, expected, ...options } = {}) => {
      const context = await (browser as Browser).newContext({ baseURL: server.url, ...options })
      const troubles = watchTroubles(context, expected)
      cleanups.push(async () => {
        await context.close()
        expect(troubles).toEqual([])
      })
      const page = await context.newPage()
      page.setDefaultTimeout(20_000)
      await page.goto(path)
      if (token !== undefined) await signIn(page, token)
      return page
    },
  }
}

/** Collects what must not happen on any page: errors, and whatever the policy had to stop. */
function watchTroubles(context: BrowserContext, expected: RegExp | undefined): string[] {
  const troubles: string[] = []
  const note = (text: string) => {
    // A browser says so of every refusal, which the page has in words of its own.
    if (/Failed to load resource: the server responded with a status of 4/.test(text)) return
    if (expected === undefined || !expected.test(text)) troubles.push(text)
  }
  context.on('weberror', (error) => note(`error: ${error.error().message}`))
  context.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning')
      note(`${message.type()}: ${message.text()}`)
  })
  context.on('dialog', (dialog) => {
    note(`dialog: ${dialog.message()}`)
    void dialog.dismiss().catch(() => {})
  })
  return troubles
}

/** Sets one stage for all tests of a suite; gives what leads to it. */
export function useStage(): () => Stage {
  const { url, remove } = makeSqlite()
  let stage: Stage
  beforeAll(async () => {
    stage = await setStage(url)
  })
  afterAll(async () => {
    await stage.server.close()
    await remove()
  })
  return () => stage
}
