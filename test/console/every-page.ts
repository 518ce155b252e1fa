// Takes pictures of every page of the console at five widths, in light and in dark, as each who sees it otherwise, for somebody who
// looks at them; and tells what can be measured: words cut in two, and what stands out at the side.
// Run it by `node test/console/every-page.ts FOLDER`, after `npm run build`; it takes about five minutes. With names, such as
// `owner` or `keys`, it takes the pages of whoever or whatever is named alone.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { makeSqlite } from '../setup/databases.ts'
import { beginDocument, launchBrowser, visit } from './chromium.ts'
import { type Stage, setStage } from './stage.ts'
import { pages, pagesOf } from './stage-pages.ts'
import type { People } from './stage-people.ts'

const widths = [320, 480, 768, 1024, 1440]

const [folder, ...named] = process.argv.slice(2)
if (folder === undefined) throw new Error('Name the folder for the pictures.')

/** Takes the pages of one person, or of the root key. */
async function takeAll(browser: Browser, stage: Stage, who: keyof People | undefined): Promise<void> {
  const { server, people } = stage
  const wanted = (who === undefined ? pages : pagesOf[who]?.pages) ?? {}
  const name = who ?? 'root key'
  const context = await browser.newContext({ baseURL: server.url, locale: 'en-GB', reducedMotion: 'reduce' })
  const page = await context.newPage()
  page.on('dialog', (dialog) => void dialog.accept())
  const session =
    who === undefined ? server.rootKey : await server.latchkey.sessions.startFor(people[who].identityId)
  const begun = await beginDocument(page, server.url, session)
  await page.goto('/account')
  await begun.dispose()
  await page.locator('#main').waitFor({ state: 'attached' })
  if (who !== undefined) {
    await page.evaluate((organization) => {
      localStorage.setItem('latchkey-organization', organization)
      sessionStorage.setItem('latchkey-organization', organization)
    }, pagesOf[who]?.organization ?? '')
    await page.reload()
  }
  await page.locator('#main').waitFor({ state: 'attached' })
  for (const [title, address] of Object.entries(wanted)) {
    if (named.length > 0 && !named.includes(name) && !named.includes(title)) continue
    await visit(page, address(stage))
    await page.waitForLoadState('networkidle')
    await take(page, `${name}, ${title}`.replaceAll(' ', '-'))
  }
  await context.close()
}

/** Takes a page as it stands, in each width and look. */
async function take(page: Page, name: string): Promise<void> {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 })
    await page.waitForTimeout(100)
    // As high as it is: lists draw the rows that are in sight.
    const height = await page.evaluate(() => document.documentElement.scrollHeight)
    await page.setViewportSize({ width, height: Math.min(Math.max(height, 740), 5000) })
    await page.waitForTimeout(100)
    const faults = await page.evaluate(findFaults)
    if (faults.length > 0) process.stdout.write(`${name} at ${width}: ${faults.join('; ')}\n`)
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.waitForTimeout(60)
      await page.screenshot({
        path: join(folder as string, `${name}-${width}-${colorScheme}.png`),
      })
    }
  }
}

/** What is wrong with how a page is laid out, as it stands. */
function findFaults(): string[] {
  const faults = new Set<string>()
  const wide = document.documentElement.scrollWidth - innerWidth
  if (wide > 0) faults.add(`scrolls sideways by ${wide}`)
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const parent = node.parentElement
    if (parent === null || parent.closest('.sr-only, script, style, pre, code') !== null) continue
    for (const { index, 0: word } of (node.textContent ?? '').matchAll(/[\p{L}\p{M}\p{N}]{2,}/gu)) {
      const range = document.createRange()
      range.setStart(node, index)
      range.setEnd(node, index + word.length)
      const tops = new Set([...range.getClientRects()].map(({ top }) => Math.round(top)))
      if (tops.size > 1) faults.add(`cuts ${word}`)
    }
  }
  for (const button of document.querySelectorAll('button, a')) {
    const { right, width, height } = button.getBoundingClientRect()
    if (width > 1 && height > 1 && right > innerWidth + 1 && button.closest('.overflow-x-auto') === null)
      faults.add(`leaves ${button.textContent?.trim()} outside`)
  }
  return [...faults]
}

mkdirSync(folder, { recursive: true })
const { url, remove } = makeSqlite()
const stage = await setStage(url)
const browser = await launchBrowser()
try {
  for (const who of [undefined, ...(Object.keys(pagesOf) as (keyof People)[])])
    await takeAll(browser, stage, who)
} finally {
  await browser.close()
  await stage.server.close()
  await remove()
}
