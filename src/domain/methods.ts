// What the library can do with each noun, as its methods are offered.
import type { UserCaller } from '../core/actor.ts'
import type { ActorOptions } from '../core/call-options.ts'
import type { LibraryInvitations } from '../core/shapes/invitations.ts'
import type { Members } from '../core/shapes/members.ts'
import type { Portal } from '../core/shapes/portal.ts'
import type { PortalSessions } from '../core/shapes/portal-sessions.ts'
import { auditMethods } from './audit/methods.ts'
import { offerMethods } from './calls.ts'
import type { Engine } from './engine.ts'
import { eventMethods } from './events/methods.ts'
import { invitationMethods } from './invitations/methods.ts'
import { keyMethods } from './keys/methods.ts'
import { memberMethods } from './members/methods.ts'
import { organizationMethods } from './organizations.ts'
import { planMethods } from './plans.ts'
import { policyMethods } from './policies.ts'
import { portalMethods } from './portal/methods.ts'
import { portalSessionMethods } from './portal/sessions.ts'
import { type LibrarySessions, sessionMethods } from './sessions/methods.ts'
import { settlementMethods } from './settlements.ts'
import { type SignIn, signInMethods } from './sign-in/methods.ts'
import { type Passkeys, passkeyMethods } from './sign-in/passkeys.ts'
import { usageMethods } from './usage/methods.ts'

/** What can be done with people, and with browsers that are signed in. */
export interface People {
  /** Reads, changes and removes the people of organizations. */
  members: Members<ActorOptions>
  /** Invites people, who become members. */
  invitations: LibraryInvitations<ActorOptions>
  /** Begins, lists and ends the sessions of browsers. */
  sessions: LibrarySessions
  /** Signs people in. */
  signIn: SignIn
  /** Signs people in by passkeys, and makes them. */
  passkeys: Passkeys
  /** Makes, lists and ends the sessions of the operator's users on their customers' page. */
  portalSessions: PortalSessions<ActorOptions>
  /** What that page asks, by such a user. */
  portal: Portal<ActorOptions, UserCaller>
}

/** Makes the methods of every noun but webhooks, whose sending begins with them. */
export function nounMethods(engine: Engine) {
  return {
    keys: offerMethods(engine, keyMethods(engine)),
    organizations: offerMethods(engine, organizationMethods(engine)),
    plans: offerMethods(engine, planMethods(engine)),
    members: offerMethods(engine, memberMethods(engine)),
    invitations: offerMethods(engine, invitationMethods(engine)),
    policies: offerMethods(engine, policyMethods(engine)),
    ...offerMethods(engine, settlementMethods(engine)),
    audit: offerMethods(engine, auditMethods(engine)),
    events: offerMethods(engine, eventMethods(engine)),
    usage: offerMethods(engine, usageMethods(engine)),
    sessions: offerMethods(engine, sessionMethods(engine)),
    signIn: signInMethods(engine),
    passkeys: passkeyMethods(engine),
    portalSessions: offerMethods(engine, portalSessionMethods(engine)),
    portal: offerMethods(engine, portalMethods(engine)),
  }
}
