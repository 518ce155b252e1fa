// The documents as a site: what its navigation leads to in every run, and with TEST_LONG=1 the built site in a browser.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { brokenLinks } from '../../site/check.ts'
import { readDocuments, readNavigation, repository, unlisted } from '../../site/documents.ts'
import { serve } from '../../site/serve.ts'
import { casesIfLong } from '../setup/rounds.ts'
import { findViolations, sharedBrowser } from './chromium.ts'

test('docs/README.md leads to every document, and has a group for each kind of reader', () => {
  const documents = readDocuments()
  const groups = readNavigation(documents)
  expect(unlisted(documents, groups)).toEqual([])
  const readers = ['You write a backend', 'You administer keys', 'You operate it', 'You judge it']
  expect(groups.map(({ name }) => name)).toEqual(expect.arrayContaining(readers))
})

test('a document that docs/README.md does not list, and one without a title, are found out', () => {
  const folder = makeFolder()
  mkdirSync(join(folder, 'docs/guides'), { recursive: true })
  writeFileSync(
    join(folder, 'docs/README.md'),
    '# All\n\n## Nouns\n\n[keys](guides/keys.md) [b](guides/lost.md#b)\n',
  )
  for (const name of ['keys', 'lost']) writeFileSync(join(folder, `docs/guides/${name}.md`), `# ${name}\n`)
  const documents = readDocuments(folder)
  expect(unlisted(documents, readNavigation(documents))).toEqual(['docs/guides/lost.md'])
  writeFileSync(join(folder, 'docs/guides/keys.md'), 'Keys\n')
  expect(() => readDocuments(folder)).toThrow('docs/guides/keys.md has no title')
})

test('no two documents stand at one address of the site', () => {
  const addresses = readDocuments().map(({ address }) => address)
  expect(addresses.filter((address, at) => addresses.indexOf(address) !== at)).toEqual([])
})

test('links of the site that lead nowhere, and what comes from elsewhere, are found out', () => {
  const folder = makeFolder()
  writeFileSync(
    join(folder, 'a.html'),
    '<a href="b.html">b</a> <a href="#c">c</a> <p id="d"><a href="a.html#d">d</a></p>',
  )
  writeFileSync(
    join(folder, 'e.html'),
    '<a href="https://a.test/">a</a> <script async src="https://a.test/x.js"></script>',
  )
  const faults = ['a.html: b.html is not there', 'a.html: #c is no heading']
  expect(brokenLinks(folder)).toEqual([...faults, 'e.html: https://a.test/x.js is fetched from elsewhere'])
})

describe.each(casesIfLong(['site']))('the built %s', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-site-'))
  const out = join(folder, 'out')
  let site: Awaited<ReturnType<typeof serve>>
  const pages: string[] = []

  beforeAll(async () => {
    buildSite(out)
    pages.push(...globSync('**/*.html', { cwd: out }).sort())
    site = await serve(out, 0)
  })
  afterAll(() => {
    site.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is the same, byte for byte, when it is built again', () => {
    const again = join(folder, 'again')
    buildSite(again)
    expect(hashOf(again)).toEqual(hashOf(out))
    expect(pages.length).toBeGreaterThan(55)
  })

  test('names no font, script or style of another host', () => {
    const texts = globSync('**/*.{html,css,js,svg}', { cwd: out }).map((file) =>
      readFileSync(join(out, file), 'utf8'),
    )
    expect(texts.filter((text) => /@import|url\(["']?(https?:)?\/\//.test(text))).toEqual([])
    expect(texts.filter((text) => /<[^>]* style="/.test(text) && !text.startsWith('<svg'))).toEqual([])
  })

  test.each(['light', 'dark'] as const)(
    'shows each page without a fault in %s, wide and on a phone, from its own host alone',
    { timeout: 600_000 },
    async (colorScheme) => {
      const { page, faults } = await openPage({ colorScheme })
      for (const address of pages) {
        await page.setViewportSize({ width: 1280, height: 900 })
        const answer = await page.goto(site.url + address)
        expect(answer?.status()).toBe(200)
        expect(await page.locator('h1').count(), address).toBe(1)
        expect(await findViolations(page), address).toEqual([])
        await page.setViewportSize({ width: 320, height: 740 })
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        expect(over, `${address} is wider than a phone`).toBeLessThanOrEqual(0)
      }
      expect(faults).toEqual([])
    },
  )

  test('finds what is searched for, with the keyboard alone', async () => {
    const { page, faults } = await openPage({})
    await page.goto(`${site.url}guides/limits.html`)
    await page.keyboard.press('/')
    await page.keyboard.type('revoke a key')
    const first = page.locator('.finder li a').first()
    await first.getByText('Revoke a key').waitFor()
    expect(await findViolations(page)).toEqual([])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/guides/keys.html#revoke-a-key')
    await page.keyboard.press('/')
    await page.keyboard.type('zzzzqqqq')
    await page.getByText('Nothing found.').waitFor()
    await page.keyboard.press('Escape')
    await expect.poll(() => page.locator('dialog').isVisible()).toBe(false)
    expect(faults).toEqual([])
  })

  test.each([
    ['revoke', 'guides/keys.html#revoke-a-key'],
    ['rotate', 'guides/keys.html#rotate-a-key'],
    ['webhook', 'guides/webhooks.html'],
    ['rate limit', 'guides/limits.html#what-your-customer-sees'],
  ])('finds for %s first what most readers mean', async (sought, expected) => {
    const { page } = await openPage({})
    await page.goto(`${site.url}start.html`)
    await page.keyboard.press('/')
    await page.keyboard.type(sought)
    const first = page.locator('.finder li a').first()
    await expect.poll(() => first.getAttribute('href')).toBe(site.url + expected)
  })

  test('copies code, and commands without their prompt', async () => {
    const { page } = await openPage({})
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.goto(`${site.url}start.html`)
    const block = page.locator('.code').filter({ hasText: 'npm start' }).first()
    await block.hover()
    await block.getByRole('button', { name: 'Copy' }).click()
    await block.getByRole('button', { name: 'Copied' }).waitFor()
    const shown = (await block.locator('code').textContent()) ?? ''
    expect(shown).toMatch(/^\$ /)
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(shown.replaceAll(/^\$ /gm, ''))
  })

  test('keeps the reader’s choice of dark, and shows the pictures for it', async () => {
    const { page } = await openPage({ colorScheme: 'light' })
    await page.goto(`${site.url}explain/staleness.html`)
    await page.getByLabel('Colours').selectOption('dark')
    await page.reload()
    expect(await page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark')
    await page.locator('article img.only-dark').first().waitFor()
    expect(await page.locator('article img.only-light').first().isVisible()).toBe(false)
  })

  test('is read and walked through without a script', async () => {
    const { page } = await openPage({ javaScriptEnabled: false, viewport: { width: 390, height: 800 } })
    await page.goto(`${site.url}start.html`)
    await page.getByRole('button', { name: 'Menu' }).click()
    await page.getByText('You operate it').first().click()
    await page.getByRole('link', { name: 'Backup and restore' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Backup and restore' }).waitFor()
  })

  /** A page, and what it tells of faults and asks of other hosts. */
  async function openPage(options: Parameters<Awaited<ReturnType<typeof sharedBrowser>>['newContext']>[0]) {
    const context = await (await sharedBrowser()).newContext(options)
    onTestFinished(() => context.close())
    const page: Page = await context.newPage()
    const faults: string[] = []
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) faults.push(`${page.url()}: ${message.text()}`)
    })
    page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`))
    page.on('request', (request) => {
      if (!request.url().startsWith(site.url)) faults.push(`${page.url()} asks for ${request.url()}`)
    })
    return { page, faults }
  }
})

function buildSite(out: string): void {
  execFileSync('npm', ['run', '--silent', 'docs', '--', '--out', out], { cwd: repository, stdio: 'pipe' })
}

function hashOf(folder: string): Record<string, string> {
  const files = globSync('**/*.*', { cwd: folder }).sort()
  return Object.fromEntries(
    files.map((file) => [
      file,
      createHash('sha256')
        .update(readFileSync(join(folder, file)))
        .digest('hex'),
    ]),
  )
}

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-site-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
