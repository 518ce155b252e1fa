// What the console tells of a token before it asks: the likely fault in words, and no character of a secret.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readToken } from '../../console/format/token-reading.ts'
import { generateToken, parseToken, type RandomSource } from '../../src/core/token.ts'

// Always the same, so that no chance likeness between a secret and a word fails a test.
const random: RandomSource = (bytes) => bytes.map((_, i) => (i * 37 + 11) % 248)
const { token, kid } = generateToken('re_live', random)

test('a whole token passes every check, with its prefix and its kid', () => {
  for (const text of [token, ` ${token}\n`, `secret-token:${token}`]) {
    const reading = readToken(text)
    expect(reading.isWhole).toBe(true)
    expect(reading.token).toBe(text.trim())
    expect(reading.hint).toBe(`re_live_${kid}…`)
    expect(reading.checks.map(({ passed }) => passed)).toEqual([true, true, true, true])
    expect(reading.checks.map(({ tells }) => tells)).toEqual(expect.arrayContaining(['re_live', kid]))
  }
})

test('a token is whole exactly where Latchkey takes it apart, and otherwise something has failed', () => {
  const piece = fc.constantFrom(
    token,
    're_',
    '_',
    'x',
    ' ',
    '\n',
    '"',
    'é',
    '😀',
    'Bearer ',
    '…',
    'secret-token:',
  )
  const text = fc.oneof(
    fc.string({ unit: piece, maxLength: 5 }),
    fc
      .tuple(fc.nat(token.length - 1), fc.string({ maxLength: 2 }))
      .map(([at, put]) => token.slice(0, at) + put + token.slice(at + 1)),
  )
  fc.assert(
    fc.property(text, (damaged) => {
      const reading = readToken(damaged)
      expect(reading.isWhole).toBe(parseToken(reading.token) !== undefined)
      // What Latchkey takes as it is needs no reading.
      if (parseToken(damaged.trim()) !== undefined) expect(reading.token).toBe(damaged.trim())
      expect(reading.checks.some(({ passed }) => passed === false)).toBe(!reading.isWhole)
    }),
  )
})

describe('the likely fault in words', () => {
  const swapped = token.slice(0, -8) + other(token.at(-8)) + token.slice(-7)
  test.each([
    ['a lost end', token.slice(0, -3), 'Shape', 'Too short by 3 characters'],
    ['one lost character', token.slice(0, 30) + token.slice(31), 'Shape', 'Too short by 1 character.'],
    ['something copied along', `${token}xy`, 'Shape', 'Too long by 2 characters'],
    ['a sign in the middle', `${token.slice(0, 20)}-${token.slice(21)}`, 'Shape', '“-” at position 13'],
    ['a line break', `${token.slice(0, 20)}\n${token.slice(21)}`, 'Shape', 'a line break'],
    ['a space that cannot be seen', `${token.slice(0, 20)}\u200b${token.slice(21)}`, 'Shape', 'invisible'],
    ['a typo', swapped, 'Check', 'Does not match'],
    ['no prefix', token.slice(8), 'Shape', 'The prefix is missing'],
    ['an upper-case prefix', token.replace('re_live', 'RE_LIVE'), 'Prefix', 'lower-case'],
    ['a long prefix', `${'a'.repeat(25)}${token.slice(7)}`, 'Prefix', 'and has 25'],
    ['an empty prefix', token.slice(7), 'Prefix', 'The prefix before the _ is missing'],
    ['a lost end after its scheme', `Bearer ${token.slice(0, -3)}`, 'Shape', 'Too short by 3 characters'],
    ['two tokens', `${token} ${other(token)}`, 'Shape', 'several tokens'],
    ['a hint', `re_live_${kid}…`, 'Shape', 'hint'],
    ['dots', '••••••••', 'Shape', 'hidden'],
  ] as const)('%s', (_, text, name, words) => {
    const check = readToken(text).checks.find((one) => one.name === name)
    expect(check).toEqual({ name, passed: false, tells: expect.stringContaining(words) })
  })
})

test('nothing that is told of a damaged token holds three characters of its secret', () => {
  const secret = token.slice('re_live_'.length + kid.length)
  fc.assert(
    fc.property(fc.nat(token.length), fc.nat(20), (at, length) => {
      const told = readToken(token.slice(0, at) + token.slice(at + length)).checks.map(({ tells }) => tells)
      for (let i = 0; i + 3 <= secret.length; i++) {
        const part = secret.slice(i, i + 3)
        expect(told.join('\n')).not.toContain(part)
      }
    }),
  )
})

test.each([
  `Bearer ${token}`,
  `bearer\t${token}`,
  `Authorization: Bearer ${token}`,
  `authorization:Bearer ${token}\r\n`,
  `"${token}"`,
  `‘${token}’,`,
  `<${token}>`,
  `X-Api-Key: ${token}`,
  `LATCHKEY_KEY=${token}`,
  `export LATCHKEY_KEY='${token}'`,
  `curl -H 'Authorization: Bearer ${token}' https://api.example.com/v1/emails`,
  `{"key":"${token}"}`,
  `${token} ${token}`,
])('what was copied along with a token is left out: %#', (text) => {
  expect(readToken(text)).toMatchObject({ token, isWhole: true, kid })
})

test.each([
  [`sk_live_${'51H8xYzAbCdEfGhIjKlMnOpQr'}`, 'Stripe'],
  ['sk_live_', 'Stripe'],
  [`rk_test_${'a'.repeat(99)}`, 'Stripe'],
  [`ghp_${'A1b2'.repeat(9)}`, 'GitHub'],
  [`github_pat_${'A1b2'.repeat(20)}`, 'GitHub'],
  [`Bearer glpat-${'A1b2'.repeat(5)}`, 'GitLab'],
  ['xoxb-123-456-abc', 'Slack'],
  ['AKIAIOSFODNN7EXAMPLE', 'AWS'],
  [`sk-proj-${'A1b2'.repeat(20)}`, 'OpenAI'],
  [`sk-ant-api03-${'A1b2'.repeat(20)}`, 'Anthropic'],
  ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', 'JSON Web Token'],
])('a key of another service is told from a damaged one of ours: %s', (text, service) => {
  const { isWhole, isStranger, checks } = readToken(text)
  expect([isWhole, isStranger]).toEqual([false, true])
  expect(checks[0]?.tells).toContain(service)
  // Nothing about it is right.
  expect(checks.filter(({ passed }) => passed)).toEqual([])
})

test('a deployment may have taken a prefix that others have too', () => {
  const own = generateToken('sk_live', random).token
  expect(readToken(own)).toMatchObject({ isWhole: true, isStranger: false })
  const mistyped = readToken(own.slice(0, -1) + other(own.at(-1)))
  expect(mistyped).toMatchObject({ isWhole: false, isStranger: false })
  // Its beginning alone proves nothing.
  expect(readToken('re_live_abc').checks.find(({ name }) => name === 'Prefix')?.passed).toBeUndefined()
})

test('a text of any length is read in little time', () => {
  for (const unit of [' ', '"', 'a', 'a_', 'A=', 'Bearer ', `${token.slice(0, -1)} `])
    expect(readToken(`${unit.repeat(100_000)}x`).isWhole).toBe(false)
})

/** Another character, or a token with another end. */
function other(text = ''): string {
  if (text.length > 1) return generateToken('re_test', random).token
  return text === 'a' ? 'b' : 'a'
}
