// The answers of changes, which may wait until every process acts on them.
import type { z } from 'zod'
import { scopeOf } from '../../core/access.ts'
import type { Caller } from '../../core/actor.ts'
import { type ActorOptions, isRevision } from '../../core/call-options.ts'
import { parseInput } from '../../core/input.ts'
import { type Applied, type EditOptions, type WaitOptions, waitSchema } from '../../core/shapes/calls.ts'
import { readIfMatch, toEntityTag } from '../../http/preconditions.ts'
import { json, type Reply } from '../../http/reply.ts'
import type { Call } from '../parts.ts'

type WaitQuery = z.input<typeof waitSchema>

/** Makes a change and, if asked to, waits until it is applied everywhere. Checks the query before the change. */
export async function change(
  { query, caller, once }: Pick<Call<WaitQuery>, 'query' | 'once'> & { caller: Caller },
  make: (options: ActorOptions & WaitOptions) => Promise<object & { applied?: Applied }>,
): Promise<Reply> {
  const { wait } = parseInput(waitSchema, query)
  const { applied, ...made } = await make({ ...making({ caller, once }), wait })
  return tagged(applied === undefined ? made : { ...made, applied: tellTo(caller, applied) })
}

/** The options by which something is made: by the caller, and once for each Idempotency-Key. */
export function making({ caller, once }: Pick<Call, 'once'> & { caller: Caller }): ActorOptions {
  return once === undefined ? { actor: caller } : ({ actor: caller, once } as ActorOptions)
}

/** The same for a change of what others may edit as well: only on the condition of `If-Match`. */
export async function edit(
  call: Pick<Call<WaitQuery>, 'query' | 'header' | 'once'> & { caller: Caller },
  make: (options: ActorOptions & EditOptions) => Promise<object & { applied?: Applied }>,
): Promise<Reply> {
  const ifRevision = readIfMatch(call.header)?.filter(isRevision)
  return change(call, (options) => make({ ...options, ifRevision }))
}

/** Answers 200 with a library value in the wire's form, and with its entity tag if it is something that can be edited. */
export function tagged(value: object, headers: Record<string, string> = {}): Reply {
  const { revision } = value as { revision?: string }
  return json(value, revision === undefined ? headers : { etag: toEntityTag(revision), ...headers })
}

/** The answer of a change that has nothing to say but that it was done. */
export async function done(ended: Promise<object | undefined>): Promise<object> {
  return { success: true, ...(await ended) }
}

/** The names of processes are those of the operator's hosts, which are nobody else's business: others get a count. */
function tellTo(caller: Caller, applied: Applied): Applied {
  if (scopeOf(caller) === undefined) return applied
  return { ...applied, silent: applied.silent.map((_, i) => `process-${i + 1}`) }
}
