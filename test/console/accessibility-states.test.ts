// Every dialog of the console, and what else is seen only after something was done, as axe-core sees it, in light and in dark.
import type { Locator, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { browserNote, skipsBrowser, useBrowser, useStage } from './browser.ts'
import { visit } from './chromium.ts'
import { judge, judged } from './judge.ts'
import type { Stage } from './stage.ts'

/** The dialogs that tell what a change would have refused, once they hold one. */
const previewed: Record<string, (dialog: Locator) => Promise<unknown>> = {
  Rotate: (dialog) => dialog.getByRole('radio', { name: 'None' }).check(),
  Revoke: async () => {},
  Suspend: async () => {},
  'Edit the allowed addresses': (dialog) => dialog.getByLabel('Allowed addresses').fill('192.0.2.7'),
  'End grace now': async () => {},
  'Edit the permissions': (dialog) => dialog.getByRole('button', { name: 'Remove emails:send' }).click(),
  'Edit the limits': async (dialog) => {
    await dialog.getByRole('button', { name: 'Add a limit' }).click()
    await dialog.getByLabel('Name').last().fill('axe')
    await dialog.getByLabel('Units').last().fill('10')
  },
  'Change the expiry': (dialog) => dialog.getByRole('radio', { name: '30 days' }).check(),
}

/** The ways to all dialogs, and to what else is seen only after something was done. */
const states: Record<string, (page: Page, stage: Stage) => Promise<unknown>> = {
  help: async (page) => {
    await visit(page, '/account')
    await page.getByRole('button', { name: 'Help and keyboard' }).click()
    await page.getByRole('dialog').waitFor()
  },
  'one search': async (page) => {
    await leaveDialog(page)
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Name, id, or token' }).fill('ac')
    await page.getByRole('option', { name: /Acme Robotics/ }).waitFor()
  },
  'an invitation to write': async (page) => {
    await leaveDialog(page)
    await openDialog(page, '/organizations/acme/members', 'Invite')
    await page.getByRole('button', { name: 'Invite' }).last().click()
    await page.getByRole('dialog').getByRole('alert').waitFor()
  },
  ...Object.fromEntries(
    ['Role', 'Suspend', 'Reset', 'Remove'].map((name) => [
      `a member: ${name}`,
      async (page: Page, { people }: Stage) => {
        await visit(page, '/account')
        await openDialog(page, `/members/${people.developer.memberId}`, name)
      },
    ]),
  ),
  'what members may grant': async (page) => {
    await visit(page, '/account')
    await openDialog(page, '/organizations/acme/settings', 'Edit what its members may grant')
  },
  'a new organization': async (page) => {
    // The help is the frame's: it would stay.
    await leaveDialog(page)
    await visit(page, '/organizations')
    await page.getByRole('button', { name: 'New organization' }).click()
    await page.getByRole('button', { name: 'Create organization' }).click()
    // A fault and the field that it is told at.
    await page.getByRole('dialog').getByRole('alert').waitFor()
  },
  'a new plan, with a fault in what is folded': async (page) => {
    await leaveDialog(page)
    await visit(page, '/settings/plans')
    await page.getByRole('button', { name: 'New plan' }).click()
    await page.getByRole('button', { name: 'Add a limit' }).first().click()
    await page.getByRole('button', { name: /^More/ }).click()
    await page.getByLabel('At once').fill('many')
    await page.getByLabel('Bound what its keys may do').check()
    await page.getByRole('button', { name: 'Create plan' }).click()
    await page.getByRole('dialog').getByRole('alert').first().waitFor()
  },
  'the rules of a policy': async (page) => {
    await visit(page, '/organizations/acme/policy')
    await page.getByRole('button', { name: 'Edit the rules' }).click()
    await page.getByLabel('Only some permissions').check()
    await page.getByRole('textbox', { name: 'Longest lifetime' }).fill('many')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').getByRole('alert').first().waitFor()
  },
  'a plan to change': async (page) => {
    await visit(page, '/account')
    await openDialog(page, '/settings/plans', 'Edit the plan growth')
  },
  'a plan to delete': async (page) => {
    await visit(page, '/account')
    await openDialog(page, '/settings/plans', 'Delete the plan growth')
    await page.getByRole('dialog').getByText('On this plan: 1 organization').waitFor()
  },
  'a new webhook, with a fault': async (page) => {
    await leaveDialog(page)
    await visit(page, '/settings/webhooks')
    await page.getByRole('button', { name: 'New webhook' }).click()
    await page.getByRole('radio', { name: 'Some of them' }).check()
    await page.getByRole('button', { name: 'Single ones of Keys' }).click()
    await page.getByRole('radio', { name: 'One organization' }).check()
    await page.getByRole('button', { name: 'Create webhook' }).click()
    await page.getByRole('dialog').getByRole('alert').first().waitFor()
  },
  'what was sent, in full': async (page, { webhookId }) => {
    await visit(page, '/account')
    await visit(page, `/webhooks/${webhookId}`)
    await page.getByRole('button', { name: /Pending/ }).click()
    await page.getByText('Service Temporarily Unavailable').waitFor()
  },
  ...Object.fromEntries(
    ['Edit the webhook', 'Disable', 'Rotate the secret', 'Send events once more', 'Delete'].map((name) => [
      `a webhook: ${name}`,
      (page: Page, { webhookId }: Stage) => openDialog(page, `/webhooks/${webhookId}`, name),
    ]),
  ),
  'a webhook: Enable': async (page) => {
    await visit(page, '/settings/webhooks')
    await page.getByRole('link', { name: 'old.globex.example' }).click()
    await page.getByRole('button', { name: 'Enable', exact: true }).click()
    await page.getByRole('dialog').waitFor()
  },
  'the limits of an organization': async (page) => {
    await openDialog(page, '/organizations/acme/limits', 'Limits')
  },
  'the organization of a new key': async (page) => {
    await visit(page, '/keys')
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByRole('dialog', { name: 'Which organization owns the new key?' }).waitFor()
  },
  ...Object.fromEntries(
    ['Rename the key', 'Edit the metadata'].map((name) => [
      name,
      (page: Page, { keyId }: Stage) => openDialog(page, `/keys/${keyId}`, name),
    ]),
  ),
  'Forget the places': (page, { keyId }) => openDialog(page, `/keys/${keyId}/usage`, 'Forget the places'),
  'keys that are selected': async (page) => {
    await visit(page, '/account')
    await visit(page, '/organizations/acme')
    await page.getByRole('checkbox', { name: 'Select all that are shown' }).check()
    await page.getByRole('region', { name: 'Selected keys' }).waitFor()
  },
  'what a change of many keys comes to': async (page) => {
    await page.getByRole('button', { name: 'Suspend', exact: true }).last().click()
    await page.getByRole('dialog').getByText('would be suspended').waitFor()
  },
  'the columns of a list': async (page) => {
    await leaveDialog(page)
    await page.getByRole('button', { name: 'Choose the columns' }).click()
    await page.getByRole('dialog').waitFor()
  },
  'the filters of a list': async (page) => {
    await leaveDialog(page)
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.getByRole('dialog').waitFor()
  },
  'a permission to describe': (page) => openDialog(page, '/settings/permissions', 'Describe emails:send'),
  'permissions to choose from': async (page, { keyId }) => {
    await openDialog(page, `/keys/${keyId}`, 'Edit the permissions')
    await page.getByRole('combobox', { name: 'Permissions' }).pressSequentially('em')
    await page.getByRole('option').first().waitFor()
  },
  ...Object.fromEntries(
    Object.entries(previewed).map(([name, change]) => [
      `what is refused, of ${name}`,
      async (page: Page, { keyId }: Stage) => {
        // Its form asks before it closes by Escape.
        await visit(page, '/account')
        const part = name === 'Edit the limits' ? '/limits' : ''
        await openDialog(page, `/keys/${keyId}${part}`, name)
        const dialog = page.getByRole('dialog')
        await change(dialog)
        await dialog.getByText(/refused.* last 30 days|last 30 days.* refused/).waitFor()
      },
    ]),
  ),
  'a verdict': async (page, { token }) => {
    await visit(page, '/try')
    await page.getByLabel('Token', { exact: true }).fill(token)
    await page.getByRole('button', { name: 'Ask Latchkey' }).click()
    await page.getByText('CI 🚀').waitFor()
  },
  'a token, and the question whether it is stored': async (page) => {
    await visit(page, '/organizations/umbrella-labs/new-key')
    await page.getByLabel('Name', { exact: true }).fill('Axe')
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByText('I have stored the token').waitFor()
    await page.getByRole('link', { name: 'Your account' }).click()
    await page.getByRole('dialog', { name: 'Have you stored the token?' }).waitFor()
  },
  // The last of them: afterwards nobody is signed in.
  'a session that has ended': async (page) => {
    await page.getByRole('button', { name: 'Leave without it' }).click()
    await page.getByRole('heading', { level: 1, name: 'Account' }).waitFor()
    await page.evaluate(() => {
      const pageValue = localStorage.getItem('latchkey-session') ?? ''
      return fetch('/v1/sessions/self', { method: 'DELETE', headers: { 'latchkey-session': pageValue } })
    })
    await page.getByRole('link', { name: 'Activity' }).click()
    await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
  },
}

async function openDialog(page: Page, path: string, name: string): Promise<void> {
  // The dialog before it is one of the same page.
  if (new URL(page.url()).pathname === path) await leaveDialog(page)
  else await visit(page, path)
  await page.getByRole('button', { name, exact: true }).click()
  await page.getByRole('dialog').waitFor()
}

async function leaveDialog(page: Page): Promise<void> {
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
}

describe(`what axe-core finds wrong in light and in dark${browserNote}`, () => {
  const browser = useBrowser()
  const stageOf = useStage()

  test.skipIf(skipsBrowser)('is nothing in any dialog or state', { timeout: 300_000 }, async () => {
    const page = await browser.open(stageOf().server, { ...judged, token: stageOf().server.rootKey })
    const found: Record<string, unknown> = {}
    for (const [name, show] of Object.entries(states)) {
      await show(page, stageOf())
      Object.assign(found, await judge(page, name))
    }
    expect(found).toEqual({})
  })
})
