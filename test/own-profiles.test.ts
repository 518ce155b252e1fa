// What calls of a process had in common shows at once in what it tells of them, and never twice.
import { describe, expect, test } from 'vitest'
import { LatchkeyError } from '../src/core/errors.ts'
import { openLatchkey } from '../src/index.ts'
import type { SavedUsage, UsageBatch } from '../src/store/usage.ts'
import { UsageRecorder } from '../src/verification/usage.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'

onEachDatabase('the calls of a process', (makeDatabase) => {
  test('show at once in what they needed and in a preview, and are not told twice once they are written', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const make = (name: string) =>
      latchkey.keys.create({ organizationId: 'acme', name, permissions: ['emails:*', 'files:read'] })
    const [used, other] = [await make('Used'), await make('Other')]
    const place = { operation: 'POST /emails', ip: '192.0.2.1', userAgent: 'curl/8' }
    const call = (key: string, permission: string) =>
      latchkey.verify(key, { permissions: [permission], context: place })
    for (const permission of ['emails:send', 'emails:send', 'emails:read']) await call(used.key, permission)
    // Neither a refused call nor one of another key.
    await call(used.key, 'domains:read')
    await call(other.key, 'emails:send')
    const third = await make('Third')
    for (let n = 0; n < 2; n++) await latchkey.verify(third.key)
    await latchkey.keys.get(third.id)
    const tell = async () => {
      const { granted, unused, suggested } = await latchkey.keys.readPermissions(used.id)
      const preview = await latchkey.keys.preview(used.id, { permissions: ['emails:read'] })
      return {
        calls: granted.map(({ permission, calls }) => [permission, calls]),
        unused,
        suggested: suggested.toSorted(),
        preview: [preview.calls, preview.atLeast, preview.atMost, preview.unknown],
        refusals: preview.refusals.map(({ operation, ip, userAgent, calls, missing }) => ({
          ...{ operation, ip, userAgent, calls, missing },
        })),
      }
    }
    const expected = {
      calls: [
        ['emails:*', 3],
        ['files:read', 0],
      ],
      unused: ['files:read'],
      suggested: ['emails:read', 'emails:send'],
      preview: [3, 2, 2, 0],
      refusals: [{ ...place, calls: 2, missing: ['emails:send'] }],
    }
    expect(await tell()).toEqual(expected)
    // This writes what waits.
    await latchkey.keys.forgetPlaces(other.id)
    expect(await tell()).toEqual(expected)
    await call(used.key, 'emails:send')
    expect((await tell()).preview).toEqual([4, 3, 3, 0])
  })
})

describe('profiles that wait to be written', () => {
  const place = { operation: '', ip: '', userAgent: '' }

  /** A recorder, and the calls of the key that its database has. */
  function openRecorder(fate: () => 'written' | 'lost' = () => 'written') {
    let [stored, number] = [0, 0]
    const save = async (batch: UsageBatch): Promise<SavedUsage> => {
      if (batch.number > number && !batch.isVoid)
        stored += batch.profiles.reduce((sum, { calls }) => sum + calls, 0)
      number = batch.number
      if (fate() === 'lost') throw new LatchkeyError('store_unavailable', 'Lost.')
      return { isWritten: true, now: Date.now() }
    }
    const recorder = new UsageRecorder({
      source: 'a',
      clock: { now: Date.now, monotonic: () => performance.now() },
      save,
    })
    const { profiles } = recorder.tallies
    const circumstances = profiles.known.of({ permissions: ['a'] })
    const count = (keyId = 'key') =>
      profiles.add(
        profiles.of(keyId, { keyId, organizationId: 'acme' }),
        circumstances,
        'valid',
        1,
        Date.now(),
      )
    const sum = ({ result, profiles }: { result: number; profiles: readonly { calls: number }[] }) =>
      result + profiles.reduce((sum, { calls }) => sum + calls, 0)
    return { recorder, count, sum, read: async () => stored }
  }

  test('are told with what was read before they were, or are in what is read again', async () => {
    const { recorder, count, read, sum } = openRecorder()
    await using _closed = { [Symbol.asyncDispose]: () => recorder.close() }
    count()
    count('other')
    let reads = 0
    const amid = async () => {
      const result = await read()
      if (reads++ === 0) await recorder.flush()
      return result
    }
    const told = await recorder.readWithProfiles('key', amid)
    expect({ reads, sum: sum(told), waiting: told.profiles }).toEqual({ reads: 2, sum: 2, waiting: [] })
    count()
    const after = await recorder.readWithProfiles('key', read)
    expect(after.profiles).toMatchObject([{ keyId: 'key', kid: 'key', permissions: 'a', calls: 1, ...place }])
    expect(sum(after)).toBe(3)
    // Whoever is told of them takes nothing.
    expect(sum(await recorder.readWithProfiles('key', read))).toBe(3)
    await recorder.flush()
    expect(await read()).toBe(3)
  })

  test('are not told if they may have been written by a batch whose answer was lost', async () => {
    let fate: 'written' | 'lost' = 'lost'
    const { recorder, count, read, sum } = openRecorder(() => fate)
    await using _closed = { [Symbol.asyncDispose]: () => recorder.close() }
    count()
    await expect(recorder.flush()).rejects.toThrow()
    expect(sum(await recorder.readWithProfiles('key', read))).toBe(1)
    fate = 'written'
    await recorder.flush()
    expect(await read()).toBe(1)
  })

  test('hold up no reader for ever, and are left out if flushes never end', async () => {
    const { recorder, count, read } = openRecorder()
    await using _closed = { [Symbol.asyncDispose]: () => recorder.close() }
    count()
    let reads = 0
    const amid = async () => {
      reads++
      count()
      await recorder.flush()
      count()
      return read()
    }
    expect((await recorder.readWithProfiles('key', amid)).profiles).toEqual([])
    expect(reads).toBe(3)
  })
})
