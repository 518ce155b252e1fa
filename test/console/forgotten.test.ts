// What stays of a token in the browser's memory once the page that it stood on is left: nothing.
import type { Page } from 'playwright-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makeSqlite } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'

describe(`a token in the memory of the browser${browserNote}`, () => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('is there while it is shown, and gone when its page is', async () => {
    const { url, remove } = makeSqlite()
    onTestFinished(remove)
    const server = await browser.serve(url)
    const page = await browser.open(server, { token: server.rootKey, byForm: true })
    const leave = async () => {
      await page.getByRole('link', { name: 'Activity' }).click()
      await page.getByRole('button', { name: 'Leave without it' }).click()
      await page.getByRole('heading', { name: 'Activity' }).waitFor()
    }
    const shown = async () => /re_\w{65}/.exec(await page.locator('pre').first().innerText())?.[0] as string
    expect(await isInMemory(page, server.rootKey)).toBe(false)

    await page.goto('/organizations/root/new-key')
    await page.getByLabel('Name', { exact: true }).fill('CI')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByText('Store it now').waitFor()
    const created = await shown()
    expect(await isInMemory(page, created)).toBe(true)
    await leave()
    expect(await isInMemory(page, created)).toBe(false)

    const [key] = (await server.latchkey.keys.list({ q: 'CI' })).items
    await page.goto(`/keys/${key?.id}`)
    await page.getByRole('button', { name: 'Rotate' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click()
    await page.getByText('Store it now').waitFor()
    const rotated = await shown()
    await leave()
    expect(await isInMemory(page, rotated)).toBe(false)
  })
})

/** Whether anything that can still be reached in a page holds a token. */
async function isInMemory(page: Page, token: string): Promise<boolean> {
  const protocol = await page.context().newCDPSession(page)
  const chunks: string[] = []
  protocol.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  // Collects what cannot be reached any more first.
  await protocol.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  await protocol.detach()
  // Its middle, which no other token has: a longer text may hold it, or a part of it.
  return chunks.join('').includes(token.slice(20, 60))
}
