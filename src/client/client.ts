// createClient(): the library's names and shapes, spoken to a server. The methods of each noun are in `methods`.
import { unknownOption } from '../core/options.ts'
import type { Audit } from '../core/shapes/audit.ts'
import type { Keys } from '../core/shapes/keys.ts'
import type { Organizations } from '../core/shapes/organizations.ts'
import type { Sessions } from '../core/shapes/sessions.ts'
import { auditMethods } from './methods/audit.ts'
import { keyMethods } from './methods/keys.ts'
import { type Operation, operationMethods } from './methods/operation.ts'
import { organizationMethods } from './methods/organizations.ts'
import { sessionMethods } from './methods/sessions.ts'
import { type Verification, verificationMethods } from './methods/verification.ts'
import { type Verifiers, verifierMethods } from './methods/verifiers.ts'
import { type CallOptions, type ClientOptions, createRequester } from './request/request.ts'

/** A server, as one key sees it. Every failed call throws {@link LatchkeyClientError}. */
export interface LatchkeyClient extends Verification {
  keys: Keys<CallOptions>
  organizations: Organizations<CallOptions>
  audit: Audit<CallOptions>
  sessions: Sessions<CallOptions>
  verifiers: Verifiers
  operation: Operation
}

/**
 * Makes a client of a server. Sends nothing yet. What is safe to repeat, which is every reading and verifying call
 * and those that end a key or a secret, is repeated up to three times if the server is busy (429, 503) or was not
 * reached. Throws TypeError for an address that is not http or https, for a token that is none, and
 * for an unknown option.
 */
export function createClient(client: ClientOptions): LatchkeyClient {
  const fault = unknownOption(client, ['url', 'token', 'timeoutMs'])
  if (fault) throw new TypeError(`${fault.path}: ${fault.message}`)
  const requester = createRequester(client)
  return {
    keys: keyMethods(requester),
    organizations: organizationMethods(requester),
    audit: auditMethods(requester),
    sessions: sessionMethods(requester),
    verifiers: verifierMethods(requester),
    operation: operationMethods(requester),
    ...verificationMethods(requester),
  }
}
