// Ends old secrets by evidence: once they were silent for as long as their rotation said, or at their latest end.
import type { Commit } from '../../commit/commit.ts'
import { system } from '../../core/actor.ts'
import { tokenHint } from '../../core/token.ts'
import type { Again, JobKind, Work } from '../../jobs/kinds.ts'
import {
  type AwaitingSecret,
  type Evidence,
  findOver,
  isSilent,
  readFlushRound,
  silentAt,
  watchUses,
} from '../../store/grace-evidence.ts'
import type { Instant } from '../../store/instants.ts'
import { endSecrets, findSecret, setSilence } from '../../store/secrets.ts'
import { deleteKeySessions } from '../../store/sessions.ts'
import type { Store } from '../../store/store.ts'
import type { FlushMarks } from '../../verification/flush-marks.ts'
import { requireKey } from './rules.ts'

const everyMs = 60_000
/** So many are looked at in a run; the rest follows a moment later. */
const maxAtOnce = 100
const restAfterMs = 1_000

/** What ends graces. */
export interface GraceEnding {
  store: Pick<Store, 'read' | 'write'>
  commit: Commit
  at(): Instant
  marks: Pick<FlushMarks, 'watcher'>
  /** Writes the uses that this process has noted. */
  flush(): Promise<void>
}

/** The work of ending graces, for one process at a time. */
export function graceJob(ending: GraceEnding): JobKind {
  return { everyMs, run: (work) => endGraces(ending, work) }
}

async function endGraces(
  { store, commit, at, marks, flush }: GraceEnding,
  work: Work,
): Promise<Again | undefined> {
  const { isAwaited } = await store.read((db) => readFlushRound(db, at()))
  if (!isAwaited) return undefined
  await flush()
  work.requireHeld()
  const evidence = await watchUses(store, marks.watcher, at())
  const secrets = await store.read((db) => findOver(db, evidence, maxAtOnce))
  for (const secret of secrets) {
    work.requireHeld()
    await endIfOver(commit, secret, evidence)
  }
  return secrets.length >= maxAtOnce ? { afterMs: restAfterMs } : undefined
}

/** Ends a secret if it is over as it stands under the lock of its key: nobody writes a use of it meanwhile. */
async function endIfOver(
  commit: Commit,
  { kid, key_id: keyId }: AwaitingSecret,
  evidence: Evidence,
): Promise<void> {
  await commit(system, { permission: 'any key', keyId }, async (change) => {
    const { tx } = change
    const key = await requireKey(change, keyId)
    const secret = await findSecret(tx, key, kid)
    if (secret === undefined || secret.ended_at !== null) return
    const { silent_at, silent_ms, last_used_at } = secret
    if (silent_at === null || silent_ms === null) return
    if (key.revoked_at !== null) return setSilence(tx, key, kid, null)
    const isAtLatest = secret.grace_ends_at !== null && secret.grace_ends_at <= evidence.now
    const until = silentAt({ silent_at, silent_ms, last_used_at }, evidence)
    if (!isAtLatest && !isSilent(until, silent_ms, evidence)) {
      if (until > silent_at) await setSilence(tx, key, kid, until)
      return
    }
    await endSecrets(tx, key, [kid], change.now)
    await deleteKeySessions(tx, key, [kid])
    change.record({
      action: 'key.grace_ended',
      organizationId: key.organization_id,
      keyId,
      changes: {
        kid,
        hint: tokenHint(secret.prefix, kid),
        reason: isAtLatest ? 'at_most' : 'silent',
        lastUsedAt: last_used_at === 0 ? null : new Date(last_used_at),
      },
    })
  })
}
