// A browser for the tests, and the console in it: whatever goes wrong there fails the test.
import { createServer } from 'node:net'
import type {
  BrowserContext,
  BrowserContextOptions,
  ConsoleMessage,
  Dialog,
  Page,
  WebError,
} from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { makeSqlite } from '../setup/databases.ts'
import { wants } from '../setup/programs.ts'
import { startTestServer, type TestServer } from '../setup/server.ts'
import { type BrowserSession, beginDocument, missingBrowser, signIn } from './chromium.ts'
import { type Stage, setStage } from './stage.ts'
import { takeTab } from './tab.ts'

/** Whether to skip what takes a browser, and how to have it run. */
export const { skip: skipsBrowser, note: browserNote } = wants(missingBrowser)

export interface ConsoleOptions extends BrowserContextOptions {
  /** Where to begin; `/` if absent. */
  path?: string
  /** Signs in with it, over HTTP; nobody is signed in if absent. */
  token?: string
  /** Signs a person in: a session of theirs. */
  session?: BrowserSession
  /** Signs in by the form, as a person does, in a profile of its own: for what comes of a token that was typed. */
  byForm?: boolean
  /** Opens it in a profile of its own: for a test that changes what lasts there, or needs a cache without files. */
  own?: boolean
  /** What may be said in the browser's console, or fail, without failing the test. */
  expected?: RegExp
}

/** What the tests of a file do with the browser. */
export interface TestBrowser {
  /** Starts a server; it is closed when the test is over, before its database goes away. */
  serve(...args: Parameters<typeof startTestServer>): Promise<TestServer>
  /** Opens the console as in a new profile. Whatever goes wrong in it fails the test at its end. */
  open(server: Pick<TestServer, 'url'>, options?: ConsoleOptions): Promise<Page>
}

/** Where the servers of tests listen, one after the other; 0 before the first. */
let sharedPort = 0
let isServing = false

/** Gives the tests of a file a browser. To be called inside the suite that makes the databases. */
export function useBrowser(): TestBrowser {
  const cleanups: (() => Promise<void>)[] = []
  afterEach(async () => {
    await using stack = new AsyncDisposableStack()
    for (const cleanup of cleanups.splice(0)) stack.defer(cleanup)
  })
  return {
    serve: async (database, options) => {
      // On the port of the one before it, if that has closed: its page is in the memory of the browser.
      const port = isServing || !(await isFree(sharedPort)) ? 0 : sharedPort
      const server = await startTestServer(database, { port, ...options })
      if (!isServing) sharedPort = Number(new URL(server.url).port)
      isServing = true
      cleanups.push(async () => {
        await server.close()
        isServing = false
      })
      return server
    },
    open: async (
      server,
      { path = '/', token, session, byForm = false, own = byForm, expected, ...options } = {},
    ) => {
      const { page, leave } = await takeTab(server.url, options, own)
      const { troubles, stop } = watchTroubles(page.context(), expected)
      cleanups.push(async () => {
        await leave()
        stop()
        expect(troubles).toEqual([])
      })
      page.setDefaultTimeout(20_000)
      const begun = await beginDocument(page, server.url, byForm ? undefined : (token ?? session))
      await page.goto(path)
      await begun.dispose()
      if (token !== undefined && byForm) await signIn(page, token)
      else if (token !== undefined || session !== undefined)
        await page.locator('#main').waitFor({ state: 'attached' })
      return page
    },
  }
}

/** Whether a server can listen on a port: between two tests another process may have come to it. */
function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer()
      .once('error', () => done(false))
      .listen(port, '127.0.0.1', () => server.close(() => done(true)))
  })
}

/** Collects what must not happen on any page: errors, and whatever the policy had to stop. */
function watchTroubles(
  context: BrowserContext,
  expected: RegExp | undefined,
): { troubles: string[]; stop(): void } {
  const troubles: string[] = []
  const note = (text: string) => {
    // A browser says so of every refusal, which the page has in words of its own.
    if (/Failed to load resource: the server responded with a status of 4/.test(text)) return
    if (expected === undefined || !expected.test(text)) troubles.push(text)
  }
  const noteError = (error: WebError) => note(`error: ${error.error().message}`)
  const noteMessage = (message: ConsoleMessage) => {
    if (message.type() === 'error' || message.type() === 'warning')
      note(`${message.type()}: ${message.text()}`)
  }
  const noteDialog = (dialog: Dialog) => {
    note(`dialog: ${dialog.message()}`)
    void dialog.dismiss().catch(() => {})
  }
  context.on('weberror', noteError).on('console', noteMessage).on('dialog', noteDialog)
  return {
    troubles,
    stop: () => void context.off('weberror', noteError).off('console', noteMessage).off('dialog', noteDialog),
  }
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
