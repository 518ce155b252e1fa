// What is sent is what is kept: no number is stored as another, and no half of a character.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readMetadata } from '../console/format/metadata-text.ts'
import { readMetadata as readOption } from '../src/cli/kit/options.ts'
import { createClient } from '../src/client/index.ts'
import { findInexact, findRepeatedName, isExactNumber } from '../src/core/exact-json.ts'
import { metadataFault } from '../src/core/metadata.ts'
import { readJson } from '../src/http/json.ts'
import { createAcme } from './setup/acme.ts'
import { type DatabaseKind, databaseKinds, makePostgres, makeSqlite } from './setup/databases.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const kept = ['0', '-0', '0.1', '0.10', '1.0', '1e2', '1E+2', '100e-2', '0e999', '-1.5', '5e-324', '0.000001']
const keptAtTheEnds = ['9007199254740991', '-9007199254740991', '9007199254740991.0', '4503599627370495.5']
const changed = [
  '9007199254740992',
  '-9007199254740992',
  '1546130668394913822',
  '9007199254740993.0',
  '1e16',
  '1e400',
  '-1e400',
  '1e-400',
  '4.9e-324',
  '1.00000000000000000001',
  '12345678.123456789012',
  '0.1000000000000000055511151231257827',
  '1e99999999999999999999',
]
const half = '\ud800'

/** A value in the text of JSON, at a path. */
const places = [
  ['{"metadata":{"id":@}}', 'metadata.id'],
  ['{"metadata":{"a":[0,"],",{},{"x":[1,2],"b":@}]}}', 'metadata.a[3].b'],
  ['{"metadata" : { "q\\"{" :\n[ ] ,\t"n" : @ }, "name":"a"}', 'metadata.n'],
  ['[{"key":"a"},{"key":@}]', '[1].key'],
  ['{"limit":@}', 'limit'],
] as const

describe('names', () => {
  test('a name is told from a repeated one, however it is escaped and however many there are', () => {
    const many = Array.from({ length: 40 }, (_, i) => `"n${i}":0`)
    for (const names of [
      ['"a":1', '"a":2'],
      ['"a":1', '"\\u0061":2'],
      ['"\\\\":1', '"\\u005c":2'],
      ['"\\"":1', '"b\\\\":2', '"\\u0022":3'],
      [...many, '"n3":1'],
      [...many, '"n39":1'],
    ]) {
      const once = `{${names.slice(0, -1).join()}}`
      expect(findRepeatedName(once), once).toBeUndefined()
      expect(findRepeatedName(`[${once},${once}]`)).toBeUndefined()
      const twice = `{"x":{${names.join()}}}`
      expect(findRepeatedName(twice), twice).toContain('twice')
    }
  })
})

describe('numbers', () => {
  test.each([...kept, ...keptAtTheEnds])('%s is kept', (written) => {
    expect(isExactNumber(written)).toBe(true)
    for (const [text] of places) expect(findInexact(text.replace('@', written))).toEqual([])
  })

  test.each(changed)('%s is refused, and its place named', (written) => {
    for (const [text, path] of places) {
      expect(findInexact(text.replace('@', written))).toMatchObject([{ path }])
      expect(findInexact(written)).toMatchObject([{ path: '' }])
      expect(() => readJson(Buffer.from(text.replace('@', written)))).toThrow(
        expect.objectContaining({ code: 'invalid_input', errors: [expect.objectContaining({ path })] }),
      )
    }
  })

  test('whatever a program writes is kept, unless it is a whole number beyond what is safe', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(isExactNumber(JSON.stringify(value))).toBe(
          !Number.isInteger(value) || Number.isSafeInteger(value),
        )
      }),
    )
  })

  test('a number passes if and only if it is the same, by whole numbers alone, once read and written', () => {
    const written = fc
      .tuple(fc.boolean(), fc.bigInt(0n, 10n ** 24n), fc.integer({ min: -30, max: 6 }), fc.nat(3))
      .map(([minus, digits, power, zeros]) => ({
        text: `${minus ? '-' : ''}${digits}${'0'.repeat(zeros)}e${power - zeros}`,
        numerator: (minus ? -1n : 1n) * digits * 10n ** BigInt(power + 60),
      }))
    fc.assert(
      fc.property(written, ({ text, numerator }) => {
        // A double below 1e40 has at most 1,074 binary places: its decimal text is compared as a fraction of 10^60.
        const back = fractionOf(String(Number(text)))
        const limit = (2n ** 53n - 1n) * 10n ** 60n
        const isWhole = numerator % 10n ** 60n === 0n
        const isSame = back === numerator && (!isWhole || (numerator <= limit && -limit <= numerator))
        expect(isExactNumber(text), text).toBe(isSame)
      }),
      { numRuns: 500 },
    )
  })

  test('text that looks like numbers is left alone', () => {
    const values = {
      a: '9007199254740993',
      '1e400': '1.00000000000000000001',
      b: ['"9007199254740993', '\\'],
    }
    expect(findInexact(JSON.stringify(values))).toEqual([])
  })

  test('a text of many faults is told of in few lines', () => {
    expect(findInexact(`[${Array.from({ length: 5_000 }, () => '1e400').join()}]`)).toHaveLength(16)
  })
})

/** A decimal as a whole number of 10^-60. */
function fractionOf(written: string): bigint {
  const [mantissa = '', power = '0'] = written.split('e')
  const [whole = '', places = ''] = mantissa.replace('-', '').split('.')
  const size = BigInt(whole + places) * 10n ** BigInt(60 + Number(power) - places.length)
  return written.startsWith('-') ? -size : size
}

describe('broken Unicode', () => {
  test('is refused in a text and in a name, escaped or not, and whole pairs are not', () => {
    for (const broken of ['\\ud800', '\\uDC00', 'a\\ud83d\\u0061', '\\ude00\\ud83d', half]) {
      expect(findInexact(`{"metadata":{"a":[0,"${broken}"]}}`), broken).toMatchObject([
        { path: 'metadata.a[1]' },
      ])
      expect(findInexact(`{"metadata":{"${broken}":1}}`), broken).toMatchObject([
        { path: 'metadata.(unprintable)' },
      ])
    }
    expect(findInexact('{"\\ud83d\\ude00":"\\ud83d\\ude00 \\\\ud800"}')).toEqual([])
  })
})

describe('values', () => {
  const nan = 'Must be a finite number.'
  test.each([
    [{ id: 2 ** 53 }, ['id'], /^Must be a whole number within/],
    [{ a: [0, 1, 2, { b: -(2 ** 53) }] }, ['a', 3, 'b'], /^Must be a whole number within/],
    [{ a: [1n] }, ['a', 0], /^Must be a whole number within/],
    [{ a: Number.NaN }, ['a'], nan],
    [{ a: { b: Number.NEGATIVE_INFINITY } }, ['a', 'b'], nan],
    [{ a: { b: half } }, ['a', 'b'], /^Must be valid Unicode/],
    [{ a: { [half]: 1 } }, ['a', half], /^Must be valid Unicode/],
    [{ a: () => 1 }, [], 'Must be a value that JSON can represent.'],
  ])('of %o the fault is named with its place', (value, path, message) => {
    expect(metadataFault(value)).toEqual({ path, message: expect.stringMatching(message) })
  })

  test('what passes is the same when it comes back', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ noUnicodeString: false })),
        (value) => {
          if (metadataFault(value) !== undefined) return
          const text = JSON.stringify(value)
          expect(findInexact(text)).toEqual([])
          expect(JSON.stringify(JSON.parse(text))).toBe(text)
        },
      ),
      { numRuns: 30 },
    )
  })
})

test('the command line and the console take no name twice in one object', () => {
  for (const text of [
    '{"plan": "pro", "plan": "free"}',
    '{"a": [{"plan": 1}, {"plan": 2, "pl\\u0061n": 3}]}',
  ]) {
    expect(() => readOption(text)).toThrow('--metadata: One of its objects contains the name plan twice.')
    expect(readMetadata(text).fault).toBe('One of its objects contains the name plan twice.')
  }
  const separate = '{"plan": {"plan": "plan"}, "b": [{"plan": 1}, {"plan": 2}]}'
  expect(readOption(separate)).toEqual(JSON.parse(separate))
  expect(readMetadata(separate).metadata).toEqual(JSON.parse(separate))
})

test('the command line and the console refuse what they would change, and say where', () => {
  const text = '{"a": [1, {"id": 1546130668394913822}]}'
  expect(() => readOption(text)).toThrow(/^--metadata: a\[1\]\.id: Must be a whole number within/)
  expect(readMetadata(text).fault).toMatch(/^a\[1\]\.id: Must be a whole number within/)
  expect(() => readOption('{"a": "\\ud800"}')).toThrow(/^--metadata: a: Must be valid Unicode/)
  expect(readMetadata('{"a": "\\ud800"}').fault).toMatch(/^a: Must be valid Unicode/)
  expect(readOption('{"a": 0.10}')).toEqual({ a: 0.1 })
  expect(readMetadata('{"a": 0.10}').metadata).toEqual({ a: 0.1 })
})

describe.each(databaseKinds)('a key on %s', (kind: DatabaseKind) => {
  let server: TestServer
  let remove: () => Promise<void>
  beforeAll(async () => {
    const database = kind === 'SQLite' ? makeSqlite() : await makePostgres()
    remove = database.remove
    server = await startTestServer(database.url)
    await createAcme(server.latchkey)
  })
  afterAll(async () => {
    await server.close()
    await remove()
  })

  const create = (metadata: string) =>
    fetch(`${server.url}/v1/keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.rootKey}`, 'content-type': 'application/json' },
      body: `{"organization_id":"acme","name":"a","metadata":${metadata}}`,
    })

  test('is not made with a number that would become another one', async () => {
    const response = await create('{"id":1546130668394913822}')
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ code: 'invalid_input', errors: [{ path: 'metadata.id' }] })
    expect((await server.latchkey.keys.list({ organizationId: 'acme' })).items).toEqual([])
  })

  test('is refused by the library, and by the client before it is sent', async () => {
    const client = createClient({ url: server.url, token: server.rootKey })
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 12n, 2 ** 60, half]) {
      const input = { organizationId: 'acme', name: 'a', metadata: { a: [{ b: value }] } }
      const refusal = { code: 'invalid_input', errors: [{ path: 'metadata.a[0].b' }] }
      await expect(server.latchkey.keys.create(input)).rejects.toMatchObject(refusal)
      await expect(client.keys.create(input)).rejects.toMatchObject(refusal)
    }
    const circle: Record<string, unknown> = {}
    circle.itself = circle
    await expect(client.keys.create({ name: 'a', metadata: circle })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    expect((await server.latchkey.keys.list({ organizationId: 'acme' })).items).toEqual([])
  })

  test('comes back with the numbers that it was made with', async () => {
    const sent = '{"a":[0.1,-1.5e-7,9007199254740991,"1546130668394913822"],"ü😀":5e-324}'
    const made = await create(sent)
    expect(made.status).toBe(200)
    expect(await made.text()).toContain(`"metadata":${sent}`)
  })
})
