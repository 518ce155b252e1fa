// Takes pictures of each state of the customers' page, on a server's own page and in an operator's, in both looks, at three widths, in
// each language and from right to left, for somebody who looks at them; and tells what stands out at the side.
// Run it by `node test/embed/every-state.ts FOLDER`, after `npm run build`; it takes about two minutes. `--documents` takes those of
// docs/images/embed anew, and wants pngquant (apt-get install pngquant).
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchBrowser } from '../console/chromium.ts'
import { inThePast } from '../console/past.ts'
import { createAcme } from '../setup/acme.ts'
import { makeSqlite } from '../setup/databases.ts'
import { startTestServer, type TestServer } from '../setup/server.ts'
import { startHost } from './host.ts'

const day = 86_400_000
const permissions = [
  'latchkey:keys:read',
  'latchkey:keys:write',
  'latchkey:usage:read',
  'emails:*',
  'domains:read',
]
const user = { id: 'u_81', name: 'Ada Lovelace' }

/** Fills a database with the keys of a customer, and with the calls of a month. */
async function fill(database: string): Promise<void> {
  const tokens = await inThePast(database, 26 * day, async (latchkey) => {
    await createAcme(latchkey)
    await latchkey.keys.describePermissions({
      permissions: [
        { name: 'emails:send', description: 'Send emails' },
        { name: 'emails:read', description: 'Read what was sent' },
        { name: 'domains:read', description: 'See the domains' },
      ],
    })
    const make = (name: string, more = {}) => latchkey.keys.create({ organizationId: 'acme', name, ...more })
    const { id } = await make('Old laptop')
    await latchkey.keys.revoke(id)
    const arabic = await make('خادم الإنتاج', { permissions: ['emails:send'] })
    const made = await make('Production server', {
      ...{ description: 'Sends what the shop has to say.', permissions: ['emails:send', 'emails:read'] },
    })
    return [made.key, arabic.key]
  })
  for (let ago = 24; ago > 0; ago--)
    await inThePast(database, ago * day, async ({ verify }) => {
      for (let i = 0; i < 3 + ((ago * 7) % 11); i++) await verify(String(tokens[i % 2]))
      if (ago % 6 === 0)
        for (let i = 0; i < 3; i++) await verify(String(tokens[0]), { permissions: ['domains:write'] })
    })
  await inThePast(database, 3 * day, async ({ keys }) => {
    const staging = await keys.create({
      ...{ organizationId: 'acme', name: 'Staging', permissions: ['emails:*', 'domains:read'] },
      ...{
        description:
          'A long description, as people write them, which does not fit one line of a phone and has to go on.',
      },
      expiresAt: new Date(Date.now() + 60 * day),
    })
    await keys.suspend(staging.id)
    await keys.create({ organizationId: 'acme', name: 'Build pipeline', permissions: ['emails:send'] })
  })
}

type Take = (state: string) => Promise<void>

/** Goes through the states of the element on a page. */
async function walk(page: Page, take: Take): Promise<void> {
  const inside = page.locator('latchkey-keys')
  await inside.locator('.row').first().waitFor()
  await take('list')
  await inside.locator('summary').click()
  await take('table')
  await inside.locator('summary').click()
  await inside.locator('.head .primary').click()
  const dialog = inside.locator('dialog')
  await take('form')
  await dialog.locator('button.primary').click()
  await take('fault')
  await dialog.locator('input').first().fill('Mailer')
  await dialog.locator('input[type=checkbox]').first().check()
  await dialog.locator('button.primary').click()
  await inside.locator('.new-token').waitFor()
  await take('token')
  await inside.locator('.rotate').first().click()
  await take('rotate')
  await page.keyboard.press('Escape')
  await inside.locator('.revoke').first().click()
  await take('revoke')
  await page.keyboard.press('Escape')
}

/** What stands out at the side, and words that are cut. */
function findFaults(): string[] {
  const wide = document.documentElement.scrollWidth - innerWidth
  const root = document.querySelector('latchkey-keys')?.shadowRoot
  const out = [...(root?.querySelectorAll('*') ?? [])].filter((element) => {
    const { right, left, width } = element.getBoundingClientRect()
    return width > 1 && (right > innerWidth + 1 || left < -1) && element.checkVisibility()
  })
  const names = new Set(out.map((element) => `${element.localName} stands out`))
  return [...(wide > 0 ? [`scrolls sideways by ${wide}`] : []), ...names]
}

async function makeLink(server: TestServer, fields: object): Promise<string> {
  const body = { kind: 'link', organization_id: 'acme', user, permissions, ...fields }
  const request = { token: server.rootKey, body }
  const { json, text, status } = await server.request<{ url: string }>('POST', '/v1/portal-sessions', request)
  if (status !== 200) throw new Error(text)
  return json.url
}

async function openTab(browser: Browser, options: BrowserContextOptions): Promise<Page> {
  return (await browser.newContext({ reducedMotion: 'reduce', ...options })).newPage()
}

/** Takes all of them. */
async function takeAll(browser: Browser, server: TestServer, folder: string): Promise<void> {
  for (const width of [320, 768, 1280])
    for (const [language, direction] of [
      ['en', 'ltr'],
      ['de', 'ltr'],
      ['es', 'rtl'],
    ] as const)
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await openTab(browser, { colorScheme, viewport: { width, height: 900 } })
        await page.addInitScript((direction) => {
          document.addEventListener('DOMContentLoaded', () => {
            document.documentElement.dir = direction
          })
        }, direction)
        const link = await makeLink(server, {
          lang: language,
          return_url: 'https://app.example.com/settings',
        })
        await page.goto(link)
        const take: Take = async (state) => {
          await page.waitForTimeout(60)
          const name = `${state}-${width}-${language}-${colorScheme}`
          const faults = await page.evaluate(findFaults)
          if (faults.length > 0) process.stdout.write(`${name}: ${faults.join('; ')}\n`)
          await page.screenshot({
            path: join(folder, `${name}.png`),
            fullPage: state === 'list' || state === 'table',
          })
        }
        await walk(page, take)
        await page.goto('about:blank')
        await page.goto(link)
        await page.locator('.refused').waitFor()
        await take('used')
        await page.context().close()
      }
  const host = await startHost(server, { session: { user, permissions } })
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await openTab(browser, { colorScheme, viewport: { width: 1024, height: 900 } })
    await page.goto(host.url)
    await page.locator('.row').first().waitFor()
    await page.screenshot({ path: join(folder, `embedded-${colorScheme}.png`), fullPage: true })
    await page.context().close()
  }
  await host.close()
}

/** Takes those of the documents. */
async function takeForDocuments(browser: Browser, server: TestServer): Promise<void> {
  const folder = join(import.meta.dirname, '../../docs/images/embed')
  mkdirSync(folder, { recursive: true })
  const save = async (page: Page, name: string) => {
    const path = join(folder, `${name}.png`)
    await page.screenshot({ path })
    execFileSync('pngquant', ['--force', '--strip', '--output', path, '64', path])
  }
  const link = () => makeLink(server, { lang: 'en', return_url: 'https://app.example.com/settings' })
  for (const colorScheme of ['light', 'dark'] as const) {
    const page = await openTab(browser, {
      colorScheme,
      viewport: { width: 1000, height: 880 },
      deviceScaleFactor: 1.5,
    })
    await page.goto(await link())
    await page.locator('.row').first().waitFor()
    await save(page, `keys-${colorScheme}`)
    await page.context().close()
  }
  const phone = await openTab(browser, {
    viewport: { width: 390, height: 780 },
    deviceScaleFactor: 1.5,
    colorScheme: 'light',
  })
  await phone.goto(await link())
  await phone.locator('.head .primary').click()
  await phone.locator('dialog input').first().fill('Mailer')
  await phone.locator('dialog input[type=checkbox]').first().check()
  await phone.locator('dialog button.primary').click()
  await phone.locator('.new-token').waitFor()
  await phone.waitForTimeout(200)
  await save(phone, 'token-phone')
  await phone.context().close()
}

const port = await new Promise<number>((done) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address() as AddressInfo
    probe.close(() => done(port))
  })
})
const [target] = process.argv.slice(2)
if (target === undefined) throw new Error('Name the folder for the pictures, or --documents.')
const { url, remove } = makeSqlite()
await fill(url)
const server = await startTestServer(url, { port, publicUrl: `http://127.0.0.1:${port}` })
const browser = await launchBrowser()
try {
  if (target === '--documents') await takeForDocuments(browser, server)
  else {
    mkdirSync(target, { recursive: true })
    await takeAll(browser, server, target)
  }
} finally {
  await browser.close()
  await server.close()
  await remove()
}
