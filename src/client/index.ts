// The client's public names.
export {
  type ClientKeys,
  type ClientOrganizations,
  createClient,
  type LatchkeyClient,
} from './client.ts'
export { type ClientErrorCode, LatchkeyClientError } from './errors.ts'
export type { ClientOptions } from './request.ts'
