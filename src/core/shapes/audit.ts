// The audit log: what is asked of it, and what it tells.
import { z } from 'zod'
import { actorTypes } from '../actor.ts'
import { instant, instantInput, organizationIdSchema, text } from '../fields.ts'
import type { CallOptions } from './calls.ts'
import type {
  Checkpoint,
  EventProof,
  GrowthProof,
  KeptCheckpoint,
  ListCheckpointsInput,
  ListSealedInput,
  LogSigner,
  ProveEventInput,
  ProveGrowthInput,
  ReadCheckpointInput,
  SealedEvent,
} from './checkpoints.ts'
import type { Erased, EraseEventsInput } from './erasures.ts'
import { type List, type Page, pageFields } from './page.ts'

export const auditActions = [
  'organization.created',
  'organization.updated',
  'organization.suspended',
  'organization.resumed',
  'key.created',
  'key.updated',
  'key.rotated',
  'key.token_replayed',
  'key.secret_ended',
  'key.grace_ended',
  'key.expiring',
  'key.expired',
  'key.dormant',
  'key.decoy_tried',
  'key.suspended',
  'key.resumed',
  'key.revoked',
  'key.exposed',
  'key.exposure_cleared',
  'key.places_forgotten',
  'key.prefixes_set',
  'key.permissions_described',
  'session.started',
  'session.refreshed',
  'session.ended',
  'limit.reached',
  'limit.units_added',
  'limit.units_lost',
  'limit.overdrawn',
  'plan.created',
  'plan.updated',
  'plan.deleted',
  'policy.set',
  'member.updated',
  'member.suspended',
  'member.resumed',
  'member.reset',
  'member.removed',
  'member.erased',
  'member.joined',
  'member.identity_added',
  'member.identity_removed',
  'invitation.created',
  'invitation.renewed',
  'invitation.sent',
  'invitation.revoked',
  'invitation.accepted',
  'portal_session.created',
  'portal_session.opened',
  'portal_session.ended',
  'portal_user.forgotten',
  'log.signer_added',
  'log.checkpoint',
  'log.erased',
  'webhook.created',
  'webhook.updated',
  'webhook.rotated',
  'webhook.replayed',
  'webhook.retried',
  'webhook.deleted',
  'webhook.disabled',
  'log.restored',
] as const
/** What a change did, such as `key.revoked`. */
export type AuditAction = (typeof auditActions)[number]

const keyId = z.guid('Must be a key id, which is a UUID.').optional()
const filter = {
  organizationId: organizationIdSchema.optional().meta({
    description:
      "Only events of this organization. The caller's own if absent; all for the root organization.",
  }),
  keyId: keyId.meta({ description: 'Only changes to this key.' }),
  actor: text(256).optional().meta({ description: 'Only changes by this key, member or user, by its id.' }),
  action: z
    .enum(auditActions, { error: `Must be one of ${auditActions.join(', ')}.` })
    .optional()
    .meta({ description: 'Only changes of this kind.' }),
  since: instantInput.optional().meta({ description: 'Only events at or after this instant.' }),
  until: instantInput.optional().meta({ description: 'Only events before this instant.' }),
}
const isInOrder = ({ since, until }: { since?: Date | undefined; until?: Date | undefined }) =>
  since === undefined || until === undefined || since < until
const notInOrder = { path: ['until'], error: 'Must be later than since.' }

export const listAuditSchema = z.strictObject({ ...filter, ...pageFields }).refine(isInOrder, notInOrder)

export const exportAuditSchema = z
  .strictObject({
    ...filter,
    format: z
      .enum(['jsonl', 'csv'], { error: 'Must be jsonl or csv.' })
      .default('jsonl')
      .meta({ description: '`jsonl` for one JSON event per line, or `csv` (RFC 4180).' }),
  })
  .refine(isInOrder, notInOrder)

export const auditEventSchema = z
  .strictObject({
    id: z.guid().meta({ description: 'The id of the event, a UUID.' }),
    at: instant.meta({ description: 'When the change was made.' }),
    action: z.enum(auditActions).meta({ description: 'What was done.' }),
    actor: z.string().nullable().meta({
      description:
        'The id of the key, member or user that made the change; null for the operator and for Latchkey itself.',
    }),
    actorType: z.enum(actorTypes).meta({ description: 'The kind of actor that made the change.' }),
    organizationId: organizationIdSchema.meta({ description: 'The organization that it was done to.' }),
    keyId: z.guid().nullable().meta({ description: 'The key that it was done to; null if it was none.' }),
    changes: z
      .record(z.string(), z.unknown())
      .meta({ description: 'The new value of each field that changed, or its old and new values.' }),
    requestId: z
      .string()
      .nullable()
      .meta({ description: 'The id of the request in the log; null if it was none.' }),
    ip: z
      .string()
      .nullable()
      .meta({ description: "The client's address; null for a change without a request." }),
    isErased: z.boolean().meta({
      description: 'Whether what it told was erased: `changes` is empty then, and nobody knows the actor.',
    }),
    sequence: z.int().nullable().meta({
      description:
        'The number of the event among those of its organization, without gaps; null for the moment before it has one.',
    }),
    via: z.string().nullable().meta({
      description: 'The portal session by which a user acted; null for every other actor.',
    }),
  })
  .meta({
    id: 'AuditEvent',
    examples: [
      {
        id: '0198f3a2-5c1b-7000-8000-7a6b5c4d3e2f',
        at: new Date('2026-01-31T12:00:00Z'),
        action: 'key.revoked',
        actor: '0198f3a0-11aa-7000-8000-9b8a7c6d5e4f',
        actorType: 'key',
        organizationId: 'acme',
        keyId: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
        changes: { revoked_at: '2026-03-01T09:00:00.000Z' },
        requestId: '3f0c9f0e-6f1a-4f0b-8a57-0d0c5c1e2b11',
        ip: '203.0.113.7',
        isErased: false,
        sequence: 42,
        via: null,
      },
    ],
  })

/** One change: who made it, when, to what, and what became of each field. */
export interface AuditEvent extends z.infer<typeof auditEventSchema> {}
/** Which events are listed, newest first. */
export interface ListAuditInput extends z.input<typeof listAuditSchema> {}

/** What can be asked of the audit log. */
export interface Audit<Options extends CallOptions = CallOptions>
  extends List<ListAuditInput, AuditEvent, Options> {
  /** One page of a log in its order, as it is sealed; `listAllSealed` reads every page. Throws `invalid_input`. */
  listSealed(input?: ListSealedInput, options?: Options): Promise<Page<SealedEvent>>
  /** Iterates over every event of a log in its order, and reads a page when it is needed. */
  listAllSealed(input?: ListSealedInput, options?: Options): AsyncIterable<SealedEvent>
  /** Makes a checkpoint of a log as it is now: keep its note, and nobody can rewrite what was there. */
  readCheckpoint(input?: ReadCheckpointInput, options?: Options): Promise<Checkpoint>
  /** One page of the hourly checkpoints of a log that the instance has kept; `listAllCheckpoints` reads every page. */
  listCheckpoints(input?: ListCheckpointsInput, options?: Options): Promise<Page<KeptCheckpoint>>
  /** Iterates over every checkpoint of a log that the instance has kept, the smallest first. */
  listAllCheckpoints(input?: ListCheckpointsInput, options?: Options): AsyncIterable<KeptCheckpoint>
  /** Proves that an event is in a log of a size. Throws `invalid_input`, `cursor_gone` for one that was cut. */
  proveEvent(input: ProveEventInput, options?: Options): Promise<EventProof>
  /** Proves that a log goes on from what it was. Throws `invalid_input`. */
  proveGrowth(input: ProveGrowthInput, options?: Options): Promise<GrowthProof>
  /**
   * Erases what events tell, for good, at most 200 at a time: who did something, from where and what. Their leaves stay, so the
   * log still verifies. For the root organization alone. Throws `invalid_input`, `root_organization_required`.
   */
  erase(input: EraseEventsInput, options?: Options): Promise<Erased>
  /** Lists those who sign checkpoints, or have signed them. */
  listSigners(options?: Options): Promise<LogSigner[]>
  /**
   * Makes another key that signs checkpoints; those of before sign beside it for 30 days. For the root organization alone. Throws
   * `root_organization_required`, `keyring_missing`, `too_many_signers`.
   */
  rotateSigner(options?: Options): Promise<LogSigner>
}
