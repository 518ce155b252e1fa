// Finding keys in the console: by their tags, and by what somebody has in hand of a token, which never leaves the page.
import { expect, test } from 'vitest'
import type { WireKey } from '../../console/api.ts'
import { readSearch } from '../../console/format/found-by.ts'
import { readTags, tagsFault } from '../../console/format/tags.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'

test('a search is read as what it says of a key, and gives no character of a secret', () => {
  const token = 're_0123456789abcdef0000000000000000000000000000000000000000000'
  expect(readSearch('CI')).toBeUndefined()
  expect(readSearch('#')).toBeUndefined()
  expect(readSearch('#team:b')).toBeUndefined()
  expect(readSearch('#team:b ')).toEqual({ tag: 'team:b' })
  expect(readSearch('#Team ')).toBeUndefined()
  expect(readSearch('re_0123456789abcdef…')).toEqual({ kid: '0123456789abcdef' })
  expect(readSearch(' re_live_0123456789abcdef ')).toEqual({ kid: '0123456789abcdef' })
  expect(readSearch('0192f0c1-0000-7000-8000-000000000000')).toEqual({
    id: '0192f0c1-0000-7000-8000-000000000000',
  })
  expect(readSearch(`Bearer ${token.replace('0000000000', 'aBcDeFgHiJ')}`)).toEqual({ part: true })
})

test('tags are read from words, and what is wrong with one is said', () => {
  expect(readTags(' b, a  b\na,')).toEqual(['a', 'b'])
  expect(tagsFault(['a', 'team:b'])).toBeUndefined()
  expect(tagsFault(['A'])).toMatch(/^A: lower-case/)
  expect(tagsFault(['x'.repeat(64)])).toMatch(/at most 63/)
  expect(tagsFault(Array.from({ length: 17 }, (_, i) => `t${i}`))).toBe('At most 16 tags.')
})

onOneDatabase('SQLite', `keys that are found in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('by tags, which are chips in the address, and by a description', async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    const make = (name: string, tags: string[], description: string | null = null) =>
      server.latchkey.keys.create({ organizationId: 'acme', name, tags, description })
    await make('both', ['a', 'b'])
    await make('one', ['a'], 'Invoices at night')
    await make('none', [])
    const page = await browser.open(server, { token: server.rootKey, path: '/organizations/acme' })
    await page.getByText('3 keys', { exact: true }).waitFor()
    const search = page.getByLabel('Search by name')
    // The second one before the first is drawn.
    for (const tag of ['a', 'b']) {
      await search.fill(`#${tag}`)
      await search.press('Enter')
    }
    const tags = () => new URL(page.url()).searchParams.get('tag')
    await expect.poll(tags).toBe('a,b')
    await page.getByText('1 key', { exact: true }).waitFor()
    expect(await search.inputValue()).toBe('')
    await page.reload()
    await page.getByRole('link', { name: 'both', exact: true }).waitFor()
    const removals = page.getByRole('button', { name: /^Remove the filter tag/ })
    await removals.last().click()
    await page.getByText('2 keys', { exact: true }).waitFor()
    await removals.click()
    await page.getByText('3 keys', { exact: true }).waitFor()
    // Within one task of the browser, and so within one drawing.
    await search.evaluate((input: HTMLInputElement) => {
      const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value') ?? {}
      for (const tag of ['b', 'a']) {
        set?.call(input, `#${tag} `)
        input.dispatchEvent(new Event('input', { bubbles: true }))
      }
    })
    // One key has the first of them alone, too.
    await expect.poll(tags).toBe('b,a')
    await page.getByText('1 key', { exact: true }).waitFor()
    await removals.last().waitFor()
    await removals.evaluateAll((buttons) => {
      for (const button of buttons as HTMLElement[]) button.click()
    })
    await page.getByText('3 keys', { exact: true }).waitFor()
    await search.fill('INVOICES')
    await page.getByText('1 key', { exact: true }).waitFor()

    await page.getByRole('link', { name: 'one', exact: true }).click()
    await page.getByText('Invoices at night').waitFor()
    await page.getByRole('button', { name: 'Edit the tags' }).click()
    await page.getByRole('textbox', { name: 'Tags' }).fill('c a, Big')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText(/^Big: lower-case/).waitFor()
    await page.getByRole('textbox', { name: 'Tags' }).fill('c a')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: 'Edit the description' }).click()
    await page.getByRole('textbox', { name: 'Description' }).fill('')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('link', { name: 'c', exact: true }).click()
    await page.getByRole('list', { name: 'Filters' }).getByText('c', { exact: true }).waitFor()
    await page.getByText('1 key', { exact: true }).waitFor()
    const [key] = (await server.latchkey.keys.list({ tag: ['c'] })).items
    expect(key).toMatchObject({ name: 'one', tags: ['a', 'c'], description: null })
  })

  test.skipIf(skipsBrowser)('by a token that is pasted, of which only the kid is sent or kept', async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    const { id, key: token } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'Lost' })
    await server.latchkey.keys.revoke(id)
    const page = await browser.open(server, { token: server.rootKey, path: '/keys' })
    const sent: string[] = []
    page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
    const search = page.getByLabel('Search by name')
    await search.fill(`Authorization: Bearer ${token}`)
    await page.getByRole('link', { name: 'Lost', exact: true }).waitFor()
    const kid = token.slice(3, 19)
    expect([await search.inputValue(), new URL(page.url()).search]).toEqual(['', `?kid=${kid}`])
    await search.fill(token.slice(0, -1))
    await page.getByText('This is part of a token').waitFor()
    await search.fill('Lost')
    await page.waitForURL(/q=Lost/)
    const secret = token.slice(19, -6)
    const kept: string = await page.evaluate(() =>
      JSON.stringify([location.href, history.state, { ...localStorage }, { ...sessionStorage }]),
    )
    expect(sent.some((line) => line.includes(`kid=${kid}`))).toBe(true)
    expect([...sent, kept].filter((line) => line.includes(secret))).toEqual([])

    await search.fill(id)
    await page.getByRole('heading', { level: 1, name: 'Lost' }).waitFor()
    const { json } = await server.request<WireKey>('GET', `/v1/keys/${id}`, { token: server.rootKey })
    expect(json.status).toBe('revoked')
  })
})
