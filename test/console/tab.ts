// A tab of the browser that tests take in turn: loading a page in it takes half the CPU time that a new tab takes.
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { sharedBrowser } from './chromium.ts'

/** A tab that is a test's own until it leaves it. */
export interface Tab {
  page: Page
  leave(): Promise<void>
}

interface SharedTab {
  url: string
  page: Page
  isTaken: boolean
}

let shared: SharedTab | undefined

/**
 * Takes the shared tab. It has no cookies, routes or further tabs of the test before; the caller clears what pages have
 * stored. If `isOwn`, if another test holds the shared tab, or if an option lasts as long as a profile, the tab is a new
 * one in a profile of its own.
 */
export async function takeTab(url: string, options: BrowserContextOptions, isOwn: boolean): Promise<Tab> {
  const browser = await sharedBrowser()
  const { viewport, colorScheme, reducedMotion, ...lasting } = options
  if (isOwn || shared?.isTaken || Object.keys(lasting).length > 0) return openTab(browser, url, options)
  const tab = await tabFor(browser, url)
  tab.isTaken = true
  await tab.page.setViewportSize(viewport ?? { width: 1280, height: 720 })
  await tab.page.emulateMedia({ colorScheme: colorScheme ?? null, reducedMotion: reducedMotion ?? null })
  return {
    page: tab.page,
    leave: async () => {
      try {
        await cleanUp(tab.page)
        tab.isTaken = false
      } catch {
        await forget(tab)
      }
    },
  }
}

async function openTab(browser: Browser, url: string, options: BrowserContextOptions): Promise<Tab> {
  const context = await browser.newContext({ baseURL: url, ...options })
  return { page: await context.newPage(), leave: () => context.close() }
}

/** The shared tab for a server: a profile goes by one address. */
async function tabFor(browser: Browser, url: string): Promise<SharedTab> {
  if (shared?.url === url) return shared
  if (shared) await forget(shared)
  const { page } = await openTab(browser, url, {})
  shared = { url, page, isTaken: false }
  return shared
}

/** Closes the shared tab: the next that is taken is a new one. */
async function forget(tab: SharedTab): Promise<void> {
  if (shared === tab) shared = undefined
  await tab.page.context().close()
}

async function cleanUp(page: Page): Promise<void> {
  const context = page.context()
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await context.setOffline(false)
  for (const other of context.pages()) if (other !== page) await other.close()
  // The document stays until the next one replaces it: from `about:blank` Chromium would start a new process for the
  // console, because of its policy, and that is half of the CPU time. So the document must make no more requests, and
  // must not ask whether to leave it.
  await page.evaluate(() => {
    Object.assign(globalThis, { fetch: () => new Promise(() => {}) })
    Event.prototype.preventDefault = () => {}
    Object.defineProperty(BeforeUnloadEvent.prototype, 'returnValue', { set: () => {} })
  })
  await context.clearCookies()
}
