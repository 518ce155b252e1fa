// The client's public names.
export type { Applied } from '../core/shapes/calls.ts'
export {
  type Changed,
  type ChangeOptions,
  type ClientAudit,
  type ClientKeys,
  type ClientOperation,
  type ClientOrganizations,
  type ClientVerifiers,
  createClient,
  type Done,
  type LatchkeyClient,
} from './client.ts'
export { type ClientErrorCode, isLatchkeyError, LatchkeyClientError } from './errors.ts'
export type { CallOptions, ClientOptions } from './request/request.ts'
export {
  createVerifier,
  type Verifier,
  type VerifierOptions,
  type VerifierQuestion,
} from './verifier/verifier.ts'
