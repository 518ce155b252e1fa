// The calls that make the audit log verifiable: checkpoints, proofs, and who signs.
import { z } from 'zod'
import {
  checkpointSchema,
  eventProofSchema,
  growthProofSchema,
  keptCheckpointSchema,
  listCheckpointsSchema,
  listSealedSchema,
  proveEventSchema,
  proveGrowthSchema,
  readCheckpointSchema,
  sealedEventSchema,
  signerSchema,
} from '../../core/shapes/checkpoints.ts'
import { answerPage } from '../../http/paging.ts'
import { json } from '../../http/reply.ts'
import { route } from '../parts.ts'

const problems = ['too_many_reads', 'organization_not_found'] as const

export const checkpointRoutes = [
  route({
    method: 'GET',
    tag: 'Audit log',
    access: 'latchkey:audit:read',
    path: '/v1/audit-log/checkpoint',
    operationId: 'readCheckpoint',
    summary: 'Get a checkpoint of the log',
    description:
      'The size and the root of the log as it is now, in a signed note. Keep the note: then nobody can rewrite what was in the log. Without a keyring, the note has no signature.',
    query: readCheckpointSchema,
    answers: [{ status: 200, description: 'The checkpoint.', schema: checkpointSchema }],
    problems: [...problems, 'unsealable'],
    handle: async ({ parts: { latchkey }, query, caller, signal }) =>
      json(await latchkey.audit.readCheckpoint(query, { actor: caller, signal })),
  }),
  route({
    method: 'GET',
    tag: 'Audit log',
    access: 'latchkey:audit:read',
    path: '/v1/audit-log/checkpoints',
    operationId: 'listCheckpoints',
    summary: 'List the checkpoints that were kept',
    description:
      'The hourly checkpoints of the log that this instance has kept, the smallest first; since a restore, those from then on.',
    query: listCheckpointsSchema,
    answers: [
      { status: 200, description: 'One page.', schema: z.array(keptCheckpointSchema), headers: ['Link'] },
    ],
    problems,
    handle: (call) =>
      answerPage(call, (options) => call.parts.latchkey.audit.listCheckpoints(call.query, options)),
  }),
  route({
    method: 'GET',
    tag: 'Audit log',
    access: 'latchkey:audit:read',
    path: '/v1/audit-log/sealed',
    operationId: 'listSealedEvents',
    summary: 'List the log as it is sealed',
    description:
      'In the order of the log, with the leaves and their salts: what `latchkey audit verify` takes. Only root keys get `origin`.',
    query: listSealedSchema,
    answers: [
      { status: 200, description: 'One page.', schema: z.array(sealedEventSchema), headers: ['Link'] },
    ],
    problems,
    handle: (call) =>
      answerPage(call, (options) => call.parts.latchkey.audit.listSealed(call.query, options)),
  }),
  route({
    method: 'GET',
    tag: 'Audit log',
    access: 'latchkey:audit:read',
    path: '/v1/audit-log/inclusion',
    operationId: 'proveEvent',
    summary: 'Prove that an event is in the log',
    description:
      'The hashes that lead from the leaf of an event to the root of the log (RFC 6962, section 2.1.1).',
    query: proveEventSchema,
    answers: [{ status: 200, description: 'The proof.', schema: eventProofSchema }],
    problems: [...problems, 'cursor_gone'],
    handle: async ({ parts: { latchkey }, query, caller, signal }) =>
      json(await latchkey.audit.proveEvent(query, { actor: caller, signal })),
  }),
  route({
    method: 'GET',
    tag: 'Audit log',
    access: 'latchkey:audit:read',
    path: '/v1/audit-log/consistency',
    operationId: 'proveGrowth',
    summary: 'Prove that the log only grew',
    description: 'The hashes that show that the log goes on from what it was (RFC 6962, section 2.1.2).',
    query: proveGrowthSchema,
    answers: [{ status: 200, description: 'The proof.', schema: growthProofSchema }],
    problems,
    handle: async ({ parts: { latchkey }, query, caller, signal }) =>
      json(await latchkey.audit.proveGrowth(query, { actor: caller, signal })),
  }),
  route({
    method: 'GET',
    tag: 'Audit log',
    access: 'latchkey:audit:read',
    path: '/v1/audit-log/keys',
    operationId: 'listLogSigners',
    summary: 'List who signs checkpoints',
    description:
      'The public keys of the instance, as signed notes have them (C2SP). Keep them apart from the server.',
    answers: [
      { status: 200, description: 'The signers, the first one first.', schema: z.array(signerSchema) },
    ],
    problems: ['too_many_reads'],
    handle: async ({ parts: { latchkey }, caller, signal }) =>
      json(await latchkey.audit.listSigners({ actor: caller, signal })),
  }),
  route({
    method: 'POST',
    tag: 'Audit log',
    access: 'latchkey:audit:write',
    path: '/v1/audit-log/keys/rotate',
    operationId: 'rotateLogSigner',
    summary: 'Rotate the key that signs checkpoints',
    description:
      'For keys of the root organization only. The new key signs from now on; those of before sign beside it for 30 days. An event tells of it.',
    answers: [{ status: 200, description: 'The new key.', schema: signerSchema }],
    problems: ['root_organization_required', 'keyring_missing', 'too_many_signers'],
    handle: async ({ parts: { latchkey }, caller, signal }) =>
      json(await latchkey.audit.rotateSigner({ actor: caller, signal })),
  }),
]
