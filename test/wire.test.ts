// The library's shapes and the wire's are the same shapes under other names.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LatchkeyError } from '../src/core/errors.ts'
import { fromWire, toCamelCase, toSnakeCase, toWire } from '../src/core/wire.ts'
import vectors from './vectors.json' with { type: 'json' }

test('names become snake_case and instants RFC 3339 with milliseconds, at every depth', () => {
  const at = new Date(Date.UTC(2026, 0, 31, 12))
  expect(
    toWire({ keyId: 'k', lastUsedAt: null, secrets: [{ createdAt: at, expiresAt: undefined }], hint: 'h' }),
  ).toEqual({
    key_id: 'k',
    last_used_at: null,
    secrets: [{ created_at: '2026-01-31T12:00:00.000Z' }],
    hint: 'h',
  })
  expect(toWire([at, 1, 'a', true, null])).toEqual(['2026-01-31T12:00:00.000Z', 1, 'a', true, null])
})

test('metadata and changes go through untouched', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (own) => {
      const wire = toWire({ metadata: own, innerShape: { metadata: own }, changes: own })
      expect(wire.metadata).toBe(own)
      expect(wire.inner_shape.metadata).toBe(own)
      expect(wire.changes).toBe(own)
    }),
  )
})

test('every name of the wire comes back as it went', () => {
  for (const name of ['organizationId', 'lastUsedAt', 'graceSeconds', 'q', 'createdBy']) {
    expect(toCamelCase(toSnakeCase(name))).toBe(name)
  }
  expect(fromWire({ organization_id: 'acme', metadata: { inner_name: 1 } })).toEqual({
    organizationId: 'acme',
    metadata: { inner_name: 1 },
  })
  expect(fromWire({ key: 'k', context: { user_agent: 'curl' } })).toEqual({
    key: 'k',
    context: { userAgent: 'curl' },
  })
  expect(() => fromWire({ context: { userAgent: 'curl' } })).toThrow('unknown fields')
})

test('a camelCase field is refused with the name that was meant', () => {
  expect(refusal({ organizationId: 'acme' }).errors).toEqual([
    { path: 'organizationId', message: 'Unknown field. Did you mean organization_id?' },
  ])
  expect(refusal({ context: { IP: '192.0.2.7', userAGENT: 'curl' } }).errors).toEqual([
    { path: 'context.IP', message: 'Unknown field. Did you mean ip?' },
    { path: 'context.userAGENT', message: 'Unknown field. Did you mean user_agent?' },
  ])
})

test('the fields of a rotation are read and refused like those around it', () => {
  expect(fromWire({ rotate: { grace_seconds: 60 } })).toEqual({ rotate: { graceSeconds: 60 } })
  expect(refusal({ rotate: { graceSeconds: 60 } }).errors).toEqual([
    { path: 'rotate.graceSeconds', message: 'Unknown field. Did you mean grace_seconds?' },
  ])
})

test('the fields of a grace are read and refused like those around it', () => {
  expect(fromWire({ grace: { until_silent_seconds: 3_600 } })).toEqual({
    grace: { untilSilentSeconds: 3_600 },
  })
  expect(refusal({ grace: { untilSilentSeconds: 3_600 } }).errors).toEqual([
    {
      path: 'grace.untilSilentSeconds',
      message: 'Unknown field. Did you mean until_silent_seconds?',
    },
  ])
})

test('the refusal of a field never repeats a token that stands as its name', () => {
  for (const { token } of vectors) {
    const error = refusal({ [token]: 1, [`x${'Y'.repeat(5000)}`]: 1 })
    expect(JSON.stringify([error.message, error.errors])).not.toContain(token.slice(0, 30))
    expect(JSON.stringify(error.errors).length).toBeLessThan(300)
  }
})

test('__proto__ is a field like any other unknown one, and changes no prototype', () => {
  const fields = fromWire(JSON.parse('{"__proto__": {"isRoot": true}, "name": "CI"}'))
  expect(Object.getPrototypeOf(fields)).toBe(Object.prototype)
  expect(Object.keys(fields)).toHaveLength(2)
  expect('isRoot' in fields).toBe(false)
})

function refusal(body: object): LatchkeyError {
  try {
    fromWire(body)
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'invalid_input') return error
    throw error
  }
  throw new Error('Not refused.')
}
