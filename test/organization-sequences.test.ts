// The numbers of organizations' last changes by themselves: what was read, what was heard meanwhile, and how many are held.
import { expect, test } from 'vitest'
import { OrganizationSequences } from '../src/coherence/organization-sequences.ts'
import type { ChangeRow } from '../src/store/changes.ts'

const row = (organizationId: string | null, value: number | null): ChangeRow => ({
  last: 1,
  oldest_compatible: 1,
  registered: 1,
  identity: 'database',
  since_mark: null,
  sequence: 1,
  topic: 'key',
  subject_id: 'key',
  mark: 'mark',
  organization_id: organizationId,
  organization_sequence: value,
})

test('a number is read once, then heard, and never the number of another', async () => {
  const asked: string[] = []
  const sequences = new OrganizationSequences(async (id) => {
    asked.push(id)
    return 5
  })
  expect(sequences.get('acme')).toBeUndefined()
  const both = [sequences.find('acme'), sequences.find('acme')]
  expect(await Promise.all(both)).toEqual([5, 5])
  expect(asked).toEqual(['acme'])
  sequences.hear([row('acme', 6), row('other', 9), row(null, 7), row('acme', null)])
  expect(sequences.get('acme')).toBe(6)
  expect(sequences.get('other')).toBeUndefined()
  sequences.clear()
  expect(sequences.get('acme')).toBeUndefined()
  expect(await sequences.find('acme')).toBe(5)
  expect(asked).toEqual(['acme', 'acme'])
})

test('what is heard while a number is read is newer, and what is read across a gap is nothing', async () => {
  const reads: ((value: number | undefined) => void)[] = []
  const sequences = new OrganizationSequences(() => new Promise((resolve) => reads.push(resolve)))
  const first = sequences.find('acme')
  sequences.hear([row('acme', 8)])
  reads[0]?.(5)
  expect(await first).toBe(8)
  expect(sequences.get('acme')).toBe(8)
  const across = sequences.find('other')
  sequences.clear()
  const after = sequences.find('other')
  reads[1]?.(5)
  reads[2]?.(6)
  expect(await across).toBeUndefined()
  expect(await after).toBe(6)
  expect(sequences.get('other')).toBe(6)
  const lost = sequences.find('lost')
  reads[3]?.(undefined)
  expect(await lost).toBeUndefined()
  expect(sequences.get('lost')).toBeUndefined()
})

test('ten thousand numbers are held, and the one that was asked for longest ago goes first', async () => {
  const sequences = new OrganizationSequences(async () => 1)
  const held = (i: number) => sequences.get(`o${i}`) !== undefined
  for (let i = 0; i < 10_000; i++) await sequences.find(`o${i}`)
  expect(held(0)).toBe(true)
  sequences.hear([row('o1', 2)])
  await sequences.find('o10000')
  expect([0, 1, 2, 3].map(held)).toEqual([true, true, false, true])
})
