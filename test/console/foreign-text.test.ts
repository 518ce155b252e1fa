// Text that others wrote, in every place that shows or takes it: it is shown as it is, and never run.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { partsOf } from '../../console/format/foreign-text.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import type { TestServer } from '../setup/server.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { go, visit } from './chromium.ts'

/** Each would set `hacked`, load something or break out of its place, were it ever taken for more than text. */
const corpus = [
  '<script>hacked=1</script>',
  '<img src=x onerror="hacked=1">',
  '"><svg onload=hacked=1>',
  `'-hacked=1-'`,
  '</title></textarea></script><script>hacked=1</script>',
  '<iframe srcdoc="<script>parent.hacked=1</script>"></iframe>',
  '<a href="javascript:hacked=1">press</a>',
  'javascript:hacked=1',
  '<base href="https://attacker.example/">',
  '<style>*{display:none}</style>',
  '<input autofocus onfocus=hacked=1>',
  '{{constructor.constructor("hacked=1")()}}',
  `${'$'}{hacked=1}`,
  '&lt;script&gt;hacked=1&lt;/script&gt;',
  '\u202Egnp.exe\u202C \u2067right to left\u2069',
  'x'.repeat(256),
  '👩🏽‍🚀'.repeat(36),
  'Z\u0351\u036B\u0343\u036A\u0302\u036B\u033D\u034F\u0334\u0319\u0324\u031Ealgo',
]

/** A page on which nothing of the corpus was taken for more than text. */
async function expectOnlyText(page: Page, where: string): Promise<void> {
  const found = await page.evaluate(() => {
    const elements =
      'script:not([src^="/assets/"]), iframe, base, style:not([nonce]), img, [onerror], [onload], [onfocus]'
    return {
      hacked: 'hacked' in globalThis,
      elements: [...document.querySelectorAll(elements)].map((element) => element.outerHTML),
      links: [...document.querySelectorAll('a')]
        .map((link) => link.protocol)
        .filter((to) => !/^https?:$/.test(to)),
      // Not one character that turns the direction of others, whose text ever it stands in.
      turning: document
        .querySelector('#console')
        ?.textContent?.match(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u),
      sideways: document.documentElement.scrollWidth > innerWidth,
    }
  })
  expect(found, where).toEqual({ hacked: false, elements: [], links: [], turning: null, sideways: false })
}

/** A text as a page has it: with a mark for what hides or turns the direction. */
const shown = (text: string) =>
  partsOf(text)
    .map((part) => part.text)
    .join('')

const renamed = (text: string) => `${[...text].slice(0, 250).join('')} too`

async function fill(server: TestServer): Promise<string[]> {
  const { keys, organizations } = server.latchkey
  const ids: string[] = []
  for (const [i, text] of corpus.entries()) {
    await organizations.create({ id: `o${i}`, name: text })
    const metadata = { [text]: text, deeper: { [text]: [text] } }
    const { id } = await keys.create({ organizationId: 'acme', name: text, createdBy: text, metadata })
    await keys.update(id, { name: renamed(text), metadata: { now: text } })
    ids.push(id)
  }
  return ids
}

onOneDatabase('SQLite', `text of others in the console${browserNote}`, (makeDatabase, kind) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)(
    'is shown as it is on every page, and never run',
    { timeout: 120_000 },
    async () => {
      const server = await browser.serve(await makeDatabase())
      await createAcme(server.latchkey)
      const ids = await fill(server)
      const userAgent = '<script>hacked=1</script> "><img src=x onerror=hacked=1>'
      // High enough to draw all rows of the list.
      const viewport = { width: 1280, height: 6000 }
      const page = await browser.open(server, { token: server.rootKey, userAgent, viewport })
      for (const path of ['/organizations/acme', '/organizations', '/keys', '/activity', '/account']) {
        await visit(page, path)
        await expectOnlyText(page, path)
      }
      expect(await page.locator('main').innerText()).toContain(userAgent)
      await visit(page, '/organizations/acme')
      for (const text of corpus)
        await page
          .getByText(shown(renamed(text)))
          .first()
          .waitFor({ state: 'attached' })
      // The pages of single keys are not as high, and each is drawn as a whole.
      await page.setViewportSize({ ...viewport, height: 1500 })
      // What a page does with one text it does with all: on the second database a few will do.
      for (const [i, id] of ids.slice(0, kind === 'SQLite' ? undefined : 3).entries()) {
        await visit(page, `/keys/${id}`)
        for (const more of await page.getByRole('button', { name: /What changed|Show/ }).all())
          await more.click()
        await expectOnlyText(page, `/keys/${id}`)
        const text = await page.locator('main').innerText()
        expect(text).toContain(shown(renamed(corpus[i] as string)))
      }
    },
  )

  test.skipIf(skipsBrowser)('leaves its box on no phone, however long its words are', async () => {
    const server = await browser.serve(await makeDatabase())
    const { keys, organizations, webhooks } = server.latchkey
    const organizationId = 'o'.repeat(60)
    await organizations.create({ id: organizationId, name: 'W'.repeat(100) })
    const { id } = await keys.create({
      ...{ organizationId, name: 'W'.repeat(100), description: 'W'.repeat(100), tags: ['x'.repeat(40)] },
      permissions: [`${'a'.repeat(40)}:${'b'.repeat(20)}`],
      createdBy: `${'somebody.'.repeat(8)}@${'department.'.repeat(6)}example.com`,
    })
    const hook = await webhooks.create({ url: `https://hooks.example.com/${'W'.repeat(200)}`, events: ['*'] })
    const viewport = { width: 320, height: 740 }
    const page = await browser.open(server, { token: server.rootKey, viewport, path: '/account' })
    const sideways: Record<string, number> = {}
    for (const path of [
      ...[`/keys/${id}`, `/keys/${id}/permissions`, `/keys/${id}/activity`, '/settings/permissions'],
      ...[`/organizations/${organizationId}`, `/organizations/${organizationId}/settings`, '/organizations'],
      ...['/keys', '/activity', '/settings/webhooks', `/webhooks/${hook.id}`],
    ]) {
      await visit(page, path)
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
      if (over > 0) sideways[path] = over
    }
    expect(sideways).toEqual({})
  })

  test.skipIf(skipsBrowser)('is no less harmless in an address', { timeout: 60_000 }, async () => {
    const server = await browser.serve(await makeDatabase())
    const page = await browser.open(server, { token: server.rootKey })
    const texts = kind === 'SQLite' ? corpus.slice(0, 6) : corpus.slice(0, 1)
    for (const [i, text] of texts.entries()) {
      const encoded = encodeURIComponent(text)
      // The server sends the same page to all: the first few show it.
      const to = i < 2 ? go : visit
      for (const path of [
        `/organizations?q=${encoded}#${encoded}`,
        `/keys?q=${encoded}&status=${encoded}&sort=${encoded}`,
        `/audit-log?organization=${encoded}&key=${encoded}&actor=${encoded}&since=${encoded}&action=${encoded}`,
        `/organizations/${encoded}`,
        `/keys/${encoded}`,
        `/${encoded}`,
      ]) {
        await to(page, path)
        await expectOnlyText(page, path)
      }
    }
  })

  test.skipIf(skipsBrowser)('is harmless in every field that takes it', { timeout: 120_000 }, async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    const page = await browser.open(server, { token: server.rootKey })
    const texts = kind === 'SQLite' ? corpus.slice(0, 9) : corpus.slice(0, 1)
    const places = [
      '/organizations',
      '/organizations/acme',
      '/keys',
      '/organizations/acme/new-key',
      '/activity',
      '/try',
    ]
    let filled = 0
    for (const place of places) {
      await visit(page, place)
      const fields = page
        .locator('main')
        .locator('input[type=text], input[type=search], input[type=password], input:not([type]), textarea')
      for (const text of texts) {
        // What is typed into one may take others away.
        for (let i = 0; i < (await fields.count()); i++) {
          if (!(await fields.nth(i).isEditable())) continue
          await fields.nth(i).fill(text)
          // There it would create a key, which is another test's.
          await page.keyboard.press(place.endsWith('/new-key') ? 'Tab' : 'Enter')
          filled++
        }
        await expectOnlyText(page, `${place}: ${text}`)
      }
    }
    expect(filled).toBeGreaterThan(places.length * texts.length)
  })
})
