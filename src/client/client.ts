// createClient(): the library's names and shapes, spoken to a server.
import type {
  AuditEvent,
  CreatedKey,
  CreateKeyInput,
  CreateOrganizationInput,
  Key,
  KeyDetails,
  ListAuditInput,
  ListKeysInput,
  ListOrganizationsInput,
  Organization,
  Page,
  RotateKeyInput,
  UpdateKeyInput,
  UpdateOrganizationInput,
  Verdict,
  VerifyOptions,
  VerifyRequest,
} from '../schemas.ts'
import { type ClientOptions, createRequester, pathSegment } from './request.ts'

/** What a server does with keys; the names and shapes of the library. */
export interface ClientKeys {
  create(input: CreateKeyInput): Promise<CreatedKey>
  get(id: string): Promise<KeyDetails>
  list(input?: ListKeysInput): Promise<Page<Key>>
  update(id: string, change: UpdateKeyInput): Promise<Key>
  rotate(id: string, input?: RotateKeyInput): Promise<CreatedKey>
  endSecret(id: string, kid: string): Promise<void>
  revoke(id: string): Promise<void>
  /** The key that asks. */
  self(): Promise<Key>
}

/** What a server does with organizations. */
export interface ClientOrganizations {
  create(input: CreateOrganizationInput): Promise<Organization>
  get(id: string): Promise<Organization>
  list(input?: ListOrganizationsInput): Promise<Page<Organization>>
  update(id: string, change: UpdateOrganizationInput): Promise<Organization>
}

/** A server, as one key sees it. Every method throws {@link LatchkeyClientError} where it comes to nothing. */
export interface LatchkeyClient {
  keys: ClientKeys
  organizations: ClientOrganizations
  audit: { list(input?: ListAuditInput): Promise<Page<AuditEvent>> }
  /**
   * Judges a token. A refusal is an answer, and an object: write `if (verdict.valid)`, never `if (verdict)`.
   */
  verify(token: string, options?: Pick<VerifyOptions, 'permissions'>): Promise<Verdict>
  /** Judges up to 1000 tokens at once; the verdicts come in the order of the requests. */
  verifyBatch(requests: readonly VerifyRequest[]): Promise<Verdict[]>
}

/** Makes a client of a server. Sends nothing yet. Throws TypeError for an address that is not http or https. */
export function createClient(options: ClientOptions): LatchkeyClient {
  const { send, readPage } = createRequester(options)
  const keyPath = (id: string) => `/v1/keys/${pathSegment(id)}`
  const organizationPath = (id: string) => `/v1/organizations/${pathSegment(id)}`
  return {
    keys: {
      create: (input) => send('POST', '/v1/keys', input),
      get: async (id) => send('GET', keyPath(id)),
      list: (input = {}) => readPage('/v1/keys', input),
      update: async (id, change) => send('PATCH', keyPath(id), change),
      rotate: async (id, input = {}) => send('POST', `${keyPath(id)}/rotate`, input),
      endSecret: async (id, kid) => void (await send('DELETE', `${keyPath(id)}/secrets/${pathSegment(kid)}`)),
      revoke: async (id) => void (await send('DELETE', keyPath(id))),
      self: () => send('GET', '/v1/keys/self'),
    },
    organizations: {
      create: (input) => send('POST', '/v1/organizations', input),
      get: async (id) => send('GET', organizationPath(id)),
      list: (input = {}) => readPage('/v1/organizations', input),
      update: async (id, change) => send('PATCH', organizationPath(id), change),
    },
    audit: { list: (input = {}) => readPage('/v1/audit-log', input) },
    verify: (key, { permissions } = {}) =>
      send('POST', '/v1/keys/verify', { key, ...(permissions && { permissions }) }),
    verifyBatch: (requests) => send('POST', '/v1/keys/verify/batch', requests),
  }
}
