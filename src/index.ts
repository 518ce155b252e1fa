// The library's public names.
export type { Actor, ActorType, Caller } from './core/actor.ts'
export { type ErrorCode, errorTable, type FieldError, LatchkeyError } from './core/errors.ts'
export type { JobCounts } from './core/job-counts.ts'
export { covers, missingPermissions } from './core/permissions.ts'
export type { AuditAction, AuditEvent, ListAuditInput } from './core/shapes/audit.ts'
export type { Applied } from './core/shapes/calls.ts'
export type { CreatedKey, CreateKeyInput, Key, KeyDetails, KeySecret, KeyStatus, ListKeysInput, ListPermissionsInput, PermissionUse, RotateKeyInput, UpdateKeyInput } from './core/shapes/keys.ts'
export type { CreateOrganizationInput, ListOrganizationsInput, Organization, UpdateOrganizationInput } from './core/shapes/organizations.ts'
export type { Page } from './core/shapes/page.ts'
export type { Session } from './core/shapes/sessions.ts'
export type { Verdict, VerdictCode, VerifyOptions, VerifyRequest } from './core/shapes/verification.ts'
export type { Wire } from './core/wire.ts'
export type { SignInOrigin, StartedSession } from './domain/sessions/sessions.ts'
export {
  type Audit,
  type Keys,
  type Latchkey,
  type LatchkeyOptions,
  type Organizations,
  openLatchkey,
  type Sessions,
} from './latchkey.ts'
