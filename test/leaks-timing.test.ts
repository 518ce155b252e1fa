// Whether the time of an answer tells what a reported token was: only with `TEST_LONG=1`, by the ranks of hundreds of answers.
import { getRandomValues } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { createAcme } from './setup/acme.ts'
import { mulberry32 } from './setup/chance.ts'
import { databaseKinds, makeDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { casesIfLong } from './setup/rounds.ts'
import { startTestServer } from './setup/server.ts'

const ofEach = 300
/** Two samples of one kind are so far apart once in some 16,000 times. */
const furthest = 4

test.each(casesIfLong(databaseKinds))(
  'on %s the time of an answer does not tell whether a reported token was live',
  { timeout: 300_000 },
  async (kind) => {
    await using database = await makeDatabase(kind)
    await using server = await startTestServer(database.url, { trustedProxies: ['127.0.0.1'] })
    await using direct = await connectDirectly(database.url)
    await createAcme(server.latchkey)
    const issue = () => server.latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const random: RandomSource = (bytes) => getRandomValues(bytes as Uint8Array<ArrayBuffer>)
    const many = <Made>(make: () => Made) => Promise.all(Array.from({ length: ofEach }, make))
    // All are made before: what it takes to make one is not to be seen in the time of the next answer.
    const revoked = await many(issue)
    for (const { id } of revoked) await server.latchkey.keys.revoke(id)
    const tokens = {
      live: (await many(issue)).map(({ key }) => key),
      revoked: revoked.map(({ key }) => key),
      strange: await many(async () => generateToken('re', random).token),
    }
    const names = Object.keys(tokens) as (keyof typeof tokens)[]
    const times: Record<keyof typeof tokens, number[]> = { live: [], revoked: [], strange: [] }
    const chance = mulberry32(17)
    for (let round = 0; round < ofEach; round++) {
      const order = names.map((name) => ({ name, at: chance() })).sort((a, b) => a.at - b.at)
      for (const { name } of order) {
        const keys = [tokens[name][round]]
        // From an address of its own: of one, 60 an hour are taken.
        const headers = { 'x-forwarded-for': `198.18.${round >> 8}.${round & 255}` }
        const begunAt = performance.now()
        const { status } = await server.request('POST', '/v1/leaks', { body: { keys }, headers })
        times[name].push(performance.now() - begunAt)
        expect(status).toBe(202)
        // What is done about it afterwards is no part of the next answer.
        while ((await direct.run('select id from leak_reports')).length > 0) await setTimeout(2)
      }
    }
    for (const name of ['live', 'revoked'] as const)
      expect(Math.abs(distance(times[name], times.strange)), name).toBeLessThan(furthest)
  },
)

test('the measure of that finds a difference of a tenth, and none where there is none', () => {
  const chance = mulberry32(5)
  const sample = (shift: number) => Array.from({ length: ofEach }, () => 1 + chance() / 4 + shift)
  expect(Math.abs(distance(sample(0), sample(0)))).toBeLessThan(furthest)
  expect(distance(sample(0.1), sample(0))).toBeGreaterThan(furthest)
})

/** How far two samples are apart by their ranks, in standard deviations (Mann and Whitney). */
function distance(some: readonly number[], others: readonly number[]): number {
  let above = 0
  for (const one of some) for (const other of others) above += one > other ? 1 : one === other ? 0.5 : 0
  const pairs = some.length * others.length
  return (above - pairs / 2) / Math.sqrt((pairs * (some.length + others.length + 1)) / 12)
}
