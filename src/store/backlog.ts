// What waits in the database to be done: events to be sealed, and events to be delivered.
import { sql } from 'kysely'
import { rootOrganizationId } from '../core/access.ts'
import type { Backlog } from '../core/backlog.ts'
import { wholeLog } from './sealed-log.ts'
import { allDone } from './statements.ts'
import type { Db } from './tables.ts'

/** Events that wait, and the id of the first of them. */
export interface WaitingEvents {
  count: number
  first: string | null
}

/** Reads it, by a few probes for each webhook. */
export async function readBacklog(
  db: Db,
): Promise<{ webhooks: Backlog['webhooks']; undelivered: WaitingEvents; unsealed: WaitingEvents }> {
  const [states, again, first, queue] = await allDone([
    readStates(db),
    countPending(db),
    findFirst(db),
    readQueued(db),
  ])
  const { behind, ...webhooks } = states
  return { webhooks, undelivered: { count: behind + again, first }, unsealed: queue }
}

async function readStates(db: Db): Promise<Backlog['webhooks'] & { behind: number }> {
  const row = await withLogs(db)
    .leftJoin('audit_heads', 'audit_heads.log', 'hooks.log')
    .select((eb) => [
      eb.fn.countAll<number>().as('count'),
      eb.fn.count<number>('disabled_at').as('disabled'),
      eb.fn.count<number>(sql`case when disabled_at is null then failing_since end`).as('failing'),
      eb.fn
        .sum<number | null>(sql`case when disabled_at is null and size > "cursor" then size - "cursor" end`)
        .as('behind'),
    ])
    .executeTakeFirstOrThrow()
  const [count, disabled, failing] = [Number(row.count), Number(row.disabled), Number(row.failing)]
  return { active: count - disabled - failing, failing, disabled, behind: Number(row.behind ?? 0) }
}

async function countPending(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('webhook_deliveries')
    .innerJoin('webhooks', 'webhooks.id', 'webhook_deliveries.webhook_id')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .where('next_at', 'is not', null)
    .where('disabled_at', 'is', null)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** The first event that a webhook tries again, or has not come to. */
async function findFirst(db: Db): Promise<string | null> {
  const again = sql<string | null>`(select tried.id from ${sql.table('webhook_deliveries')} as tried
    where webhook_id = hooks.id and state = ${sql.lit('pending')} order by place limit 1)`
  const log = sql.table('audit_log')
  const next = sql<string | null>`case when hooks.log = ${sql.lit(wholeLog)}
    then (select event_id from ${log} where position = hooks."cursor" + 1)
    else (select event_id from ${log} where organization_id = hooks.log and sequence = hooks."cursor" + 1) end`
  const found = withLogs(db).where('disabled_at', 'is', null)
  const { first } = await db
    .selectFrom(
      found
        .select(again.as('id'))
        .unionAll(found.select(next.as('id')))
        .as('firsts'),
    )
    .select((eb) => eb.fn.min('id').as('first'))
    .executeTakeFirstOrThrow()
  return first
}

async function readQueued(db: Db): Promise<WaitingEvents> {
  const { count, first } = await db
    .selectFrom('audit_queue')
    .select((eb) => [
      eb.fn.countAll<number>().as('count'),
      eb.selectFrom('audit_queue').select('event_id').orderBy('arrival').limit(1).as('first'),
    ])
    .executeTakeFirstOrThrow()
  return { count: Number(count), first }
}

/** Webhooks, each with the log of which it sends events. */
function withLogs(db: Db) {
  const own = sql`case when organization_id = ${sql.lit(rootOrganizationId)} then ${sql.lit(wholeLog)} else organization_id end`
  return db.selectFrom(
    db
      .selectFrom('webhooks')
      .innerJoin('webhook_states', 'webhook_states.webhook_id', 'webhooks.id')
      .select(['id', 'disabled_at', 'failing_since', 'cursor'])
      .select(sql<string>`coalesce(source, ${own})`.as('log'))
      .as('hooks'),
  )
}
