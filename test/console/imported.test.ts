// Tokens of other systems in the console: the operator sees how many are left, and a pasted one finds its key without being sent.
import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { foreignIn } from '../../console/format/found-by.ts'
import { recipeWords, tokensCounted } from '../../console/format/recipes.ts'
import { kidsOfForeign } from '../../src/core/foreign-kids.ts'
import { kidOfForeign } from '../../src/verification/foreign.ts'
import { createAcme } from '../setup/acme.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'

const whole = 'mX7fQ2vL9tR4kB8nW1cZ6yD3'
const sanctum = `17|${whole}`

test('a token of another system is told from a name, and is not searched for', () => {
  const uuid = '0192f0c1-0000-7000-8000-000000000000'
  for (const token of [
    whole,
    sanctum,
    `  Bearer ${whole} `,
    'sk_live_4242424242424242',
    'ghp_abcdefghijklmnopqrst',
    '9f86d081884c7d659a2feaa0c55ad015',
    'kQzWvTbNmLpRsXcDfGhJyUaEiO',
  ])
    expect(foreignIn(token), token).toBe(token.trim().replace('Bearer ', ''))
  for (const name of [
    'CI',
    'payments-production-eu-1',
    'ProductionMailer2026',
    'a name with several words',
    'internationalization',
    'emails:send:marketing',
    uuid,
    `${'x'.repeat(20)}é`,
    'mX7fQ2vL9tR4kB8', // Too short.
  ])
    expect(foreignIn(name), name).toBeUndefined()
})

test('its kids are those under which the server keeps it', async () => {
  const digestOf = (scheme: string, part: string) => createHash(scheme).update(part).digest()
  const recipes = [
    { scheme: 'sha256', of: 'token', pepper: null },
    { scheme: 'sha512', of: 'token', pepper: null },
    { scheme: 'sha256', of: 'after:|', pepper: null },
    // No page knows the pepper.
    { scheme: 'hmac-sha256', of: 'token', pepper: 'kong' },
  ] as const
  const kid = (scheme: 'sha256' | 'sha512', part: string, text: string) =>
    kidOfForeign({ scheme, part, pepper: null }, digestOf(scheme, text))
  expect(await kidsOfForeign(sanctum, recipes)).toEqual([
    kid('sha256', 'token', sanctum),
    kid('sha512', 'token', sanctum),
    kid('sha256', 'after:|', whole),
  ])
  expect(await kidsOfForeign(whole, recipes)).toHaveLength(2)
})

test('how tokens are hashed, and how many there are, is told in words', () => {
  expect(recipeWords({ scheme: 'sha256', of: 'after:|' })).toBe('SHA-256 of the part after |')
  expect(recipeWords({ scheme: 'hmac-sha256', of: 'token' })).toBe('HMAC-SHA-256 of the token')
  expect([0, 10_000, 10_001].map(tokensCounted)).toEqual(['0', '10,000', 'More than 10,000'])
})

onOneDatabase('SQLite', `imported tokens in the console${browserNote}`, (makeDatabase) => {
  const browser = useBrowser()

  test.skipIf(skipsBrowser)(
    'are counted for the operator, and find their keys without being sent',
    async () => {
      const server = await browser.serve(await makeDatabase())
      await createAcme(server.latchkey)
      const page = await browser.open(server, { token: server.rootKey, path: '/settings/instance' })
      await page.getByRole('heading', { level: 2, name: 'Details' }).waitFor()
      expect(await page.getByRole('region', { name: 'Imported tokens' }).count()).toBe(0)
      const value = createHash('sha256').update(whole).digest('hex')
      await server.latchkey.keys.import([
        {
          ...{ organizationId: 'acme', name: 'Moved', hint: '17|' },
          hash: { scheme: 'sha256', encoding: 'hex', value, of: 'after:|' },
        },
      ])
      await page.reload()
      const row = page.getByRole('region', { name: 'Imported tokens' }).getByRole('row').nth(1)
      await row.waitFor()
      expect((await row.innerText()).split('\t').map((cell) => cell.trim())).toEqual([
        'SHA-256 of the part after |',
        'None',
        '1',
      ])

      const sent: string[] = []
      page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`))
      await page.goto('/keys')
      const search = page.getByLabel('Search by name')
      await search.fill(sanctum)
      await page.getByRole('button', { name: /^Remove the filter token -/ }).waitFor()
      await page.getByRole('link', { name: 'Moved', exact: true }).waitFor()
      expect(new URL(page.url()).searchParams.get('kid')).toMatch(/^-\w{15}$/)
      await search.fill(whole.split('').reverse().join(''))
      await page.getByText('No key has it.').waitFor()
      expect(await search.inputValue()).toBe('')
      const kept = await page.evaluate(() =>
        JSON.stringify([location.href, history.state, { ...localStorage }, { ...sessionStorage }]),
      )
      const secrets = [whole, encodeURIComponent(sanctum), whole.split('').reverse().join('')]
      expect([...sent, kept].filter((line) => secrets.some((secret) => line.includes(secret)))).toEqual([])

      // Who reads no recipes finds it by what most systems do.
      const { key } = await server.latchkey.keys.create({
        organizationId: 'acme',
        name: 'Reader',
        permissions: ['latchkey:keys:read'],
      })
      const other = await browser.open(server, { token: key, path: '/organizations/acme', own: true })
      await other.getByLabel('Search by name').fill(sanctum)
      await other.getByText('1 key', { exact: true }).waitFor()
      await other.getByRole('link', { name: 'Moved', exact: true }).waitFor()
    },
  )
})
