// The whole life of a key by the keyboard alone, with the focus in sight wherever it stops.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'

onOneDatabase('SQLite', `the console by the keyboard alone${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('creates an organization, a key in it, and revokes the key', async () => {
    const server = await browser.serve(await makeDatabase())
    const { keys, organizations } = server.latchkey
    await organizations.create({ id: 'globex', name: 'Globex' })
    await keys.create({ organizationId: 'root', name: 'Other', permissions: ['emails:send'] })
    const page = await browser.open(server, { path: '/organizations' })
    const { keyboard } = page
    const isHere = (name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor()

    await tabTo(page, 'textbox "Token"')
    await keyboard.insertText(server.rootKey)
    await keyboard.press('Enter')
    await isHere('Organizations')

    await keyboard.press('n')
    await page.getByRole('dialog', { name: 'New organization' }).waitFor()
    await tabTo(page, 'textbox "Name"')
    await keyboard.type('Acme Robotics')
    await tabTo(page, 'textbox "Id (optional)"')
    await keyboard.type('acme')
    await keyboard.press('Enter')
    await isHere('Acme Robotics')

    await keyboard.press('n')
    await isHere('New key')
    await tabTo(page, 'textbox "Name"')
    await keyboard.type('CI')
    await tabTo(page, 'combobox "Permissions"')
    await keyboard.type('latchkey:keys:')
    await page.getByRole('option').first().waitFor()
    await keyboard.press('ArrowDown')
    await page.getByRole('option', { selected: true }).waitFor()
    await keyboard.press('Enter')
    await page.getByRole('button', { name: 'Remove latchkey:keys:read' }).waitFor()
    await keyboard.type('mistake ')
    await keyboard.press('Backspace')
    expect(await page.getByRole('button', { name: 'Remove mistake' }).count()).toBe(0)
    await tabTo(page, 'radio "Never"')
    await keyboard.press('ArrowRight')
    await expectFocus(page, 'radio "7 days"')
    await tabTo(page, 'button "Create key"')
    await keyboard.press('Enter')
    await isHere('The new key’s token')

    await tabTo(page, 'checkbox "I have stored the token"')
    await keyboard.press('Space')
    await tabTo(page, 'button "Done"')
    await keyboard.press('Enter')
    await isHere('CI')

    await tabTo(page, 'button "Revoke"')
    await keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Revoke the key' }).waitFor()
    await keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expectFocus(page, 'button "Revoke"')
    await keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Revoke the key' }).waitFor()
    await tabTo(page, 'textbox "Type the name to confirm"')
    await keyboard.type('CI')
    await keyboard.press('Enter')
    await page.getByRole('status').getByText('The key is revoked').waitFor()
    const [key] = (await keys.list({ organizationId: 'acme', status: 'revoked' })).items
    expect(key).toMatchObject({ name: 'CI', permissions: ['latchkey:keys:read'] })
    expect(key?.expiresAt?.getTime()).toBeGreaterThan(Date.now())

    await tabTo(page, 'link "Acme Robotics"', 'Shift+Tab')
    await keyboard.press('Enter')
    await page.getByText('No active key yet').waitFor()
    await tabTo(page, 'radio "Active"')
    await keyboard.press('ArrowRight')
    await keyboard.press('ArrowRight')
    await page.getByRole('row', { name: /CI .*Revoked$/ }).waitFor()
    await expectFocus(page, 'radio "Revoked"')
    await keyboard.press('/')
    await expectFocus(page, 'searchbox "Search by name"')
  })
})

const mostStops = 60

/** Goes on by Tab until the focus is on what is named so; at each stop it must be in sight. */
async function tabTo(page: Page, wanted: string, by: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const stops: string[] = []
  for (let stop = 0; stop < mostStops; stop++) {
    const name = await nameOfFocus(page)
    if (name.startsWith(wanted)) return expectFocus(page, wanted)
    stops.push(name)
    await page.keyboard.press(by)
  }
  expect.fail(`No ${wanted} among: ${stops.join(', ')}`)
}

/** Expects the focus on what is named so, and that it can be seen. */
async function expectFocus(page: Page, wanted: string): Promise<void> {
  await expect.poll(async () => (await nameOfFocus(page)).slice(0, wanted.length)).toBe(wanted)
}

/** The role and the name of what has the focus: `button "Done"`. Where it stopped without an outline, fails. */
async function nameOfFocus(page: Page): Promise<string> {
  const isOutlined = await page.evaluate(() => {
    const focused = document.activeElement
    // A heading takes the focus of a new page, to be read aloud: nobody comes to it by Tab.
    if (focused === null || focused === document.body || focused.matches('[tabindex="-1"]')) return undefined
    // A control may be drawn by the box around it.
    const boxes = [focused, focused.parentElement].filter((box) => box !== null)
    return boxes.some((box) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(box)
      return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 2
    })
  })
  if (isOutlined === undefined) return ''
  const [name = ''] = (await page.locator(':focus').ariaSnapshot()).slice('- '.length).split('\n')
  expect(isOutlined, `${name} shows that it has the focus`).toBe(true)
  return name
}
