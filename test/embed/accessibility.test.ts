// The element as axe-core sees it in each state, by the keyboard alone, on a phone, and in each of its languages.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { browserNote, skipsBrowser } from '../console/browser.ts'
import { judge, judgeOnPhone } from '../console/judge.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { inToken, makeKey, openClosedTrees, shown, useEmbedBrowser } from './browser.ts'

/** Has the element open all of its trees, so that a checker sees what readers see. */
function openAllTrees(): void {
  const attach = Element.prototype.attachShadow
  Element.prototype.attachShadow = function (init) {
    return attach.call(this, { ...init, mode: 'open' })
  }
}

onOneDatabase('SQLite', `the element for everybody${browserNote}`, (makeDatabase) => {
  const browser = useEmbedBrowser()

  test.skipIf(skipsBrowser)('axe-core finds nothing, in light and dark, in any state', async () => {
    const server = await browser.serve(await makeDatabase())
    const host = await browser.host(server)
    const page = await browser.open(host.url, {
      before: openAllTrees,
      viewport: { width: 1280, height: 720 },
    })
    const found: Record<string, unknown> = {}
    const look = async (name: string) => {
      await page.waitForTimeout(100)
      Object.assign(found, await judge(page, name), await judgeOnPhone(page, name))
    }
    await page.getByText('No API keys yet').waitFor()
    await look('empty')
    await page.getByRole('button', { name: 'New key' }).click()
    await look('the form')
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Create key' }).click()
    await look('the form with a fault')
    await dialog.getByLabel('Name').fill('Mailer')
    await dialog.getByRole('checkbox').first().check()
    await dialog.getByRole('button', { name: 'Create key' }).click()
    await page.getByRole('button', { name: 'Reveal' }).waitFor()
    await look('a new token')
    await page.getByRole('button', { name: 'Reveal' }).click()
    await look('a token that is revealed')
    await page.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Rotate: Mailer' }).click()
    await look('the dialog to rotate')
    await page.getByRole('radio', { name: 'Not at all' }).check()
    await look('the dialog to rotate at once')
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Revoke: Mailer' }).click()
    await look('the dialog to revoke')
    await page.getByLabel('To confirm').fill('Mailer')
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText('“Mailer” was revoked.').waitFor()
    await look('a revoked key')
    const failing = await browser.host(server, {
      script: 'keys.getToken = () => Promise.reject(new Error())',
    })
    await page.goto(failing.url)
    await page.getByRole('button', { name: 'Try again' }).waitFor()
    await look('a failure')
    expect(found).toEqual({})
  })

  test.skipIf(skipsBrowser)('a key is made, rotated and revoked by the keyboard alone', async () => {
    const server = await browser.serve(await makeDatabase())
    const host = await browser.host(server)
    const page = await browser.open(host.url, {
      before: openClosedTrees,
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    await shown(page)
    const press = (key: string) => page.keyboard.press(key)
    await tabTo(page, 'New key')
    await press('Enter')
    // The first field has the focus.
    await page.keyboard.type('Mailer')
    await tabTo(page, 'emails:*')
    await press('Space')
    await tabTo(page, 'Create key')
    await press('Enter')
    await page.getByText('“Mailer” was created.').waitFor()
    await expect.poll(() => focused(page)).toBe('The new token of “Mailer”')
    await press('Tab')
    await press('Enter')
    await expect.poll(() => inToken(page)).toContain('Copied')
    const token = await page.evaluate(() => navigator.clipboard.readText())
    expect((await server.latchkey.verify(token)).code).toBe('valid')
    // Copy, Reveal, Close.
    await press('Tab')
    await press('Tab')
    await press('Enter')
    await page.getByText('The token is no longer shown.').waitFor()
    await expect.poll(() => focused(page)).toBe('Rotate: Mailer')
    await press('Enter')
    await expect.poll(() => focused(page)).toBe('24 hours')
    await press('ArrowRight')
    await page.getByText(/^The old token works until/).waitFor()
    // Escape gives the focus back.
    await press('Escape')
    await expect.poll(() => focused(page)).toBe('Rotate: Mailer')
    await press('Enter')
    await tabTo(page, 'Rotate')
    await press('Enter')
    await page.getByText(/^“Mailer” has a new token. The old token works until/).waitFor()
    await expect.poll(() => focused(page)).toBe('The new token of “Mailer”')
    await tabTo(page, 'Revoke: Mailer')
    await press('Enter')
    await page.keyboard.type('Mailer')
    await press('Enter')
    await page.getByText('“Mailer” was revoked.').waitFor()
    await expect.poll(() => focused(page)).toBe('Mailer')
    expect((await server.latchkey.verify(token)).code).toBe('revoked')
  })

  test.skipIf(skipsBrowser).each([
    ['de', 'lang="de-AT"', 'API-Schlüssel', 'Noch keine API-Schlüssel'],
    ['es', 'lang="es"', 'Claves de API', 'Aún no hay claves de API'],
    ['fr, whose reader prefers German', 'lang="fr"', 'API-Schlüssel', 'Noch keine API-Schlüssel'],
    ['no language, whose reader prefers German', '', 'API-Schlüssel', 'Noch keine API-Schlüssel'],
  ])('speaks as the page does: %s', async (_, attributes, title, empty) => {
    const server = await browser.serve(await makeDatabase())
    const host = await browser.host(server, { attributes })
    const page = await browser.open(host.url, { locale: 'de' })
    await page.getByText(empty).waitFor()
    await page.getByRole('heading', { name: title }).waitFor()
    // The element's own word goes before that of what is around it, and another word of it changes it at once.
    await page.locator('latchkey-keys').evaluate((element) => element.setAttribute('lang', 'en'))
    await page.getByText('No API keys yet').waitFor()
    const language = await page.locator('latchkey-keys .app').getAttribute('lang')
    expect(language).toBe('en')
  })

  test.skipIf(skipsBrowser)(
    'runs from right to left where the page does, and fits a phone there',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const host = await browser.host(server, { attributes: 'lang="en" dir="rtl"' })
      const page = await browser.open(host.url, {
        before: openClosedTrees,
        viewport: { width: 320, height: 740 },
      })
      await makeKey(page, 'Mailer')
      const place = async (name: string) => page.getByRole('heading', { name, exact: true }).boundingBox()
      const title = await place('API keys')
      expect((title?.x ?? 0) + (title?.width ?? 0)).toBeGreaterThan(290)
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(320)
      const hint = await page.locator('.row code').boundingBox()
      expect((hint?.x ?? 0) + (hint?.width ?? 0)).toBeGreaterThan(270)
    },
  )

  test.skipIf(skipsBrowser)(
    'shows its buttons, focus, words and dialogs in the colours that a reader forces on pages',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const host = await browser.host(server)
      const page = await browser.open(host.url, { before: openClosedTrees, forcedColors: 'active' })
      await makeKey(page, 'Mailer')
      const system = await page.evaluate(systemColours)
      const seen = (selector: string) => page.locator(selector).first().evaluate(coloursOf)
      const { Canvas, CanvasText, ButtonText, ButtonFace, ButtonBorder, Highlight } = system
      const bordered = { text: CanvasText, border: [CanvasText, 'solid', 1] }
      expect(await seen('.status.active')).toMatchObject(bordered)
      expect(await seen('.chip')).toMatchObject(bordered)
      for (const [selector, width] of [
        ['.head .button.primary', 2],
        ['.row .button:not(.revoke)', 1],
        ['.row .button.revoke', 1],
      ] as const)
        expect([selector, await seen(selector)]).toMatchObject([
          selector,
          { text: ButtonText, background: ButtonFace, border: [ButtonBorder, 'solid', width] },
        ])
      await tabTo(page, 'New key')
      expect(await seen(':focus-visible')).toMatchObject({ outline: [Highlight, 'solid', 2] })
      await page.keyboard.press('Enter')
      expect(await seen('dialog')).toMatchObject({ ...bordered, background: Canvas })
      expect(await seen('dialog textarea')).toMatchObject({ border: [CanvasText, 'solid', 1] })
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Rotate: Mailer' }).click()
      // Which of them is chosen is seen by more than a shade.
      expect(await seen('.segments .choice:has(:checked)')).toMatchObject({
        outline: [Highlight, 'solid', 1],
      })
      await page.getByRole('radio', { name: 'Not at all' }).check()
      expect(await seen('.effect.warn')).toMatchObject(bordered)
    },
  )

  test.skipIf(skipsBrowser)(
    'is dark or light as the attribute says, else as the reader prefers',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const host = await browser.host(server)
      const page = await browser.open(host.url, { colorScheme: 'dark' })
      await shown(page)
      const colour = () =>
        page.getByRole('heading', { name: 'API keys' }).evaluate((found) => getComputedStyle(found).color)
      const [dark, light] = ['rgb(236, 238, 240)', 'rgb(27, 28, 30)']
      expect(await colour()).toBe(dark)
      const element = page.locator('latchkey-keys')
      await element.evaluate((found) => found.setAttribute('scheme', 'light'))
      expect(await colour()).toBe(light)
      await page.emulateMedia({ colorScheme: 'light' })
      await element.evaluate((found) => found.setAttribute('scheme', 'dark'))
      expect(await colour()).toBe(dark)
      await element.evaluate((found) => found.removeAttribute('scheme'))
      expect(await colour()).toBe(light)
    },
  )
})

/** What the colours are that a reader forces on pages. */
function systemColours() {
  const probe = document.body.appendChild(document.createElement('i'))
  const read = (name: string) => {
    probe.style.color = name
    return getComputedStyle(probe).color
  }
  const names = ['Canvas', 'CanvasText', 'ButtonText', 'ButtonFace', 'ButtonBorder', 'Highlight'] as const
  const colours = Object.fromEntries(names.map((name) => [name, read(name)]))
  probe.remove()
  return colours as Record<(typeof names)[number], string>
}

/** In which colours something is drawn. */
function coloursOf(element: Element) {
  const style = getComputedStyle(element)
  const line = (name: 'border' | 'outline') =>
    [`${name}-color`, `${name}-style`, `${name}-width`].map((one) => style.getPropertyValue(one))
  const read = ([colour, kind, width]: string[]) => [colour, kind, Number.parseFloat(width ?? '')]
  return {
    ...{ text: style.color, background: style.backgroundColor },
    ...{ border: read(line('border')), outline: read(line('outline')) },
  }
}

/** What has the focus, within the element too, by its name. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    let at = document.activeElement
    while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement
    if (at === null) return ''
    const label =
      at.getAttribute('aria-label') ?? (at as HTMLInputElement).labels?.[0]?.innerText ?? at.textContent
    return label.split('\n')[0]?.trim() ?? ''
  })
}

/** Goes on by the tabulator until something has the focus. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let i = 0; i < 40; i++) {
    if ((await focused(page)) === name) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`The tabulator does not lead to ${name}.`)
}
