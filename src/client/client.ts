// createClient(): the library's names and shapes, spoken to a server. The methods of each noun are in `methods`.
import { unknownOption } from '../core/options.ts'
import type { Audit } from '../core/shapes/audit.ts'
import type { Events } from '../core/shapes/events.ts'
import type { Invitations } from '../core/shapes/invitations.ts'
import type { Keys } from '../core/shapes/keys.ts'
import type { Leaks } from '../core/shapes/leaks.ts'
import type { Members } from '../core/shapes/members.ts'
import type { Organizations } from '../core/shapes/organizations.ts'
import type { Plans } from '../core/shapes/plans.ts'
import type { Policies } from '../core/shapes/policies.ts'
import type { PortalSessions } from '../core/shapes/portal-sessions.ts'
import type { Sessions } from '../core/shapes/sessions.ts'
import type { Settling } from '../core/shapes/settlements.ts'
import type { Usage } from '../core/shapes/usage.ts'
import type { Webhooks } from '../core/shapes/webhooks.ts'
import { auditMethods } from './methods/audit.ts'
import { eventMethods } from './methods/events.ts'
import { invitationMethods } from './methods/invitations.ts'
import { keyMethods } from './methods/keys.ts'
import { leakMethods } from './methods/leaks.ts'
import { memberMethods } from './methods/members.ts'
import { type Operation, operationMethods } from './methods/operation.ts'
import { organizationMethods } from './methods/organizations.ts'
import { planMethods } from './methods/plans.ts'
import { policyMethods } from './methods/policies.ts'
import { portalSessionMethods } from './methods/portal.ts'
import { sessionMethods } from './methods/sessions.ts'
import { settlementMethods } from './methods/settlements.ts'
import { usageMethods } from './methods/usage.ts'
import { type Verification, verificationMethods } from './methods/verification.ts'
import { type Verifiers, verifierMethods } from './methods/verifiers.ts'
import { webhookMethods } from './methods/webhooks.ts'
import {
  type CallOptions,
  type ClientOptions,
  createKeylessRequester,
  createRequester,
} from './request/request.ts'

/** A client of one server, which calls it with one key. Every failed call throws {@link LatchkeyClientError}. */
export interface LatchkeyClient extends Verification, Settling<CallOptions> {
  /** Creates, reads, changes, rotates and revokes keys. */
  keys: Keys<CallOptions>
  /** Creates, reads and renames the owners of keys. */
  organizations: Organizations<CallOptions>
  /** Named sets of permissions and limits, for organizations. */
  plans: Plans<CallOptions>
  /** What keys may be, for the whole deployment and for each organization. */
  policies: Policies<CallOptions>
  /** Invites people, who become members. */
  invitations: Invitations<CallOptions>
  /** Reads, changes and removes the people of organizations. */
  members: Members<CallOptions>
  /** Makes, lists and ends the sessions of your users on their customers' page. */
  portalSessions: PortalSessions<CallOptions>
  /** To where events are sent, and what became of each. */
  webhooks: Webhooks<CallOptions>
  /** Reads the audit log: every change, and its actor. */
  audit: Audit<CallOptions>
  /** Reads and follows events in the order of the log. */
  events: Events<CallOptions>
  /** Reads how many calls there were, and how many units they drew. */
  usage: Usage<CallOptions>
  /** Reports tokens that stand where they must not. */
  leaks: Leaks<CallOptions>
  /** Lists and ends the sessions of the calling key. */
  sessions: Sessions<CallOptions>
  /** What a verifier in another process asks of the server. */
  verifiers: Verifiers
  /** Health and readiness of the server. */
  operation: Operation
}

/**
 * Creates a client of a server, without a request. If the server is busy (429, 503) or cannot be reached, the client
 * sends a call again up to three times if that is safe: every read, every verification, and the calls that end a key or
 * a secret. Throws TypeError for an address that is not http or https, for a malformed token, and for an unknown
 * option.
 */
export function createClient(client: ClientOptions): LatchkeyClient {
  const fault = unknownOption(client, ['url', 'token', 'timeoutMs'])
  if (fault) throw new TypeError(`${fault.path}: ${fault.message}`)
  const requester = createRequester(client)
  return {
    keys: keyMethods(requester),
    organizations: organizationMethods(requester),
    plans: planMethods(requester),
    policies: policyMethods(requester),
    invitations: invitationMethods(requester),
    members: memberMethods(requester),
    portalSessions: portalSessionMethods(requester),
    webhooks: webhookMethods(requester),
    audit: auditMethods(requester),
    events: eventMethods(requester),
    usage: usageMethods(requester),
    leaks: leakMethods(requester),
    sessions: sessionMethods(requester),
    verifiers: verifierMethods(requester),
    operation: operationMethods(requester),
    ...verificationMethods(requester),
    ...settlementMethods(requester),
  }
}

/** Makes what reports leaks to a server, for whoever has no key there: it sends none. Throws TypeError for another address. */
export function createReporter(url: string): LatchkeyClient['leaks'] {
  return leakMethods(createKeylessRequester({ url }))
}
