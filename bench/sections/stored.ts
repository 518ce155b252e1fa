// What it costs that many keys are stored: cold verifications beside the bare read that they make, and warm ones.
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { type Latchkey, openLatchkey } from '../../src/index.ts'
import { factsQuery } from '../../src/store/facts.ts'
import type { VerifyAsker } from '../../src/verification/verify.ts'
import { kidOf, shuffledNumbers, tokenOf, wanted } from '../dataset.ts'
import { makeLoop, warm } from '../loop.ts'
import {
  type Bar,
  type Figure,
  type Findings,
  quantileOf,
  ratiosOf,
  type Turn,
  takeTurns,
} from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { type DatabaseKind, databaseKinds, storedDatabase } from '../stored.ts'

/** Reads under way at once: of a few callers, and of many. */
const atOnce = 16
const manyAtOnce = 256

/** What one size showed, round by round. */
interface Sized {
  kind: DatabaseKind
  count: number
  cold: number[]
  bare: number[]
  coldOfMany: number[]
  bareOfMany: number[]
  warm: number[]
  coldP50Ms: number[]
  coldP99Ms: number[]
}

export async function measureStored(settings: Settings): Promise<Findings> {
  const found: Sized[] = []
  for (const kind of databaseKinds) found.push(...(await measureKind(settings, kind)))
  const figures = found.flatMap((sized): Figure[] => {
    const least = found.find(({ kind }) => kind === sized.kind) as Sized
    const of = `${sized.kind}, ${sized.count.toLocaleString('en')} keys`
    const besideLeast = (values: keyof Sized & ('warm' | 'coldP50Ms' | 'coldP99Ms')) =>
      sized === least
        ? {}
        : {
            beside: {
              what: `${least.count.toLocaleString('en')} keys`,
              ratios: ratiosOf(sized[values], least[values]),
            },
          }
    return [
      { what: `${of}: bare prepared SELECT`, unit: 'a second', values: sized.bare },
      {
        what: `${of}: cold verify`,
        unit: 'a second',
        values: sized.cold,
        beside: { what: 'the bare SELECT', ratios: ratiosOf(sized.cold, sized.bare) },
      },
      {
        what: `${of}: bare prepared SELECT, ${manyAtOnce} at once`,
        unit: 'a second',
        values: sized.bareOfMany,
      },
      {
        what: `${of}: cold verify, ${manyAtOnce} at once`,
        unit: 'a second',
        values: sized.coldOfMany,
        beside: { what: 'the bare SELECT', ratios: ratiosOf(sized.coldOfMany, sized.bareOfMany) },
      },
      {
        what: `${of}: cold verify, median`,
        unit: 'ms',
        values: sized.coldP50Ms,
        ...besideLeast('coldP50Ms'),
      },
      {
        what: `${of}: cold verify, 99th percentile`,
        unit: 'ms',
        values: sized.coldP99Ms,
        ...besideLeast('coldP99Ms'),
      },
      { what: `${of}: warm verifyCached`, unit: 'a second', values: sized.warm, ...besideLeast('warm') },
    ]
  })
  return {
    title: 'Many keys stored, and cold',
    figures,
    bars: [...found.flatMap(coldBars), ...sizeBars(found)],
    notes: [
      `Cold: tokens that a newly opened Latchkey has never seen, from all over the table, ${atOnce} at once, and ${manyAtOnce}; beside them the same read by the same driver, as prepared and as pipelined, alone. The databases are in the operating system's memory, not necessarily in PostgreSQL's own (its settings are the default ones).`,
      `Warm: the same ${(settings.storedKeys[0] as number).toLocaleString('en')} keys in random order, whatever the size; several Latchkeys in one process, which makes each slower than alone.`,
      ...(settings.large
        ? []
        : [
            'Ten million keys are an option, since they take a quarter of an hour to load: `npm run bench -- --large`.',
          ]),
    ],
  }
}

/** SQLite is read in the process, secret by secret; a read of PostgreSQL takes many secrets along. */
function coldBars({ kind, count, ...rates }: Sized): Bar[] {
  const bound = kind === 'SQLite' ? 0.7 : 1.2
  const of = (many: number, values: number[]): Bar => ({
    what: `Cold on ${kind}, ${many} at once, ${count.toLocaleString('en')} keys stored`,
    promised: `at least ${bound} of the floor`,
    beside:
      'the bare SELECT of one secret, prepared, and on PostgreSQL named and pipelined, by the same driver',
    sense: 'at least',
    bound,
    unit: '',
    values,
  })
  return [
    of(atOnce, ratiosOf(rates.cold, rates.bare)),
    of(manyAtOnce, ratiosOf(rates.coldOfMany, rates.bareOfMany)),
  ]
}

/** The bars of the largest size against the least, on each database. */
function sizeBars(found: readonly Sized[]): Bar[] {
  return databaseKinds.flatMap((kind): Bar[] => {
    const sizes = found.filter((sized) => sized.kind === kind)
    const [least, most] = [sizes[0] as Sized, sizes.at(-1) as Sized]
    const [few, many] = [least, most].map(({ count }) => count.toLocaleString('en'))
    return [
      {
        what: `${many} keys stored on ${kind}, warm`,
        promised: 'no slower, within 5 %',
        beside: `${few} keys stored`,
        sense: 'at least',
        bound: 0.95,
        unit: '',
        values: ratiosOf(most.warm, least.warm),
      },
      {
        what: `${many} keys stored on ${kind}, cold p99`,
        promised: 'at most twice',
        beside: `${few} keys stored`,
        sense: 'at most',
        bound: 2,
        unit: '×',
        values: ratiosOf(most.coldP99Ms, least.coldP99Ms),
      },
    ]
  })
}

async function measureKind(settings: Settings, kind: DatabaseKind): Promise<Sized[]> {
  const { storedKeys, rounds, turnMs } = settings
  const warmKeys = storedKeys[0] as number
  const reads = Math.floor(warmKeys * 0.8)
  const turns: Record<string, Turn> = {}
  const found: Sized[] = []
  const open: AsyncDisposable[] = []
  for (const count of storedKeys) {
    const database = await storedDatabase(settings, kind, count)
    const sized: Sized = {
      ...{ kind, count, cold: [], bare: [], coldOfMany: [], bareOfMany: [] },
      ...{ warm: [], coldP50Ms: [], coldP99Ms: [] },
    }
    found.push(sized)
    const drawn = drawNumbers(count)
    const bare = await openBare(database)
    const latchkey = await openLatchkey({ database })
    open.push(bare, latchkey)
    const tokens = Array.from(shuffledNumbers(warmKeys), tokenOf)
    await warm(latchkey, tokens)
    const bareTurn = async (many: number) => (await driveReads(drawn(reads).map(kidOf), bare.read, many)).rate
    turns[`${kind} ${count}: bare`] = () => bareTurn(atOnce)
    turns[`${kind} ${count}: cold`] = async () => {
      const { rate, latencies } = await coldTurn(database, drawn(reads), atOnce)
      sized.coldP50Ms.push(quantileOf(latencies, 0.5))
      sized.coldP99Ms.push(quantileOf(latencies, 0.99))
      return rate
    }
    turns[`${kind} ${count}: bareOfMany`] = () => bareTurn(manyAtOnce)
    turns[`${kind} ${count}: coldOfMany`] = async () =>
      (await coldTurn(database, drawn(reads), manyAtOnce)).rate
    const loop = await makeLoop()
    turns[`${kind} ${count}: warm`] = loop.rateOfCalls(
      tokens,
      loop.countingVerifier(latchkey).verifies,
      turnMs,
    )
  }
  const values = await takeTurns(rounds, turns)
  for (const resource of open) await Promise.resolve(resource[Symbol.asyncDispose]()).catch(() => {})
  for (const sized of found) {
    for (const name of ['bare', 'cold', 'bareOfMany', 'coldOfMany', 'warm'] as const)
      sized[name] = values[`${kind} ${sized.count}: ${name}`] as number[]
    // Of the turn that does not count.
    sized.coldP50Ms.shift()
    sized.coldP99Ms.shift()
  }
  return found
}

/** Gives tokens of different keys at each call, until all have had their turn. */
export function drawNumbers(count: number): (tokens: number) => string[] {
  const numbers = shuffledNumbers(count, 7)
  let next = 0
  return (tokens) => Array.from({ length: tokens }, () => tokenOf(numbers[next++ % count] as number))
}

export async function coldTurn(
  database: string,
  tokens: readonly string[],
  many: number,
  asker: VerifyAsker = {},
): Promise<{ rate: number; latencies: number[] }> {
  const latchkey = await openLatchkey({ database })
  try {
    // What begins with the first read, the following of changes, has begun.
    await latchkey.verify(tokenOf('unknown'))
    return await driveReads(tokens, (token) => verifyValid(latchkey, token, asker), many)
  } finally {
    // Among ten million rows the last uses of thousands of keys take longer to write than a stop waits for them. They are
    // not what is measured.
    await latchkey.close().catch(() => {})
  }
}

async function verifyValid(latchkey: Latchkey, token: string, asker: VerifyAsker): Promise<void> {
  const verdict = await latchkey.verify(token, { permissions: wanted }, asker)
  if (!verdict.valid) throw new Error(`A valid token was ${verdict.code}.`)
}

/** Reads all, so many under way at once; their rate, and how long each took in milliseconds. */
export async function driveReads(
  texts: readonly string[],
  read: (text: string) => Promise<void>,
  many: number,
): Promise<{ rate: number; latencies: number[] }> {
  const latencies: number[] = []
  let next = 0
  const start = performance.now()
  await Promise.all(
    Array.from({ length: many }, async () => {
      while (next < texts.length) {
        const begun = performance.now()
        await read(texts[next++] as string)
        latencies.push(performance.now() - begun)
      }
    }),
  )
  return { rate: (texts.length * 1000) / (performance.now() - start), latencies }
}

/** The read of a verification, or another of a kid, by the driver alone. */
export async function openBare(
  database: string,
  query = factsQuery,
): Promise<AsyncDisposable & { read: (kid: string) => Promise<void> }> {
  const checkFound = (found: boolean) => {
    if (!found) throw new Error('A stored kid was not found.')
  }
  if (database.startsWith('sqlite:')) {
    const db = new DatabaseSync(database.slice('sqlite:'.length), { readOnly: true })
    const select = db.prepare(query('?'))
    return {
      read: async (kid) => checkFound(select.get(kid) !== undefined),
      [Symbol.asyncDispose]: async () => db.close(),
    }
  }
  const client = new pg.Client({ connectionString: database, pipeline: true })
  await client.connect()
  await client.query('set search_path to latchkey')
  const text = query('$1')
  return {
    read: async (kid) =>
      checkFound((await client.query({ name: 'facts', text, values: [kid] })).rows.length === 1),
    [Symbol.asyncDispose]: () => client.end(),
  }
}
