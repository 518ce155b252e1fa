// Takes the pictures of docs/images: every page of the console, in light, in dark and on a phone.
// Run it by `node test/console/screenshots.ts`, after `npm run build`; it takes about two minutes, and `pngquant` (apt-get
// install pngquant). With names, such as `webhooks webhook`, it takes those alone.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { makeSqlite } from '../setup/databases.ts'
import { go, launchBrowser, signIn } from './chromium.ts'
import { type Stage, setStage } from './stage.ts'

const folder = join(import.meta.dirname, '../../docs/images/console')

const phoneUserAgent =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

const looks = {
  light: { viewport: { width: 1280, height: 880 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 880 }, colorScheme: 'dark' },
  phone: {
    viewport: { width: 390, height: 844 },
    colorScheme: 'light',
    isMobile: true,
    hasTouch: true,
    userAgent: phoneUserAgent,
  },
} as const

/** The way to each picture, from a page on which somebody is signed in. */
const pictures: Record<string, (page: Page, stage: Stage) => Promise<void>> = {
  overview: async (page) => go(page, '/'),
  usage: async (page) => go(page, '/usage?group=key'),
  organizations: async (page) => go(page, '/organizations'),
  keys: async (page) => go(page, '/organizations/acme'),
  'all-keys': async (page) => go(page, '/keys?status=all'),
  key: async (page, { keyId }) => go(page, `/keys/${keyId}`),
  leak: async (page, { leakedId }) => go(page, `/keys/${leakedId}`),
  limits: async (page, { keyId }) => {
    await go(page, `/keys/${keyId}/limits`)
    await page
      .getByRole('region', { name: 'Limits' })
      .evaluate((section) => section.scrollIntoView({ block: 'start' }))
  },
  plans: async (page) => go(page, '/settings/plans'),
  webhooks: async (page) => go(page, '/settings/webhooks'),
  webhook: async (page, { webhookId }) => {
    await go(page, `/webhooks/${webhookId}`)
    await page.getByRole('button', { name: /Pending/ }).click()
    await page.getByText('Service Temporarily Unavailable').waitFor()
  },
  sessions: async (page) => go(page, '/account'),
  'audit-log': async (page) => go(page, '/activity?organization=acme'),
  'new-key': async (page) => {
    await fillNewKey(page)
    await page.getByRole('combobox', { name: 'Permissions' }).pressSequentially('em')
    await page.getByRole('option').first().waitFor()
  },
  token: async (page) => {
    await fillNewKey(page)
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByText('I have stored the token').waitFor()
    await page.evaluate(() => scrollTo(0, 0))
  },
  rotate: async (page, { stagingId }) => {
    await go(page, `/keys/${stagingId}`)
    await page.getByRole('button', { name: 'Rotate' }).click()
    await page.getByRole('dialog').waitFor()
  },
  revoke: async (page, { keyId }) => {
    await go(page, `/keys/${keyId}`)
    await page.getByRole('button', { name: 'Revoke', exact: true }).click()
    await page.getByRole('dialog').waitFor()
  },
  'try-token': async (page, { token }) => {
    await go(page, '/try')
    await page.getByLabel('Token', { exact: true }).fill(token)
    await page.getByRole('combobox', { name: 'Required permissions' }).fill('billing:read')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Ask Latchkey' }).click()
    await page.getByRole('heading', { name: /^Missing permission/ }).waitFor()
  },
}

async function fillNewKey(page: Page): Promise<void> {
  await go(page, '/organizations/acme/new-key')
  await page.getByLabel('Name', { exact: true }).fill('Newsletter')
  const permissions = page.getByRole('combobox', { name: 'Permissions' })
  await permissions.fill('contacts:read')
  await permissions.press('Enter')
}

/** What is to be taken; everything if nothing is named. */
const named = process.argv.slice(2)
const isWanted = (name: string) => named.length === 0 || named.includes(name)

/** Takes the pictures of one look, on a stage of its own: some of them leave a key behind. */
async function takeAll(browser: Browser, look: keyof typeof looks): Promise<void> {
  const { url, remove } = makeSqlite()
  const stage = await setStage(url)
  const context = await browser.newContext({
    baseURL: stage.server.url,
    locale: 'en-GB',
    reducedMotion: 'reduce',
    ...looks[look],
  })
  const page = await context.newPage()
  // A page with a token on it asks before it is left.
  page.on('dialog', (dialog) => void dialog.accept())
  await page.goto('/')
  await page.getByRole('button', { name: 'Use the token of a key' }).waitFor()
  if (isWanted('sign-in')) await shoot(page, `sign-in-${look}`)
  await signIn(page, stage.server.rootKey)
  for (const [name, show] of Object.entries(pictures).filter(([name]) => isWanted(name))) {
    await show(page, stage)
    await shoot(page, `${name}-${look}`)
  }
  await context.close()
  await stage.server.close()
  await remove()
}

/** The names of the pictures that were taken. */
const taken: string[] = []

/** Gives each picture a palette of its own, with which it takes less than half of the bytes. */
function shrinkAll(): void {
  const settings = ['--force', '--ext=.png', '--strip', '--skip-if-larger', '--speed=1', '--quality=85-100']
  execFileSync('pngquant', [...settings, ...taken.map((name) => `${name}.png`)], { cwd: folder })
}

async function shoot(page: Page, name: string): Promise<void> {
  // Names come after the rows that they stand in, and figures of rows once these stay.
  await page.waitForLoadState('networkidle')
  await page.waitForTimeout(500)
  await page.waitForLoadState('networkidle')
  await page.screenshot({ path: join(folder, `${name}.png`) })
  taken.push(name)
  process.stdout.write(`${name}\n`)
}

mkdirSync(folder, { recursive: true })
const browser = await launchBrowser()
try {
  for (const look of Object.keys(looks) as (keyof typeof looks)[]) await takeAll(browser, look)
} finally {
  await browser.close()
}
shrinkAll()
