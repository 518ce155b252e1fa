// The app of examples/customer-page, in a real browser: users of two customers sign in there, manage their keys in the app and behind
// the link, and see nothing of each other's; signing out of the app ends both.
import { spawn } from 'node:child_process'
import { cpSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { browserNote, skipsBrowser } from '../console/browser.ts'
import { freePort } from '../console/person.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { makeFolder, repository } from '../setup/documents-run.ts'
import { addressIn, startExample } from '../setup/example.ts'
import { makeKey, openClosedTrees, revealToken, shown, useEmbedBrowser } from './browser.ts'
import { allOfPortal } from './host.ts'

onOneDatabase('SQLite', `the example with a customer page${browserNote}`, (makeDatabase) => {
  const browser = useEmbedBrowser()

  /** A server, and the app on another origin, whose key holds what the README says. */
  async function start() {
    const port = await freePort()
    const url = `http://localhost:${port}`
    const server = await browser.serve(await makeDatabase(), { port, publicUrl: url })
    const { latchkey } = server
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const backend = await latchkey.keys.create({
      ...{ organizationId: 'root', name: 'Customer page' },
      permissions: ['portal:write', 'keys:read', 'keys:write', 'usage:read']
        .map((one) => `latchkey:${one}`)
        .concat('emails:*'),
    })
    const env = { LATCHKEY_URL: url, LATCHKEY_KEY: backend.key }
    const app = await startExample('customer-page/app.ts', env)
    /** Signs in as somebody, in a browser of their own. */
    const signIn = async (who: string): Promise<Page> => {
      const page = await browser.open(addressIn(app), { before: openClosedTrees })
      await page.getByRole('button', { name: who }).click()
      await page.getByRole('link', { name: 'API keys' }).click()
      await shown(page)
      return page
    }
    return { ...server, latchkey, app, signIn, url, origin: addressIn(app) }
  }

  test.skipIf(skipsBrowser)(
    'a user creates, rotates and revokes a key in the element, of which another customer sees nothing',
    async () => {
      const { latchkey, signIn, app } = await start()
      const page = await signIn('Ada of acme')
      await makeKey(page, 'Mailer')
      const first = await revealToken(page)
      expect(await latchkey.verify(first)).toMatchObject({ code: 'valid', organizationId: 'acme' })
      const row = page.getByRole('listitem').filter({ hasText: 'Mailer' })
      await row.getByRole('button', { name: 'Rotate: Mailer' }).click()
      const rotate = page.getByRole('dialog', { name: 'Rotate the key?' })
      await rotate.getByRole('radio', { name: 'Not at all' }).check()
      await rotate.getByRole('button', { name: 'Rotate' }).click()
      await page.getByText('“Mailer” has a new token.').waitFor()
      const second = await revealToken(page)
      expect((await latchkey.verify(first)).code).toBe('rotated')

      const other = await signIn('Bob of globex')
      await other.getByText('No API keys yet').waitFor()
      expect(await other.locator('latchkey-keys').innerText()).not.toContain('Mailer')

      await row.getByRole('button', { name: 'Revoke: Mailer' }).click()
      const revoke = page.getByRole('dialog', { name: 'Revoke the key?' })
      await revoke.getByLabel('To confirm').fill('Mailer')
      await revoke.getByRole('button', { name: 'Revoke key' }).click()
      await page.getByText('“Mailer” was revoked.').waitFor()
      expect((await latchkey.verify(second)).code).toBe('revoked')
      const { items } = await latchkey.audit.list({ organizationId: 'acme', action: 'key.revoked' })
      expect(items).toMatchObject([{ actor: 'u_81', actorType: 'user' }])
      expect(app.stdout() + app.stderr()).not.toMatch(/lk[lp]_|re_/)
    },
  )

  test.skipIf(skipsBrowser)(
    'the button leads to Latchkey’s page and back, and signing out ends both',
    async () => {
      const { latchkey, signIn, url, origin } = await start()
      const page = await signIn('Ada of acme')
      const link = await page.context().newPage()
      await link.addInitScript(openClosedTrees)
      await link.goto(`${origin}/keys`)
      await link.getByRole('button', { name: 'Manage API keys' }).click()
      await link.getByRole('heading', { level: 1, name: 'Acme' }).waitFor()
      expect(link.url()).toBe(`${url}/portal`)
      await makeKey(link, 'By link')
      expect(await latchkey.verify(await revealToken(link))).toMatchObject({ code: 'valid', name: 'By link' })
      expect(await link.getByRole('link', { name: /^Back to localhost/ }).getAttribute('href')).toBe(
        `${origin}/keys`,
      )

      const live = async () =>
        (await latchkey.portalSessions.list({ organizationId: 'acme' })).items.filter(
          ({ endedAt }) => endedAt === null,
        )
      expect((await live()).map(({ kind }) => kind)).toContain('link')
      const bob = await signIn('Bob of globex')
      const out = await page.context().newPage()
      await out.goto(origin)
      await out.getByRole('button', { name: 'Sign out' }).click()
      await out.getByRole('heading', { name: 'Sign in' }).waitFor()
      expect(await live()).toEqual([])
      await page.getByRole('button', { name: 'New key' }).click()
      const dialog = page.getByRole('dialog', { name: 'New key' })
      await dialog.getByLabel('Name').fill('Too late')
      await dialog.getByRole('button', { name: 'Create key' }).click()
      await dialog.getByText('This page could not open your session.').waitFor()
      await link.getByRole('combobox', { name: 'Show' }).selectOption('All keys')
      await link.getByText('Your session has ended').first().waitFor()
      expect((await latchkey.keys.list({ organizationId: 'acme' })).items.map(({ name }) => name)).toEqual([
        'By link',
      ])
      // Whoever is signed in still goes on.
      await makeKey(bob, 'Of Bob')
    },
  )

  test('gives sessions to its own pages alone, for who is signed in, whatever is asked', async () => {
    const { latchkey, origin } = await start()
    const post = (path: string, headers: Record<string, string>, body = '') =>
      fetch(origin + path, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body,
        redirect: 'manual',
      })
    const signedIn = await post('/sign-in', { origin }, 'user=ada')
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect(signedIn.headers.get('set-cookie')).toMatch(/; HttpOnly; SameSite=Lax$/)
    expect((await post('/latchkey-token', { origin })).status).toBe(401)
    for (const path of ['/latchkey-token', '/manage-keys', '/sign-in', '/sign-out'])
      for (const headers of [
        { cookie },
        { cookie, origin: 'https://evil.example' },
        { cookie, origin: 'null' },
      ])
        expect((await post(path, headers, 'user=bob')).status, path).toBe(403)
    const given = await post('/latchkey-token', { cookie, origin }, 'organization_id=globex&user=bob')
    expect(given.status).toBe(200)
    expect(given.headers.get('cache-control')).toBe('no-store')
    const { items } = await latchkey.portalSessions.list({})
    expect(items).toMatchObject([{ organizationId: 'acme', user: { id: 'u_81', name: 'Ada' }, origin }])
    expect((await post('/sign-in', { origin }, 'user=constructor')).status).toBe(422)
    await post('/sign-out', { cookie, origin })
    expect((await post('/latchkey-token', { cookie, origin })).status).toBe(401)
  })

  test('its script makes a Latchkey with a key that can do what the app needs, once', async () => {
    const folder = makeFolder()
    cpSync(join(repository, 'examples/customer-page'), folder, { recursive: true })
    const env = {
      PATH: `${join(folder, '.bin')}:${process.env.PATH}`,
      LATCHKEY_PORT: String(await freePort()),
    }
    const run = async () => {
      const child = spawn('sh', [join(folder, 'latchkey.sh')], { env, stdio: 'pipe' })
      const ended = new Promise((done) => child.once('close', done))
      onTestFinished(() => void child.kill('SIGKILL'))
      let [told, said] = ['', '']
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
        said += chunk
      })
      await new Promise<void>((ready, fail) => {
        void ended.then(() => fail(new Error(told + said)))
        child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
          told += chunk
          if (/^Latchkey serves /m.test(told)) ready()
        })
      })
      const stop = async () => {
        child.kill('SIGTERM')
        await ended
      }
      return { told: () => told, said: () => said, stop }
    }
    const ask = async (organization: string) => {
      const { LATCHKEY_URL: url, LATCHKEY_KEY: key } = parseEnv(readFileSync(join(folder, '.env'), 'utf8'))
      const answer = await fetch(`${url}/v1/portal-sessions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          kind: 'link',
          organization_id: organization,
          user: { id: 'u_81' },
          permissions: allOfPortal,
        }),
      })
      const { url: link, code } = (await answer.json()) as { url?: string; code?: string }
      return code ?? link?.replace(/#.*/, '')
    }
    const first = await run()
    const page = `http://localhost:${env.LATCHKEY_PORT}/portal`
    expect([await ask('acme'), await ask('globex')]).toEqual([page, page])
    const { LATCHKEY_URL: url, LATCHKEY_KEY: own = '' } = parseEnv(readFileSync(join(folder, '.env'), 'utf8'))
    const self = await fetch(`${url}/v1/keys/self`, { headers: { authorization: `Bearer ${own}` } })
    expect(await self.json()).toMatchObject({
      ...{ organization_id: 'root', permissions: ['latchkey:portal:write', ...allOfPortal] },
    })
    expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600)
    // The root key is for the person at the terminal, and stands there once; the app's stands in its file alone.
    expect(first.said().match(/^re_\w+$/gm)).toHaveLength(1)
    expect(first.told() + first.said()).not.toContain(own)
    await first.stop()
    const again = await run()
    expect(await ask('acme')).toBe(page)
    expect(again.told() + again.said()).not.toMatch(/re_/)
    await again.stop()
  })
})
