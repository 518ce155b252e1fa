// What a server tells of its audit log.
import type { Audit, AuditEvent, ListAuditInput } from '../../core/shapes/audit.ts'
import type { CallOptions, Requester } from '../request/request.ts'
import { listMethods } from './calls.ts'

/** Makes the methods on the audit log of a client. */
export function auditMethods(requester: Requester): Audit<CallOptions> {
  return listMethods<ListAuditInput, AuditEvent>(requester, '/v1/audit-log')
}
