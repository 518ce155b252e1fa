// The client's public names.
export type { Audit } from '../core/shapes/audit.ts'
export type { BulkResult } from '../core/shapes/bulk-changes.ts'
export type { Applied, Changed, Done, EditOptions, WaitOptions } from '../core/shapes/calls.ts'
export type {
  Checkpoint,
  EventProof,
  GrowthProof,
  LogSigner,
  SealedEvent,
} from '../core/shapes/checkpoints.ts'
export type { Events, EventsPage, LogEvent, ReadEventsInput } from '../core/shapes/events.ts'
export type { ImportedKey, ImportOutcome, RecipeUse } from '../core/shapes/imports.ts'
export type { KeyPermissions } from '../core/shapes/key-permissions.ts'
export type { Keys } from '../core/shapes/keys.ts'
export type {
  AddUnitsInput,
  Cost,
  ExceededLimit,
  LimitInput,
  LimitState,
  VerdictLimit,
} from '../core/shapes/limits.ts'
export type { Organizations } from '../core/shapes/organizations.ts'
export type { KeyPlaces } from '../core/shapes/places.ts'
export type { Plans } from '../core/shapes/plans.ts'
export type { Policies, Policy, SetPolicyInput } from '../core/shapes/policies.ts'
export type {
  CreatePortalSessionInput,
  PortalSession,
  PortalSessions,
} from '../core/shapes/portal-sessions.ts'
export type { KeyPreview, RefusedCalls } from '../core/shapes/previews.ts'
export type { Sessions } from '../core/shapes/sessions.ts'
export type { Settlement, Settling } from '../core/shapes/settlements.ts'
export type { ExportedUsage, Usage, UsageExport, UsageFigures, UsageRow } from '../core/shapes/usage.ts'
export type { Webhooks } from '../core/shapes/webhooks.ts'
export { createClient, type LatchkeyClient } from './client.ts'
export { type ClientErrorCode, isLatchkeyError, LatchkeyClientError } from './errors.ts'
export type { ChangeOptions } from './methods/calls.ts'
export type { Operation } from './methods/operation.ts'
export type { Verification } from './methods/verification.ts'
export type { Verifiers } from './methods/verifiers.ts'
export type { CallOptions, ClientOptions } from './request/request.ts'
export type { VerifierOptions } from './verifier/options.ts'
export {
  createVerifier,
  type Verifier,
  type VerifierQuestion,
} from './verifier/verifier.ts'
