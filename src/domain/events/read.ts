// Events in the order of the sealed log, from any of them on: what programs follow.
import { narrowScope, scopeOf } from '../../core/access.ts'
import { type Actor, callerNameOf, holdsDatabase } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { isOfTypes } from '../../core/event-types.ts'
import { parseInput } from '../../core/input.ts'
import {
  type EventsPage,
  type LogEvent,
  type ReadEventsInput,
  readEventsSchema,
} from '../../core/shapes/events.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { findHead } from '../../store/checkpoints.ts'
import { readSealed, type SealedRow } from '../../store/events.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { wholeLog } from '../../store/sealed-log.ts'
import { showEvent } from '../audit/shown.ts'
import { requireEpoch } from '../audit/signers.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'

/** One statement looks at so many events, and one call at so many times as many: few may be of the types that are asked for. */
const windowEvents = 200
const maxWindows = 10

/** Reads the next events. Throws `invalid_input`, `organization_not_found`, `cursor_gone`, `too_many_streams`, `store_unavailable`. */
export async function readEvents(
  engine: Engine,
  input: ReadEventsInput = {},
  options: CommandOptions = {},
): Promise<EventsPage> {
  const { organizationId, after, types, limit, waitSeconds } = parseInput(readEventsSchema, input)
  const actor = actorOf(options)
  const log = narrowScope(actor, organizationId) ?? wholeLog
  if (organizationId !== undefined)
    await engine.store.read((db) => getOrganizationRow(db, organizationId), turnOf(actor, options))
  const { epoch } = await requireEpoch(engine)
  let position = await readPosition(engine, log, after, epoch)
  // There may be no process that goes on sealing.
  await (holdsDatabase(actor) ? engine.sealAll() : engine.sealNew())
  const endsAt = performance.now() + waitSeconds * 1_000
  const query = { log, types, limit, isRoot: scopeOf(actor) === undefined, epoch }
  for (;;) {
    const { events, last } = await readOn(engine, query, position, actor, options)
    const milliseconds = endsAt - performance.now()
    if (events.length > 0 || milliseconds <= 0 || engine.logWatch.isClosed)
      return { events, cursor: `${epoch}.${last}` }
    position = last
    const keyId = holdsDatabase(actor) ? undefined : callerNameOf(actor)
    await engine.logWatch.wait({ log, size: position, keyId, milliseconds, signal: options.signal })
  }
}

interface EventQuery {
  log: string
  types: readonly string[] | undefined
  limit: number
  isRoot: boolean
  epoch: string
}

/** Reads on from a number, for some windows; tells up to which number it has looked. */
async function readOn(
  engine: Engine,
  { log, types, limit, isRoot, epoch }: EventQuery,
  from: number,
  actor: Actor,
  options: CommandOptions,
): Promise<{ events: LogEvent[]; last: number }> {
  const events: LogEvent[] = []
  let last = from
  const window = types === undefined ? limit : windowEvents
  for (let windows = 0; windows < maxWindows; windows++) {
    const query = { log, after: last, limit: window }
    const rows = await engine.store.read((db) => readSealed(db, query), turnOf(actor, options))
    for (const row of rows) {
      last = log === wholeLog ? row.position : row.sequence
      if (types === undefined || isOfTypes(row.action, types))
        events.push(toLogEvent(row, `${epoch}.${last}`, isRoot))
      if (events.length === limit) return { events, last }
    }
    if (rows.length < window) break
  }
  return { events, last }
}

function toLogEvent(row: SealedRow, cursor: string, isRoot: boolean): LogEvent {
  return {
    ...showEvent(row, isRoot),
    sequence: row.sequence,
    position: isRoot ? row.position : null,
    cursor,
  }
}

/** Reads a cursor. What lies behind the end of the log, or is of another epoch, is not there. */
async function readPosition(
  { store }: Engine,
  log: string,
  after: string | undefined,
  epoch: string,
): Promise<number> {
  const [number = '', ofEpoch = epoch] = (after ?? '0').split('.').reverse()
  const position = Number(number)
  const head = await store.read((db) => findHead(db, log))
  const size = head?.size ?? 0
  const cut = head?.cut ?? 0
  if (after === undefined || after === '0') return cut
  if (ofEpoch === epoch && position < cut)
    throw new LatchkeyError(
      'cursor_gone',
      `The log begins behind event ${cut} by now: what was before is cut. Read it from the beginning, or from an event that it has.`,
    )
  if (ofEpoch === epoch && position <= size) return position
  throw new LatchkeyError(
    'cursor_gone',
    ofEpoch === epoch
      ? `The log ends with event ${size}. Read on from there. If it had more events, the database was restored: read from the beginning.`
      : 'The cursor is of the log of before the database was restored. Read the log from the beginning, or from an event that it has.',
  )
}
