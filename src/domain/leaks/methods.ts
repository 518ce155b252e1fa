// What the library can do about leaks.
import type { ActorOptions } from '../../core/call-options.ts'
import type { Leaks } from '../../core/shapes/leaks.ts'
import { checkOptions } from '../calls.ts'
import { actorOf, type Engine } from '../engine.ts'
import { findLeaks } from './find.ts'
import type { LeakInbox } from './receive.ts'

/** Makes the methods on leaks of an open Latchkey. */
export function leakMethods(engine: Engine, inbox: LeakInbox): Leaks<ActorOptions> {
  return {
    report: async (input, options) => {
      // Anybody may, and nobody by mistake.
      actorOf(checkOptions(options))
      await inbox.report(input)
    },
    find: async (input, options) => findLeaks(engine, input, checkOptions(options)),
  }
}
