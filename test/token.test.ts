// The form of a token, by frozen vectors that another implementation made and by properties.
import { getRandomValues } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  assembleToken,
  containsToken,
  generateToken,
  parseToken,
  prefixPattern,
  type RandomSource,
  redactTokens,
  tokenHint,
} from '../src/core/token.ts'
import { fromCursor, toCursor } from '../src/store/cursors.ts'
import { digestToken, sameDigest } from '../src/verification/digest.ts'
import { rounds } from './setup/rounds.ts'
import vectors from './vectors.json' with { type: 'json' }

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const random: RandomSource = (bytes) => getRandomValues(bytes as Uint8Array<ArrayBuffer>)

const prefix = fc
  .array(fc.string({ unit: fc.constantFrom(...'abcz0189'), minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((parts) => `p${parts.join('_')}`.slice(0, 24).replace(/_$/, ''))
const kid = fc.string({ unit: fc.constantFrom(...base62), minLength: 16, maxLength: 16 })
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })
const token = fc
  .tuple(prefix, kid, secret)
  .map(([prefix, kid, secret]) => ({ prefix, kid, token: assembleToken(prefix, kid, secret) }))

describe('the frozen vectors', () => {
  test('there are at least twelve', () => expect(vectors.length).toBeGreaterThanOrEqual(12))

  test.each(vectors)('$what: assembled, parsed and digested as ever', (vector) => {
    expect(assembleToken(vector.prefix, vector.kid, Buffer.from(vector.secret, 'hex'))).toBe(vector.token)
    expect(vector.token.slice(-6)).toBe(vector.check)
    expect(parseToken(vector.token)).toEqual({
      prefix: vector.prefix,
      kid: vector.kid,
      token: vector.token,
    })
    expect(Buffer.from(digestToken(vector.token)).toString('hex')).toBe(vector.sha256)
  })
})

describe('generate and parse', () => {
  test('a generated token has the form of the design and parses to itself', () => {
    fc.assert(
      fc.property(prefix, (prefix) => {
        const made = generateToken(prefix, random)
        expect(made.token).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*_[0-9A-Za-z]{65}$/)
        expect(made.token).toHaveLength(prefix.length + 66)
        expect(parseToken(made.token)).toEqual(made)
      }),
    )
  })

  test('any kid and any secret of 32 bytes make a token that parses', () => {
    fc.assert(
      fc.property(token, (made) => {
        expect(parseToken(made.token)).toEqual(made)
      }),
    )
  })

  test('secret-token: before a token is accepted once, and is no part of it', () => {
    fc.assert(
      fc.property(token, (made) => {
        expect(parseToken(`secret-token:${made.token}`)).toEqual(made)
        expect(parseToken(`secret-token:secret-token:${made.token}`)).toBeUndefined()
        expect(parseToken(`Secret-Token:${made.token}`)).toBeUndefined()
      }),
    )
  })

  test.each([
    '',
    'R',
    're_',
    '_re',
    're__live',
    '0re',
    're-live',
    're live',
    'ré',
    `a${'b'.repeat(24)}`,
    're\n',
  ])('the prefix %j is refused', (prefix) => {
    expect(() => generateToken(prefix, random)).toThrow(RangeError)
    expect(parseToken(assembleToken(prefix, '0'.repeat(16), new Uint8Array(32)))).toBeUndefined()
  })

  test.each(['r', 're', 're_live', 'a1', 'a_1_b', `a${'b'.repeat(23)}`])(
    'the prefix %j is taken',
    (prefix) => {
      expect(prefix).toMatch(prefixPattern)
      expect(parseToken(generateToken(prefix, random).token)?.prefix).toBe(prefix)
    },
  )

  test('the hint holds the prefix and the kid, and not one character of the secret', () => {
    fc.assert(
      fc.property(token, ({ prefix, kid, token }) => {
        expect(tokenHint(prefix, kid)).toBe(`${token.slice(0, prefix.length + 17)}…`)
      }),
    )
  })
})

describe('what is not a token is refused', () => {
  test('every change of one character, over the whole alphabet', () => {
    const signs = [...base62, '_', '-', ' ', '\0', 'é', '😀']
    for (const { token } of vectors) {
      for (let i = 0; i < token.length; i++) {
        for (const sign of signs) {
          if (sign === token[i]) continue
          refuse(token.slice(0, i) + sign + token.slice(i + 1))
        }
      }
    }
  })

  test('every change of one character, everywhere, in any token', () => {
    fc.assert(
      fc.property(token, fc.constantFrom(...base62), ({ token }, sign) => {
        for (let i = 0; i < token.length; i++) {
          if (sign !== token[i]) refuse(token.slice(0, i) + sign + token.slice(i + 1))
        }
      }),
    )
  })

  test('every swap of two neighbours that differ', () => {
    fc.assert(
      fc.property(token, ({ token }) => {
        for (let i = 0; i + 1 < token.length; i++) {
          const [a, b] = [token[i] as string, token[i + 1] as string]
          if (a !== b) refuse(token.slice(0, i) + b + a + token.slice(i + 2))
        }
      }),
      { numRuns: 300 },
    )
  })

  test('every loss and every doubling of one character', () => {
    for (const { token } of vectors) {
      for (let i = 0; i < token.length; i++) {
        expect(parseToken(token.slice(0, i) + token.slice(i + 1))).toBeUndefined()
        expect(parseToken(token.slice(0, i + 1) + token.slice(i))).toBeUndefined()
      }
    }
  })

  test('any text at all gives undefined and never throws', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'grapheme', maxLength: 100 }),
      fc.string({ unit: fc.constantFrom(...'ab_09Zz'), minLength: 60, maxLength: 95 }),
    )
    fc.assert(
      fc.property(text, (text) => {
        expect(parseToken(text)).toBeUndefined()
      }),
      { numRuns: 2000 },
    )
  })

  test('characters beyond one byte are never taken for the byte that they end in', () => {
    for (const { token } of vectors) {
      for (let i = 0; i < token.length; i++) {
        const beyond = String.fromCharCode(token.charCodeAt(i) + 0x100)
        expect(parseToken(token.slice(0, i) + beyond + token.slice(i + 1))).toBeUndefined()
      }
    }
  })

  test.each(['a', '_', '0', '😀', 're_', 'secret-token:'])('a megabyte of %j', (part) => {
    expect(parseToken(part.repeat(1_000_000 / part.length))).toBeUndefined()
  })
})

test('a kid is drawn from bytes below 4 × 62 alone, or some of its characters would be likelier', () => {
  const drawn = [247, 248, 249, 255, 0, 61, 62, 100]
  let next = 0
  const { kid } = generateToken('re', (bytes) => bytes.map(() => drawn[next++ % drawn.length] as number))
  expect(kid).toBe(`${'z0z0c'.repeat(3)}z`)
})

const drawn = rounds(100_000, 1_000_000)
test(`${drawn} tokens repeat no kid, and their characters are even`, { timeout: 180_000 }, () => {
  const kids = new Set<string>()
  const counts = new Uint32Array(128)
  for (let i = 0; i < drawn; i++) {
    const { kid } = generateToken('re', pooledRandom)
    kids.add(kid)
    for (let place = 0; place < kid.length; place++) (counts[kid.charCodeAt(place)] as number)++
  }
  expect(kids.size).toBe(drawn)
  const seen = counts.filter((count) => count > 0)
  expect(seen.length).toBe(62)
  const expected = (16 * drawn) / 62
  const chiSquare = seen.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // 61 degrees of freedom: an even source exceeds 150 once in a billion runs.
  expect(chiSquare).toBeLessThan(150)
})

test('digests are the same only if all of their bytes are', () => {
  const digest = digestToken(vectors[0]?.token as string)
  expect(sameDigest(digest, Uint8Array.from(digest))).toBe(true)
  expect(sameDigest(digest, digest.subarray(0, 31))).toBe(false)
  for (let i = 0; i < digest.length; i++) {
    expect(
      sameDigest(
        digest,
        digest.map((byte, at) => (at === i ? byte ^ 1 : byte)),
      ),
    ).toBe(false)
  }
})

test('a token is found wherever it stands in a text, and long texts are searched in no time', () => {
  for (const { token } of vectors) expect(containsToken(`/v1/keys?key=${token}&x=1`)).toBe(true)
  expect(containsToken('/v1/keys/0192f0c1-0000-7000-8000-000000000000?status=active')).toBe(false)
  // Quadratic time would not end: a search from each of a million characters to the end of the text.
  for (const part of ['a', 'a_', '_', `a_${'b'.repeat(64)}-`]) {
    expect(containsToken(part.repeat(1_000_000 / part.length))).toBe(false)
  }
})

test('a token is found though it lacks its check, or more of its end', () => {
  for (let i = 0; i < 100; i++) {
    const { token, kid } = generateToken('re', random)
    for (let length = 31; length <= token.length; length++) {
      const part = token.slice(0, length)
      for (const text of [part, `/v1/keys?q=${part}`, `curl ${part} --url`, `x_${part}`])
        if (!containsToken(text)) throw new Error(`Not found: ${length} characters.`)
    }
    // The log's guard leaves no character beyond the kid.
    for (const length of [20, 21, 40, 62, 68])
      expect(redactTokens(`at ${token.slice(0, length)}, then`)).toBe(`at re_${kid}…, then`)
  }
})

test('the secrets of invitations, portal links and portal sessions are found and cut as well, or the greater part of one', () => {
  for (const prefix of ['lki_', 'lkl_', 'lkp_'])
    for (let i = 0; i < 50; i++) {
      const secret = prefix + Buffer.from(random(new Uint8Array(32))).toString('base64url')
      for (const text of [secret, secret.slice(0, 20), `/portal?s=${secret}`, `#${secret}&x`])
        if (!containsToken(text)) throw new Error(`Not found: ${text.length} characters.`)
      expect(redactTokens(`at ${secret}, then`)).toBe(`at ${prefix}…, then`)
    }
  for (const text of ['/v1/portal/keys', 'walkl_through_the_whole_text', 'lki_', 'lkp_short'])
    expect(containsToken(text), text).toBe(false)
})

test('ids that other systems make are not taken for tokens', () => {
  const ids = [
    'req_01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'org_2abcDEFghiJKLmnoPQRstuVWXyz',
    'user_V1StGXR8_Z5jdHi6B-myT',
    'acct_1032D82eZvKYlo2C',
    `build_${'0123456789abcdef'.repeat(4)}`,
    '0192f0c1-0000-7000-8000-000000000000',
  ]
  for (const id of ids) expect(containsToken(id), id).toBe(false)
})

test('a cursor is not taken for a token, whatever the name that it stands for', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('?', 'ÿ', '〿', 'Name', ' of it'), { maxLength: 60 }), (pieces) => {
      const position = [pieces.join(''), '0192f0c1-0000-7000-8000-000000000000'] as const
      const cursor = toCursor('keys', position)
      expect(containsToken(cursor)).toBe(false)
      expect(encodeURIComponent(cursor)).toBe(cursor)
      expect(fromCursor(cursor, 'keys', 'string')).toEqual(position)
      // As it was written by earlier versions.
      expect(fromCursor(cursor.replaceAll('~', '_'), 'keys', 'string')).toEqual(position)
    }),
  )
})

// Not through `expect`, which would take most of the time of a hundred thousand calls.
function refuse(text: string): void {
  if (parseToken(text) !== undefined) throw new Error(`Taken for a token: ${text}`)
}

// The system's randomness, fetched by the 64 KiB: a call for each token would take most of the time.
const pool = new Uint8Array(65_536)
let used = pool.length
function pooledRandom(bytes: Uint8Array): Uint8Array {
  if (used + bytes.length > pool.length) {
    getRandomValues(pool)
    used = 0
  }
  bytes.set(pool.subarray(used, used + bytes.length))
  used += bytes.length
  return bytes
}
