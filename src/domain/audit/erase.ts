// Erases what events tell, for good: who did something and what it was. Their leaves stay, and an event says which they are.
import type { Change } from '../../commit/commit.ts'
import { requireRoot } from '../../core/access.ts'
import { holdsDatabase } from '../../core/actor.ts'
import { maxErasedEvents } from '../../core/bounds.ts'
import { refuseField } from '../../core/errors.ts'
import { isId } from '../../core/id-form.ts'
import { parseInput } from '../../core/input.ts'
import { type Erased, type EraseEventsInput, eraseEventsSchema } from '../../core/shapes/erasures.ts'
import { type Erasable, eraseRows, findErasable, readErasableRange } from '../../store/erasures.ts'
import { findUnsealable } from '../../store/sealed-log.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'

const permission = 'latchkey:audit:write'
/** Before all ids. */
const beginning = '00000000-0000-0000-0000-000000000000'

/** Erases a page of events. Throws `invalid_input`, `root_organization_required`, `store_unavailable`. */
export async function eraseEvents(
  engine: Engine,
  input: EraseEventsInput,
  options: CommandOptions = {},
): Promise<Erased> {
  const { eventIds, organizationId, keyId, actor, before, after } = parseInput(eraseEventsSchema, input)
  if (after !== undefined && !isId(after)) refuseField('after', 'Must be the `next` of a previous answer.')
  const by = actorOf(options)
  const column = keyId !== undefined ? 'key_id' : organizationId !== undefined ? 'organization_id' : 'actor'
  const value = keyId ?? organizationId ?? actor ?? ''
  const about = organizationId === undefined ? undefined : actor
  const range = { column, value, about, before: before?.getTime() ?? 0, limit: maxErasedEvents } as const
  requireRoot(by, 'erase what events tell')
  // A leaf is made of what its event tells: only once it is made can that be erased.
  await (holdsDatabase(by) ? engine.sealAll() : engine.sealNew())
  return engine.commit(by, { permission, signal: options.signal }, async (change) => {
    if (eventIds !== undefined)
      return { erased: await eraseThese(engine, change, await requireErasable(change, eventIds)), next: null }
    const from = after ?? beginning
    const { events: found, end } = await readErasableRange(change.tx, { ...range, after: from })
    const unsealed = found.flatMap(({ id, leaf }) => (leaf === null ? [id] : []))
    const unsealable = await findUnsealable(change.tx, engine.store.dialect, unsealed)
    // What is not sealed yet waits for the next call; what never will be is passed over, so that calls come to an end.
    const firstUnsealed = found.findIndex(({ id, leaf }) => leaf === null && !unsealable.has(id))
    const page = firstUnsealed < 0 ? found : found.slice(0, firstUnsealed)
    const erased = await eraseThese(
      engine,
      change,
      page.filter((event) => event.leaf !== null && !isOfLog(event)),
    )
    return { erased, next: firstUnsealed < 0 ? (end ?? null) : (page.at(-1)?.id ?? from) }
  })
}

/** Events of the log itself say what was erased, and who signs: without them nobody could verify it. */
function isOfLog({ action }: Erasable): boolean {
  return action.startsWith('log.')
}

async function requireErasable({ tx }: Change, ids: readonly string[]): Promise<Erasable[]> {
  const found = new Map((await findErasable(tx, ids)).map((event) => [event.id, event]))
  for (const [index, id] of ids.entries()) {
    const event = found.get(id)
    if (event?.leaf == null) refuseField(`eventIds[${index}]`, 'Must be the id of an event that is sealed.')
    if (isOfLog(event))
      refuseField(
        `eventIds[${index}]`,
        'Must not be of the log itself: without it nobody could verify the log.',
      )
  }
  return [...found.values()]
}

/** Erases events, and says so in the log of each of their organizations; tells how many were not erased before. */
async function eraseThese(
  { store }: Engine,
  { tx, record }: Change,
  events: readonly Erasable[],
): Promise<number> {
  if (events.length === 0) return 0
  const erased = await eraseRows(tx, store.dialect, events)
  const byOrganization = Map.groupBy(
    events.filter(({ id }) => erased.has(id)),
    ({ organization_id }) => organization_id,
  )
  for (const [organizationId, ofOne] of byOrganization)
    record({ action: 'log.erased', organizationId, changes: { eventIds: ofOne.map(({ id }) => id) } })
  return erased.size
}
