// What a server tells of its audit log.
import type { Audit, AuditEvent, ListAuditInput } from '../../core/shapes/audit.ts'
import type {
  KeptCheckpoint,
  ListCheckpointsInput,
  ListSealedInput,
  LogSigner,
  SealedEvent,
} from '../../core/shapes/checkpoints.ts'
import type { Erased } from '../../core/shapes/erasures.ts'
import type { CallOptions, Requester } from '../request/request.ts'
import { checkOptions, listMethods } from './calls.ts'

const path = '/v1/audit-log'

/** Makes the methods on the audit log of a client. */
export function auditMethods(requester: Requester): Audit<CallOptions> {
  const read = async <Answer>(what: string, query: object = {}, options: CallOptions | undefined) =>
    (await requester.readDated<Answer>(`${path}/${what}`, query, [], checkOptions(options))).value
  const sealed = listMethods<ListSealedInput, SealedEvent>(requester, `${path}/sealed`)
  const checkpoints = listMethods<ListCheckpointsInput, KeptCheckpoint>(requester, `${path}/checkpoints`)
  return {
    ...listMethods<ListAuditInput, AuditEvent>(requester, path),
    listSealed: sealed.list,
    listAllSealed: sealed.listAll,
    listCheckpoints: checkpoints.list,
    listAllCheckpoints: checkpoints.listAll,
    readCheckpoint: async (input, options) => read('checkpoint', input, options),
    proveEvent: async (input, options) => read('inclusion', input, options),
    proveGrowth: async (input, options) => read('consistency', input, options),
    // What is erased already is not erased again: it is safe to repeat.
    erase: async (body, options) =>
      requester.send<Erased>('POST', `${path}/erase`, {
        body,
        repeatable: true,
        options: checkOptions(options),
      }),
    listSigners: async (options) => read<LogSigner[]>('keys', {}, options),
    rotateSigner: async (options) =>
      requester.send<LogSigner>('POST', `${path}/keys/rotate`, { options: checkOptions(options) }),
  }
}
