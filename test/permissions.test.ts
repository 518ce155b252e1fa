// What a grant covers, against a model that writes out everything that a pattern stands for.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  covers,
  Grant,
  managementPermissions,
  missingPermissions,
  permissionPattern,
  uncataloguedOf,
} from '../src/core/permissions.ts'

// Concrete permissions over a small alphabet. One segment more than any pattern names stands for 'or more', and
// the segment `other`, which no pattern names, for all the segments that there are.
const named = ['a', 'b', 'latchkey']
const segments = [...named, 'other']
const longestPattern = 3
const universe = words(segments, longestPattern + 1)
const patterns = words([...named, '*'], longestPattern)

/** All that a pattern stands for, written out from the design's sentences and not from the code. */
function meaning(pattern: string): Set<string> {
  const parts = pattern.split(':')
  return new Set(
    universe.filter((permission) => {
      if (permission.startsWith('latchkey:') && !pattern.startsWith('latchkey:')) return false
      const form = parts.map((part, i) => {
        if (part !== '*') return part
        return i === parts.length - 1 ? '[a-z]+(:[a-z]+)*' : '[a-z]+'
      })
      return new RegExp(`^${form.join(':')}$`).test(permission)
    }),
  )
}

const meanings = new Map(patterns.map((pattern) => [pattern, meaning(pattern)]))
const pattern = fc.constantFrom(...patterns)
const grant = fc.array(pattern, { maxLength: 4 })

describe('covers', () => {
  test('a concrete permission is covered exactly if a pattern stands for it', () => {
    for (const [pattern, meant] of meanings) {
      for (const permission of universe) {
        if (covers([pattern], permission) !== meant.has(permission)) {
          expect.fail(`${pattern} and ${permission}: ${meant.has(permission)} by the design`)
        }
      }
    }
  })

  test('a wildcard is covered exactly if all that it stands for is', () => {
    for (const [granted, given] of meanings) {
      for (const [asked, wanted] of meanings) {
        if (covers([granted], asked) !== isSubset(wanted, given)) {
          expect.fail(`${granted} and ${asked}: ${isSubset(wanted, given)} by the design`)
        }
      }
    }
  })

  test('a list covers what one of its permissions covers, and no more', () => {
    fc.assert(
      fc.property(grant, pattern, (granted, asked) => {
        const wanted = meanings.get(asked) as Set<string>
        const expected = granted.some((one) => isSubset(wanted, meanings.get(one) as Set<string>))
        expect(covers(granted, asked)).toBe(expected)
      }),
      { numRuns: 1000 },
    )
  })

  test('whoever covers a grant covers all that the grant covers', () => {
    const covered = (by: string) => patterns.filter((pattern) => covers([by], pattern))
    for (const top of patterns) {
      const reach = new Set(covered(top))
      for (const middle of reach) expect(isSubset(covered(middle), reach)).toBe(true)
    }
  })

  test('everything covers itself', () => {
    for (const pattern of patterns) expect(covers([pattern], pattern)).toBe(true)
  })

  test('an empty grant covers nothing', () => {
    for (const pattern of [...patterns, '']) expect(covers([], pattern)).toBe(false)
  })

  test('only a permission of the reserved namespace opens the management API', () => {
    const outside = patterns.filter((pattern) => !pattern.startsWith('latchkey:'))
    for (const permission of managementPermissions) {
      expect(covers(outside, permission)).toBe(false)
      expect(covers(['latchkey:*'], permission)).toBe(true)
    }
  })
})

describe('a grant taken apart', () => {
  test('covers exactly what its list covers, pattern by pattern', () => {
    for (const granted of patterns) {
      const grant = new Grant([granted])
      for (const asked of [...patterns, ...universe]) {
        if (grant.covers(asked) !== covers([granted], asked)) expect.fail(`${granted} and ${asked}`)
      }
    }
  })

  test('covers exactly what its list covers, however many patterns there are', () => {
    const many = fc.array(pattern, { maxLength: 128 })
    fc.assert(
      fc.property(many, many, fc.boolean(), (granted, asked, isFrozen) => {
        const grant = new Grant(granted)
        for (const permission of [...asked, ...granted])
          expect(grant.covers(permission)).toBe(covers(granted, permission))
        const list = isFrozen ? Object.freeze([...granted]) : granted
        const missing = asked.filter((permission) => !covers(granted, permission))
        expect(missingPermissions(list, asked)).toEqual(missing)
      }),
      { numRuns: 500 },
    )
  })

  test('of a list that changes is not the one of before', () => {
    const granted = Array.from({ length: 100 }, (_, i) => `*:*:z${i}`)
    expect(missingPermissions(granted, ['a:b:c'])).toEqual(['a:b:c'])
    granted[50] = 'a:*:c'
    expect(missingPermissions(granted, ['a:b:c'])).toEqual([])
  })
})

test('the missing permissions are those not covered, in the order asked', () => {
  expect(missingPermissions(['emails:*', 'a'], ['b', 'emails:send', 'a', 'c:*'])).toEqual(['b', 'c:*'])
  expect(missingPermissions([], [])).toEqual([])
})

test.each(['a', '*', 'a:*', '*:a', 'a:*:c', 'A-Z_0.9/x:y', '/', '*:*:*'])(
  '%j is a permission',
  (permission) => {
    expect(permission).toMatch(permissionPattern)
  },
)

test.each(['', ':', 'a:', ':a', 'a::b', 'a*', '*a', '**', 'a b', 'a:*b', 'é', 'a\n', 'a,b', 'a:\0'])(
  '%j is not a permission',
  (permission) => {
    expect(permission).not.toMatch(permissionPattern)
  },
)

describe('docs/guides/permissions.md', () => {
  const text = readFileSync(new URL('../docs/guides/permissions.md', import.meta.url), 'utf8')
  const examples = [...text.matchAll(/^\| (?:`(.+?)` )?\| `(.+?)` \| (yes|no) \|$/gm)]

  test('has its table of examples', () => expect(examples.length).toBeGreaterThanOrEqual(15))

  test.each(examples.map(([, granted, asked, covered]) => ({ granted, asked, covered })))(
    'is right that $granted covers $asked: $covered',
    ({ granted, asked, covered }) => {
      expect(covers(granted === undefined ? [] : [granted], asked as string)).toBe(covered === 'yes')
    },
  )

  test('names every permission of the management API', () => {
    const rows = [...text.matchAll(/^\| `(latchkey:[a-z:]+)` \| [^|]+ \|$/gm)].map(
      ([, permission]) => permission,
    )
    expect(rows).toEqual(managementPermissions)
  })
})

function isSubset(some: Iterable<string>, all: Set<string>): boolean {
  return [...some].every((one) => all.has(one))
}

function words(alphabet: string[], longest: number): string[] {
  let words = alphabet
  const all = [...words]
  for (let length = 2; length <= longest; length++) {
    words = words.flatMap((word) => alphabet.map((letter) => `${word}:${letter}`))
    all.push(...words)
  }
  return all
}

test('a catalogue has what it names, and a wildcard that covers something in it, or that something in it covers', () => {
  const name = pattern.filter((one) => !one.startsWith('latchkey:'))
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 6 }), grant, (names, asked) => {
      const isHad = (one: string) =>
        one.startsWith('latchkey:') || covers(names, one) || names.some((named) => covers([one], named))
      expect(uncataloguedOf(names, asked)).toEqual(asked.filter((one) => !isHad(one)))
    }),
  )
})

test('a grant weighs more for each word, and for each step of its patterns', () => {
  const weightOf = (...granted: string[]) => new Grant(granted).weight
  expect(weightOf()).toBe(0)
  expect(weightOf('a:b')).toBe(3 + 64)
  expect(weightOf('a:b', 'a:b')).toBe(3 + 64)
  expect(weightOf('a:*')).toBe(3 + 64)
  expect(weightOf('*:b')).toBe(3 + 64 + 2 * 300)
  expect(weightOf('*:b', '*:c')).toBe(2 * (3 + 64) + 3 * 300)
  expect(weightOf('*:*')).toBe(3 + 64 + 300)
})

test('one of several patterns that go the same way is enough, wherever the others lead', () => {
  const grant = new Grant(['a:*:c', '*:b:c:d'])
  for (const asked of ['a:b:c', 'a:x:c', 'x:b:c:d', 'a:b:c:d']) expect(grant.covers(asked)).toBe(true)
  for (const asked of ['x:b:c', 'a:b', 'a:b:d', 'a:b:c:d:e']) expect(grant.covers(asked)).toBe(false)
})
