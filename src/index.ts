// The library's public names.
export { type ErrorCode, errorTable, type FieldError, LatchkeyError } from './errors.ts'
export {
  type Audit,
  type Keys,
  type Latchkey,
  type LatchkeyOptions,
  type Organizations,
  openLatchkey,
  type Sessions,
} from './latchkey.ts'
export { covers, missingPermissions } from './permissions.ts'
export type {
  Applied,
  AuditAction,
  AuditEvent,
  Caller,
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
} from './schemas.ts'
export type { SignInOrigin, StartedSession } from './sessions.ts'
export type { Wire } from './wire.ts'
