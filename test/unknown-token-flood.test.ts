// A flood of well-formed tokens that nobody made: bounded memory and reads, other callers unharmed; and keys that
// are made right after somebody asked for them.
import { execFile } from 'node:child_process'
import { getRandomValues } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { databaseKinds, makeDatabase } from './setup/databases.ts'
import { boundMs } from './setup/stage.ts'
import { startWatcher } from './setup/watcher.ts'
import type { FloodReport } from './torture/flood.ts'

const tokens = Number(process.env.LATCHKEY_TEST_FLOOD ?? 50_000)
/** What a flood of any length may add to the heap after its first tenth: noise, far below a byte a token. */
const heapNoiseBytes = 4_000_000
const readsAtOnce = 4

describe.concurrent.each(databaseKinds)('on %s', (kind) => {
  test(`${tokens} unknown tokens leave memory flat, reads capped, and a known caller judged`, async () => {
    await using database = await makeDatabase(kind)
    const script = join(import.meta.dirname, 'torture/flood.ts')
    const run = promisify(execFile)(process.execPath, ['--expose-gc', script, String(tokens), database.url])
    const report: FloodReport = JSON.parse((await run).stdout)
    console.log(`${kind}:`, report)
    expect(report.readsAtOnce).toBeLessThanOrEqual(readsAtOnce)
    // Besides the flood, the known key is read once.
    expect(report.reads - report.readsOfOne).toBeLessThanOrEqual(tokens + 1)
    expect(report.heapGrowthBytes).toBeLessThan(heapNoiseBytes)
    // A machine that gives it no time may let the lease run out; that is no reason to ask about each anew.
    expect(report.known).toBeGreaterThan(report.knownMissed)
    expect(report.readsOfOne).toBeLessThan(report.known / 2)
  })

  test('a key made right after a miss opens at once where it was made, and soon everywhere else', async () => {
    await using database = await makeDatabase(kind)
    await using watcher = await startWatcher({ database: database.url })
    let random = getRandomValues as RandomSource
    await using latchkey = await openLatchkey({
      database: database.url,
      random: (bytes) => random(bytes),
    })
    await createAcme(latchkey)
    const delays: number[] = []
    for (let i = 0; i < 20; i++) {
      const { token } = generateToken('re', makeRandom(i))
      await watcher.begin(token)
      await watcher.until(token, 'not_found')
      expect((await latchkey.verify(token)).code).toBe('not_found')
      // The same bytes as a moment ago make the same token.
      random = makeRandom(i)
      const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
      const madeAt = process.hrtime.bigint()
      expect(key).toBe(token)
      expect((await latchkey.verify(token)).code).toBe('valid')
      const { codes } = await watcher.until(token, 'valid')
      delays.push(Number((codes.at(-1)?.at ?? 0n) - madeAt) / 1e6)
    }
    const slowest = Math.max(...delays)
    console.log(`${kind}: a key made after a miss opens elsewhere within ${slowest.toFixed(0)} ms (20)`)
    expect(slowest).toBeLessThanOrEqual(boundMs)
  })
})

/** Bytes that look random and can be had again. */
function makeRandom(seed: number): RandomSource {
  let state = seed + 1
  return (bytes) => {
    for (let i = 0; i < bytes.length; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      bytes[i] = state >>> 24
    }
    return bytes
  }
}
