// The methods on the audit log of an open Latchkey.
import type { ActorOptions } from '../../core/call-options.ts'
import type { Audit } from '../../core/shapes/audit.ts'
import { checkOptions, listMethods } from '../calls.ts'
import type { Engine } from '../engine.ts'
import { listLogSigners, proveEvent, proveGrowth, readCheckpoint } from './checkpoints.ts'
import { eraseEvents } from './erase.ts'
import { listCheckpoints } from './kept.ts'
import { listAudit } from './list.ts'
import { listSealed } from './sealed.ts'
import { rotateSigner } from './signers.ts'

/** Makes the methods on the audit log of an open Latchkey. */
export function auditMethods(engine: Engine): Audit<ActorOptions> {
  const sealed = listMethods(engine, listSealed)
  const checkpoints = listMethods(engine, listCheckpoints)
  return {
    ...listMethods(engine, listAudit),
    listSealed: sealed.list,
    listAllSealed: sealed.listAll,
    listCheckpoints: checkpoints.list,
    listAllCheckpoints: checkpoints.listAll,
    readCheckpoint: async (input, options) => readCheckpoint(engine, input, checkOptions(options)),
    proveEvent: async (input, options) => proveEvent(engine, input, checkOptions(options)),
    proveGrowth: async (input, options) => proveGrowth(engine, input, checkOptions(options)),
    erase: async (input, options) => eraseEvents(engine, input, checkOptions(options)),
    listSigners: async (options) => listLogSigners(engine, checkOptions(options)),
    rotateSigner: async (options) => rotateSigner(engine, checkOptions(options)),
  }
}
