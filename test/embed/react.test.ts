// `latchkey/react` as an app has it: bundled with React, rendered, rendered anew and taken off the page.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build, type Rollup } from 'vite'
import { expect, inject, onTestFinished, test } from 'vitest'
import { browserNote, skipsBrowser } from '../console/browser.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { makeKey, useEmbedBrowser } from './browser.ts'

/** An app that shows the keys in German or English, and nothing at the end. */
const app = (server: string) => `
import { createElement, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { LatchkeyKeys } from 'latchkey/react'

const place = document.body.appendChild(document.createElement('section'))
const root = createRoot(place)
globalThis.heard = []
globalThis.refuses = false
const getToken = async () => {
  if (globalThis.refuses) throw new Error('Nobody is signed in.')
  return (await fetch('/session', { method: 'POST' })).json()
}
globalThis.show = (lang) =>
  root.render(
    lang === null
      ? null
      : createElement(StrictMode, null, createElement(LatchkeyKeys, {
          ...{ getToken, server: '${server}', lang, className: 'keys', scheme: 'dark' },
          onReady: () => globalThis.heard.push(['ready', lang]),
          onFailed: (code) => globalThis.heard.push(['failed', lang, code]),
          onCreated: (id) => globalThis.heard.push(['created', lang, id]),
        })),
  )
globalThis.show('de')`

onOneDatabase('SQLite', `the component of React${browserNote}`, (makeDatabase) => {
  const browser = useEmbedBrowser()

  test.skipIf(skipsBrowser)('shows the keys, hears of changes by its newest function, and ends', async () => {
    const server = await browser.serve(await makeDatabase())
    const host = await browser.host(server, {
      files: { '/app.js': await bundle(app(server.url)) },
      hasElement: false,
      head: '<script type="module" src="/app.js"></script>',
    })
    const page = await browser.open(host.url)
    const show = (lang: string | null) =>
      page.evaluate((lang) => (globalThis as unknown as { show(lang: string | null): void }).show(lang), lang)
    const element = page.locator('section > latchkey-keys')
    await element.getByRole('heading', { name: 'API-Schlüssel' }).waitFor()
    await element.getByText('Noch keine API-Schlüssel').waitFor()
    expect(await element.getAttribute('class')).toBe('keys')
    await show('en')
    await element.getByRole('heading', { name: 'API keys' }).waitFor()
    // Also what was being loaded.
    await element.getByText('No API keys yet').waitFor()
    await makeKey(page, 'CI')
    const { items } = await server.latchkey.keys.list({ organizationId: 'acme' })
    const heard = () => page.evaluate(() => (globalThis as unknown as { heard: unknown }).heard)
    const told = [
      ['ready', 'de'],
      ['ready', 'en'],
      ['created', 'en', items[0]?.id],
    ]
    await expect.poll(heard).toEqual(told)
    // React mounts twice in strict mode, and renders anew: one session serves all of it.
    expect(host.opened()).toBe(1)
    await show(null)
    await element.waitFor({ state: 'detached' })
    await page.evaluate(() => Object.assign(globalThis, { refuses: true }))
    await show('es')
    await expect.poll(heard).toEqual([...told, ['failed', 'es', 'token_failed']])
    expect(host.requests.filter(({ headers }) => headers.cookie !== undefined)).toEqual([])
  })
})

/** Bundles an app with React, as its own build does. */
async function bundle(source: string): Promise<string> {
  const folder = await mkdtemp(join(inject('builds').installed, 'react-app-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'app.js'), source)
  const { output } = (await build({
    root: folder,
    logLevel: 'error',
    configFile: false,
    build: { write: false, minify: false, rollupOptions: { input: join(folder, 'app.js') } },
  })) as Rollup.RollupOutput
  return output[0].code
}
