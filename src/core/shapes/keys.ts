// Keys: what is told of them, and what can be done with them. What is given is in `key-changes.ts` and `key-lists.ts`. Names are the library's; the wire has the same in
// snake_case, with instants as RFC 3339 (see `wire.ts`). Each shape is the check, the type and, by its name and its
// examples, its part of the OpenAPI document.
import { z } from 'zod'
import { creatorTypeSchema, instant, organizationIdSchema } from '../fields.ts'
import { kidPattern } from '../token.ts'
import type { BulkChangeInput, BulkResult } from './bulk-changes.ts'
import {
  type CallOptions,
  type Changed,
  type Done,
  type EditOptions,
  revision,
  type WaitOptions,
  waited,
} from './calls.ts'
import type { CatalogueEntry, DescribePermissionsInput } from './catalogue.ts'
import { decoySchema } from './decoys.ts'
import type { ExportedSecret, ExportSecretsInput, ImportedKey, ImportOutcome, RecipeUse } from './imports.ts'
import {
  type CreateKeyInput,
  type DeriveKeyInput,
  type PreviewKeyInput,
  type RevokeKeyInput,
  revocationReasons,
  type SuspendInput,
  type UpdateKeyInput,
} from './key-changes.ts'
import {
  keyStatuses,
  type ListChildrenInput,
  type ListKeysInput,
  type ListPermissionsInput,
} from './key-lists.ts'
import type { KeyPermissions, PermissionUse } from './key-permissions.ts'
import { secretExample, secretSchema } from './key-secrets.ts'
import { lastUseExample, lastUseSchema } from './last-uses.ts'
import { exposureSchema } from './leaks.ts'
import { type AddUnitsInput, type LimitState, limitStateSchema, planLimitsSchema } from './limits.ts'
import { type List, nameSchema, type Page } from './page.ts'
import type { KeyPlaces } from './places.ts'
import { brokenRules } from './policies.ts'
import type { Prefixes, SetPrefixesInput } from './prefixes.ts'
import type { KeyPreview } from './previews.ts'
import type { RotateKeyInput } from './rotations.ts'

export const getKeySchema = z.strictObject({
  secretsAfter: z
    .string({ error: 'Must be a kid, which is a string.' })
    .regex(kidPattern, 'Must be a kid, which is 16 letters and digits, the first of which may be -.')
    .optional()
    .meta({ description: 'The kid of the last secret of the previous answer.' }),
})

const keyExample = {
  id: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
  organizationId: 'acme',
  name: 'CI',
  permissions: ['emails:send'],
  lastUsedAt: new Date('2026-02-01T08:30:00Z'),
  createdBy: '0198f3a0-11aa-7000-8000-9b8a7c6d5e4f',
  createdByType: 'key',
  createdAt: new Date('2026-01-31T12:00:00Z'),
  revokedAt: null,
  hint: 're_4kTz9WqLm2Xc7RbN…',
  status: 'active',
  expiresAt: null,
  metadata: { team: 'infrastructure' },
  description: 'Sends what the deployment pipeline reports.',
  tags: ['team:infrastructure'],
  parentId: null,
  notBefore: null,
  allowedIps: [],
  suspendedAt: null,
  suspendedBy: null,
  suspendedReason: null,
  revokedBy: null,
  revocationReason: null,
  exposure: null,
  limits: [],
  lastUsed: lastUseExample,
  revision: '1769860800000',
} as const
const createdExample = { ...keyExample, key: 're_…' }

/** The key as everyone sees it: the seed's fields first, `key` excepted. */
export const keySchema = z
  .strictObject({
    id: z.guid().meta({ description: 'The id of the key, a UUID. No rotation changes it.' }),
    organizationId: organizationIdSchema.meta({ description: 'The organization that owns the key.' }),
    name: nameSchema,
    permissions: z.array(z.string()).meta({ description: 'What the key may do, such as `emails:send`.' }),
    lastUsedAt: instant
      .nullable()
      .meta({ description: 'When a verification last found the key valid; null if none did.' }),
    createdBy: z
      .string()
      .nullable()
      .meta({ description: 'The id of the key, member or user that created it; null for the operator.' }),
    createdByType: creatorTypeSchema,
    createdAt: instant.meta({ description: 'When it was created.' }),
    revokedAt: instant.nullable().meta({ description: 'When it was revoked, for good; null if it is not.' }),
    hint: z.string().meta({
      description: 'The prefix and the kid of the newest token, which are not secret.',
      example: 're_0aB…',
    }),
    status: z.enum(keyStatuses).meta({ description: 'Whether it is valid at this instant, and why not.' }),
    expiresAt: instant.nullable().meta({ description: 'When it expires; null if never.' }),
    metadata: z
      .record(z.string(), z.unknown())
      .meta({ description: "The operator's own data, which every verdict on the key carries." }),
    description: z
      .string()
      .nullable()
      .meta({ description: 'What the key is for, in the words of its owner; null if nobody said.' }),
    tags: z.array(z.string()).meta({ description: 'Words under which the key is found, sorted.' }),
    parentId: z
      .guid()
      .nullable()
      .meta({ description: 'The key of which it is a child, for good; null if it is none.' }),
    notBefore: instant.nullable().meta({ description: 'From when on it is valid; null for at once.' }),
    allowedIps: z.array(z.string()).meta({
      description: 'The addresses and networks from which it may be used; empty for anywhere.',
      example: ['10.0.0.0/8'],
    }),
    suspendedAt: instant.nullable().meta({ description: 'Since when it is suspended; null if it is not.' }),
    suspendedBy: z
      .string()
      .nullable()
      .meta({ description: 'The id of the key that suspended it; null for the operator, and if it is not.' }),
    suspendedReason: z.string().nullable().meta({ description: 'Why it is suspended, for people.' }),
    revokedBy: z.string().nullable().meta({
      description:
        'The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.',
    }),
    revocationReason: z
      .enum(revocationReasons)
      .nullable()
      .meta({ description: 'Why it was revoked; null if it is not.' }),
    exposure: exposureSchema.nullable().meta({
      description:
        'That its leak was reported, as of the last report that counts; null if not, and once it is cleared.',
    }),
    limits: z.array(limitStateSchema).meta({
      description: "Its own limits, with what is left of them; those of its organization are that one's.",
    }),
    lastUsed: lastUseSchema.nullable().meta({
      description:
        'The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and user agent are kept for 30 days.',
    }),
    revision,
    decoy: decoySchema.optional().meta({
      description: 'Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.',
    }),
    ...brokenRules,
  })
  .meta({ id: 'Key', examples: [keyExample] })

const warnings = {
  uncatalogued: z.array(z.string()).optional().meta({
    description:
      'A warning: those of its permissions that the catalogue of permissions does not have; absent if there are none, or no catalogue.',
  }),
}

export const createdKeySchema = keySchema
  .extend({
    ...warnings,
    key: z.string().meta({ description: 'The token. Only this answer contains it.' }),
  })
  .meta({ id: 'CreatedKey', examples: [createdExample] })

/** A key after a change, and after a rotation. */
export const updatedKeySchema = keySchema.extend(warnings)
export const changedKeySchema = updatedKeySchema
  .extend(waited)
  .meta({ id: 'ChangedKey', examples: [keyExample] })
export const rotatedKeySchema = createdKeySchema
  .extend(waited)
  .meta({ id: 'RotatedKey', examples: [createdExample] })

export const keyDetailsSchema = keySchema
  .extend({
    secrets: z.array(secretSchema).meta({
      description:
        'The newest 100 secrets, newest first, ended ones included. Latchkey keeps the newest 1000 ended secrets of a key.',
    }),
    planLimits: planLimitsSchema,
  })
  .meta({
    id: 'KeyDetails',
    examples: [
      {
        ...keyExample,
        secrets: [secretExample],
      },
    ],
  })

/** A key's public state; `organizationId`, `permissions`, … as in the seed. */
export interface Key extends z.infer<typeof keySchema> {}
/** A key with its token, in the only answers that ever hold it: create and rotate. */
export interface CreatedKey extends z.infer<typeof createdKeySchema> {}
/** A key after a change of it. */
export interface UpdatedKey extends z.infer<typeof updatedKeySchema> {}
/** A key with the newest 100 of its secrets, or those after a given one, newest first. */
export interface KeyDetails extends z.infer<typeof keyDetailsSchema> {}

/** Which secrets of a key are told: those after the one with this kid, or the newest. */
export interface GetKeyInput extends z.input<typeof getKeySchema> {}

/** The same in a process that holds the database. */
export interface LibraryKeys<Options extends CallOptions = CallOptions> extends Keys<Options> {
  /**
   * Up to 1000 secrets that nobody has ended, in the order of their kids, with the hashes by which their tokens are found: for
   * the way out. Takes the process itself, and no caller. Throws `invalid_input`, `permission_escalation`.
   */
  exportSecrets(input?: ExportSecretsInput, options?: Options): Promise<ExportedSecret[]>
}

/** What can be done with keys. */
export interface Keys<Options extends CallOptions = CallOptions> extends List<ListKeysInput, Key, Options> {
  /**
   * Creates a key; `key` in its answer is the token, which no later call gives. Throws `invalid_input`,
   * `organization_not_found`, `permission_escalation`, `missing_permission` for metadata; of a parent `key_not_found`,
   * `key_revoked`, `key_expired`, `line_too_long`, `too_many_children`.
   */
  create(input: CreateKeyInput, options?: Options): Promise<CreatedKey>
  /**
   * Makes up to 1000 keys with tokens of another system, by their hashes or the tokens themselves; what became of each comes
   * in the order of the list. Each is checked by itself, and the good ones are made. Throws `invalid_input`,
   * `root_organization_required`.
   */
  import(keys: readonly ImportedKey[], options?: Options): Promise<ImportOutcome[]>
  /** In which ways imported tokens are found, and how many by each. Throws `root_organization_required`. */
  listRecipes(options?: Options): Promise<RecipeUse[]>
  /**
   * Creates a child of the calling key, which may do no more than that one and ends with it. Throws `invalid_input`,
   * `permission_escalation`, `missing_permission` without `latchkey:self:derive`, `line_too_long`, `too_many_children`.
   */
  derive(input: DeriveKeyInput, options?: Options): Promise<CreatedKey>
  /** The children of a key page by page, newest first, ended ones included. Throws `key_not_found`. */
  listChildren(id: string, input?: ListChildrenInput, options?: Options): Promise<Page<Key>>
  /** Revokes a child of the calling key. Throws `key_not_found`, `missing_permission` without `latchkey:self:derive`. */
  revokeChild<Given extends Options & WaitOptions = Options>(
    id: string,
    options?: Given,
  ): Promise<Done<Given>>
  /** A key with the newest 100 of its secrets; `secretsAfter`, the kid of the last one, gives those after it. Throws `key_not_found`. */
  get(id: string, options?: Options & GetKeyInput): Promise<KeyDetails>
  /** The key that asks. */
  self(options?: Options): Promise<Key>
  /** The prefixes that the tokens of new keys may have, the default first. */
  listPrefixes(options?: Options): Promise<Prefixes>
  /**
   * Replaces the prefixes that the tokens of new keys may have. Keys with another one keep it. Throws `invalid_input`,
   * `root_organization_required`.
   */
  setPrefixes(input: SetPrefixesInput, options?: Options): Promise<Prefixes>
  /** The catalogue of permissions: what the operator says of each that its API knows, by names, at most 1000. */
  listCatalogue(options?: Options): Promise<CatalogueEntry[]>
  /**
   * Describes permissions, and removes others from the catalogue; keys keep what they hold. Answers the whole catalogue. Throws
   * `invalid_input`, `missing_permission`, `root_organization_required`.
   */
  describePermissions(input: DescribePermissionsInput, options?: Options): Promise<CatalogueEntry[]>
  /** The permissions that the newest 1000 active keys hold: most used first, at most 200. */
  listPermissions(input?: ListPermissionsInput, options?: Options): Promise<PermissionUse[]>
  /** What calls of the last 90 days needed of a key's permissions, and the least that would have served. Throws `key_not_found`. */
  readPermissions(id: string, options?: Options): Promise<KeyPermissions>
  /** From where a key is called, as far as verifications told: kept for 30 days. Throws `key_not_found`. */
  readPlaces(id: string, options?: Options): Promise<KeyPlaces>
  /** Forgets from where a key was called, until it is called again. Throws `key_not_found`, `permission_escalation`. */
  forgetPlaces(id: string, options?: Options): Promise<void>
  /**
   * Tells which calls of the last 30 days a change would have refused, and changes nothing. It takes what the change takes, and
   * `latchkey:usage:read`; throws what the change throws, `last_root_key` and `fresh_sign_in_required` excepted.
   */
  preview(id: string, change: PreviewKeyInput, options?: Options): Promise<KeyPreview>
  /**
   * Changes the given fields and keeps the rest. Throws `invalid_input`, `key_not_found`, `key_revoked`,
   * `permission_escalation`, `missing_permission` for metadata, `last_root_key`, `precondition_failed`.
   */
  update<Given extends Options & EditOptions = Options>(
    id: string,
    input: UpdateKeyInput,
    options?: Given,
  ): Promise<Changed<UpdatedKey, Given>>
  /**
   * Changes many keys, by their ids or by the filters of a list: as many as `expect` says, or none. A dry run tells what would
   * be done. What one key refuses stops no other, and stands in the answer. Throws `invalid_input`, `unexpected_count`.
   */
  bulk<Given extends Options & WaitOptions = Options>(
    input: BulkChangeInput,
    options?: Given,
  ): Promise<Changed<BulkResult, Given>>
  /**
   * Gives the key a new token, which only this answer holds; the old one stays valid for `graceSeconds`, or until nobody
   * uses it, by `grace`. Throws `invalid_input`, `key_not_found`, `key_revoked`, `key_expired`, `decoy_key`, `rotation_in_progress`, `organization_suspended`, `permission_escalation`,
   * `precondition_failed`.
   */
  rotate<Given extends Options & EditOptions = Options>(
    id: string,
    input?: RotateKeyInput,
    options?: Given,
  ): Promise<Changed<CreatedKey, Given>>
  /**
   * Ends the grace of an old secret, by its kid. Throws `key_not_found`, `secret_not_found`, `permission_escalation`,
   * `last_secret`.
   */
  endSecret<Given extends Options & WaitOptions = Options>(
    id: string,
    kid: string,
    options?: Given,
  ): Promise<Done<Given>>
  /**
   * Adds units to a quota of the key for its current period; negative: takes them away. Throws `key_not_found`,
   * `limit_not_found`, `missing_permission`, `invalid_input` for a rate, `reference_used`.
   */
  addUnits<Given extends Options & WaitOptions = Options>(
    id: string,
    name: string,
    input: AddUnitsInput,
    options?: Given,
  ): Promise<Changed<LimitState, Given>>
  /**
   * Suspends the key until it is resumed: its tokens are refused, and its sessions end. Again, it changes nothing. Throws
   * `invalid_input`, `key_not_found`, `key_revoked`, `permission_escalation`, `last_root_key`, `precondition_failed`.
   */
  suspend<Given extends Options & EditOptions = Options>(
    id: string,
    input?: SuspendInput,
    options?: Given,
  ): Promise<Changed<Key, Given>>
  /**
   * Resumes a suspended key; one that is not suspended stays as it is. What the root organization has suspended, it alone
   * resumes. Throws `key_not_found`, `key_revoked`, `permission_escalation`, `root_organization_required`,
   * `fresh_sign_in_required`, `precondition_failed`.
   */
  resume<Given extends Options & EditOptions = Options>(
    id: string,
    options?: Given,
  ): Promise<Changed<Key, Given>>
  /**
   * Revokes the key for good, for a `reason`; a second time changes nothing. Throws `key_not_found`, `permission_escalation`, `last_root_key`,
   * `precondition_failed`.
   */
  revoke<Given extends Options & EditOptions & RevokeKeyInput = Options>(
    id: string,
    options?: Given,
  ): Promise<Done<Given>>
  /**
   * Revokes the calling key for good; by an old token in its grace, ends that token alone. It takes no permission. Throws
   * `last_root_key`.
   */
  revokeSelf<Given extends Options & WaitOptions & RevokeKeyInput = Options>(
    options?: Given,
  ): Promise<Done<Given>>
  /** Clears the mark that the key leaked. Throws `key_not_found`, `permission_escalation`, also for the key itself and its children. */
  clearExposure(id: string, options?: Options): Promise<void>
}
