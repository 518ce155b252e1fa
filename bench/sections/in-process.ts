// In the process: verification from memory against the least it could be, and against better-auth.
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Latchkey, openLatchkey } from '../../src/index.ts'
import { openBetterAuth } from '../better-auth.ts'
import { createDatabase, fillDatabase, inRandomOrder, wanted } from '../dataset.ts'
import { atOnce, callsAtOnce, makeLoop, rateAtOnce, warm } from '../loop.ts'
import { type Figure, type Findings, ratiosOf, say, type Turn, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'

export async function measureInProcess(settings: Settings): Promise<Findings> {
  const { folder, warmKeys, turnMs } = settings
  const database = `sqlite:${join(folder, 'in-process.db')}`
  await fillDatabase(database, warmKeys)
  await using latchkey = await openLatchkey({ database, cachedSecrets: Math.max(warmKeys, 1) })
  const tokens = inRandomOrder(warmKeys)
  await warm(latchkey, tokens)
  say(`${warmKeys} keys are warm`)
  const digests = new Map(tokens.map((token) => [hash('sha256', token, 'latin1'), { token }]))
  const hot = [tokens[0] as string]
  const [random, hotLoop, floor, hotFloor] = await Promise.all([
    makeLoop(),
    makeLoop(),
    makeLoop(),
    makeLoop(),
  ])
  const randomly = random.countingVerifier(latchkey)
  const hotly = hotLoop.countingVerifier(latchkey)
  const looksUp = (token: string) => digests.get(hash('sha256', token, 'latin1')) !== undefined

  const betterSqlite = await openBetterAuth(`sqlite:${join(folder, 'better-auth.db')}`, warmKeys)
  const betterPostgres = await openBetterAuth(
    await createDatabase(settings.postgresUrl, 'better_auth'),
    warmKeys,
  )
  say(`better-auth has its keys`)
  const values = await takeTurns(settings.rounds, {
    'hash and Map, random order': floor.rateOfCalls(tokens, looksUp, turnMs),
    'verifyCached, random order': random.rateOfCalls(tokens, randomly.verifies, turnMs),
    'await verify, random order': rateOfAwaits(latchkey, tokens, turnMs),
    'better-auth on SQLite': rateAtOnce(tokens, betterSqlite.verify, turnMs),
    'better-auth on PostgreSQL': rateAtOnce(tokens, betterPostgres.verify, turnMs),
    'hash and Map, one hot key': hotFloor.rateOfCalls(hot, looksUp, turnMs),
    'verifyCached, one hot key': hotLoop.rateOfCalls(hot, hotly.verifies, turnMs),
  })
  await betterSqlite.close()
  await betterPostgres.close()

  const least = values['hash and Map, random order']
  const ours = values['verifyCached, random order']
  const figure = (
    role: Figure['role'] & string,
    what: keyof typeof values,
    beside?: keyof typeof values,
  ): Figure => ({
    role,
    what,
    unit: 'a second',
    values: values[what],
    ...(beside && { beside: { what: beside, ratios: ratiosOf(values[what], values[beside]) } }),
  })
  return {
    title: 'In the process',
    figures: [
      figure('floor', 'hash and Map, random order'),
      figure('ours', 'verifyCached, random order', 'hash and Map, random order'),
      figure('ours', 'await verify, random order', 'hash and Map, random order'),
      figure('floor', 'hash and Map, one hot key'),
      figure('ours', 'verifyCached, one hot key', 'hash and Map, one hot key'),
      figure('peer', 'better-auth on SQLite', 'verifyCached, random order'),
      figure('peer', 'better-auth on PostgreSQL', 'verifyCached, random order'),
    ],
    bars: [
      {
        what: `In process, warm, ${warmKeys.toLocaleString('en')} keys in random order`,
        promised: 'at least 0.7 of the floor',
        beside: '`crypto.hash` and `Map.get` of the digest, on the same tokens',
        sense: 'at least',
        bound: 0.7,
        unit: '',
        values: ratiosOf(ours, least),
      },
      {
        what: 'In process, warm, beside better-auth',
        promised: 'at least 300 times better-auth',
        beside: `better-auth's \`verifyApiKey\` on PostgreSQL, ${atOnce} at once`,
        sense: 'at least',
        bound: 300,
        unit: '×',
        values: ratiosOf(ours, values['better-auth on PostgreSQL']),
      },
    ],
    notes: [
      'Each contestant has a loop of its own, and the process one Latchkey, as most programs have.',
      `Every verification asks for one permission. better-auth has as many keys, ${atOnce} verifications under way at once, its limits switched off (they would end the run), and on SQLite the same journal and the same durability as Latchkey; each of its verifications writes to its table.`,
      `Between ${callsAtOnce} calls each contestant gives the event loop a turn, inside the time that is measured. Memory could not answer ${randomly.missed() + hotly.missed()} times.`,
    ],
  }
}

function rateOfAwaits(latchkey: Latchkey, tokens: readonly string[], turnMs: number): Turn {
  const asked = { permissions: wanted }
  return async () => {
    const start = performance.now()
    let calls = 0
    while (performance.now() - start < turnMs) {
      for (let i = 0; i < callsAtOnce; i++) {
        const verdict = await latchkey.verify(tokens[calls++ % tokens.length] as string, asked)
        if (!verdict.valid) throw new Error(`A valid token was ${verdict.code}.`)
      }
      await setImmediate()
    }
    return (calls * 1000) / (performance.now() - start)
  }
}
