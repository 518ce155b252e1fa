// The library's public names.
export type { Actor, ActorType, Caller } from './core/actor.ts'
export { type ErrorCode, errorTable, type FieldError, LatchkeyError } from './core/errors.ts'
export type { JobCounts } from './core/job-counts.ts'
export { covers, missingPermissions } from './core/permissions.ts'
export type {
  Applied,
  AuditAction,
  AuditEvent,
  CreatedKey,
  CreateKeyInput,
  CreateOrganizationInput,
  Key,
  KeyDetails,
  KeySecret,
  KeyStatus,
  ListAuditInput,
  ListKeysInput,
  ListOrganizationsInput,
  ListPermissionsInput,
  Organization,
  Page,
  PermissionUse,
  RotateKeyInput,
  Session,
  UpdateKeyInput,
  UpdateOrganizationInput,
  Verdict,
  VerdictCode,
  VerifyOptions,
  VerifyRequest,
} from './core/schemas.ts'
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
