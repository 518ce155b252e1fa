// What an operator's own data on a key may be: bounded in size, in depth and in the number of its values.
import { expect, test } from 'vitest'
import { metadataFault } from '../src/core/metadata.ts'

test('metadata holds 256 values at any depth, and not one more', () => {
  const nested = (count: number) => ({ a: Array.from({ length: count - 1 }, () => ({})) })
  expect(metadataFault(nested(256))).toBeUndefined()
  expect(metadataFault(nested(257))?.message).toMatch(/^Must have at most 256 values/)
  const flat = Object.fromEntries(Array.from({ length: 257 }, (_, i) => [`k${i}`, 1]))
  expect(metadataFault(flat)?.message).toMatch(/^Must have at most 256 values/)
})
