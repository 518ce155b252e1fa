// In the process, with limits: verification from memory beside the same without limits, and beside peers that count each
// call in a database.
import { join } from 'node:path'
import { type Contestant, costRatios, startContestant, turnsOf } from '../contestants.ts'
import { createDatabase, fillDatabase } from '../dataset.ts'
import { ampleLimits } from '../limits.ts'
import { startRedis } from '../redis.ts'
import { type Bar, type Figure, type Findings, ratiosOf, say, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'

const bare = 'verifyCached, no limits'
const ours = 'verifyCached, a rate and a quota'
const better = {
  sqlite: 'better-auth with its rate limit, SQLite',
  postgres: 'better-auth with its rate limit, PostgreSQL',
}
const consume = {
  redis: 'rate-limiter-flexible on Redis, consume',
  pipelined: 'rate-limiter-flexible on Redis, consume, pipelined',
  postgres: 'rate-limiter-flexible on PostgreSQL, consume',
}
/** Calls that peers have under way at once: more for those that gain by it. */
const many = { few: '16', pipelined: '256' }

export async function measureLimitsInProcess(settings: Settings): Promise<Findings> {
  const { rounds, turnMs, warmKeys } = settings
  await using opened = new AsyncDisposableStack()
  const contestants = await openContestants(settings, opened)
  const taking = Object.fromEntries(
    Object.entries(contestants).map(([name, contestant]) => [name, turnsOf(contestant, turnMs)]),
  )
  const turns = Object.fromEntries(Object.entries(taking).map(([name, { turn }]) => [name, turn]))
  const values = await takeTurns(rounds, turns)
  const shownOf = (name: string) => (taking[name] as (typeof taking)[string]).shown
  const rates = (name: string) => values[name] as number[]

  const names = Object.keys(contestants)
  const figures = names.flatMap((name): Figure[] => {
    const besideName = name === ours ? bare : ours
    const beside = { what: besideName, ratios: ratiosOf(rates(name), rates(besideName)) }
    return [
      {
        what: name,
        unit: 'a second',
        values: rates(name),
        role: roleOf(name),
        ...(name !== bare && { beside }),
      },
    ]
  })
  const costs = names.map((name): Figure => {
    const { microseconds } = shownOf(name)
    const beside = { what: bare, ratios: costRatios(shownOf(name), shownOf(bare)) }
    return {
      what: `${name}, processor time of its process`,
      unit: 'µs a call',
      values: microseconds,
      ...(name === ours && { beside }),
    }
  })
  const times = (peer: string, bound: number): Bar[] =>
    peer in contestants
      ? [
          {
            what: `In process, with limits, ${besideOf(peer)}`,
            promised: `at least ${bound} times`,
            beside: peer,
            sense: 'at least',
            bound,
            unit: '×',
            values: ratiosOf(rates(ours), rates(peer)),
          },
        ]
      : []
  const missed = shownOf(ours).missed
  return {
    title: 'In the process, with limits',
    figures: [...figures, ...costs],
    bars: [
      {
        what: `In process, warm, a rate and a quota, ${warmKeys.toLocaleString('en')} keys in random order`,
        promised: 'at least 0.6 of the same without limits',
        beside: 'the same keys without limits, in another process',
        sense: 'at least',
        bound: 0.6,
        unit: '',
        values: ratiosOf(rates(ours), rates(bare)),
      },
      ...times(better.sqlite, 50),
      ...times(better.postgres, 50),
      ...times(consume.redis, 10),
      ...times(consume.postgres, 50),
    ],
    notes: [
      `Each key has two limits, a rate of 10^9 a minute and a quota of as many a month: they refuse nothing. Each contestant has a process of its own. Before its first turn each key has drawn 1,000 units twice, so that the process holds about as many, and each turn is taken before unused units go back. In all turns memory could not answer ${missed.toLocaleString('en')} times with limits, and ${shownOf(bare).missed.toLocaleString('en')} times without; such a call asks the store besides, and counts as one.`,
      `What the peers do is less: rate-limiter-flexible counts one limit and verifies no key, and better-auth counts one. Their limits refuse nothing either: 10^9 in a minute. ${many.few} calls are under way at once, ${many.pipelined} where ioredis sends them together (\`enableAutoPipelining\`), which is not how the documentation of rate-limiter-flexible sets it up. The processor time of their databases is not in the figures.`,
      ...(consume.redis in contestants
        ? []
        : ['rate-limiter-flexible on Redis: not measured: redis-server is not installed.']),
    ],
  }
}

/** Starts all that take turns, in their order: ours in the midst, so that its turns are never far apart. */
async function openContestants(
  { folder, postgresUrl, warmKeys }: Settings,
  opened: AsyncDisposableStack,
): Promise<Record<string, Contestant>> {
  const keys = String(warmKeys)
  const paths = {
    bare: `sqlite:${join(folder, 'no-limits.db')}`,
    ours: `sqlite:${join(folder, 'limits.db')}`,
  }
  await fillDatabase(paths.bare, warmKeys)
  await fillDatabase(paths.ours, warmKeys, ampleLimits)
  const start = async (...args: [name: string, ...args: string[]]) =>
    opened.use(await startContestant(...args))
  const peer = 'rate-limiter-flexible'
  const redis = await startRedis(folder)
  if (redis) opened.use(redis)
  const contestants = {
    [better.sqlite]: await start('better-auth', `sqlite:${join(folder, 'better-auth-limits.db')}`, keys),
    [better.postgres]: await start(
      'better-auth',
      await createDatabase(postgresUrl, 'better_auth_limits'),
      keys,
    ),
    [bare]: await start('latchkey', paths.bare, keys),
    // Last: what is warm stays so for seconds.
    [consume.postgres]: await start(peer, await createDatabase(postgresUrl, 'consume'), keys, many.few),
    ...(redis && {
      [consume.redis]: await start(peer, redis.url, keys, many.few),
      [consume.pipelined]: await start(peer, redis.url, keys, many.pipelined, 'pipelined'),
    }),
  }
  say(`the others are ready; ${keys} keys with limits get warm`)
  const { [better.sqlite]: first, [better.postgres]: second, [bare]: third, ...rest } = contestants
  const warm = await start('latchkey', paths.ours, keys)
  return {
    [better.sqlite]: first as Contestant,
    [better.postgres]: second as Contestant,
    [bare]: third as Contestant,
    [ours]: warm,
    ...(rest as Record<string, Contestant>),
  }
}

function roleOf(name: string): Figure['role'] & string {
  return name === ours || name === bare ? 'ours' : 'peer'
}

function besideOf(peer: string): string {
  return `beside ${peer.startsWith('better-auth') ? 'better-auth' : 'rate-limiter-flexible'}`
}
