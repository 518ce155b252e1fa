// The client's public names.
export {
  type ClientAudit,
  type ClientKeys,
  type ClientOperation,
  type ClientOrganizations,
  type ClientVerifiers,
  createClient,
  type LatchkeyClient,
} from './client.ts'
export { type ClientErrorCode, isLatchkeyError, LatchkeyClientError } from './errors.ts'
export type { CallOptions, ClientOptions } from './request.ts'
