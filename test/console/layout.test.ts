// That pages do not jump as what they show arrives, wide and on a phone.
import { describe, expect, test } from 'vitest'
import { browserNote, skipsBrowser, useBrowser, useStage } from './browser.ts'
import { go } from './chromium.ts'

/**
 * Cumulative Layout Shift (W3C Layout Instability). Below 0.1 is 'good' by the Web Vitals; wide pages, where nothing
 * has to wrap anew when a name is known, are held to a tenth of that.
 */
const widths = {
  wide: { width: 1280, height: 860, most: 0.01 },
  phone: { width: 390, height: 844, most: 0.1 },
}

describe(`the layout of the console${browserNote}`, () => {
  const browser = useBrowser()
  const stageOf = useStage()

  test.skipIf(skipsBrowser).each(Object.entries(widths))(
    'stands still while a page comes: %s',
    async (_, { width, height, most }) => {
      const page = await browser.open(stageOf().server, {
        token: stageOf().server.rootKey,
        viewport: { width, height },
        own: true,
      })
      await page.addInitScript(() => {
        Object.assign(globalThis, { shifted: 0 })
        new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) {
            const { value, hadRecentInput } = entry as PerformanceEntry & LayoutShift
            if (!hadRecentInput) (globalThis as unknown as { shifted: number }).shifted += value
          }
        }).observe({ type: 'layout-shift', buffered: true })
      })
      // Names of keys come last, and each by itself.
      await page.route('**/v1/keys/0*', async (route) => {
        await new Promise((done) => setTimeout(done, 200))
        await route.continue()
      })
      const shifted: Record<string, number> = {}
      for (const path of [
        '/',
        '/usage',
        '/organizations',
        '/organizations/acme',
        '/keys?status=all',
        `/keys/${stageOf().keyId}`,
        '/organizations/globex?exposed=true',
        `/keys/${stageOf().leakedId}`,
        `/keys/${stageOf().keyId}/usage`,
        `/keys/${stageOf().keyId}/permissions`,
        '/organizations/acme/new-key',
        '/settings/webhooks',
        `/webhooks/${stageOf().webhookId}`,
        '/activity',
        '/try',
        '/account',
        '/organizations/acme/members',
        '/organizations/acme/settings',
        `/members/${stageOf().people.leaver.memberId}`,
        '/settings/instance',
      ]) {
        await go(page, path)
        if (path === '/activity') await page.waitForLoadState('networkidle')
        // A shift is told with the frame after it.
        await page.evaluate(
          () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))),
        )
        const value = await page.evaluate(() => (globalThis as unknown as { shifted: number }).shifted)
        if (value >= most) shifted[path] = value
      }
      expect(shifted).toEqual({})
    },
  )
})

interface LayoutShift {
  value: number
  hadRecentInput: boolean
}
