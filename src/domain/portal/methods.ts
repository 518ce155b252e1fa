// What the customers' page can ask of an open Latchkey.
import type { UserCaller } from '../../core/actor.ts'
import type { ActorOptions } from '../../core/call-options.ts'
import type { Portal } from '../../core/shapes/portal.ts'
import { checkOptions, creationNames } from '../calls.ts'
import type { Engine } from '../engine.ts'
import { authenticateUser, openLink } from './open.ts'
import {
  createPortalKey,
  describeSelf,
  listPortalKeys,
  readPortalUsage,
  revokePortalKey,
  rotatePortalKey,
} from './page.ts'

/** Makes them. */
export function portalMethods(engine: Engine): Portal<ActorOptions, UserCaller> {
  return {
    open: async (secret, origin) => openLink(engine, secret, origin),
    authenticate: async (token, origin) => authenticateUser(engine, token, origin),
    self: async (options) => describeSelf(engine, checkOptions(options)),
    listKeys: async (input, options) => listPortalKeys(engine, input, checkOptions(options)),
    createKey: async (input, options) => createPortalKey(engine, input, checkOptions(options, creationNames)),
    rotateKey: async (id, input, options) =>
      rotatePortalKey(engine, id, input, checkOptions(options, creationNames)),
    revokeKey: async (id, input, options) => revokePortalKey(engine, id, input, checkOptions(options)),
    readUsage: async (input, options) => readPortalUsage(engine, input, checkOptions(options)),
  }
}
