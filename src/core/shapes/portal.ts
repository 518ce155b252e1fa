// What the customers' page asks, by the user of a portal session, and what it is told. Names are the library's; the wire has the
// same in snake_case (see `wire.ts`).
import { z } from 'zod'
import { instant, instantInput, organizationIdSchema } from '../fields.ts'
import type { CallOptions } from './calls.ts'
import { catalogueEntrySchema } from './catalogue.ts'
import { createKeySchema, type RevokeKeyInput, revokeKeySchema } from './key-changes.ts'
import { listKeysSchema } from './key-lists.ts'
import { keySchema } from './keys.ts'
import { type Page, pageFields } from './page.ts'
import { portalSessionSchema, toldUserSchema } from './portal-sessions.ts'
import { rotateKeySchema } from './rotations.ts'
import { usagePeriods } from './usage.ts'

const session = portalSessionSchema.shape
const expires = new Date('2026-01-31T13:00:00Z')

export const openPortalSchema = z
  .strictObject({
    secret: z
      .string({ error: 'Must be the secret of a link, which is a string.' })
      .meta({ description: 'What stands behind the # of the link.' }),
  })
  .meta({ id: 'OpenPortal', examples: [{ secret: 'lkl_…' }] })
export const openedPortalSchema = z
  .strictObject({
    token: z.string().meta({ description: 'The token of the session. Only this answer contains it.' }),
    expiresAt: instant.meta({ description: 'When the session expires.' }),
  })
  .meta({ id: 'OpenedPortal', examples: [{ token: 'lkp_…', expiresAt: expires }] })

export const portalSelfSchema = z
  .strictObject({
    id: z.guid().meta({ description: 'The id of the session.' }),
    kind: session.kind,
    organization: z.strictObject({
      id: organizationIdSchema,
      name: z.string().meta({ description: 'What the organization is called.' }),
    }),
    user: toldUserSchema.meta({ description: 'Whose session it is.' }),
    permissions: z.array(z.string()).meta({ description: 'What the user may do.' }),
    grantable: z
      .array(z.string())
      .meta({ description: 'What outside `latchkey:` the keys may be granted that the user makes.' }),
    catalogue: z
      .array(catalogueEntrySchema)
      .meta({ description: 'What the operator says of permissions that `grantable` covers.' }),
    prefixes: z
      .array(z.string())
      .meta({ description: 'What the tokens of new keys may begin with, the default first.' }),
    returnUrl: session.returnUrl,
    scheme: session.scheme,
    lang: z
      .string()
      .nullable()
      .meta({ description: 'The language of the page; null as the browser prefers.' }),
    expiresAt: instant.meta({ description: 'When the session expires.' }),
  })
  .meta({
    id: 'PortalSelf',
    examples: [
      {
        id: '0198f3a2-5c1b-7000-8000-5f4e3d2c1b0a',
        kind: 'link',
        organization: { id: 'acme', name: 'Acme' },
        user: { id: 'u_81', name: 'Ada' },
        permissions: ['latchkey:keys:read', 'latchkey:keys:write', 'latchkey:usage:read', 'emails:*'],
        grantable: ['emails:*'],
        catalogue: [{ name: 'emails:send', description: 'Send emails', group: 'Emails' }],
        prefixes: ['re'],
        returnUrl: 'https://app.example.com/settings',
        scheme: 'auto',
        lang: null,
        expiresAt: expires,
      },
    ],
  })

const portalKeyExample = {
  id: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
  name: 'CI',
  description: null,
  hint: 're_4kTz9WqLm2Xc7RbN…',
  status: 'active' as const,
  permissions: ['emails:send'],
  createdAt: new Date('2026-01-31T12:00:00Z'),
  createdBy: { id: 'u_81', name: 'Ada' },
  lastUsedAt: null,
  notBefore: null,
  expiresAt: null,
  suspendedAt: null,
  revokedAt: null,
}
const shown = keySchema.shape
/** A key as a user of the portal sees it: nothing of the operator's, and of nobody else. */
export const portalKeySchema = z
  .strictObject({
    ...{ id: shown.id, name: shown.name, description: shown.description, hint: shown.hint },
    ...{ status: shown.status, permissions: shown.permissions, createdAt: shown.createdAt },
    createdBy: toldUserSchema
      .nullable()
      .meta({ description: 'The user of the session, if it has made the key; else null.' }),
    ...{ lastUsedAt: shown.lastUsedAt, notBefore: shown.notBefore, expiresAt: shown.expiresAt },
    ...{ suspendedAt: shown.suspendedAt, revokedAt: shown.revokedAt },
  })
  .meta({ id: 'PortalKey', examples: [portalKeyExample] })
export const createdPortalKeySchema = portalKeySchema
  .extend({ key: z.string().meta({ description: 'The token. Only this answer contains it.' }) })
  .meta({ id: 'CreatedPortalKey', examples: [{ ...portalKeyExample, key: 're_…' }] })

export const listPortalKeysSchema = z.strictObject({ status: listKeysSchema.shape.status, ...pageFields })
export const createPortalKeySchema = z
  .strictObject({
    name: createKeySchema.shape.name,
    description: createKeySchema.shape.description,
    permissions: createKeySchema.shape.permissions,
    prefix: createKeySchema.shape.prefix,
    expiresAt: createKeySchema.shape.expiresAt,
  })
  .meta({ id: 'CreatePortalKey', examples: [{ name: 'CI', permissions: ['emails:send'] }] })
export const rotatePortalKeySchema = z
  .strictObject({ graceSeconds: rotateKeySchema.shape.graceSeconds })
  .meta({ id: 'RotatePortalKey', examples: [{ graceSeconds: 86_400 }] })
export const revokePortalKeySchema = revokeKeySchema.meta({
  id: 'RevokePortalKey',
  examples: [{ reason: 'no_longer_used' }],
})

export const readPortalUsageSchema = z.strictObject({
  since: instantInput.optional().meta({
    description: 'From the period that holds this instant on; 30 days before `until` if absent.',
  }),
  until: instantInput
    .optional()
    .meta({ description: 'Up to the period that holds the instant before this one; now if absent.' }),
  by: z
    .enum(usagePeriods, { error: `Must be one of ${usagePeriods.join(', ')}.` })
    .default('day')
    .meta({ description: 'A row for each period, by UTC, or one row for the whole range.' }),
  keyId: z
    .guid('Must be a key id, which is a UUID.')
    .optional()
    .meta({ description: 'Only calls with this key.' }),
})
const count = z.int().meta({ description: 'How many.' })
export const portalUsageRowSchema = z
  .strictObject({
    start: instant.meta({ description: 'When the period begins; of `total`, the range.' }),
    calls: count.meta({ description: 'How many verdicts there were.' }),
    valid: count.meta({ description: 'How many of them were valid.' }),
    refused: z
      .record(z.string(), z.int())
      .meta({ description: 'How many were refused, by the code of the verdict.' }),
  })
  .meta({
    id: 'PortalUsageRow',
    examples: [
      {
        start: new Date('2026-01-31T00:00:00Z'),
        calls: 1203,
        valid: 1200,
        refused: { insufficient_permissions: 3 },
      },
    ],
  })

/** What a link was opened with. */
export interface OpenedPortal extends z.infer<typeof openedPortalSchema> {}
/** What the page of a session needs to know. */
export interface PortalSelf extends z.infer<typeof portalSelfSchema> {}
/** A key as a user of the portal sees it. */
export interface PortalKey extends z.infer<typeof portalKeySchema> {}
/** The same with its token, in the only answer that holds it. */
export interface CreatedPortalKey extends z.infer<typeof createdPortalKeySchema> {}
/** Which keys a user of the portal lists. */
export interface ListPortalKeysInput extends z.input<typeof listPortalKeysSchema> {}
/** A key that a user of the portal makes. */
export interface CreatePortalKeyInput extends z.input<typeof createPortalKeySchema> {}
/** How a user of the portal rotates a key. */
export interface RotatePortalKeyInput extends z.input<typeof rotatePortalKeySchema> {}
/** Which usage a user of the portal reads. */
export interface ReadPortalUsageInput extends z.input<typeof readPortalUsageSchema> {}
/** What was counted in a period. */
export interface PortalUsageRow extends z.infer<typeof portalUsageRowSchema> {}

/** From where a user of the portal asks. */
export interface PortalOrigin {
  /** The origin of the page that asks, as its browser says it; undefined if it says none. */
  origin?: string | undefined
  /** The address of the browser. */
  ip?: string | undefined
  /** The id of the request, for the audit log. */
  requestId?: string | undefined
}

/** What the customers' page asks, by the user of a session, whom `authenticate` finds. */
export interface Portal<Options extends CallOptions, User> {
  /** Opens the session of a link by its secret, once. Throws `invalid_token` for every secret that is of no use, `origin_not_allowed`. */
  open(secret: string, origin?: PortalOrigin): Promise<OpenedPortal>
  /** Finds who asks by a session's token, as the store has it now; undefined if it opens nothing. Throws `origin_not_allowed`. */
  authenticate(token: string, origin?: PortalOrigin): Promise<User | undefined>
  /** Tells a session's page what it needs to know. Throws `session_ended`. */
  self(options: Options): Promise<PortalSelf>
  /** Lists the keys that the user sees. Throws `invalid_input`. */
  listKeys(input: ListPortalKeysInput, options: Options): Promise<Page<PortalKey>>
  /** Makes a key. Throws what `keys.create` throws. */
  createKey(input: CreatePortalKeyInput, options: Options): Promise<CreatedPortalKey>
  /** Rotates a key. Throws what `keys.rotate` throws. */
  rotateKey(id: string, input: RotatePortalKeyInput, options: Options): Promise<CreatedPortalKey>
  /** Revokes a key for ever. Throws what `keys.revoke` throws. */
  revokeKey(id: string, input: RevokeKeyInput, options: Options): Promise<PortalKey>
  /** Reads how many calls there were with the keys that the user sees. Throws `invalid_input`, `key_not_found`. */
  readUsage(input: ReadPortalUsageInput, options: Options): Promise<PortalUsage>
}

/** What was counted, up to when. */
export interface PortalUsage {
  /** A row for each period. */
  rows: PortalUsageRow[]
  /** What was counted until then is in it, as far as processes have written it. */
  asOf: Date
}
