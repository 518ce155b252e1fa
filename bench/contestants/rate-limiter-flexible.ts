// rate-limiter-flexible's `consume` in a process of its own, on Redis or PostgreSQL: `node rate-limiter-flexible.ts
// <redis:// or postgres:// url> <keys> <calls under way at once> [pipelined]`.
import pg from 'pg'
import { inRandomOrder, kidOf } from '../dataset.ts'
import { rateAtOnce } from '../loop.ts'
import { serveTurns } from './turns.ts'

interface Limiter {
  consume(key: string): Promise<unknown>
}

const [url = '', keys, many, pipelined] = process.argv.slice(2)
/** So many units that nothing is refused. */
const rate = { points: 1e9, duration: 60 }

/** As its documentation sets it up. By names that the compiler does not follow: the peers are installed for a run only. */
async function open(): Promise<{ limiter: Limiter; close: () => Promise<void> }> {
  const [{ RateLimiterRedis, RateLimiterPostgres }, { Redis }] = await Promise.all(
    ['rate-limiter-flexible', 'ioredis'].map((name) => import(name)),
  )
  if (url.startsWith('redis:')) {
    const client = new Redis(url, { enableAutoPipelining: pipelined !== undefined })
    const limiter = new RateLimiterRedis({ storeClient: client, ...rate })
    return { limiter, close: () => client.quit() }
  }
  const client = new pg.Pool({ connectionString: url, max: 10 })
  const limiter = await new Promise<Limiter>((done, fail) => {
    const made: Limiter = new RateLimiterPostgres(
      { storeClient: client, tableName: 'limits', ...rate },
      (error?: Error) => (error === undefined ? done(made) : fail(error)),
    )
  })
  return { limiter, close: () => client.end() }
}

const { limiter, close } = await open()
// What it is asked for each call is the key's id: it knows nothing of tokens.
const ids = inRandomOrder(Number(keys)).map(kidOf)
const consumes = async (id: string) => {
  // It rejects where it refuses.
  await limiter.consume(id)
  return true
}
serveTurns((turnMs) => rateAtOnce(ids, consumes, turnMs, Number(many)), { close })
