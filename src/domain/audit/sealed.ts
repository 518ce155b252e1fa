// The log as it is sealed, page by page: leaves, and the texts and salts that its reader may have.
import { narrowScope, scopeOf } from '../../core/access.ts'
import { holdsDatabase } from '../../core/actor.ts'
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { type ListSealedInput, listSealedSchema, type SealedEvent } from '../../core/shapes/checkpoints.ts'
import type { Page } from '../../core/shapes/page.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { toLeafSource } from '../../jobs/sealing.ts'
import { type EventOfLog, erasedChanges } from '../../store/audit.ts'
import { readSealed, type SealedRow } from '../../store/events.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { wholeLog } from '../../store/sealed-log.ts'
import { cutHash, leafLike, leafTexts } from '../../transparency/leaf.ts'
import { leafHash } from '../../transparency/merkle.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'

/** Lists a log in its order. Throws `invalid_input`, `organization_not_found`, `too_many_reads`, `store_unavailable`. */
export async function listSealed(
  engine: Engine,
  input: ListSealedInput = {},
  options: CommandOptions = {},
): Promise<Page<SealedEvent>> {
  const { organizationId, limit, after = '0' } = parseInput(listSealedSchema, input)
  if (!/^(?:0|[1-9]\d{0,14})$/.test(after)) refuseField('after', 'Must be a cursor of a previous page.')
  const actor = actorOf(options)
  const log = narrowScope(actor, organizationId) ?? wholeLog
  // There may be no process that goes on sealing.
  await (holdsDatabase(actor) ? engine.sealAll() : engine.sealNew())
  const rows = await engine.store.read(
    async (db) => {
      if (organizationId !== undefined) await getOrganizationRow(db, organizationId)
      return readSealed(db, { log, after: Number(after), limit: limit + 1, withCut: true }, nothingOf)
    },
    turnOf(actor, options),
  )
  const isRoot = scopeOf(actor) === undefined
  const items = rows.slice(0, limit).map((row) => toSealedEvent(row, log, isRoot))
  return { items, next: rows.length > limit ? String(items.at(-1)?.sequence) : undefined }
}

/** The details of an event of which everything is erased. */
const { details: erasedDetails } = leafTexts(
  toLeafSource({ ...nothingOf(''), changes: erasedChanges }, undefined),
)

function toSealedEvent(row: SealedRow, log: string, isRoot: boolean): SealedEvent {
  const number = log === wholeLog ? row.position : row.sequence
  if (cutHash(row.leaf) !== undefined) {
    const nothing = { leaf: null, detailsSalt: null, details: null, originSalt: null, origin: null }
    return { sequence: number, hash: row.leaf.slice(1), ...nothing }
  }
  const source = toLeafSource(row, row.actor_organization_id ?? undefined)
  const { details, origin } = leafTexts(source)
  const { details_salt: detailsSalt } = row
  return {
    sequence: number,
    hash: leafHash(row.leaf).toString('base64'),
    // Everything else that tells of events reads the row. One that says something else has a leaf that does not fit its hash.
    leaf: leafLike(row.leaf, source),
    detailsSalt,
    // What the row tells without a salt was not sealed, and shows as that.
    details: detailsSalt === null && details === erasedDetails ? null : details,
    originSalt: isRoot ? row.origin_salt : null,
    origin: isRoot ? origin : null,
  }
}

/** What is told of an event whose row somebody has deleted: nothing that its leaf could have been made of. */
function nothingOf(id: string): EventOfLog {
  const nobody = { actor: null, actor_type: null, actor_organization_id: null, request_id: null }
  return {
    id,
    at: 0,
    action: '',
    organization_id: '',
    key_id: null,
    changes: '{}',
    ip: null,
    via: null,
    ...nobody,
  }
}
