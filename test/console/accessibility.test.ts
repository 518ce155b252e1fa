// Every page of the console, as axe-core sees it, in light and in dark, wide and narrow.
import { describe, expect, test } from 'vitest'
import { browserNote, skipsBrowser, useBrowser, useStage } from './browser.ts'
import { visit } from './chromium.ts'
import { judge, judged, judgeOnPhone } from './judge.ts'
import { pages } from './stage-pages.ts'

describe(`what axe-core finds wrong in light and in dark${browserNote}`, () => {
  const browser = useBrowser()
  const stageOf = useStage()

  test.skipIf(skipsBrowser)('is nothing on the page of who is not signed in', async () => {
    const page = await browser.open(stageOf().server, judged)
    await page.getByRole('button', { name: 'Use the token of a key' }).click()
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('Paste a token.').waitFor()
    expect(await judge(page, 'sign-in')).toEqual({})
  })

  test.skipIf(skipsBrowser)(
    'is nothing on any page, on a phone neither, where no page scrolls sideways',
    { timeout: 300_000 },
    async () => {
      const page = await browser.open(stageOf().server, { ...judged, token: stageOf().server.rootKey })
      const found: Record<string, unknown> = {}
      for (const [name, address] of Object.entries(pages)) {
        await visit(page, address(stageOf()))
        Object.assign(found, await judge(page, name), await judgeOnPhone(page, name))
      }
      expect(found).toEqual({})
    },
  )
})
