// Takes the pictures of docs/images: every page of the console, in light, in dark and on a phone.
// Run it by `node test/console/screenshots.ts`, after `npm run build`; it takes about a minute.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { makeSqlite } from '../setup/databases.ts'
import { go, launchBrowser, signIn } from './chromium.ts'
import { type Stage, setStage } from './stage.ts'

const folder = join(import.meta.dirname, '../../docs/images/console')

const looks = {
  light: { viewport: { width: 1280, height: 860 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 860 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light', isMobile: true, hasTouch: true },
} as const

/** The way to each picture, from a page on which somebody is signed in. */
const pictures: Record<string, (page: Page, stage: Stage) => Promise<void>> = {
  organizations: async (page) => go(page, '/organizations'),
  keys: async (page) => go(page, '/organizations/acme'),
  'all-keys': async (page) => go(page, '/keys?status=all'),
  key: async (page, { keyId }) => go(page, `/keys/${keyId}`),
  sessions: async (page) => go(page, '/sessions'),
  'audit-log': async (page) => go(page, '/audit-log?organization=acme'),
}

async function takeAll(browser: Browser, stage: Stage): Promise<void> {
  for (const [look, options] of Object.entries(looks)) {
    const context = await browser.newContext({
      baseURL: stage.server.url,
      locale: 'en-GB',
      reducedMotion: 'reduce',
      ...options,
    })
    const page = await context.newPage()
    await page.goto('/')
    await page.getByLabel('Token', { exact: true }).waitFor()
    await shoot(page, `sign-in-${look}`)
    await signIn(page, stage.server.rootKey)
    for (const [name, show] of Object.entries(pictures)) {
      await show(page, stage)
      await shoot(page, `${name}-${look}`)
    }
    await context.close()
  }
}

async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(folder, `${name}.png`) })
  process.stdout.write(`${name}\n`)
}

mkdirSync(folder, { recursive: true })
const { url, remove } = makeSqlite()
const stage = await setStage(url)
const browser = await launchBrowser()
try {
  await takeAll(browser, stage)
} finally {
  await browser.close()
  await stage.server.close()
  await remove()
}
