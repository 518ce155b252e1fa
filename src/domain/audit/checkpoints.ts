// Checkpoints of the logs, on demand and every hour, and proofs of what is in them.
import { narrowScope, rootOrganizationId } from '../../core/access.ts'
import { holdsDatabase, system } from '../../core/actor.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { isOfTypes } from '../../core/event-types.ts'
import { parseInput } from '../../core/input.ts'
import {
  type Checkpoint,
  type EventProof,
  type GrowthProof,
  type LogSigner,
  type ProveEventInput,
  type ProveGrowthInput,
  proveEventSchema,
  proveGrowthSchema,
  type ReadCheckpointInput,
  readCheckpointSchema,
} from '../../core/shapes/checkpoints.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import type { Again, JobKind, Work } from '../../jobs/kinds.ts'
import {
  findHead,
  insertCheckpoint,
  listGrownLogs,
  listSigners,
  readLastAction,
  readLeaves,
} from '../../store/checkpoints.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import { type LogHead, wholeLog } from '../../store/sealed-log.ts'
import type { Db, Tx } from '../../store/tables.ts'
import { listRootEventTypes } from '../../store/webhooks.ts'
import { checkpointText } from '../../transparency/checkpoint.ts'
import { cutHash } from '../../transparency/leaf.ts'
import { GrowingTree } from '../../transparency/merkle.ts'
import { consistencyParts, inclusionParts, type Leaves } from '../../transparency/proofs.ts'
import { type Signer, signNote } from '../../transparency/signed-note.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import type { CheckpointFile } from './checkpoint-file.ts'
import { originOf, requireEpoch, requireSigners, type Signing, toLogSigner } from './signers.ts'
import { hashParts } from './tree.ts'

const everyMs = 3_600_000
/** So many checkpoints a page; the rest follows a moment later. */
const pageLogs = 100
const restAfterMs = 1_000

/** Makes a checkpoint of a log as it is now. Throws `invalid_input`, `organization_not_found`, `store_unavailable`. */
export async function readCheckpoint(
  engine: Engine,
  input: ReadCheckpointInput = {},
  options: CommandOptions = {},
): Promise<Checkpoint> {
  const { organizationId } = parseInput(readCheckpointSchema, input)
  const head = await readLog(engine, organizationId, options, async (_, found) => found)
  const epoch = await requireEpoch(engine)
  const signers = await requireSigners(engine, epoch)
  const origin = originOf(epoch, head.log)
  return {
    origin,
    size: head.size,
    rootHash: rootOf(head).toString('base64'),
    isSigned: signers.length > 0,
    note: noteOf(origin, head, signers),
  }
}

/** Proves that an event is in a log. Throws `invalid_input`, `organization_not_found`, `cursor_gone`, `store_unavailable`. */
export async function proveEvent(
  engine: Engine,
  input: ProveEventInput,
  options: CommandOptions = {},
): Promise<EventProof> {
  const { organizationId, sequence, size: asked } = parseInput(proveEventSchema, input)
  const epoch = await requireEpoch(engine)
  return readLog(engine, organizationId, options, async (db, head) => {
    const size = sizeWithin(asked, head)
    if (sequence > size) refuseField('sequence', `Must be at most ${size}, the size of the log.`)
    const [leaf = ''] = await readLeaves(db, head.log, sequence - 1, sequence)
    if (cutHash(leaf) !== undefined)
      throw new LatchkeyError('cursor_gone', 'The event was cut: only the hash of its leaf is left.')
    const proof = await prove(db, head, inclusionParts(sequence - 1, size))
    return { origin: originOf(epoch, head.log), sequence, size, leaf, proof }
  })
}

/** Proves that a log goes on from what it was. Throws `invalid_input`, `organization_not_found`, `store_unavailable`. */
export async function proveGrowth(
  engine: Engine,
  input: ProveGrowthInput,
  options: CommandOptions = {},
): Promise<GrowthProof> {
  const { organizationId, from, size: asked } = parseInput(proveGrowthSchema, input)
  const epoch = await requireEpoch(engine)
  return readLog(engine, organizationId, options, async (db, head) => {
    const size = sizeWithin(asked, head)
    if (from > size) refuseField('from', `Must be at most ${size}, the size of the log.`)
    const proof = await prove(db, head, consistencyParts(from, size))
    return { origin: originOf(epoch, head.log), from, size, proof }
  })
}

/** Lists those who sign checkpoints, or have signed them. Throws `store_unavailable`. */
export async function listLogSigners(engine: Engine, options: CommandOptions = {}): Promise<LogSigner[]> {
  const turn = turnOf(actorOf(options), options)
  const rows = await engine.store.read(listSigners, turn)
  return rows.map(toLogSigner)
}

/**
 * The work of keeping a checkpoint of each log that has grown, every hour, by one process. That of the log of all goes to a file, if
 * there is one, and to the webhooks of the root organization that ask for it.
 */
export function checkpointJob(signing: Signing, file?: CheckpointFile): JobKind {
  return { everyMs, run: (work) => keepCheckpoints(signing, work, file) }
}

async function keepCheckpoints(
  signing: Signing,
  work: Work,
  file: CheckpointFile | undefined,
): Promise<Again | undefined> {
  const { store, commit, now } = signing
  const found = await store.read((db) => listGrownLogs(db, pageLogs))
  const grown: LogHead[] = []
  for (const head of found) if (!(await hasTellingAlone(store, head))) grown.push(head)
  if (grown.length === 0) return undefined
  const epoch = await requireEpoch(signing)
  const signers = await requireSigners(signing, epoch)
  work.requireHeld()
  const notes = new Map(
    grown.map((head) => [head.log, noteOf(originOf(epoch, head.log), head, signers)] as const),
  )
  const note = notes.get(wholeLog)
  await commit(system, { permission: 'any key' }, async ({ tx, record }) => {
    for (const head of grown) {
      const own = notes.get(head.log) as string
      await insertCheckpoint(tx, head, { epoch: epoch.epoch, note: own, madeAt: now() })
    }
    if (note !== undefined && (await isWanted(tx)))
      record({ action: telling, organizationId: rootOrganizationId, changes: { note } })
  })
  if (note !== undefined) await file?.append(note)
  return found.length < pageLogs ? undefined : { afterMs: restAfterMs }
}

/** The event by which webhooks hear of a checkpoint. */
const telling = 'log.checkpoint'

/** Whether all that a log has grown by is the event that tells of its last checkpoint: otherwise each would make one more. */
async function hasTellingAlone(
  { read }: Signing['store'],
  head: LogHead & { checkpointed: number },
): Promise<boolean> {
  if (head.size !== head.checkpointed + 1) return false
  return (await read((db) => readLastAction(db, head))) === telling
}

async function isWanted(tx: Tx): Promise<boolean> {
  return (await listRootEventTypes(tx)).some((types) => isOfTypes(telling, JSON.parse(types)))
}

function noteOf(origin: string, head: LogHead, signers: readonly Signer[]): string {
  return signNote(checkpointText({ origin, size: head.size, root: rootOf(head) }), signers)
}

function rootOf({ size, peaks }: LogHead): Buffer {
  return new GrowingTree(size, Buffer.from(peaks, 'base64')).root
}

/** Reads of the log that an actor asks for: its own, another one in its reach, or that of all. */
async function readLog<Answer>(
  engine: Engine,
  organizationId: string | undefined,
  options: CommandOptions,
  read: (db: Db, head: LogHead) => Promise<Answer>,
): Promise<Answer> {
  const actor = actorOf(options)
  // There may be no process that goes on sealing.
  await (holdsDatabase(actor) ? engine.sealAll() : engine.sealNew())
  const log = narrowScope(actor, organizationId) ?? wholeLog
  return engine.store.read(
    async (db) => {
      if (organizationId !== undefined) await getOrganizationRow(db, organizationId)
      return read(db, (await findHead(db, log)) ?? { log, size: 0, peaks: '' })
    },
    turnOf(actor, options),
  )
}

function sizeWithin(asked: number | undefined, { size }: LogHead): number {
  if (asked !== undefined && asked > size)
    refuseField('size', `Must be at most ${size}, the size of the log.`)
  return asked ?? size
}

async function prove(db: Db, head: LogHead, parts: readonly Leaves[]): Promise<string[]> {
  return (await hashParts(db, head, parts)).map((hash) => hash.toString('base64'))
}
