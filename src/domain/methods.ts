// What the library can do with each noun, as its methods are offered.
import { auditMethods } from './audit/methods.ts'
import { offerMethods } from './calls.ts'
import type { Engine } from './engine.ts'
import { eventMethods } from './events/methods.ts'
import { keyMethods } from './keys/methods.ts'
import { organizationMethods } from './organizations.ts'
import { planMethods } from './plans.ts'
import { policyMethods } from './policies.ts'
import { sessionMethods } from './sessions/methods.ts'
import { settlementMethods } from './settlements.ts'
import { usageMethods } from './usage/methods.ts'

/** Makes the methods of every noun but webhooks, whose sending begins with them. */
export function nounMethods(engine: Engine) {
  return {
    keys: offerMethods(engine, keyMethods(engine)),
    organizations: offerMethods(engine, organizationMethods(engine)),
    plans: offerMethods(engine, planMethods(engine)),
    policies: offerMethods(engine, policyMethods(engine)),
    ...offerMethods(engine, settlementMethods(engine)),
    audit: offerMethods(engine, auditMethods(engine)),
    events: offerMethods(engine, eventMethods(engine)),
    usage: offerMethods(engine, usageMethods(engine)),
    sessions: offerMethods(engine, sessionMethods(engine)),
  }
}
