// A webhook whose deliveries a test runs itself, round by round, by a clock that it moves.
import { randomBytes } from 'node:crypto'
import { ChangeLines } from '../../src/commit/change-lines.ts'
import { Writer } from '../../src/commit/commit.ts'
import { Keyring } from '../../src/domain/keyring.ts'
import { systemRandom } from '../../src/domain/random.ts'
import type { Ways } from '../../src/domain/webhooks/attempt.ts'
import { deliveryJobKind } from '../../src/domain/webhooks/delivery.ts'
import { WebhookWays } from '../../src/domain/webhooks/ways.ts'
import type { Turn } from '../../src/fairness/fair-line.ts'
import { type CreatedWebhook, type Latchkey, openLatchkey } from '../../src/index.ts'
import { sealAll } from '../../src/jobs/sealing.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { createAcme } from './acme.ts'
import { makeClock } from './clock.ts'
import { connectDirectly } from './direct.ts'

const sealingKeys = [randomBytes(32).toString('base64')]
const networks = ['127.0.0.0/8']

export type Prepare = (latchkey: Latchkey) => Promise<CreatedWebhook>

/** A webhook, and no process that delivers for it but the test. */
export async function beginDeliveries(
  database: string,
  prepare: Prepare,
  makeWays = (ways: WebhookWays): Ways => ways,
) {
  const clock = makeClock(Date.now())
  const opening = { database, sealingKeys, webhookNetworks: networks, now: clock.now }
  const hook = await (async () => {
    await using latchkey = await openLatchkey(opening)
    await createAcme(latchkey)
    return await prepare(latchkey)
  })()
  const store = await openStore(database)
  const direct = await connectDirectly(database)
  const ways = new WebhookWays({ networks, nameServers: [], proxy: undefined }, [])
  const forgetful = { forget: () => {}, lookNow: () => {}, noteEvents: () => {} }
  const writer = new Writer(
    store,
    forgetful,
    { now: clock.now, random: systemRandom },
    new ChangeLines(store.changesAtOnce),
  )
  const stage = {
    ...{ clock, opening, hook, store, direct },
    /** By the monotonic clock. */
    elapsedMs: 0,
    /** In whose turns the database was read. */
    turns: [] as (Turn | undefined)[],
    /** Records changes of acme, and seals them. */
    record: async (count: number, at = clock.now()) => {
      for (let i = 0; i < count; i++) {
        const id = `${(clock.now() + i).toString(16).padStart(12, '0').replace(/^.{8}/, '$&-')}-7000-8000-${randomBytes(6).toString('hex')}`
        await direct.run(
          `insert into audit_events (id, at, action, organization_id, changes) values ('${id}', ${at}, 'organization.updated', 'acme', '{}')`,
        )
        await direct.run(`insert into audit_queue (event_id) values ('${id}')`)
      }
      await sealAll({ store, random: systemRandom })
    },
    deliver: (signal = new AbortController().signal) =>
      kind.run({
        ...{ subject: hook.id, organizationId: 'root', payload: null, attempt: 1, signal },
        requireHeld: () => signal.throwIfAborted(),
      }),
    state: async () => {
      const [row] = await direct.run('select * from webhook_states')
      return { cursor: Number(row?.cursor), version: Number(row?.version), failures: Number(row?.failures) }
    },
    /** How many deliveries are in each state, after so many attempts. */
    counts: async () => {
      const rows = await direct.run('select state, attempts from webhook_deliveries order by state, attempts')
      const found: Record<string, number> = {}
      for (const { state, attempts } of rows)
        found[`${state} ${attempts}`] = (found[`${state} ${attempts}`] ?? 0) + 1
      return found
    },
    [Symbol.asyncDispose]: async () => {
      ways.close()
      await store.close()
      await direct[Symbol.asyncDispose]()
    },
  }
  const read: Store['read'] = (query, turn) => {
    stage.turns.push(turn)
    return store.read(query, turn)
  }
  const kind = deliveryJobKind({
    ...{
      ways: makeWays(ways),
      store,
      userAgent: 'Latchkey',
      chance: () => 0.5,
      now: clock.now,
      count: () => {},
    },
    store: { read, write: store.write, dialect: store.dialect },
    keyring: new Keyring(database, sealingKeys),
    commit: (actor, requirements, work) => writer.commit(actor, requirements, work),
    monotonic: () => stage.elapsedMs,
  })
  return stage
}

/** A webhook of the operator's, of what happens to acme. */
export const ofAcme =
  (url: string): Prepare =>
  ({ webhooks }) =>
    webhooks.create({ url, events: ['organization.updated'] })
