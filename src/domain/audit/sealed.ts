// The log as it is sealed, page by page: leaves, and the texts and salts that its reader may have.
import { narrowScope, scopeOf } from '../../core/access.ts'
import { holdsDatabase } from '../../core/actor.ts'
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { type ListSealedInput, listSealedSchema, type SealedEvent } from '../../core/shapes/checkpoints.ts'
import type { Page } from '../../core/shapes/page.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { toLeafSource } from '../../jobs/sealing.ts'
import type { EventOfLog } from '../../store/audit.ts'
import { readSealed, type SealedRow } from '../../store/events.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { wholeLog } from '../../store/sealed-log.ts'
import { cutHash, type LeafSource, leafOf, leafTexts } from '../../transparency/leaf.ts'
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

function toSealedEvent(row: SealedRow, log: string, isRoot: boolean): SealedEvent {
  const number = log === wholeLog ? row.position : row.sequence
  if (cutHash(row.leaf) !== undefined) {
    const nothing = { leaf: null, detailsSalt: null, details: null, originSalt: null, origin: null }
    return { sequence: number, hash: row.leaf.slice(1), ...nothing }
  }
  const source = toLeafSource(row, row.actor_organization_id ?? undefined)
  const texts = leafTexts(source)
  const { details_salt: detailsSalt } = row
  const salts = { details: detailsSalt ?? '', origin: row.origin_salt }
  // Everything else that tells of events reads the row. One that says something else has a leaf that is not in the tree.
  const leaf = isLeafOf(row.leaf, source) ? row.leaf : leafOf(source, texts, salts)
  const originSalt = isRoot ? row.origin_salt : null
  return {
    sequence: number,
    hash: leafHash(leaf).toString('base64'),
    leaf,
    detailsSalt,
    details: detailsSalt === null ? null : texts.details,
    originSalt,
    origin: originSalt === null ? null : texts.origin,
  }
}

/** What is told of an event whose row somebody has deleted: nothing that its leaf could have been made of. */
function nothingOf(id: string): EventOfLog {
  const nobody = { actor: null, actor_type: null, actor_organization_id: null, request_id: null, ip: null }
  return { id, at: 0, action: '', organization_id: '', key_id: null, changes: '{}', ...nobody }
}

/** Whether a leaf says of an event what its row says; of what may have been erased, its commitments tell. */
function isLeafOf(leaf: string, { id, at, action, organizationId, keyId }: LeafSource): boolean {
  const said = JSON.parse(leaf) as Record<string, unknown>
  return (
    said.id === id &&
    said.at === new Date(at).toISOString() &&
    said.action === action &&
    said.organization_id === organizationId &&
    said.key_id === keyId
  )
}
