// What the console makes of what people type and paste: permissions, expiry, metadata, names, and the code it offers.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expiryAfter, expiryFault } from '../../console/format/expiries.ts'
import { readMetadata, writeMetadata } from '../../console/format/metadata-text.ts'
import { nameFault, textFault } from '../../console/format/names.ts'
import {
  coveredInUse,
  isUnfinished,
  permissionFault,
  permissionFaults,
  permissionOptions,
  readPermissions,
  wildcardMeaning,
  withheldFrom,
} from '../../console/format/permission-list.ts'
import { snippetsFor } from '../../console/format/snippets.ts'
import { permissionsSchema } from '../../src/core/fields.ts'
import { covers, managementPermissions } from '../../src/core/permissions.ts'
import { createKeySchema } from '../../src/core/shapes/key-changes.ts'

const permission = fc.stringMatching(/^(?:[A-Za-z0-9_./-]{1,8}|\*)(?::(?:[A-Za-z0-9_./-]{1,8}|\*)){0,3}$/)
/** Near to permissions, so that every kind of fault comes up. */
const almost = fc.string({
  unit: fc.constantFrom('a', 'b1', ':', '*', '-', '!', 'é', '😀', ' ', 'x'.repeat(60)),
})

describe('a list of permissions', () => {
  test('is read the same from commas, lines, spaces and JSON', () => {
    fc.assert(
      fc.property(fc.uniqueArray(permission, { maxLength: 6 }), (permissions) => {
        const texts = [', ', '\n', '\t', ';'].map((between) => permissions.join(between))
        for (const text of [...texts, JSON.stringify(permissions), JSON.stringify(permissions, null, 2)]) {
          expect(readPermissions(text)).toEqual(permissions)
        }
      }),
    )
  })

  test('loses doubles and keeps the order', () => {
    expect(readPermissions(' b, a ,b,,a\n')).toEqual(['b', 'a'])
  })

  test('has a fault exactly where the server refuses a permission', () => {
    fc.assert(
      fc.property(fc.oneof(almost, permission), (text) => {
        expect(permissionFault(text) === undefined).toBe(permissionsSchema.safeParse([text]).success)
      }),
    )
  })

  test.each([
    ['emails!', '“!”'],
    ['emails:', 'after the last colon'],
    [':send', 'begin with a colon'],
    ['a::b', 'between two colons'],
    ['emails:s*', 'a * alone'],
    ['a'.repeat(129), 'and has 129'],
  ])('%s: the fault is said in words', (text, words) => {
    expect(permissionFault(text)).toContain(words)
  })

  test('is not called wrong while a segment is still to come', () => {
    expect(isUnfinished('emails:')).toBe(true)
    expect(isUnfinished('emails:send')).toBe(false)
    expect(isUnfinished('em!ails:')).toBe(false)
    expect(isUnfinished('emails::')).toBe(false)
  })

  test('takes 128 and not 129', () => {
    const many = Array.from({ length: 129 }, (_, i) => `p${i}`)
    expect(permissionFaults(many.slice(1))).toEqual([])
    expect(permissionFaults(many)).toEqual([
      { permission: undefined, reason: expect.stringContaining('list has 129') },
    ])
  })

  test('marks what the signed-in key may not grant, and nothing else', () => {
    const notGrantable = (asked: readonly string[]) => withheldFrom(['emails:*'], false, asked)
    const faults = permissionFaults(['emails:send', 'domains:read', '*', 'no!'], notGrantable)
    expect(faults.map(({ permission }) => permission)).toEqual(['domains:read', '*', 'no!'])
    const byRoot = (asked: readonly string[]) => withheldFrom(['*', 'latchkey:keys:read'], true, asked)
    expect(permissionFaults(['*', 'domains:read', 'latchkey:keys:read', 'latchkey:*'], byRoot)).toEqual([
      { permission: 'latchkey:*', reason: expect.stringContaining('does not hold') },
    ])
  })
})

describe('what completes a permission', () => {
  const inUse = [
    { permission: 'emails:send', keys: 3 },
    { permission: 'latchkey:keys:read', keys: 2 },
    { permission: 'domains:read', keys: 1 },
  ]

  test('is in use, most used first, and then opens the management API, each once', () => {
    const options = permissionOptions('', [], inUse)
    expect(options.slice(0, 3).map(({ note }) => note)).toEqual(['3 keys', '2 keys', '1 key'])
    expect(new Set(options.map(({ permission }) => permission)).size).toBe(options.length)
    expect(options).toHaveLength(3 + managementPermissions.length - 1)
  })

  test('is explained by the catalogue, whose other permissions come before those of the management API', () => {
    const catalogue = [
      { name: 'emails:read', description: 'Read emails', group: 'Emails' },
      { name: 'emails:send', description: 'Send emails', group: null },
      { name: 'zones', description: null, group: null },
    ]
    expect(permissionOptions('', [], inUse, catalogue).slice(0, 5)).toEqual([
      { permission: 'emails:send', note: 'Send emails · 3 keys' },
      { permission: 'latchkey:keys:read', note: '2 keys' },
      { permission: 'domains:read', note: '1 key' },
      { permission: 'emails:read', note: 'Emails: Read emails' },
      { permission: 'zones', note: '' },
    ])
  })

  test('holds what was typed in any case, and nothing that is there already', () => {
    expect(permissionOptions('READ', ['domains:read'], inUse).map(({ permission }) => permission)).toEqual([
      'latchkey:keys:read',
      'latchkey:organizations:read',
      'latchkey:audit:read',
      'latchkey:usage:read',
      'latchkey:webhooks:read',
      'latchkey:members:read',
    ])
    expect(permissionOptions('emails:send', [], inUse)).toEqual([])
  })
})

describe('wildcards', () => {
  test('cover those in use that a verification would find covered, themselves left out', () => {
    fc.assert(
      fc.property(permission, fc.uniqueArray(permission, { maxLength: 8 }), (wildcard, all) => {
        const covered = coveredInUse(
          wildcard,
          all.map((one) => ({ permission: one })),
        )
        expect(covered).toEqual(all.filter((one) => one !== wildcard && covers([wildcard], one)))
      }),
    )
  })

  test('have a meaning in words, and nothing else has', () => {
    expect(wildcardMeaning('emails:send')).toBeUndefined()
    expect(wildcardMeaning('*')).toContain('except latchkey:')
    expect(wildcardMeaning('emails:*')).toBe('everything under emails')
    expect(wildcardMeaning('emails:*:read')).toContain('one segment')
    expect(wildcardMeaning('emails:*:*')).toContain('everything after')
    fc.assert(
      fc.property(permission, (one) => {
        expect(wildcardMeaning(one) !== undefined).toBe(one.includes('*'))
      }),
    )
  })
})

describe('expiry', () => {
  const now = Date.UTC(2030, 0, 31, 12)

  test('never is an expiry; a date still to be given, or passed, is none', () => {
    expect(expiryFault(null, now)).toBeUndefined()
    expect(expiryFault(undefined, now)).toBeDefined()
    expect(expiryFault('2030-01-31T12:00:00.000Z', now)).toContain('past')
    expect(expiryFault('2030-01-31T12:00:00.001Z', now)).toBeUndefined()
  })

  test('a length is counted in whole days of 24 hours', () => {
    expect(expiryAfter(7, now)).toBe('2030-02-07T12:00:00.000Z')
  })
})

describe('metadata', () => {
  const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 5 })

  test('is taken exactly where the server takes it', () => {
    fc.assert(
      fc.property(fc.oneof(object, fc.jsonValue()), (value) => {
        const text = JSON.stringify(value)
        const sent = JSON.parse(text)
        const { metadata } = readMetadata(text)
        expect(metadata !== undefined).toBe(createKeySchema.safeParse({ name: 'CI', metadata: sent }).success)
        if (metadata !== undefined) expect(metadata).toEqual(sent)
      }),
    )
  })

  test('is the same after it was laid out', () => {
    fc.assert(
      fc.property(object, (metadata) => {
        fc.pre(readMetadata(JSON.stringify(metadata)).metadata !== undefined)
        expect(readMetadata(writeMetadata(metadata)).metadata).toEqual(JSON.parse(JSON.stringify(metadata)))
      }),
    )
  })

  test('is empty where nothing is typed', () => {
    expect(readMetadata(' \n')).toEqual({ metadata: {} })
    expect(writeMetadata({})).toBe('')
  })

  test('is bounded in bytes of UTF-8, not in characters', () => {
    const wrapping = '{"a":""}'.length
    const fits = 'é'.repeat((4096 - wrapping) / 2)
    expect(readMetadata(JSON.stringify({ a: fits })).fault).toBeUndefined()
    expect(readMetadata(JSON.stringify({ a: `${fits}é` })).fault).toContain('and has 4098')
  })

  test.each(['[]', '1', 'null', '"a"'])('%s is JSON and no object', (text) => {
    expect(readMetadata(text).fault).toContain('object')
  })

  test.each(['{', '{"a":}', "{'a': 1}", '{"a": NaN}'])('%s is not JSON', (text) => {
    expect(readMetadata(text).fault).toContain('not JSON')
  })
})

test('a name is refused exactly where the server refuses it', () => {
  const name = fc.oneof(
    fc.string({
      unit: fc.constantFrom('a', ' ', '\n', '\u{1f680}', '\ud800', '\u202e', '\u200b', '\u2800', '<b>'),
    }),
    fc.integer({ min: 250, max: 260 }).map((length) => '\u{1f680}'.repeat(length)),
  )
  fc.assert(
    fc.property(name, (text) => {
      expect(nameFault(text) === undefined).toBe(createKeySchema.safeParse({ name: text }).success)
      if (text.trim() !== '') expect(textFault(text)).toBe(nameFault(text))
    }),
  )
})

describe('the code for a new token', () => {
  const origin = 'https://keys.example.com'

  test('asks for a permission that the key holds, whatever it holds', () => {
    fc.assert(
      fc.property(fc.array(permission, { minLength: 1, maxLength: 4 }), (permissions) => {
        for (const { code } of snippetsFor('re_token', permissions, origin)) {
          const asked = /permissions: \['([^']+)'\]/.exec(code)?.[1]
          if (asked === undefined) continue
          expect(covers(permissions, asked)).toBe(true)
          // A route asks for one thing.
          expect(asked).not.toContain('*')
          expect(permissionFault(asked)).toBeUndefined()
        }
      }),
    )
  })

  test('asks for none where the key grants nothing of the API’s own', () => {
    for (const permissions of [[], ['latchkey:keys:read']]) {
      for (const { code } of snippetsFor('re_token', permissions, origin)) {
        expect(code).not.toContain('permissions:')
      }
    }
  })

  test('never puts the token into an argument or into the source of a program', () => {
    const snippets = snippetsFor('re_token', ['emails:send'], origin)
    const holding = snippets.filter(({ code }) => code.includes('re_token')).map(({ title }) => title)
    expect(holding).toEqual(['curl', 'Customer'])
    const curl = snippets.find(({ title }) => title === 'curl')?.code ?? ''
    expect(curl.slice(curl.indexOf('|'))).not.toContain('re_token')
  })
})
