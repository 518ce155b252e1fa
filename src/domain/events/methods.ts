// The methods on the events of an open Latchkey.
import type { ActorOptions } from '../../core/call-options.ts'
import { followEvents } from '../../core/follow-events.ts'
import type { Events } from '../../core/shapes/events.ts'
import { checkOptions } from '../calls.ts'
import type { Engine } from '../engine.ts'
import { readEvents } from './read.ts'

/** Makes the methods on the events of an open Latchkey. */
export function eventMethods(engine: Engine): Events<ActorOptions> {
  return {
    read: async (input, options) => readEvents(engine, input, checkOptions(options)),
    follow: (input, options) => {
      const checked = checkOptions(options)
      return followEvents((page) => {
        checked.signal?.throwIfAborted()
        return engine.memory.awake.during(readEvents(engine, page, checked))
      }, input)
    },
  }
}
