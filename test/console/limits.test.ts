// Limits in the console: set when a key or an organization is made and later, seen as what is left, and refilled.
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import {
  allowanceOf,
  anchorOn,
  draftFault,
  isSpecial,
  type LimitDraft,
  limitRefusals,
  mergeLimits,
  newDraft,
  readUnits,
  toDraft,
  toLimitInput,
} from '../../console/format/limits.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { isFocused } from './chromium.ts'

const state = { remaining: 5, owed: 0, held: 0, resets_at: null, default_cost: 1 }
const requests = { ...state, name: 'requests', limit: 100, window_seconds: 90, burst: 20, default_cost: 0 }
const credits = {
  ...state,
  name: 'credits',
  limit: 10_000,
  resets: 'monthly',
  anchor: '2026-01-17T00:00:00.000Z',
  overdraft: 7,
} as const
const inputOf = (limit: typeof requests | typeof credits) => {
  const { remaining, owed, held, resets_at, default_cost, ...input } = limit
  return default_cost === 1 ? input : { ...input, default_cost }
}

describe('the rows of limits', () => {
  test('send a limit as it is', () => {
    for (const limit of [requests, credits]) expect(toLimitInput(toDraft(limit))).toEqual(inputOf(limit))
    expect(allowanceOf(requests)).toBe('100 per 1 minute 30 seconds, at most 20 at once')
    expect(allowanceOf(credits)).toBe('10,000 each month')
  })

  test('leave out what belongs to another kind, once the kind is changed', () => {
    expect(toLimitInput({ ...toDraft(credits), span: '60' })).toEqual({
      name: 'credits',
      limit: 10_000,
      window_seconds: 60,
    })
    expect(toLimitInput({ ...toDraft(requests), span: 'never' })).toEqual({
      name: 'requests',
      limit: 100,
      resets: null,
      default_cost: 0,
    })
  })

  test('change what was changed in them, and bring nothing back that others took away', () => {
    const opened = [requests, credits]
    const edited = [toDraft(requests), { ...toDraft(credits), units: '5' }]
    const added = { ...state, name: 'added', limit: 1, resets: null }
    const raised = { ...requests, limit: 500 }
    expect(mergeLimits(opened, edited, [raised, credits, added])).toEqual([
      inputOf(raised),
      { ...inputOf(credits), limit: 5 },
      { name: 'added', limit: 1, resets: null },
    ])
    expect(mergeLimits(opened, edited, [credits])).toEqual([{ ...inputOf(credits), limit: 5 }])
    expect(mergeLimits(opened, [toDraft(credits)], opened)).toEqual([inputOf(credits)])
  })

  test('tell what is wrong, and where', () => {
    const row = (given: Partial<LimitDraft>) => ({ ...newDraft(), name: 'a', units: '1', ...given })
    expect(draftFault(row({ name: 'Requests' }), [])?.field).toBe('name')
    const [one, two] = [row({}), row({})]
    expect(draftFault(two, [one, two])?.reason).toBe('Another limit has this name.')
    for (const units of ['', '-1', '1.5', 'many', '1e3', '1000000000001'])
      expect(draftFault(row({ units }), [])?.field, units).toBe('units')
    expect(draftFault(row({ burst: '-1' }), [])?.field).toBe('burst')
    expect(draftFault(row({ burst: '-1', span: 'daily' }), [])).toBeUndefined()
    expect(readUnits('10,000')).toBe(10_000)
    expect(draftFault(row({ overdraft: 'x', span: 'never' }), [])?.field).toBe('overdraft')
    expect(draftFault(row({ overdraft: 'x' }), [])).toBeUndefined()
    expect(draftFault(row({ cost: '-1' }), [])?.field).toBe('cost')
    expect(draftFault(row({ cost: '0', overdraft: '7', anchor: anchorOn('2026-01-17') }), [])).toBeUndefined()
  })

  test('tell at its row what the server refused, and what is left of a refusal beside them', () => {
    const sent = [inputOf(requests), inputOf(credits)]
    const errors = [
      { path: 'limits[1].anchor', message: 'Must be an instant.' },
      { path: 'limits[0].default_cost', message: 'Must be a whole number.' },
      { path: 'limits', message: 'Must have at most 8 limits.' },
      { path: 'limits[0].window_seconds', message: 'Must be 1 or more.' },
      { path: 'key_limits[0].limit', message: 'Of the other list.' },
      { path: 'name', message: 'Of another field.' },
    ]
    expect(limitRefusals(errors, 'limits', sent)).toEqual([
      { name: 'credits', field: 'anchor', reason: 'Must be an instant.' },
      { name: 'requests', field: 'cost', reason: 'Must be a whole number.' },
      { name: undefined, field: undefined, reason: 'Must have at most 8 limits.' },
      { name: 'requests', field: undefined, reason: 'Must be 1 or more.' },
    ])
    expect(limitRefusals(errors, 'key_limits', [])).toEqual([
      { name: undefined, field: 'units', reason: 'Of the other list.' },
    ])
  })

  test('say which of them are special', () => {
    expect(isSpecial(newDraft())).toBe(false)
    expect([requests, credits].map((limit) => isSpecial(toDraft(limit)))).toEqual([true, true])
    expect(isSpecial({ ...newDraft(), anchor: anchorOn('2026-01-17') })).toBe(false)
    expect(anchorOn('')).toBe('')
  })
})

onOneDatabase('SQLite', `limits in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()
  const serve = async () => {
    const server = await browser.serve(await makeDatabase())
    await createAcme(server.latchkey)
    return server
  }
  const rowOf = (page: Page, at: number) =>
    page
      .getByRole('group', { name: /^Limits/ })
      .getByRole('listitem')
      .nth(at)
  const fill = async (page: Page, at: number, name: string, units: string, per?: string) => {
    const row = rowOf(page, at)
    await row.getByLabel('Name').fill(name)
    await row.getByLabel('Units').fill(units)
    if (per !== undefined) await row.getByLabel('Per').selectOption({ label: per })
  }

  test.skipIf(skipsBrowser)(
    'a key is made with limits, and what is wrong with one is told at it',
    async () => {
      const server = await serve()
      const page = await browser.open(server, { token: server.rootKey, path: '/organizations/acme/new-key' })
      await page.getByLabel('Name', { exact: true }).fill('CI')
      await page.getByRole('button', { name: 'Add a limit' }).click()
      await fill(page, 0, 'Requests', '100')
      await page.getByRole('button', { name: 'Create key' }).click()
      await page.getByText('A name has 1 to 32 lower-case letters').waitFor()
      await expect.poll(() => isFocused(rowOf(page, 0).getByLabel('Name'))).toBe(true)
      await fill(page, 0, 'requests', '100')
      // The simple case is simple.
      expect(await rowOf(page, 0).getByLabel('At once').count()).toBe(0)
      await rowOf(page, 0).getByRole('button', { name: /^More/ }).click()
      await rowOf(page, 0).getByLabel('At once').fill('20')
      await page.getByRole('button', { name: 'Add a limit' }).click()
      await fill(page, 1, 'credits', '10,000', 'each month')
      await rowOf(page, 1).getByRole('button', { name: /^More/ }).click()
      await rowOf(page, 1).getByLabel('A period begins on').fill('2026-01-17')
      await rowOf(page, 1).getByLabel('Overdraft').fill('many')
      await rowOf(page, 1).getByLabel('Cost of a call').fill('0')
      await rowOf(page, 1).getByRole('button', { name: /^More/ }).click()
      await page.getByRole('button', { name: 'Create key' }).click()
      // What is wrong in it unfolds it.
      await page.getByText('Enter a whole number of units below zero').waitFor()
      await expect.poll(() => isFocused(rowOf(page, 1).getByLabel('Overdraft'))).toBe(true)
      await rowOf(page, 1).getByLabel('Overdraft').fill('50')
      await page.getByRole('button', { name: 'Add a limit' }).click()
      await page.getByRole('button', { name: 'Remove this limit' }).click()
      await page.getByRole('button', { name: 'Create key' }).click()
      await page.getByText('I have stored the token').waitFor()
      const [made] = (await server.latchkey.keys.list({ organizationId: 'acme' })).items
      expect(made?.limits).toMatchObject([
        { name: 'requests', limit: 100, windowSeconds: 60, burst: 20 },
        {
          name: 'credits',
          limit: 10_000,
          resets: 'monthly',
          anchor: new Date('2026-01-17'),
          overdraft: 50,
          defaultCost: 0,
        },
      ])
    },
  )

  test.skipIf(skipsBrowser)(
    'a key shows what is left, takes units and other limits, and says so in its history',
    async () => {
      const server = await serve()
      const { id, key } = await server.latchkey.keys.create({
        organizationId: 'acme',
        name: 'CI',
        limits: [
          { name: 'requests', limit: 100, windowSeconds: 86_400 },
          { name: 'prepaid', limit: 10, resets: null },
        ],
      })
      await server.latchkey.verify(key, { cost: { prepaid: 9, requests: 40 } })
      const page = await browser.open(server, { token: server.rootKey, path: `/keys/${id}/limits` })
      const limits = page.getByRole('region', { name: 'Limits' })
      await limits.getByText('60 of 100 left').waitFor()
      await limits.getByText('1 of 10 left').waitFor()
      expect(await limits.getByRole('meter').count()).toBe(2)
      // A rate takes none.
      expect(await limits.getByRole('button', { name: /^Add units/ }).count()).toBe(1)
      await limits.getByRole('button', { name: 'Add units to prepaid' }).click()
      const adding = page.getByRole('dialog', { name: 'Add units to prepaid' })
      await adding.getByRole('button', { name: 'Add units' }).click()
      await adding.getByText('Enter a whole number').waitFor()
      await adding.getByLabel('Units').fill('500')
      await adding.getByLabel('Reference').fill('payment 4711')
      await adding.getByRole('button', { name: 'Add units' }).click()
      await limits.getByText('501 of 501 left').waitFor()

      await limits.getByRole('button', { name: 'Edit the limits' }).click()
      const editing = page.getByRole('dialog', { name: 'Edit the limits' })
      await editing.getByRole('button', { name: 'Remove the limit requests' }).click()
      await server.latchkey.keys.update(id, {
        limits: [
          { name: 'requests', limit: 100, windowSeconds: 86_400 },
          { name: 'prepaid', limit: 10, resets: null },
          { name: 'meanwhile', limit: 1, resets: 'daily' },
        ],
      })
      await editing.getByRole('button', { name: 'Save' }).click()
      await editing.getByRole('alert').getByText('meanwhile: 1 each day').first().waitFor()
      await editing.getByRole('button', { name: 'Save on top' }).click()
      await editing.waitFor({ state: 'detached' })
      expect((await server.latchkey.keys.get(id)).limits.map(({ name }) => name)).toEqual([
        'prepaid',
        'meanwhile',
      ])
    },
  )

  test.skipIf(skipsBrowser)(
    'an organization is made with limits, and changed and refilled on its page',
    async () => {
      const server = await serve()
      const page = await browser.open(server, { token: server.rootKey, path: '/organizations' })
      await page.getByRole('button', { name: 'New organization' }).click()
      const dialog = page.getByRole('dialog', { name: 'New organization' })
      await dialog.getByLabel('Name', { exact: true }).first().fill('Globex')
      await dialog.getByLabel('Id').fill('globex')
      await dialog.getByRole('button', { name: 'Add a limit' }).click()
      await fill(page, 0, 'credits', '50', 'each month')
      await dialog.getByRole('button', { name: 'Create organization' }).click()
      await page.getByRole('heading', { level: 1, name: 'Globex' }).waitFor()
      await page.getByRole('link', { name: 'Limits', exact: true }).click()
      const limits = page.getByRole('region', { name: 'Limits' })
      await limits.getByText('50 of 50 left').waitFor()
      await limits.getByRole('button', { name: 'Add units to credits' }).click()
      await page.getByRole('dialog').getByLabel('Units').fill('-20')
      await page.getByRole('dialog').getByRole('button', { name: 'Add units' }).click()
      await limits.getByText('30 of 50 left').waitFor()
      await page.getByRole('button', { name: 'Limits', exact: true }).click()
      await page.getByRole('button', { name: 'Add a limit' }).click()
      await fill(page, 1, 'requests', '7', 'per second')
      await page.getByRole('button', { name: 'Save' }).click()
      await limits.getByText('7 per second').waitFor()
      expect((await server.latchkey.organizations.get('globex')).limits).toMatchObject([
        { name: 'credits', limit: 50, resets: 'monthly' },
        { name: 'requests', limit: 7, windowSeconds: 1 },
      ])
    },
  )

  test.skipIf(skipsBrowser)('who may not set limits sees what is left and no way to change it', async () => {
    const server = await serve()
    const { key, id } = await server.latchkey.keys.create({
      organizationId: 'acme',
      name: 'Administrator',
      permissions: ['latchkey:keys:*', 'latchkey:organizations:read'],
      limits: [{ name: 'credits', limit: 5, resets: 'daily' }],
    })
    await server.latchkey.organizations.update('acme', { limits: [{ name: 'all', limit: 9, resets: null }] })
    const page = await browser.open(server, { token: key, path: '/organizations/acme/new-key' })
    await page.getByRole('button', { name: 'Create key' }).waitFor()
    expect(await page.getByRole('button', { name: 'Add a limit' }).count()).toBe(0)
    await page.goto('/organizations/acme/limits')
    await page.getByText('9 of 9 left').waitFor()
    expect(await page.getByRole('button', { name: /^(Limits|Add units)/ }).count()).toBe(0)
    await page.goto(`/keys/${id}/limits`)
    await page.getByText('5 of 5 left').waitFor()
    expect(await page.getByRole('button', { name: /^Add units/ }).count()).toBe(0)
    const edit = page.getByRole('button', { name: 'Edit the limits' })
    expect(await edit.getAttribute('aria-disabled')).toBe('true')
  })
})
