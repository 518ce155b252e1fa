// The checkpoints that this instance has kept, page by page.
import { narrowScope } from '../../core/access.ts'
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import {
  type KeptCheckpoint,
  type ListCheckpointsInput,
  listCheckpointsSchema,
} from '../../core/shapes/checkpoints.ts'
import type { Page } from '../../core/shapes/page.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { listKeptCheckpoints } from '../../store/checkpoints.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { wholeLog } from '../../store/sealed-log.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { requireEpoch } from './signers.ts'

/** Lists them, those of the log as it is called now. Throws `invalid_input`, `organization_not_found`, `too_many_reads`, `store_unavailable`. */
export async function listCheckpoints(
  engine: Engine,
  input: ListCheckpointsInput = {},
  options: CommandOptions = {},
): Promise<Page<KeptCheckpoint>> {
  const { organizationId, limit, after = '0' } = parseInput(listCheckpointsSchema, input)
  if (!/^(?:0|[1-9]\d{0,14})$/.test(after)) refuseField('after', 'Must be a cursor of a previous page.')
  const actor = actorOf(options)
  const log = narrowScope(actor, organizationId) ?? wholeLog
  const { epoch } = await requireEpoch(engine)
  const rows = await engine.store.read(
    async (db) => {
      if (organizationId !== undefined) await getOrganizationRow(db, organizationId)
      return listKeptCheckpoints(db, { log, epoch, after: Number(after), limit: limit + 1 })
    },
    turnOf(actor, options),
  )
  const items = rows
    .slice(0, limit)
    .map(({ size, note, made_at }) => ({ size, madeAt: new Date(made_at), note }))
  return { items, next: rows.length > limit ? String(items.at(-1)?.size) : undefined }
}
