// The call that reads the audit log.
import { z } from 'zod'
import { auditEventSchema, listAuditSchema } from '../schemas.ts'
import { page } from './pages.ts'
import { route } from './route.ts'

export const auditRoutes = [
  route({
    method: 'GET',
    path: '/v1/audit-log',
    operationId: 'listAuditEvents',
    tag: 'Audit log',
    summary: 'List who did what',
    description: 'Newest first. A key outside the root organization sees its own organization alone.',
    access: 'latchkey:audit:read',
    query: listAuditSchema,
    answers: [
      { status: 200, description: 'One page.', schema: z.array(auditEventSchema), headers: ['Link'] },
    ],
    problems: ['organization_not_found'],
    handle: async ({ latchkey, query, rawQuery, caller }) =>
      page(await latchkey.audit.list(query, caller), '/v1/audit-log', rawQuery),
  }),
]
