// Names of which nothing can be seen: refused by the library, by both doors of the server, and so to every client.
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createClient, isLatchkeyError } from '../src/client/index.ts'
import { isVisible } from '../src/core/visible-text.ts'
import { openLatchkey } from '../src/index.ts'
import { makeSqlite } from './setup/databases.ts'
import { json, openDoors } from './setup/doors.ts'
import { refusalOf } from './setup/refusal.ts'

const unseen = {
  'a zero-width space': '\u200b',
  'joiners alone': '\u200c\u200d',
  'a soft hyphen': '\u00ad',
  'a byte order mark beside a word joiner': '\u2060\ufeff',
  'direction marks': '\u200e\u200f\u061c',
  'overrides and isolates': '\u202e\u202c\u2067\u2069',
  'fillers of Hangul': '\u3164\uffa0\u115f\u1160',
  'the Braille cell without dots': '\u2800',
  'variation selectors': '\ufe0f\u{e0100}',
  tags: '\u{e0067}\u{e007f}',
  'a grapheme joiner': '\u034f',
  'a Mongolian separator': '\u180e',
  'the note without a head': '\u{1d159}',
  'joiners of hieroglyphs': '\u{13430}',
  'invisible operators': '\u2061\u2062\u2063',
  'one of them among blanks of every kind': ' \u00a0\u2003\u200b\u3000\u202f ',
}
const seen = ['a', '\u200ba', '́', '👩🏽‍🚀', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', 'می‌خواهم', '\u202eabc', '.', '\ue000', '\u0600']

test.each(Object.entries(unseen))('%s cannot be seen', (_, text) => {
  expect(isVisible(text)).toBe(false)
})

test('a text is visible from the first character on that is drawn, wherever it stands', () => {
  for (const text of seen) expect(isVisible(text), JSON.stringify(text)).toBe(true)
  const nothing = fc.string({ unit: fc.constantFrom(...Object.values(unseen), ' ') })
  fc.assert(
    fc.property(nothing, fc.constantFrom(...seen), nothing, (before, text, after) => {
      expect(isVisible(before + after)).toBe(false)
      expect(isVisible(before + text + after)).toBe(true)
    }),
  )
})

describe('a name of which nothing can be seen', () => {
  const fault = (path: string) => ({
    code: 'invalid_input',
    errors: [{ path, message: 'Must have a character that can be seen.' }],
  })

  test('is refused by the library wherever it takes one, and nothing is changed', async () => {
    const { url, remove } = makeSqlite()
    onTestFinished(remove)
    await using latchkey = await openLatchkey({ database: url })
    const { keys, organizations } = latchkey
    await organizations.create({ id: 'acme', name: 'Acme' })
    const { id } = await keys.create({ organizationId: 'acme', name: 'CI' })
    const before = (await latchkey.audit.list()).items.length
    for (const [what, name] of Object.entries(unseen)) {
      for (const refused of [
        organizations.create({ name }),
        organizations.update('acme', { name }),
        keys.create({ organizationId: 'acme', name }),
        keys.update(id, { name }),
      ])
        expect(await refusalOf(refused), what).toMatchObject(fault('name'))
      const onBehalf = keys.create({ organizationId: 'acme', name: 'CI', createdBy: name })
      expect(await refusalOf(onBehalf), what).toMatchObject(fault('createdBy'))
      // What is searched for is nobody's name.
      expect((await keys.list({ q: `x${name}` })).items).toEqual([])
    }
    expect((await latchkey.audit.list()).items).toHaveLength(before)
  })

  test('is refused by both doors of the server, and tells the client why', async () => {
    await using doors = await openDoors()
    const { id } = await doors.latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const calls: [method: string, path: string, body: object, field: string][] = [
      ['POST', '/v1/keys', { organization_id: 'acme', name: '\u200b' }, 'name'],
      ['POST', '/v1/keys', { organization_id: 'acme', name: 'CI', created_by: '\u2800' }, 'created_by'],
      ['PATCH', `/v1/keys/${id}`, { name: '\u3164' }, 'name'],
      ['POST', '/v1/organizations', { name: '\u00ad' }, 'name'],
      ['PATCH', '/v1/organizations/acme', { name: '\u202e' }, 'name'],
    ]
    for (const [method, path, body, field] of calls) {
      const headers = { ...json, ...doors.asRoot() }
      const answer = await doors.throughBoth({ method, path, headers, body: JSON.stringify(body) })
      expect(answer.status, path).toBe(422)
      expect(JSON.parse(answer.body), path).toMatchObject(fault(field))
    }
    const client = createClient({ url: doors.hot.url, token: doors.tokens.root as string })
    const error = await client.keys.update(id, { name: '\u200b' }).catch((cause: unknown) => cause)
    expect(isLatchkeyError(error) && error).toMatchObject(fault('name'))
  })
})
