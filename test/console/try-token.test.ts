// Trying a token in the console: what its form tells without asking, and every verdict in words.
import { expect, test } from 'vitest'
import { managementPermissions } from '../../src/core/permissions.ts'
import type { VerdictCode } from '../../src/core/shapes/verification.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { callByHand, refusalOf } from './chromium.ts'

const day = 86_400_000

onOneDatabase('SQLite', `trying a token in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('gives each verdict in words, and what is missing', async () => {
    let ahead = -2 * day
    const server = await browser.serve(await makeDatabase(), { now: () => Date.now() + ahead })
    const { keys, organizations } = server.latchkey
    await createAcme({ organizations })
    const make = (name: string, expiresAt: Date | null = null) =>
      keys.create({
        organizationId: 'acme',
        name,
        permissions: ['emails:send'],
        metadata: { plan: 'pro' },
        expiresAt,
      })
    const valid = await make('Mailer')
    const revoked = await make('Gone')
    await keys.revoke(revoked.id)
    const expired = await make('Late', new Date(Date.now() - day))
    const rotated = await make('Turned')
    await keys.rotate(rotated.id)
    ahead = 0
    const page = await browser.open(server, { token: server.rootKey, path: '/try' })
    const field = page.getByRole('main').getByLabel('Token', { exact: true })
    const verdict = page.getByRole('region', { name: 'The verdict' })
    const ask = async (token: string, code: VerdictCode, ...words: string[]) => {
      await field.fill(token)
      expect(await verdict.count()).toBe(0)
      await field.press('Enter')
      await verdict.getByText(code, { exact: true }).waitFor()
      const text = await verdict.innerText()
      for (const word of words) expect(text, code).toContain(word)
    }
    await ask(
      valid.key,
      'valid',
      'Valid',
      'can accept a request',
      'Mailer',
      'acme',
      'emails:send',
      '"plan": "pro"',
    )
    await ask(`secret-token:${valid.key}`, 'valid', 'Mailer')
    expect(await verdict.getByText('This is the old token').count()).toBe(0)
    const inGrace = await keys.rotate(valid.id, { graceSeconds: 30 * 86_400 })
    await ask(`Bearer ${valid.key}`, 'valid', 'Mailer')
    const old = verdict.getByText('This is the old token: its key was rotated')
    await old.waitFor()
    expect(await verdict.innerText()).toMatch(
      /works until its grace ends, in 1 month: .*\d\d:\d\d.*re_\w{16}…/s,
    )
    expect(await verdict.innerText()).toContain(inGrace.hint)
    await ask(inGrace.key, 'valid', 'Mailer')
    await verdict.getByText('Acme', { exact: true }).waitFor()
    expect(await old.count()).toBe(0)
    const bound = await keys.create({ organizationId: 'acme', name: 'Bound', allowedIps: ['192.0.2.0/24'] })
    await ask(bound.key, 'ip_not_allowed', 'Address not allowed', 'Bound')
    const address = page.getByLabel('Address of the client')
    await address.fill('here')
    await page.getByRole('button', { name: 'Ask Latchkey' }).click()
    await page.getByText('Must be an address, such as 192.0.2.7').waitFor()
    await address.fill('192.0.2.7')
    await ask(bound.key, 'valid', 'Bound')
    await address.fill('')
    await ask(revoked.key, 'revoked', 'Revoked', 'revoked permanently', 'Gone')
    await ask(expired.key, 'expired', 'Expired', 'has expired', 'Late')
    await ask(rotated.key, 'rotated', 'Rotated', 'the grace period of this token has ended')
    await verdict.getByRole('link', { name: 'Turned' }).waitFor()
    await ask(valid.key.slice(0, -1), 'malformed', 'Not a token')

    await page.getByRole('combobox', { name: /Required permissions/ }).fill('domains:read')
    await page.keyboard.press('Enter')
    await ask(valid.key, 'insufficient_permissions', 'Missing permission', 'lacks a required permission')
    expect(await verdict.getByRole('list', { name: 'Missing' }).innerText()).toBe('domains:read')
    await verdict.getByRole('link', { name: 'Mailer' }).click()
    await page.getByRole('heading', { level: 1, name: 'Mailer' }).waitFor()
    await page.goBack()
    expect(await field.inputValue()).toBe('')
  })

  test.skipIf(skipsBrowser)(
    'lists the limits of a call, what was exceeded and when to try again',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const { keys, organizations } = server.latchkey
      await organizations.create({
        id: 'acme',
        name: 'Acme',
        limits: [{ name: 'shared', limit: 9, resets: null }],
      })
      const limits = [{ name: 'requests', limit: 1, windowSeconds: 7200 }]
      const { key } = await keys.create({ organizationId: 'acme', name: 'CI', limits })
      const page = await browser.open(server, { token: server.rootKey, path: '/try' })
      const field = page.getByRole('main').getByLabel('Token', { exact: true })
      const verdict = page.getByRole('region', { name: 'The verdict' })
      await field.fill(key)
      await field.press('Enter')
      // To look draws nothing.
      await verdict.getByText('1 left · 1 per 2 hours · Full').waitFor()
      await page.getByLabel('Draw from its limits, as a call does').check()
      await field.press('Enter')
      const applying = verdict.getByRole('list', { name: 'Limits that apply' }).getByRole('listitem')
      await expect
        .poll(() => applying.allInnerTexts())
        .toEqual([
          expect.stringMatching(/^requests of the key\s+0 left · 1 per 2 hours · Full in 2 hours$/),
          expect.stringMatching(/^shared of its organization\s+8 of 9 left · Never resets$/),
        ])
      await field.press('Enter')
      await verdict.getByText('rate_limited', { exact: true }).waitFor()
      expect(await verdict.getByRole('list', { name: 'Exceeded limits' }).innerText()).toBe(
        'requests of the key',
      )
      expect(await verdict.innerText()).toMatch(/Try again\s+In (2 hours|1 hour 59 minutes)/)
      const prepaid = [{ name: 'prepaid', limit: 0, resets: null }]
      const empty = await keys.create({ organizationId: 'acme', name: 'Empty', limits: prepaid })
      await field.fill(empty.key)
      await field.press('Enter')
      await verdict.getByText('quota_exceeded', { exact: true }).waitFor()
      expect(await verdict.innerText()).toContain('Waiting does not help')
    },
  )

  test.skipIf(skipsBrowser)(
    'reads the form without asking, and keeps the token out of everything but the question',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const { keys, organizations } = server.latchkey
      for (const id of ['acme', 'globex']) await organizations.create({ id, name: id })
      const { key: token, hint } = await keys.create({ organizationId: 'globex', name: 'Theirs' })
      const permissions = ['latchkey:keys:read', 'latchkey:keys:verify']
      const verifier = await keys.create({ organizationId: 'acme', name: 'Verifier', permissions })
      const page = await browser.open(server, { token: verifier.key, path: '/try' })
      const addresses: string[] = []
      page.on('request', (request) => addresses.push(request.url()))
      const field = page.getByRole('main').getByLabel('Token', { exact: true })
      await field.pressSequentially(token.slice(0, 12))
      await page.getByText('Too short by 56 characters. Copy the whole token.').waitFor()
      await field.fill(`sk_live_${'51H8xYzAbC'.repeat(3)}`)
      await page.getByText('This is not one of ours.').waitFor()
      await page.getByText('This looks like a key of Stripe').waitFor()
      await field.fill(`Authorization: Bearer ${token}`)
      await page.getByText('The form is right.').waitFor()
      await field.fill(`${token.slice(0, -7)}${token.at(-7) === 'x' ? 'y' : 'x'}${token.slice(-6)}`)
      await page.getByText('Does not match: a character is mistyped.').waitFor()
      await field.fill(token)
      await page.getByText('The form is right.').waitFor()
      await page.getByText(hint.slice(3, 19), { exact: true }).waitFor()
      // What the page fetches of itself at leisure asks nobody.
      expect(addresses.filter((url) => !url.includes('/assets/'))).toEqual([])
      expect(server.log.filter(({ route }) => route === '/v1/keys/verify')).toEqual([])

      // Another organization's token is to this key as one that nobody has.
      await page.getByRole('button', { name: 'Ask Latchkey' }).click()
      const verdict = page.getByRole('region', { name: 'The verdict' })
      await verdict.getByText('not_found', { exact: true }).waitFor()
      expect(await verdict.innerText()).not.toMatch(/Theirs|globex/)
      const secret = token.slice(19, -6)
      const kept = await page.evaluate(async () => {
        const caches = (await globalThis.caches?.keys()) ?? []
        const databases = (await indexedDB.databases()).map(({ name }) => name)
        const stored = [localStorage, sessionStorage, history.state, location.href, document.cookie]
        return JSON.stringify([...stored, caches, databases])
      })
      expect(kept).not.toContain(secret)
      expect(addresses.join()).not.toContain(secret)
      expect(JSON.stringify(server.log)).not.toContain(secret)
      await page.reload()
      expect(await field.inputValue()).toBe('')
    },
  )

  test.skipIf(skipsBrowser)(
    'without the permission to ask still reads the form, and says why not more',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const { keys, organizations } = server.latchkey
      await createAcme({ organizations })
      const permissions = managementPermissions.filter((permission) => permission !== 'latchkey:keys:verify')
      const { key } = await keys.create({ organizationId: 'acme', name: 'Reader', permissions })
      const page = await browser.open(server, { token: key, path: '/try' })
      await page.getByRole('main').getByLabel('Token', { exact: true }).fill(key)
      await page.getByText('The form is right.').waitFor()
      const ask = page.getByRole('button', { name: 'Ask Latchkey' })
      expect(await refusalOf(ask)).toBe('Your key lacks the permission latchkey:keys:verify.')
      await ask.click({ force: true })
      const status = await callByHand(page, 'POST', '/v1/keys/verify', { key })
      expect(status).toBe(403)
      expect(server.log.filter(({ route }) => route === '/v1/keys/verify')).toHaveLength(1)
      expect(await page.getByRole('region', { name: 'The verdict' }).count()).toBe(0)
    },
  )
})
