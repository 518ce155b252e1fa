// What waits in the database to be done, for those who watch over it.
import type { Backlog, Waiting } from '../core/backlog.ts'
import { instantOfId } from '../core/ids.ts'
import { readBacklog, type WaitingEvents } from '../store/backlog.ts'
import type { Engine } from './engine.ts'
import { countSealedValues } from './sealed-values.ts'

/** Reads it. Throws `store_unavailable`. */
export async function tellBacklog({
  store,
  keyring,
  now,
}: Pick<Engine, 'store' | 'keyring' | 'now'>): Promise<Backlog> {
  const { webhooks, undelivered, unsealed } = await store.read(readBacklog)
  const sealed = await countSealedValues({ store, keyring })
  const at = now()
  return { webhooks, undelivered: toWaiting(undelivered, at), unsealed: toWaiting(unsealed, at), sealed }
}

function toWaiting({ count, first }: WaitingEvents, now: number): Waiting {
  return { count, oldestMs: first === null ? 0 : Math.max(0, now - instantOfId(first)) }
}
