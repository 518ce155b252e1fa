// Checkpoints of the audit log, and proofs that it only ever grew.
import { z } from 'zod'
import { maxSealedPage } from '../bounds.ts'
import { instant, organizationIdSchema } from '../fields.ts'
import { pageFields } from './page.ts'

const ofWhich = {
  organizationId: organizationIdSchema.optional().meta({
    description:
      "The log of this organization. The caller's own if absent; that of all for the root organization.",
  }),
}
const number = (description: string) =>
  z.int('Must be a whole number above 0.').min(1, 'Must be a whole number above 0.').meta({ description })
const size = number(
  'How many events the log had, as its checkpoint says; as many as now if absent.',
).optional()

export const readCheckpointSchema = z.strictObject(ofWhich)
export const proveEventSchema = z.strictObject({
  ...ofWhich,
  sequence: number(
    'The number of the event in the log: its `sequence`, or in the log of all its `position`.',
  ),
  size,
})
export const proveGrowthSchema = z.strictObject({
  ...ofWhich,
  from: number('How many events the log had before.'),
  size,
})

export const listSealedSchema = z.strictObject({
  ...ofWhich,
  limit: z
    .int(`Must be a whole number from 1 to ${maxSealedPage}.`)
    .min(1, 'Must be at least 1.')
    .max(maxSealedPage, `Must be at most ${maxSealedPage}.`)
    .default(maxSealedPage)
    .meta({ description: 'Maximum number of events.' }),
  after: pageFields.after,
})

export const listCheckpointsSchema = z.strictObject({ ...ofWhich, ...pageFields })

const hash = z.string().meta({ description: 'A hash of 32 bytes, in base64.' })
const proof = z.array(hash).meta({ description: 'The hashes that prove it, in the order of RFC 6962.' })
const sizeTold = z.int().meta({ description: 'How many events the log had.' })

export const checkpointSchema = z
  .strictObject({
    origin: z.string().meta({ description: 'Names the log, for ever.' }),
    size: z.int().meta({ description: 'How many events the log has.' }),
    rootHash: hash,
    isSigned: z.boolean().meta({ description: 'Whether the note is signed: without a keyring it is not.' }),
    note: z
      .string()
      .meta({ description: 'The checkpoint as a signed note (C2SP tlog-checkpoint): what to keep.' }),
  })
  .meta({
    id: 'Checkpoint',
    examples: [
      {
        origin: 'latchkey/2c9ab1e04f37/58f0d3a1b27c/acme',
        size: 42,
        rootHash: 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=',
        isSigned: true,
        note: 'latchkey/2c9ab1e04f37/58f0d3a1b27c/acme\n42\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— latchkey/2c9ab1e04f37 …\n',
      },
    ],
  })

export const keptCheckpointSchema = z
  .strictObject({
    size: z.int().meta({ description: 'How many events the log had.' }),
    madeAt: instant.meta({ description: 'When it was made.' }),
    note: z.string().meta({ description: 'The checkpoint as a signed note (C2SP tlog-checkpoint).' }),
  })
  .meta({
    id: 'KeptCheckpoint',
    examples: [
      {
        size: 42,
        madeAt: new Date('2026-01-31T12:00:00Z'),
        note: 'latchkey/2c9ab1e04f37/58f0d3a1b27c/acme\n42\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— latchkey/2c9ab1e04f37 …\n',
      },
    ],
  })

const salt = z.string().nullable()
export const sealedEventSchema = z
  .strictObject({
    sequence: z.int().meta({ description: 'The number of the event in the log, from 1 on.' }),
    hash: z.string().meta({ description: 'The hash of the leaf (RFC 6962), in base64.' }),
    leaf: z.string().nullable().meta({
      description:
        'The leaf: the bytes that were sealed, a line of canonical JSON; null if the log was cut behind it.',
    }),
    detailsSalt: salt.meta({ description: 'The salt of `details`; null if they were erased.' }),
    details: z.string().nullable().meta({
      description:
        'What was changed, and by whom: the text to which the leaf commits; null if it was erased.',
    }),
    originSalt: salt.meta({ description: 'The salt of `origin`; null if there is none for this caller.' }),
    origin: z.string().nullable().meta({
      description:
        'Who of another organization made the change, and from where: for the root organization alone.',
    }),
  })
  .meta({
    id: 'SealedEvent',
    examples: [
      {
        sequence: 1,
        hash: 'CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=',
        leaf: '{"action":"organization.created",…}',
        detailsSalt: 'q0S4hTzVb1JmN8rXw2Yc5A',
        details: '{"actor":null,"changes":{"name":"Acme"},"ip":null,"request_id":null}',
        originSalt: null,
        origin: null,
      },
    ],
  })

export const eventProofSchema = z
  .strictObject({
    origin: z.string().meta({ description: 'Names the log.' }),
    sequence: z.int().meta({ description: 'The number of the event in the log, from 1 on.' }),
    size: sizeTold,
    leaf: z.string().meta({ description: 'The leaf: the bytes that were sealed.' }),
    proof,
  })
  .meta({
    id: 'EventProof',
    examples: [
      {
        origin: 'latchkey/2c9ab1e04f37/58f0d3a1b27c/acme',
        sequence: 1,
        size: 2,
        leaf: '{"action":"organization.created",…}',
        proof: ['CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='],
      },
    ],
  })

export const growthProofSchema = z
  .strictObject({
    origin: z.string().meta({ description: 'Names the log.' }),
    from: z.int().meta({ description: 'How many events the log had before.' }),
    size: sizeTold,
    proof,
  })
  .meta({
    id: 'GrowthProof',
    examples: [
      {
        origin: 'latchkey/2c9ab1e04f37/58f0d3a1b27c/acme',
        from: 1,
        size: 2,
        proof: ['CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I='],
      },
    ],
  })

export const signerSchema = z
  .strictObject({
    verifierKey: z.string().meta({ description: 'The public key, as C2SP signed notes have it.' }),
    begunAt: instant.meta({ description: 'Since when it signs.' }),
    endsAt: instant.nullable().meta({ description: 'Until when it signs; null if that is open.' }),
  })
  .meta({
    id: 'LogSigner',
    examples: [
      {
        verifierKey: 'latchkey/2c9ab1e04f37+b4a2c1d0+AR9f…',
        begunAt: new Date('2026-01-31T12:00:00Z'),
        endsAt: null,
      },
    ],
  })

/** Which log a checkpoint is asked of. */
export interface ReadCheckpointInput extends z.input<typeof readCheckpointSchema> {}
/** Which event is to be proved to be in which log. */
export interface ProveEventInput extends z.input<typeof proveEventSchema> {}
/** From which size on a log is to be proved to have only grown. */
export interface ProveGrowthInput extends z.input<typeof proveGrowthSchema> {}
/** How large a log is, and by what its content is known. */
export interface Checkpoint extends z.infer<typeof checkpointSchema> {}
/** Of which log the checkpoints are listed that the instance has kept. */
export interface ListCheckpointsInput extends z.input<typeof listCheckpointsSchema> {}
/** A checkpoint that the instance has kept. */
export interface KeptCheckpoint extends z.infer<typeof keptCheckpointSchema> {}
/** That an event is in a log. */
export interface EventProof extends z.infer<typeof eventProofSchema> {}
/** That a log goes on from what it was. */
export interface GrowthProof extends z.infer<typeof growthProofSchema> {}
/** Who signs checkpoints. */
export interface LogSigner extends z.infer<typeof signerSchema> {}
/** Which events of which log are listed, in their order. */
export interface ListSealedInput extends z.input<typeof listSealedSchema> {}
/** An event as it is sealed: its leaf, and the texts and salts that belong to it. */
export interface SealedEvent extends z.infer<typeof sealedEventSchema> {}
