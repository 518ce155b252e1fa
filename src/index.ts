// The library's public names.
export type {
  Actor,
  ActorType,
  Caller,
  CreatorType,
  KeyCaller,
  MemberCaller,
  UserCaller,
} from './core/actor.ts'
export type { ActorOptions } from './core/call-options.ts'
export { type ErrorCode, errorTable, type FieldError, LatchkeyError } from './core/errors.ts'
export type { JobCounts } from './core/job-counts.ts'
export { covers, missingPermissions } from './core/permissions.ts'
export type { PolicyRule } from './core/policy-rules.ts'
export type { Role } from './core/roles.ts'
export type { Audit, AuditAction, AuditEvent, ListAuditInput } from './core/shapes/audit.ts'
export type { BulkChangeInput, BulkResult } from './core/shapes/bulk-changes.ts'
export type { Applied, CallOptions, Changed, Done, EditOptions, WaitOptions } from './core/shapes/calls.ts'
export type { CatalogueEntry, DescribePermissionsInput } from './core/shapes/catalogue.ts'
export type {
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
} from './core/shapes/checkpoints.ts'
export type { Events, EventsPage, LogEvent, ReadEventsInput } from './core/shapes/events.ts'
export type {
  ExportedSecret,
  ExportSecretsInput,
  ImportedKey,
  ImportOutcome,
  RecipeUse,
} from './core/shapes/imports.ts'
export type {
  Acceptance,
  CreateInvitationInput,
  Invitation,
  Invitations,
  LibraryInvitations,
  ListInvitationsInput,
  ProvedPerson,
  ResetMemberInput,
} from './core/shapes/invitations.ts'
export type { CreateKeyInput, PreviewKeyInput, UpdateKeyInput } from './core/shapes/key-changes.ts'
export type { KeyStatus, ListKeysInput, ListPermissionsInput } from './core/shapes/key-lists.ts'
export type { KeyPermissions, PermissionUse } from './core/shapes/key-permissions.ts'
export type { KeySecret } from './core/shapes/key-secrets.ts'
export type {
  CreatedKey,
  GetKeyInput,
  Key,
  KeyDetails,
  Keys,
  LibraryKeys,
  UpdatedKey,
} from './core/shapes/keys.ts'
export type {
  AddUnitsInput,
  Cost,
  ExceededLimit,
  LimitInput,
  LimitState,
  PlainLimit,
  VerdictLimit,
} from './core/shapes/limits.ts'
export type {
  Departure,
  Identity,
  ListMembersInput,
  Member,
  MemberDetails,
  Members,
  OwnMember,
  RemoveMemberInput,
  UpdateMemberInput,
  UpdateOwnIdentityInput,
} from './core/shapes/members.ts'
export type {
  CreateOrganizationInput,
  ListOrganizationsInput,
  Organization,
  OrganizationDetails,
  Organizations,
  UpdateOrganizationInput,
} from './core/shapes/organizations.ts'
export type { Page, Total } from './core/shapes/page.ts'
export type { KeyPlaces } from './core/shapes/places.ts'
export type {
  CreatePlanInput,
  ListPlansInput,
  Plan,
  PlanDetails,
  Plans,
  UpdatePlanInput,
} from './core/shapes/plans.ts'
export type { Policies, Policy, SetPolicyInput } from './core/shapes/policies.ts'
export type {
  CreatePortalSessionInput,
  EndPortalSessionsInput,
  ListPortalSessionsInput,
  PortalKind,
  PortalSession,
  PortalSessions,
} from './core/shapes/portal-sessions.ts'
export type { KeyPreview, RefusedCalls } from './core/shapes/previews.ts'
export type { RotateKeyInput } from './core/shapes/rotations.ts'
export type { Session, SessionOptions, Sessions } from './core/shapes/sessions.ts'
export type { SettleInput, Settlement, Settling } from './core/shapes/settlements.ts'
export type {
  ExportedUsage,
  ExportPageInput,
  ExportUsageInput,
  LibraryUsage,
  ReadKeyUsageInput,
  ReadUsageInput,
  Usage,
  UsageExport,
  UsageFigures,
  UsagePage,
  UsageRow,
} from './core/shapes/usage.ts'
export type {
  CallContext,
  Verdict,
  VerdictCode,
  VerifyOptions,
  VerifyRequest,
} from './core/shapes/verification.ts'
export type {
  CreatedWebhook,
  CreateWebhookInput,
  Delivery,
  ListDeliveriesInput,
  ListWebhooksInput,
  ReplayWebhookInput,
  RotateWebhookInput,
  UpdateWebhookInput,
  Webhook,
  Webhooks,
  WebhookTest,
} from './core/shapes/webhooks.ts'
export type { Wire } from './core/wire.ts'
export type { LibrarySessions } from './domain/sessions/methods.ts'
export type { SignInOrigin, StartedSession } from './domain/sessions/sign-in.ts'
export { type Latchkey, type LatchkeyOptions, openLatchkey } from './latchkey.ts'
