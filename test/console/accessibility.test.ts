// Every page and every dialog of the console, as axe-core sees it, in light and in dark, wide and narrow.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeSqlite } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { findViolations, go } from './chromium.ts'
import { type Stage, setStage } from './stage.ts'

/** The addresses of all pages, where everybody is signed in as the operator. */
const pages: Record<string, (stage: Stage) => string> = {
  organizations: () => '/organizations',
  'organizations, none found': () => '/organizations?q=nothing',
  keys: () => '/organizations/acme',
  'keys in every state': () => '/keys?status=all',
  'keys, none yet': () => '/organizations/umbrella-labs',
  'a new key': () => '/organizations/acme/new-key',
  'a key': ({ keyId }) => `/keys/${keyId}`,
  'no key': () => '/keys/01a20711-2508-7000-8000-18883f1ab395',
  'the audit log': () => '/audit-log',
  'a token to try': () => '/try',
  sessions: () => '/sessions',
  'no page': () => '/nowhere',
}

/** The ways to all dialogs, from a page's address. */
const dialogs: Record<string, (page: Page, stage: Stage) => Promise<void>> = {
  help: async (page) => {
    await page.goto('/sessions')
    await page.getByRole('button', { name: 'Help and keyboard' }).click()
  },
  'a new organization': async (page) => {
    await page.goto('/organizations')
    await page.getByRole('button', { name: 'New organization' }).click()
  },
  rotate: async (page, { keyId }) => {
    await page.goto(`/keys/${keyId}`)
    await page.getByRole('button', { name: 'Rotate' }).click()
  },
  revoke: async (page, { keyId }) => {
    await page.goto(`/keys/${keyId}`)
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
  },
}

describe(`what axe-core finds wrong${browserNote}`, () => {
  const browser = useBrowser()
  const { url, remove } = makeSqlite()
  let stage: Stage
  beforeAll(async () => {
    stage = await setStage(url)
  })
  afterAll(async () => {
    await stage.server.close()
    await remove()
  })

  describe.each(['light', 'dark'] as const)('in %s is nothing', (colorScheme) => {
    // A colour on its way from one to another is neither.
    const look = { colorScheme, reducedMotion: 'reduce' } as const

    test.skipIf(skipsBrowser)('on the page of who is not signed in', async () => {
      const page = await browser.open(stage.server, look)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByText('Paste a token.').waitFor()
      expect(await findViolations(page)).toEqual([])
    })

    test.skipIf(skipsBrowser)('on any page', { timeout: 120_000 }, async () => {
      const page = await browser.open(stage.server, { ...look, token: stage.server.rootKey })
      const found: Record<string, unknown> = {}
      for (const [name, address] of Object.entries(pages)) {
        await go(page, address(stage))
        const violations = await findViolations(page)
        if (violations.length > 0) found[name] = violations
      }
      expect(found).toEqual({})
    })

    test.skipIf(skipsBrowser)('in any dialog', { timeout: 60_000 }, async () => {
      const page = await browser.open(stage.server, { ...look, token: stage.server.rootKey })
      const found: Record<string, unknown> = {}
      for (const [name, show] of Object.entries(dialogs)) {
        await show(page, stage)
        await page.getByRole('dialog').waitFor()
        const violations = await findViolations(page)
        if (violations.length > 0) found[name] = violations
      }
      expect(found).toEqual({})
    })
  })

  test.skipIf(skipsBrowser)(
    'on a phone is nothing either, and no page scrolls sideways',
    { timeout: 120_000 },
    async () => {
      const viewport = { width: 360, height: 740 }
      const page = await browser.open(stage.server, { viewport, token: stage.server.rootKey })
      const found: Record<string, unknown> = {}
      for (const [name, address] of Object.entries(pages)) {
        await go(page, address(stage))
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        const violations = await findViolations(page)
        if (overflow > 0 || violations.length > 0) found[name] = { overflow, violations }
      }
      expect(found).toEqual({})
    },
  )
})
