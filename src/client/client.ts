// createClient(): the library's names and shapes, spoken to a server.
import { unknownOption } from '../core/options.ts'
import type { AuditEvent, ListAuditInput } from '../core/shapes/audit.ts'
import type { Applied } from '../core/shapes/calls.ts'
import type { CreatedKey, CreateKeyInput, Key, KeyDetails, ListKeysInput, ListPermissionsInput, PermissionUse, RotateKeyInput, UpdateKeyInput } from '../core/shapes/keys.ts'
import type { CreateOrganizationInput, ListOrganizationsInput, Organization, UpdateOrganizationInput } from '../core/shapes/organizations.ts'
import type { Page } from '../core/shapes/page.ts'
import type { Verdict, VerifyOptions, VerifyRequest } from '../core/shapes/verification.ts'
import type { FactsAnswer, LatestAnswer, UsesInput } from '../core/shapes/verifiers.ts'
import {
  type CallOptions,
  type ClientOptions,
  checkOptions,
  createRequester,
  pathSegment,
} from './request/request.ts'

/** How a change is made; with `wait`, it is answered when every process on the server's database acts on it. */
export interface ChangeOptions extends CallOptions {
  wait?: 'applied'
}

/** What a change answers: after waiting, what came of that too. */
export type Changed<Answer, Options> = Options extends { wait: 'applied' }
  ? Answer & { applied: Applied }
  : Answer

/** The same of a change that has nothing to say but that it was done. */
export type Done<Options> = Options extends { wait: 'applied' } ? { applied: Applied } : undefined

/** What a server does with keys; the names and shapes of the library. */
export interface ClientKeys {
  create(input: CreateKeyInput, options?: CallOptions): Promise<CreatedKey>
  /** A key with the newest 100 of its secrets; `secretsAfter`, the kid of the last one, gives those after it. */
  get(id: string, options?: CallOptions & { secretsAfter?: string }): Promise<KeyDetails>
  list(input?: ListKeysInput, options?: CallOptions): Promise<Page<Key>>
  /** Every key of a list, page by page as they are asked for. */
  listAll(input?: ListKeysInput, options?: CallOptions): AsyncIterable<Key>
  /** The permissions that the newest 1000 active keys hold: most used first, at most 200. */
  listPermissions(input?: ListPermissionsInput, options?: CallOptions): Promise<PermissionUse[]>
  update<Options extends ChangeOptions>(
    id: string,
    change: UpdateKeyInput,
    options?: Options,
  ): Promise<Changed<Key, Options>>
  rotate<Options extends ChangeOptions>(
    id: string,
    input?: RotateKeyInput,
    options?: Options,
  ): Promise<Changed<CreatedKey, Options>>
  endSecret<Options extends ChangeOptions>(id: string, kid: string, options?: Options): Promise<Done<Options>>
  revoke<Options extends ChangeOptions>(id: string, options?: Options): Promise<Done<Options>>
  /** The key that asks. */
  self(options?: CallOptions): Promise<Key>
}

/** What a server does with organizations. */
export interface ClientOrganizations {
  create(input: CreateOrganizationInput, options?: CallOptions): Promise<Organization>
  get(id: string, options?: CallOptions): Promise<Organization>
  list(input?: ListOrganizationsInput, options?: CallOptions): Promise<Page<Organization>>
  /** Every organization of a list, page by page as they are asked for. */
  listAll(input?: ListOrganizationsInput, options?: CallOptions): AsyncIterable<Organization>
  update(id: string, change: UpdateOrganizationInput, options?: CallOptions): Promise<Organization>
}

/** What can be asked of the audit log. */
export interface ClientAudit {
  list(input?: ListAuditInput, options?: CallOptions): Promise<Page<AuditEvent>>
  /** Every event of a list, page by page as they are asked for. */
  listAll(input?: ListAuditInput, options?: CallOptions): AsyncIterable<AuditEvent>
}

/** What `createVerifier` is made of, for who writes a verifier of their own. */
export interface ClientVerifiers {
  /** What a token is judged by; `secret` is null where the caller knows of none. No use is noted. */
  readFacts(token: string, options?: CallOptions): Promise<FactsAnswer>
  reportUses(uses: UsesInput, options?: CallOptions): Promise<void>
  /** The number of the last change. Throws `store_unavailable` where the server cannot be sure of it. */
  latestChange(options?: CallOptions): Promise<LatestAnswer>
  /** Opens the stream of changes; ends it with the signal. */
  followChanges(signal: AbortSignal): Promise<Response>
}

/** What a server tells who runs it. */
export interface ClientOperation {
  /** Resolves where the server is alive. */
  checkHealth(options?: CallOptions): Promise<void>
  /** Resolves where a change can be made durable now; throws `store_unavailable` otherwise. */
  checkReadiness(options?: CallOptions): Promise<void>
  /** The metrics, in Prometheus' text format. */
  readMetrics(options?: CallOptions): Promise<string>
  /** The OpenAPI document, as JSON text. */
  readOpenApi(options?: CallOptions): Promise<string>
}

/** A server, as one key sees it. Every method throws {@link LatchkeyClientError} where it comes to nothing. */
export interface LatchkeyClient {
  keys: ClientKeys
  organizations: ClientOrganizations
  audit: ClientAudit
  verifiers: ClientVerifiers
  operation: ClientOperation
  /**
   * Judges a token. A refusal is an answer, and an object: write `if (verdict.valid)`, never `if (verdict)`.
   */
  verify(token: string, options?: Pick<VerifyOptions, 'permissions'> & CallOptions): Promise<Verdict>
  /** Judges up to 1000 tokens at once; the verdicts come in the order of the requests. */
  verifyBatch(requests: readonly VerifyRequest[], options?: CallOptions): Promise<Verdict[]>
}

/**
 * Makes a client of a server. Sends nothing yet. What is safe to repeat, which is every reading and verifying call
 * and those that end something, is repeated up to three times where the server is busy (429, 503) or was not
 * reached. Throws TypeError for an address that is not http or https, for a token that is none, and
 * for an unknown option.
 */
export function createClient(client: ClientOptions): LatchkeyClient {
  const fault = unknownOption(client, ['url', 'token', 'timeoutMs'])
  if (fault) throw new TypeError(`${fault.path}: ${fault.message}`)
  const { send, readPage, readPlain, open } = createRequester(client)
  const keyPath = (id: string) => `/v1/keys/${pathSegment(id)}`
  const organizationPath = (id: string) => `/v1/organizations/${pathSegment(id)}`
  const end = async <Options>(path: string, options: ChangeOptions | undefined) => {
    const sending = { repeatable: true, options }
    const { applied } = await send<{ applied?: Applied }>('DELETE', path + waitQuery(options), sending)
    return (applied && { applied }) as Done<Options>
  }

  const list = <Input extends object, Item>(path: string) => ({
    list: (input?: Input, options?: CallOptions) => readPage<Item>(path, input ?? {}, options),
    listAll: async function* (input?: Input, options?: CallOptions) {
      let query: object | undefined = input ?? {}
      while (query !== undefined) {
        const { items, next }: Page<Item> = await readPage<Item>(path, query, options)
        yield* items
        query = next === undefined ? undefined : { ...query, after: next }
      }
    },
  })

  return {
    keys: {
      ...list<ListKeysInput, Key>('/v1/keys'),
      listPermissions: async (input = {}, options) =>
        (await readPage<PermissionUse>('/v1/keys/permissions', input, options)).items,
      create: (body, options) => send('POST', '/v1/keys', { body, options }),
      get: async (id, options) => send('GET', keyPath(id) + secretsQuery(options?.secretsAfter), { options }),
      update: async (id, body, options) => send('PATCH', keyPath(id) + waitQuery(options), { body, options }),
      rotate: async (id, body = {}, options) =>
        send('POST', `${keyPath(id)}/rotate${waitQuery(options)}`, { body, options }),
      endSecret: async (id, kid, options) => end(`${keyPath(id)}/secrets/${pathSegment(kid)}`, options),
      revoke: async (id, options) => end(keyPath(id), options),
      self: (options) => send('GET', '/v1/keys/self', { options }),
    },
    organizations: {
      ...list<ListOrganizationsInput, Organization>('/v1/organizations'),
      create: (body, options) => send('POST', '/v1/organizations', { body, options }),
      get: async (id, options) => send('GET', organizationPath(id), { options }),
      update: async (id, body, options) => send('PATCH', organizationPath(id), { body, options }),
    },
    audit: list<ListAuditInput, AuditEvent>('/v1/audit-log'),
    verifiers: {
      readFacts: (key, options) =>
        send('POST', '/v1/keys/facts', { body: { key }, repeatable: true, options }),
      reportUses: async (body, options) =>
        void (await send('POST', '/v1/keys/uses', { body, repeatable: true, options })),
      latestChange: (options) => send('GET', '/v1/changes/latest', { options }),
      followChanges: (signal) => open('/v1/changes', signal),
    },
    operation: {
      checkHealth: async (options) => void (await readPlain('/healthz', options)),
      checkReadiness: async (options) => void (await readPlain('/readyz', options)),
      readMetrics: (options) => readPlain('/metrics', options),
      readOpenApi: (options) => readPlain('/openapi.json', options),
    },
    verify: async (key, question = {}) => {
      checkOptions(question, ['permissions', 'timeoutMs', 'signal'])
      const { permissions, ...options } = question
      const body = { key, ...(permissions && { permissions }) }
      return send('POST', '/v1/keys/verify', { body, repeatable: true, options })
    },
    verifyBatch: (body, options) =>
      send('POST', '/v1/keys/verify/batch', { body, repeatable: true, options }),
  }
}

function secretsQuery(after: string | undefined): string {
  return after === undefined ? '' : `?${new URLSearchParams({ secrets_after: after })}`
}

function waitQuery(options: ChangeOptions | undefined): string {
  return options?.wait === undefined ? '' : `?${new URLSearchParams({ wait: options.wait })}`
}
