// Members in the console: invited by a link that is shown once, changed by who may, and removed with what they have seen in sight.
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { startMailServer } from '../setup/mail.ts'
import { join, publicUrl } from '../setup/people.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { refusalOf } from './chromium.ts'

/** Says that the link of an invitation is stored, and goes on. */
async function storeLink(page: Page): Promise<void> {
  await page
    .getByText(/\/invitation#lki_/)
    .first()
    .waitFor()
  await page.getByLabel('I have stored the link').check()
  await page.getByRole('button', { name: 'Done' }).click()
}

onOneDatabase('SQLite', `members in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  async function start(mail: { smtpUrl?: string; smtpFrom?: string } = {}) {
    const server = await browser.serve(await makeDatabase(), { publicUrl, ...mail })
    await createAcme(server.latchkey)
    const { latchkey } = server
    const openAs = async (identityId: string, path: string) =>
      browser.open(server, { session: await latchkey.sessions.startFor(identityId), path })
    return { server, latchkey, openAs }
  }

  test.skipIf(skipsBrowser)('begin with the root key, which leads to an invitation of oneself', async () => {
    const { server, latchkey } = await start()
    const page = await browser.open(server, { token: server.rootKey, path: '/keys' })
    await page.getByRole('link', { name: 'sign in as yourself' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sign in as yourself' })
    await dialog.getByLabel('Your address').fill('grace@example.com')
    expect(await dialog.getByRole('radio', { name: 'Owner' }).isChecked()).toBe(true)
    await dialog.getByRole('button', { name: 'Invite me' }).click()
    await page
      .getByText(/https:\/\/keys\.example\.com\/invitation#lki_/)
      .first()
      .waitFor()
    await page.getByLabel('I have stored the link').check()
    await page.getByRole('button', { name: 'Done' }).click()
    const pending = page.getByRole('region', { name: 'Pending invitations' })
    await pending.getByText('grace@example.com').waitFor()
    // It is shown once.
    expect(await page.content()).not.toContain('lki_')
    expect((await latchkey.invitations.list({ organizationId: 'root' })).items).toMatchObject([
      { email: 'grace@example.com', role: 'owner', organizationId: 'root' },
    ])
  })

  test.skipIf(skipsBrowser)('are invited, and an invitation is renewed and revoked', async () => {
    const { latchkey, openAs } = await start()
    const owner = await join(latchkey, 'acme', 'owner', 'ada')
    const page = await openAs(owner.identityId, '/settings/members')
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    const dialog = page.getByRole('dialog', { name: 'Invite a person' })
    await dialog.getByRole('button', { name: 'Invite' }).click()
    await dialog.getByText('Enter the address of the person.').waitFor()
    await dialog.getByText('no mail server is set up').waitFor()
    await dialog.getByLabel('Address').fill('nowhere')
    await dialog.getByRole('button', { name: 'Invite' }).click()
    await dialog.getByRole('alert').first().waitFor()
    await dialog.getByLabel('Address').fill('linus@acme.example')
    await dialog.getByRole('radio', { name: 'Viewer' }).check()
    await dialog.getByRole('button', { name: 'Invite' }).click()
    const link = page.getByText(/\/invitation#lki_/).first()
    const first = await link.innerText()
    const store = async () => {
      await page.getByLabel('I have stored the link').check()
      await page.getByRole('button', { name: 'Done' }).click()
    }
    await store()
    await page.getByRole('button', { name: 'Renew the invitation of linus@acme.example' }).click()
    await link.waitFor()
    expect(await link.innerText()).not.toBe(first)
    await store()
    await page.getByRole('button', { name: 'Revoke the invitation of linus@acme.example' }).click()
    await page.getByRole('region', { name: 'Pending invitations' }).waitFor({ state: 'detached' })
    expect((await latchkey.invitations.list({ organizationId: 'acme' })).items).toEqual([])
  })

  test.skipIf(skipsBrowser)(
    'are invited by mail if there is a mail server, and the link is shown if it does not take the letter',
    async () => {
      await using mail = await startMailServer({
        onRcptTo: ({ address }, _session, done) =>
          done(address.startsWith('nobody') ? new Error('No such user') : null),
      })
      const { latchkey, openAs } = await start({ smtpUrl: mail.url, smtpFrom: 'keys@example.com' })
      const owner = await join(latchkey, 'acme', 'owner', 'ada')
      const page = await openAs(owner.identityId, '/settings/members')
      const dialog = page.getByRole('dialog')
      const invite = async (address: string) => {
        await page.getByRole('button', { name: 'Invite', exact: true }).click()
        await dialog.getByLabel('Address').fill(address)
        await dialog.getByRole('checkbox', { name: 'Send the link by mail', checked: true }).waitFor()
        await dialog.getByRole('button', { name: 'Invite' }).click()
      }
      await invite('linus@acme.example')
      await page.getByText('The invitation was sent').waitFor()
      expect(await page.content()).not.toContain('lki_')
      expect(mail.letters.map(({ to }) => to)).toEqual([['linus@acme.example']])
      await page.getByRole('link', { name: 'Done' }).click()
      await invite('nobody@acme.example')
      await page.getByText('The mail server has not taken the letter').waitFor()
      await storeLink(page)
    },
  )

  test.skipIf(skipsBrowser)('are not made more than who does it, and the last owner stays', async () => {
    const { latchkey, openAs } = await start()
    const owner = await join(latchkey, 'acme', 'owner', 'ada')
    const admin = await join(latchkey, 'acme', 'admin', 'bob')
    const page = await openAs(admin.identityId, `/members/${owner.caller.memberId}`)
    const button = (name: string) => page.getByRole('button', { name, exact: true })
    await button('Remove').waitFor()
    for (const name of ['Role', 'Suspend', 'Reset', 'Remove'])
      await expect
        .poll(() => refusalOf(button(name)), { message: name })
        .toBe('Only an owner sets and changes owners.')
    await page.goto('/settings/members?invite=somebody')
    const role = page.getByRole('dialog').getByRole('radio', { name: 'Owner' })
    await role.waitFor()
    expect(await role.isDisabled()).toBe(true)
    const own = await openAs(owner.identityId, `/members/${owner.caller.memberId}`)
    const remove = own.getByRole('button', { name: 'Remove', exact: true })
    await remove.waitFor()
    await expect
      .poll(() => refusalOf(remove))
      .toBe('This is the last owner. Make somebody else an owner first.')
  })

  test.skipIf(skipsBrowser)('are changed, suspended, resumed, reset, removed and erased', async () => {
    const { latchkey, openAs } = await start()
    const { members } = latchkey
    const owner = await join(latchkey, 'acme', 'owner', 'ada')
    const linus = await join(latchkey, 'acme', 'admin', 'linus')
    const id = linus.caller.memberId
    const create = { permissions: ['latchkey:keys:read'] }
    const { id: keyId } = await latchkey.keys.create(
      { name: 'Dashboard', ...create },
      { actor: linus.caller },
    )
    const page = await openAs(owner.identityId, `/members/${id}`)
    const press = (name: string) => page.getByRole('button', { name, exact: true }).click()
    const dialog = page.getByRole('dialog')
    const closed = () => dialog.waitFor({ state: 'detached' })

    await press('Role')
    await dialog.getByRole('radio', { name: 'Viewer' }).check()
    await dialog.getByRole('button', { name: 'Make viewer' }).click()
    await closed()
    expect(await members.get(id)).toMatchObject({ role: 'viewer' })
    await press('Suspend')
    await dialog.getByLabel('Reason').fill('On leave')
    await dialog.getByRole('button', { name: 'Suspend' }).click()
    await page.getByText('On leave').waitFor()
    await press('Resume')
    await dialog.getByRole('button', { name: 'Resume' }).click()
    await page.getByText('On leave').waitFor({ state: 'detached' })
    await press('Reset')
    await dialog.getByRole('button', { name: 'Reset' }).click()
    await storeLink(page)
    await page.getByText('the link of its new invitation gives it something').waitFor()

    await press('Remove')
    await dialog.getByText('Dashboard').waitFor()
    const remove = dialog.getByRole('button', { name: 'Remove permanently' })
    expect(await refusalOf(remove)).toBe('Say first what becomes of the keys that manage Latchkey.')
    await dialog.getByRole('radio', { name: 'Revoke them' }).check()
    await remove.click()
    await closed()
    expect(await latchkey.keys.get(keyId)).toMatchObject({
      status: 'revoked',
      revocationReason: 'owner_left',
    })
    await page.getByText('It has seen no token that is still valid.').waitFor()
    await press('Erase')
    await dialog.getByRole('button', { name: 'Erase permanently' }).click()
    await page.getByRole('heading', { level: 1, name: `a former member (…${id.slice(-4)})` }).waitFor()
    await page.getByText('Nothing any more.').waitFor()
    expect(await refusalOf(page.getByRole('button', { name: 'Erase' }))).toBe(
      'This member was erased already.',
    )
    expect(await members.get(id)).toMatchObject({ status: 'removed', email: null, name: null })
  })

  test.skipIf(skipsBrowser)('sign in and grant as the operator lets their organization', async () => {
    const { server, latchkey } = await start()
    const page = await browser.open(server, { token: server.rootKey, path: '/organizations/acme/settings' })
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Edit how its members sign in' }).click()
    await dialog.getByRole('radio', { name: 'A provider alone' }).check()
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('By a provider alone.').waitFor()
    await page.getByRole('button', { name: 'Edit what its members may grant' }).click()
    await dialog.getByRole('combobox', { name: 'Permissions' }).fill('emails:* ')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('list', { name: 'What its members may grant' }).getByText('emails:*').waitFor()
    expect(await latchkey.organizations.get('acme')).toMatchObject({
      signIn: 'provider',
      grantablePermissions: ['emails:*'],
    })
    await page.goto('/settings/sign-in')
    await page.getByText('None is listed.').waitFor()
  })
})
