// Child keys: how fast they are verified beside keys without parents, and how soon the end of a parent is the end of its children.
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Latchkey, openLatchkey } from '../../src/index.ts'
import { createDatabase } from '../dataset.ts'
import { makeLoop, warm } from '../loop.ts'
import { type Bar, type Findings, ratiosOf, say, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'

const organizationId = 'organization-0'
const permissions = ['emails:send']
const perCall = 500
/** As many children share a parent. */
const ofEach = 1_000
/** How long somebody goes on asking after a parent has ended: a verdict may be two seconds old at most. */
const watchedMs = 600

export async function measureChildren(settings: Settings): Promise<Findings> {
  const { plain, deep } = await verifyWarm(settings)
  const lasts = {
    SQLite: await endParents(settings, `sqlite:${join(settings.folder, 'children-ends.db')}`),
    PostgreSQL: await endParents(settings, await createDatabase(settings.postgresUrl, 'children')),
  }
  const ratios = ratiosOf(deep, plain)
  const children = settings.children.toLocaleString('en')
  return {
    title: 'Child keys',
    figures: [
      { what: 'verifyCached of keys without parents, random order', unit: 'a second', values: plain },
      {
        what: 'verifyCached of children three deep, random order',
        unit: 'a second',
        values: deep,
        beside: { what: 'keys without parents', ratios },
      },
      ...Object.entries(lasts).map(([kind, values]) => ({
        what: `${kind}, two processes' worth of memory: the last child of ${children} accepted after its parent ended`,
        unit: 'ms',
        values,
      })),
    ],
    bars: [
      {
        what: 'A child three deep from memory',
        promised: 'at least 0.85 of a key without parents',
        beside: 'a key without parents',
        sense: 'at least',
        bound: 0.85,
        unit: '',
        values: ratios,
      },
      ...Object.entries(lasts).map(
        ([kind, values]): Bar => ({
          what: `${kind}: the last accept of ${children} children after the end of their parent, p99`,
          promised: 'at most 250 ms',
          beside: '',
          sense: 'at most',
          bound: 250,
          unit: 'ms',
          values: [percentile(values, 0.99)],
        }),
      ),
    ],
    notes: [
      'The parent is suspended and resumed, which goes the way of a revocation and can be done again. From the call on, another instance on the same database verifies its children, which are all in its memory.',
    ],
  }
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(part * sorted.length) - 1] as number
}

async function verifyWarm({ folder, warmKeys, turnMs, rounds }: Settings) {
  const database = `sqlite:${join(folder, 'children.db')}`
  await using latchkey = await openLatchkey({ database, cachedSecrets: 2 * warmKeys })
  await latchkey.organizations.create({ id: organizationId, name: 'Acme' })
  const [plain, deep]: [string[], string[]] = [[], []]
  for (let first = 0; first < warmKeys; first += ofEach) {
    const count = Math.min(ofEach, warmKeys - first)
    const [top] = await createKeys(latchkey, 1)
    const [middle] = await createKeys(latchkey, 1, top?.id)
    const [parent] = await createKeys(latchkey, 1, middle?.id)
    plain.push(...(await createKeys(latchkey, count)).map(({ key }) => key))
    deep.push(...(await createKeys(latchkey, count, parent?.id)).map(({ key }) => key))
  }
  for (const tokens of [plain, deep]) {
    tokens.sort((a, b) => (hash('sha256', a) < hash('sha256', b) ? -1 : 1))
    await warm(latchkey, tokens)
  }
  say(`${warmKeys} keys of either kind are warm`)
  const [plainLoop, deepLoop] = await Promise.all([makeLoop(), makeLoop()])
  const verifier = (loop: typeof plainLoop) => loop.countingVerifier(latchkey).verifies
  // Not before it is over is the database closed.
  return await takeTurns(rounds, {
    plain: plainLoop.rateOfCalls(plain, verifier(plainLoop), turnMs),
    deep: deepLoop.rateOfCalls(deep, verifier(deepLoop), turnMs),
  })
}

/** Ends a parent again and again, and gives after how long each time its last child was accepted by another instance. */
async function endParents({ children, ends }: Settings, database: string): Promise<number[]> {
  await using one = await openLatchkey({ database })
  await using other = await openLatchkey({ database, cachedSecrets: 2 * children })
  await one.organizations.create({ id: organizationId, name: 'Acme' })
  const [parent] = await createKeys(one, 1)
  const parentId = parent?.id as string
  const tokens: string[] = []
  while (tokens.length < children) {
    const made = await createKeys(one, Math.min(perCall, children - tokens.length), parentId)
    tokens.push(...made.map(({ key }) => key))
  }
  const lasts: number[] = []
  for (let round = 1; round <= ends; round++) {
    for (let first = 0; first < children; first += perCall)
      await Promise.all(tokens.slice(first, first + perCall).map((token) => other.verify(token)))
    lasts.push(await lastAccept(one, other, parentId, tokens))
    await untilDone(() => one.keys.resume(parentId, { wait: 'applied' }))
    say(`end ${round} of ${ends}: ${(lasts.at(-1) as number).toFixed(1)} ms`)
  }
  return lasts
}

async function lastAccept(
  one: Latchkey,
  other: Latchkey,
  parentId: string,
  tokens: readonly string[],
): Promise<number> {
  let start = 0
  let last = 0
  const ending = untilDone(() => {
    start = performance.now()
    last = 0
    return one.keys.suspend(parentId)
  })
  let at = 0
  let isEnded = false
  void ending.then(() => {
    isEnded = true
  })
  while (!isEnded || performance.now() - start < last + watchedMs) {
    for (let i = 0; i < 200; i++) {
      const token = tokens[at] as string
      at = (at + 1) % tokens.length
      const verdict = other.verifyCached(token) ?? (await other.verify(token))
      if (verdict.valid) last = performance.now() - start
    }
    await setImmediate()
  }
  await ending
  return last
}

/**
 * Makes a change, and again if the database had no time for it: two openings share the turns of one event loop, and SQLite gives one
 * of them alone the right to write.
 */
async function untilDone(change: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await change()
      return
    } catch (error) {
      if (tries === 10) throw error
    }
  }
}

async function createKeys(latchkey: Latchkey, count: number, parentId?: string) {
  const wanted = { organizationId, permissions, ...(parentId !== undefined && { parentId }) }
  return Promise.all(
    Array.from({ length: count }, (_, i) => latchkey.keys.create({ ...wanted, name: `Key ${i}` })),
  )
}
