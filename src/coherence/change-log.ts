// The log of changes and those who follow it, on a store: what the follower, the barrier and a change need of it.
import { hostname } from 'node:os'
import { recordChanges } from '../store/change-recording.ts'
import {
  confirmFollower,
  deregisterFollower,
  evictFollowers,
  type LoggedChange,
  readOrganizationSequence,
  registerFollower,
  unresponsiveFollowers,
} from '../store/changes.ts'
import type { Store } from '../store/store.ts'
import type { Tx } from '../store/tables.ts'
import type { BarrierLog } from './barrier.ts'
import type { ChangeSource } from './follower.ts'

/** The log as one process uses it. */
export type ChangeLog = ChangeSource & BarrierLog

/** Opens the log of a store. */
export function openChangeLog(store: Store): ChangeLog {
  return {
    get pollEveryMs() {
      return store.pollEveryMs
    },
    readChanges: (since, follower) => store.readChanges(since, follower),
    readOrganizationSequence: (organizationId, at) =>
      store.read((db) => readOrganizationSequence(db, organizationId, at)),
    register: (follower) =>
      store.write((tx) => registerFollower(tx, follower, `${hostname()}:${process.pid}`)),
    confirm: (follower, sequence) => store.write((tx) => confirmFollower(tx, follower, sequence)),
    deregister: (follower) => store.write((tx) => deregisterFollower(tx, follower)),
    listen: (hint) => store.listen(hint),
    raiseBarrier: () => raiseBarrier(store),
    unresponsive: (sequence) => store.read((db) => unresponsiveFollowers(db, sequence)),
    evict: (sequence) => store.write((tx) => evictFollowers(tx, sequence)),
  }
}

/** The statements that log changes, or without any a barrier, and tell the other processes: the last ones of their transaction. */
export function logChanges(
  { announce, dialect }: Pick<Store, 'announce' | 'dialect'>,
  tx: Tx,
  changes: readonly LoggedChange[],
): [sequence: Promise<number>, ...others: Promise<unknown>[]] {
  return [...recordChanges(tx, dialect, changes), ...announce(tx)]
}

async function raiseBarrier(store: Store): Promise<number> {
  let sequence: Promise<number> | undefined
  await store.write(
    async () => {},
    (tx) => {
      const logged = logChanges(store, tx, [])
      sequence = logged[0]
      return logged
    },
  )
  return sequence as Promise<number>
}
