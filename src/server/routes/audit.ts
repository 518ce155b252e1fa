// The calls that read the audit log: by the page, and whole as a file.
import { z } from 'zod'
import { auditEventSchema, exportAuditSchema, listAuditSchema } from '../../core/shapes/audit.ts'
import { erasedSchema, eraseEventsSchema } from '../../core/shapes/erasures.ts'
import { answerPage } from '../../http/paging.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { exportAudit, exportTypes } from './audit-export.ts'

export const auditRoutes = [
  route({
    method: 'GET',
    path: '/v1/audit-log',
    operationId: 'listAuditEvents',
    tag: 'Audit log',
    summary: 'List audit events',
    description:
      'Newest first. A key outside the root organization lists the events of its own organization only.',
    access: 'latchkey:audit:read',
    query: listAuditSchema,
    answers: [
      { status: 200, description: 'One page.', schema: z.array(auditEventSchema), headers: ['Link'] },
    ],
    problems: ['too_many_reads', 'organization_not_found'],
    handle: (call) => answerPage(call, (options) => call.parts.latchkey.audit.list(call.query, options)),
  }),
  route({
    method: 'GET',
    path: '/v1/audit-log/export',
    operationId: 'exportAuditEvents',
    tag: 'Audit log',
    summary: 'Download audit events',
    description:
      'Every matching event, newest first. In CSV, a cell that a spreadsheet would evaluate as a formula begins with an apostrophe, and `changes` is JSON. If the transfer breaks off, the file is incomplete.',
    access: 'latchkey:audit:read',
    query: exportAuditSchema,
    answers: [
      {
        status: 200,
        description: 'The file.',
        contentType: Object.values(exportTypes),
        headers: ['Content-Disposition'],
      },
    ],
    problems: ['too_many_reads', 'organization_not_found'],
    handle: exportAudit,
  }),
  route({
    method: 'POST',
    path: '/v1/audit-log/erase',
    operationId: 'eraseEvents',
    tag: 'Audit log',
    summary: 'Erase what events tell',
    description:
      'Permanently, and for keys of the root organization only: who made the changes, from where, and what they were. At most 200 events a call; go on with `next`. The leaves stay, so the log still verifies, and an event `log.erased` names the events.',
    access: 'latchkey:audit:write',
    body: eraseEventsSchema,
    answers: [{ status: 200, description: 'How many, and whether there are more.', schema: erasedSchema }],
    problems: ['root_organization_required'],
    handle: async ({ parts: { latchkey }, body, caller, signal }) =>
      json(await latchkey.audit.erase(body, { actor: caller, signal })),
  }),
]
