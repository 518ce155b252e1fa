// Policies in the console: read, changed, removed, and the keys that break one.
import { expect, test } from 'vitest'
import {
  bothRules,
  leakInEffect,
  mergeRules,
  policyFaults,
  ruleValue,
  toPolicyDraft,
  type WireRules,
} from '../../console/format/policies.ts'
import { covers } from '../../src/core/permissions.ts'
import { createAcme } from '../setup/acme.ts'
import { mulberry32 } from '../setup/chance.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { refusalOf } from './chromium.ts'

const none: WireRules = {
  ...{ max_lifetime_seconds: null, require_expiry: false, permissions: null, catalogued_only: false },
  ...{ prefixes: null, require_allowed_ips: false, max_keys: null },
  ...{ on_leak: null, leak_ends_after_hours: null },
}

test('two policies together allow what both allow', () => {
  const one: WireRules = {
    ...none,
    max_lifetime_seconds: 60,
    permissions: ['a:*', 'b'],
    prefixes: ['x', 'y'],
  }
  const other: WireRules = {
    ...none,
    max_lifetime_seconds: 30,
    require_expiry: true,
    prefixes: ['y', 'z'],
    max_keys: 0,
  }
  expect(bothRules(one, none)).toEqual(one)
  expect(bothRules(none, other)).toEqual(other)
  expect(bothRules(one, other)).toEqual({
    ...none,
    ...{
      max_lifetime_seconds: 30,
      require_expiry: true,
      permissions: ['a:*', 'b'],
      prefixes: ['y'],
      max_keys: 0,
    },
  })
  expect(ruleValue('max_keys', other)).toBe('0')
  expect(ruleValue('permissions', { ...none, permissions: [] })).toBe('None')
})

test('a permission is allowed by two lists together exactly if each of them allows it', () => {
  const chance = mulberry32(20_261_127)
  const permission = (segments: readonly string[]) =>
    Array.from(
      { length: 1 + Math.floor(3 * chance()) },
      () => segments[Math.floor(segments.length * chance())],
    ).join(':')
  const patterns = () => [1, 2].map(() => permission(['a', 'b', '*', '*', 'latchkey']))
  let allowed = 0
  for (let i = 0; i < 5_000; i++) {
    const [one, other] = [patterns(), patterns()]
    const { permissions } = bothRules({ ...none, permissions: one }, { ...none, permissions: other })
    const asked = permission(['a', 'b', 'latchkey'])
    const isAllowed = covers(one, asked) && covers(other, asked)
    expect(covers(permissions ?? [], asked), `${one} | ${other} | ${asked}`).toBe(isAllowed)
    if (isAllowed) allowed++
  }
  expect(allowed).toBeGreaterThan(100)
})

test('a form keeps what others have changed, and sends what it was given in seconds', () => {
  const opened: WireRules = { ...none, max_lifetime_seconds: 5_400, permissions: ['a', 'b'], max_keys: 3 }
  const draft = toPolicyDraft(opened)
  expect(draft).toMatchObject({ lifetime: '90', unit: 'minutes', maxKeys: '3', prefixes: [] })
  expect(mergeRules(opened, draft, opened)).toEqual(opened)
  const now: WireRules = { ...opened, require_expiry: true, permissions: ['a', 'b', 'c'], max_keys: 9 }
  const edited = { ...draft, lifetime: '2', unit: 'days' as const, permissions: ['a'], prefixes: ['re'] }
  expect(mergeRules(opened, edited, now)).toEqual({
    ...{ ...now, max_lifetime_seconds: 172_800, permissions: ['a', 'c'], prefixes: ['re'] },
  })
  expect(policyFaults({ ...draft, lifetime: '1,000', maxKeys: '0' })).toEqual({})
  for (const lifetime of ['0', '-1', '1.5', 'x', '99999999999'])
    expect(policyFaults({ ...draft, lifetime, unit: 'days' }), lifetime).toHaveProperty('lifetime')
  for (const maxKeys of ['-1', 'x', '100001'])
    expect(policyFaults({ ...draft, maxKeys }), maxKeys).toHaveProperty('maxKeys')
})

test('of two rules on leaks it is told which holds, and of a laxer one for whom it would', () => {
  const of = (on_leak: WireRules['on_leak'], leak_ends_after_hours: number | null = null): WireRules => ({
    ...none,
    ...{ on_leak, leak_ends_after_hours },
  })
  expect(leakInEffect(none, none)).toBe('Revoke the key')
  expect(leakInEffect(of('notify'), none)).toBe('Tell, and do nothing')
  expect(leakInEffect(of('end_after', 4), of('revoke'))).toBe('Revoke the key')
  expect(leakInEffect(of('end_after', 4), of('end_after', 2))).toBe('End the token 2 hours later')
  const lax = 'Tell, and do nothing, if the operator has set that. If the organization has:'
  // Without a rule of the deployment a key is revoked.
  expect(leakInEffect(none, of('notify'))).toBe(`${lax} Revoke the key`)
  expect(leakInEffect(of('end_after', 4), of('notify'))).toBe(`${lax} End the token 4 hours later`)
})

test('what is done on a leak is kept or changed together with its hours', () => {
  const opened: WireRules = { ...none, on_leak: 'end_after', leak_ends_after_hours: 4 }
  const draft = toPolicyDraft(opened)
  expect(draft).toMatchObject({ on_leak: 'end_after', leakHours: '4' })
  const now: WireRules = { ...none, on_leak: 'revoke' }
  expect(mergeRules(opened, draft, now)).toEqual(now)
  expect(mergeRules(opened, { ...draft, leakHours: '8' }, now)).toEqual({
    ...opened,
    leak_ends_after_hours: 8,
  })
  expect(mergeRules(opened, { ...draft, on_leak: 'notify' }, opened)).toEqual({ ...none, on_leak: 'notify' })
  expect(policyFaults(draft)).toEqual({})
  for (const leakHours of ['', '0', '25', 'x'])
    expect(policyFaults({ ...draft, leakHours }), leakHours).toHaveProperty('leakHours')
})

onOneDatabase('SQLite', `policies in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)('are set and removed, and lead to the keys that break them', async () => {
    const server = await browser.serve(await makeDatabase())
    const { policies, keys } = server.latchkey
    await createAcme(server.latchkey)
    await keys.create({ organizationId: 'acme', name: 'Old' })
    await keys.create({ organizationId: 'acme', name: 'Good', expiresAt: new Date(Date.now() + 86_400_000) })
    const page = await browser.open(server, { token: server.rootKey, path: '/settings/policy' })
    await page.getByRole('button', { name: 'Edit the rules' }).click()
    const dialog = page.getByRole('dialog', { name: 'Rules of the deployment' })
    const lifetime = dialog.getByRole('textbox', { name: 'Longest lifetime' })
    await lifetime.fill('many')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('A whole number, of 100 years at most.').waitFor()
    await lifetime.fill('90')
    await dialog.getByLabel('Only some permissions').check()
    await dialog.getByRole('combobox', { name: 'Permissions that may be granted' }).fill('emails:*')
    await dialog.getByRole('combobox', { name: 'When a token leaks' }).selectOption('end_after')
    await dialog.getByRole('textbox', { name: 'A leaked token ends after' }).fill('4')
    // What somebody else has set meanwhile stays.
    await policies.set({ maxKeys: 7 })
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByRole('alert').getByText('They changed').waitFor()
    await dialog.getByRole('button', { name: 'Save on top' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await policies.get()).toMatchObject({
      ...{ maxLifetimeSeconds: 7_776_000, permissions: ['emails:*'], maxKeys: 7, requireExpiry: false },
      ...{ onLeak: 'end_after', leakEndsAfterHours: 4 },
    })
    const rule = (name: string) =>
      page.getByRole('listitem').filter({ has: page.getByRole('heading', { name }) })
    await rule('Longest lifetime').getByText('90 days').waitFor()

    await page.goto('/organizations/acme/settings')
    await page.getByRole('main').getByRole('link', { name: 'Policy', exact: true }).click()
    await page.getByRole('button', { name: 'Edit the rules' }).click()
    const own = page.getByRole('dialog', { name: 'Rules of the organization' })
    await own.getByLabel('Must expire').check()
    await own.getByRole('textbox', { name: 'Most keys' }).fill('9')
    await own.getByRole('button', { name: 'Save' }).click()
    await own.waitFor({ state: 'detached' })
    expect((await rule('Most keys').innerText()).split(/\s*\n\s*/)).toEqual([
      ...['Most keys', 'In effect', '7', 'Of this organization', '9', 'Of the deployment', '7'],
    ])

    await page.getByRole('link', { name: 'Show the active keys that break a rule' }).click()
    await page.getByRole('link', { name: 'Old', exact: true }).waitFor()
    await page.getByText('1 key', { exact: true }).waitFor()
    await page.getByText('Breaks the policy: may live too long, never expires').waitFor()
    expect(new URL(page.url()).searchParams.get('breaks_policy')).toBe('true')
    await page.reload()
    await page.getByRole('button', { name: 'Remove the filter policy breaks a rule' }).click()
    await page.getByText('2 keys', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Filter', exact: true }).click()
    await page.getByRole('dialog').getByLabel('Breaks a policy').check()
    await page.getByRole('dialog').getByRole('button', { name: 'Filter' }).click()
    await page.getByText('1 key', { exact: true }).waitFor()

    await page.goto('/organizations/acme/policy')
    await page.getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await policies.getFor('acme')).toMatchObject({ setAt: null, maxKeys: null })
    await page.getByRole('button', { name: 'Remove' }).waitFor({ state: 'detached' })
  })

  test.skipIf(skipsBrowser)('are read by customers, who set their own ones if they may', async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    await server.latchkey.policies.setFor('acme', { maxKeys: 9 })
    const open = async (permissions: string[]) => {
      const { key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'C', permissions })
      return browser.open(server, { token: key, path: '/settings/policy' })
    }
    const reader = await open(['latchkey:keys:read'])
    await reader.getByRole('heading', { name: 'Policy of the organization' }).waitFor()
    const edit = reader.getByRole('button', { name: 'Edit the rules' })
    expect(await refusalOf(edit)).toBe('Your key lacks the permission latchkey:organizations:write.')
    // What the operator has set only the operator changes.
    const admin = await open(['latchkey:*'])
    await admin.getByRole('button', { name: 'Edit the rules' }).click()
    await admin.getByRole('dialog').getByLabel('Must expire').check()
    await admin.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await admin
      .getByRole('alert')
      .getByText(/root organization/)
      .waitFor()
  })
})
