// What the logs of this instance are called, and who signs their checkpoints. Both are made when they are first needed.
import { randomBytes } from 'node:crypto'
import { requireRoot, rootOrganizationId } from '../../core/access.ts'
import { type Actor, operator, system } from '../../core/actor.ts'
import { maxSigners, signerOverlapMs } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import type { LogSigner } from '../../core/shapes/checkpoints.ts'
import {
  type Epoch,
  endSignersBefore,
  findHead,
  insertEpoch,
  insertSigner,
  listSigners,
  readEpoch,
  readLastAction,
} from '../../store/checkpoints.ts'
import type { AuditSignersTable } from '../../store/log-tables.ts'
import { wholeLog } from '../../store/sealed-log.ts'
import { newSignerSeed, type Signer, signerOf, verifierKeyOf } from '../../transparency/signed-note.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import type { SealedPlace } from '../keyring.ts'

/** What signing needs of an engine. */
export type Signing = Pick<Engine, 'store' | 'commit' | 'keyring' | 'now'>

/** Gives the name of a log, for ever: an epoch begins with the database, and with each restore. */
export function originOf({ instance, epoch }: Epoch, log: string): string {
  const whole = `${instance}/${epoch}`
  return log === wholeLog ? whole : `${whole}/${log}`
}

/** Reads the epoch of the logs, and begins the first one. */
export async function requireEpoch(signing: Signing): Promise<Epoch> {
  const found = await signing.store.read(readEpoch)
  if (found !== undefined) return found
  const epoch = {
    number: 1,
    instance: `latchkey/${randomBytes(6).toString('hex')}`,
    epoch: randomBytes(6).toString('hex'),
    begun_at: signing.now(),
  }
  await signing.commit(system, { permission: 'any key' }, ({ tx }) => insertEpoch(tx, epoch))
  return (await signing.store.read(readEpoch)) ?? epoch
}

/**
 * Begins a new epoch, because the database was restored: its logs have other names from here on, and so no two checkpoints of one
 * name disagree. False if the log was begun anew as the last thing that happened, unless that is to be done again: nothing tells a
 * second call from a second restore. Throws `store_unavailable`.
 */
export async function beginEpoch(
  signing: Signing & Pick<Engine, 'sealAll'>,
  { again = false }: { again?: boolean } = {},
): Promise<boolean> {
  await signing.sealAll()
  const last = await signing.store.read(async (db) => {
    const head = await findHead(db, wholeLog)
    return head && readLastAction(db, head)
  })
  if (last === 'log.restored' && !again) return false
  const { number, instance } = await requireEpoch(signing)
  const epoch = {
    number: number + 1,
    instance,
    epoch: randomBytes(6).toString('hex'),
    begun_at: signing.now(),
  }
  await signing.commit(operator, { permission: 'any key' }, async ({ tx, record }) => {
    if (!(await insertEpoch(tx, epoch))) return
    record({
      action: 'log.restored',
      organizationId: rootOrganizationId,
      changes: { epoch: epoch.epoch },
    })
  })
  return true
}

/**
 * Gives those who sign now, and makes the first one, with an event that tells of it. None without a keyring. Throws
 * `unsealable` if the keyring has lost the key that sealed theirs.
 */
export async function requireSigners(signing: Signing, epoch: Epoch): Promise<Signer[]> {
  const { store, keyring, now } = signing
  if (!hasKeyring(signing)) return []
  if ((await store.read(listSigners)).length === 0) await addSigner(signing, epoch, 1)
  const signers = (await store.read(listSigners)).filter((signer) => isSigning(signer, now()))
  return signers.map((row) => signerOf(epoch.instance, keyring.unseal(placeOf(row.number), row.sealed_seed)))
}

/**
 * Makes another key that signs checkpoints, and lets those of before sign beside it for 30 days more. Throws `keyring_missing`,
 * `too_many_signers`, `root_organization_required`, `store_unavailable`.
 */
export async function rotateSigner(engine: Engine, options: CommandOptions = {}): Promise<LogSigner> {
  const actor = actorOf(options)
  requireRoot(actor, 'rotate who signs checkpoints')
  engine.keyring.require()
  const epoch = await requireEpoch(engine)
  const signers = await engine.store.read(listSigners)
  if (signers.filter((signer) => isSigning(signer, engine.now())).length >= maxSigners)
    throw new LatchkeyError(
      'too_many_signers',
      `${maxSigners} keys sign checkpoints by now. Rotate again when one of them has ended.`,
    )
  await addSigner(engine, epoch, (signers.at(-1)?.number ?? 0) + 1, actor, options.signal)
  // If two rotate at one instant, one key is made.
  const [made] = (await engine.store.read(listSigners)).slice(-1)
  return toLogSigner(made as AuditSignersTable)
}

/** Who signs, as it is told. */
export function toLogSigner({ verifier_key, begun_at, until }: AuditSignersTable): LogSigner {
  return {
    verifierKey: verifier_key,
    begunAt: new Date(begun_at),
    endsAt: until === null ? null : new Date(until),
  }
}

function isSigning({ until }: AuditSignersTable, now: number): boolean {
  return until === null || until > now
}

async function addSigner(
  signing: Signing,
  { instance }: Epoch,
  number: number,
  actor: Actor = system,
  signal?: AbortSignal,
): Promise<void> {
  const seed = newSignerSeed()
  const verifierKey = verifierKeyOf(signerOf(instance, seed))
  const signer = {
    number,
    verifier_key: verifierKey,
    sealed_seed: signing.keyring.seal(placeOf(number), seed),
    begun_at: signing.now(),
    until: null,
  }
  const permission = actor === system ? 'any key' : 'latchkey:audit:write'
  await signing.commit(actor, { permission, signal }, async ({ tx, now, record }) => {
    if (!(await insertSigner(tx, signer))) return
    await endSignersBefore(tx, number, now + signerOverlapMs)
    record({ action: 'log.signer_added', organizationId: rootOrganizationId, changes: { verifierKey } })
  })
}

function hasKeyring({ keyring }: Signing): boolean {
  try {
    keyring.require()
    return true
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'keyring_missing') return false
    throw error
  }
}

function placeOf(number: number): SealedPlace {
  return { table: 'audit_signers', row: String(number), column: 'sealed_seed' }
}
