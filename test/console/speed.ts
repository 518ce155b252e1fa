// Measures the console in a real Chromium: how soon its first page can be used, what that costs to load, and how long
// a frame takes at most while a list of 100,000 keys is scrolled, searched, filtered and sorted.
// Run it by `node test/console/speed.ts [rounds]`, after `npm run build`, on a machine that does nothing else.
import type { Browser, Page } from 'playwright-core'
import { createAcme } from '../setup/acme.ts'
import { addManyKeys } from '../setup/bulk.ts'
import { makeSqlite } from '../setup/databases.ts'
import { connectDirectly } from '../setup/direct.ts'
import { startTestServer, type TestServer } from '../setup/server.ts'
import { go, launchBrowser, signIn } from './chromium.ts'

const rounds = Number(process.argv[2] ?? 10)
const keyCount = 100_000
const list = '/organizations/acme'

/** Opens the first page in an empty profile that is signed in: everything is loaded, nothing kept from before. */
async function firstPage(browser: Browser, { url, rootKey }: TestServer) {
  const context = await browser.newContext({ baseURL: url })
  const signedIn = await fetch(`${url}/v1/sessions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${rootKey}` },
  })
  const value = /latchkey=([^;]+)/.exec(signedIn.headers.get('set-cookie') ?? '')?.[1] as string
  const { page_value: pageValue } = (await signedIn.json()) as { page_value: string }
  await context.addCookies([{ name: 'latchkey', value, url, sameSite: 'Strict', httpOnly: true }])
  await context.addInitScript((held) => localStorage.setItem('latchkey-session', held), pageValue)
  const page = await context.newPage()
  await page.goto(list, { waitUntil: 'commit' })
  const interactiveMs = await page.evaluate(async () => {
    // There to be used: the rows are drawn, and a click is answered in the next frame.
    while (!document.querySelector('tbody tr a')) await new Promise(requestAnimationFrame)
    await new Promise((done) => setTimeout(done))
    await new Promise(requestAnimationFrame)
    return performance.now()
  })
  // What comes later, for when it is needed, counts too.
  await page.waitForTimeout(3_000)
  const loaded = await page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .concat(performance.getEntriesByType('navigation'))
      .map((entry) => entry as PerformanceResourceTiming)
      .filter(({ name }) => !name.includes('/v1/'))
      .map(({ name, encodedBodySize, responseEnd }) => ({ name, encodedBodySize, responseEnd })),
  )
  const sizeOf = (parts: typeof loaded) =>
    parts.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) / 1024
  const before = loaded.filter(({ responseEnd }) => responseEnd <= interactiveMs)
  await context.close()
  return { interactiveMs, beforeKiB: sizeOf(before), loadedKiB: sizeOf(loaded) }
}

/** Notes how long each frame took while something is done on the page; gives the longest and the whole count. */
async function watchFrames(page: Page, name: string, act: () => Promise<void>): Promise<void> {
  await page.evaluate(() => {
    const frames: number[] = []
    Object.assign(globalThis, { frames })
    let last = performance.now()
    const tick = (now: number) => {
      frames.push(now - last)
      last = now
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)
  })
  await act()
  const frames = await page.evaluate(() => (globalThis as unknown as { frames: number[] }).frames.slice(1))
  frames.sort((a, b) => a - b)
  const at = (share: number) => (frames[Math.floor(frames.length * share)] ?? 0).toFixed(0)
  const over = frames.filter((ms) => ms > 100).length
  print(
    `${name}: ${frames.length} frames, median ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${frames.at(-1)?.toFixed(0)} ms, ${over} over 100 ms`,
  )
}

async function useList(browser: Browser, { url, rootKey }: TestServer): Promise<void> {
  const page = await (await browser.newContext({ baseURL: url })).newPage()
  await page.goto('/')
  await signIn(page, rootKey)
  await go(page, list)
  await page.locator('tbody tr a').first().waitFor()
  await page.mouse.move(640, 500)
  await watchFrames(page, 'scrolled by the wheel', async () => {
    for (let i = 0; i < 150; i++) {
      await page.mouse.wheel(0, 1200)
      await page.waitForTimeout(30)
    }
  })
  const rows = await page.evaluate(() => document.querySelector('table')?.getAttribute('aria-rowcount'))
  print(`  ${await page.evaluate(() => Math.round(scrollY))} pixels down, aria-rowcount ${rows}`)
  await watchFrames(page, 'thrown to the end and back by the keyboard', async () => {
    for (const key of ['End', 'Home', 'End', 'PageUp', 'PageUp', 'Home']) {
      await page.keyboard.press(key)
      await page.waitForTimeout(400)
    }
  })
  await watchFrames(page, 'searched', async () => {
    const search = page.locator('[data-shortcut="/"]')
    await search.focus()
    await page.keyboard.type('key 4711', { delay: 60 })
    await page.waitForTimeout(800)
    await search.fill('')
    await page.waitForTimeout(800)
  })
  await watchFrames(page, 'filtered and sorted', async () => {
    for (const name of ['Expired', 'Revoked', 'All', 'Active']) {
      await page
        .getByRole('radio', { name })
        .or(page.getByRole('button', { name, exact: true }))
        .first()
        .click({ force: true })
      await page.waitForTimeout(600)
    }
    for (const name of ['Name', 'Last used', 'Created']) {
      await page.getByRole('columnheader', { name }).getByRole('button').click()
      await page.waitForTimeout(600)
    }
  })
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

const { url, remove } = makeSqlite()
const server = await startTestServer(url)
await createAcme(server.latchkey)
{
  await using direct = await connectDirectly(url)
  await addManyKeys(direct, 'acme', keyCount, Date.now())
}
const browser = await launchBrowser()
try {
  const opened = []
  for (let round = 0; round < rounds; round++) opened.push(await firstPage(browser, server))
  opened.sort((a, b) => a.interactiveMs - b.interactiveMs)
  const [least, middle, most] = [opened[0], opened[opened.length >> 1], opened.at(-1)]
  print(
    `first page, ${rounds} times: to be used after ${middle?.interactiveMs.toFixed(0)} ms (${least?.interactiveMs.toFixed(0)}-${most?.interactiveMs.toFixed(0)}), ${middle?.beforeKiB.toFixed(1)} KiB by then, ${middle?.loadedKiB.toFixed(1)} KiB in all`,
  )
  await useList(browser, server)
} finally {
  await browser.close()
  await server.close()
  await remove()
}
