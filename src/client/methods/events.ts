// What a server tells of events, as they come.
import { maxWaitSeconds } from '../../core/bounds.ts'
import { followEvents } from '../../core/follow-events.ts'
import type { Events, EventsPage, ReadEventsInput } from '../../core/shapes/events.ts'
import type { CallOptions, Requester } from '../request/request.ts'
import { checkOptions } from './calls.ts'

/** Beside the time that the server waits, a call has this. */
const answerMs = 10_000

/** Makes the methods on events of a client. */
export function eventMethods({ readDated }: Requester): Events<CallOptions> {
  const read = async (input: ReadEventsInput = {}, options: CallOptions | undefined): Promise<EventsPage> => {
    const { types, ...rest } = input
    const query = { ...rest, ...(types !== undefined && { types: types.join(',') }) }
    const waitMs = Math.min(input.waitSeconds ?? 0, maxWaitSeconds) * 1_000
    const timed = waitMs > 0 ? { timeoutMs: waitMs + answerMs, ...options } : options
    return (await readDated<EventsPage>('/v1/events', query, [], timed)).value
  }
  return {
    read: async (input, options) => read(input, checkOptions(options)),
    follow: (input, options) => {
      const checked = checkOptions(options)
      return followEvents((page) => read(page, checked), input)
    },
  }
}
