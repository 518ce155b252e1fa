// The calls on usage: what was counted, and what verifiers elsewhere report.

import { z } from 'zod'
import { requireKeyCaller } from '../../core/access.ts'
import {
  exportUsageSchema,
  readKeyUsageSchema,
  readUsageSchema,
  reportAnswerSchema,
  reportSchema,
  type UsageFigures,
  usageRowSchema,
} from '../../core/shapes/usage.ts'
import { holdPlace } from '../../http/paging.ts'
import { json, type Reply } from '../../http/reply.ts'
import { route } from '../parts.ts'
import { exportTypes } from './audit-export.ts'
import { exportUsage } from './usage-export.ts'
import { verifiedScope } from './verify.ts'

const figures = {
  status: 200,
  description: 'The rows.',
  schema: z.array(usageRowSchema),
  headers: ['Latchkey-As-Of', 'Latchkey-Closed-Until'],
} as const

export const usageRoutes = [
  route({
    method: 'GET',
    path: '/v1/usage',
    operationId: 'readUsage',
    tag: 'Usage',
    summary: 'Read usage',
    description:
      'How many verdicts there were, and how many units were drawn. Without groups a row for each period, else rows of the groups with calls. Processes write what they count within ten seconds. A key outside the root organization sees the usage of its own organization.',
    access: 'latchkey:usage:read',
    query: readUsageSchema,
    answers: [figures],
    problems: ['organization_not_found', 'key_not_found', 'too_many_reads'],
    handle: async ({ parts, query, caller, signal }) => {
      await holdPlace(parts, caller, signal)
      return answerFigures(await parts.latchkey.usage.read(query, { actor: caller, signal }))
    },
  }),
  route({
    method: 'GET',
    path: '/v1/usage/export',
    operationId: 'exportUsage',
    tag: 'Usage',
    summary: 'Export usage',
    description:
      'What was counted of each key in closed periods, which never change: an hour closes 15 minutes after its end, a day and a month some time after their last hour. What is written later is counted in a later hour, and in its `late`. `Latchkey-Closed-Until` tells where the file ends. A key outside the root organization gets the usage of its own organization.',
    access: 'latchkey:usage:read',
    query: exportUsageSchema,
    answers: [
      {
        status: 200,
        description: 'The rows, by period, organization and key.',
        contentType: [exportTypes.jsonl, exportTypes.csv],
        headers: ['Content-Disposition', 'Latchkey-Closed-Until'],
      },
    ],
    problems: ['organization_not_found', 'key_not_found', 'too_many_reads'],
    handle: exportUsage,
  }),
  route({
    method: 'GET',
    path: '/v1/keys/{id}/usage',
    operationId: 'readKeyUsage',
    tag: 'Usage',
    summary: 'Read the usage of a key',
    description: 'As `GET /v1/usage`, of one key, revoked or not.',
    access: 'latchkey:usage:read',
    query: readKeyUsageSchema,
    answers: [figures],
    problems: ['key_not_found', 'too_many_reads'],
    handle: async ({ parts, params, query, caller, signal }) => {
      await holdPlace(parts, caller, signal)
      return answerFigures(await parts.latchkey.usage.readKey(params.id, query, { actor: caller, signal }))
    },
  }),
  route({
    method: 'POST',
    path: '/v1/usage/reports',
    operationId: 'reportUsage',
    tag: 'Verifiers',
    summary: 'Report what a verifier has counted',
    description:
      'For verifiers, which judge tokens elsewhere. The answer comes when the report is written. One that is sent again, to any server, changes nothing if it was written: so a report without an answer must be sent again as it was. Ignores keys and secrets that are unknown to the caller. `uses` moves `last_used_at`, never backwards and never to the future.',
    access: 'latchkey:keys:verify',
    body: reportSchema,
    bodyLimit: 512 * 1024,
    answers: [{ status: 200, description: 'The report is written.', schema: reportAnswerSchema }],
    problems: ['too_many_requests'],
    handle: async ({ parts: { latchkey }, body, caller }) =>
      json(await latchkey.verifiers.report(body, requireKeyCaller(caller).keyId, verifiedScope(caller))),
  }),
]

function answerFigures({ rows, asOf, closedUntil }: UsageFigures): Reply {
  return json(rows, {
    'latchkey-as-of': asOf.toISOString(),
    'latchkey-closed-until': closedUntil.toISOString(),
  })
}
