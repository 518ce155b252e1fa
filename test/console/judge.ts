// What axe-core finds wrong on a page of the console, in light and in dark, wide and narrow.
import type { Page } from 'playwright-core'
import type { ConsoleOptions } from './browser.ts'
import { findViolations } from './chromium.ts'

const viewport = { width: 1280, height: 720 }
// The narrowest for which pages must not scroll in two directions (WCAG 2.2, 1.4.10).
const phone = { width: 320, height: 740 }

/** How a page is opened that is to be judged: with less motion, which lets every colour change at once. */
export const judged: ConsoleOptions = { viewport, colorScheme: 'light', reducedMotion: 'reduce' }

/**
 * What is wrong on a page as it stands, in light and in dark, by the look; nothing, where all is well. To come to a
 * page takes as long as to judge it, so it is judged in both. In the dark nothing but colours is another: style sheets
 * alone know of it. What lies behind a dialog is no other there than the page that was judged without it.
 */
export async function judge(page: Page, name: string): Promise<Record<string, unknown>> {
  const light = await findViolations(page)
  await page.emulateMedia({ colorScheme: 'dark' })
  await drawn(page)
  const isCovered = (await page.locator(covers).count()) > 0
  const dark = await findViolations(page, {
    selector: isCovered ? covers : undefined,
    coloursAlone: true,
  })
  await page.emulateMedia({ colorScheme: 'light' })
  await drawn(page)
  return {
    ...(light.length > 0 && { [`${name}, in light`]: light }),
    ...(dark.length > 0 && { [`${name}, in dark`]: dark }),
  }
}

const covers = '[role=dialog], [role=alertdialog], [role=listbox]'

/** The same on a phone, where besides nothing may stand out at the side. */
export async function judgeOnPhone(page: Page, name: string): Promise<Record<string, unknown>> {
  await page.setViewportSize(phone)
  await drawn(page)
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
  const violations = await findViolations(page)
  await page.setViewportSize(viewport)
  return overflow > 0 || violations.length > 0 ? { [`${name}, on a phone`]: { overflow, violations } } : {}
}

/** By the second frame a page has heard of another look, and drawn itself anew. */
function drawn(page: Page): Promise<unknown> {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
}
