// Following a log: page after page, each asked for behind the one before, without end.
import { maxWaitSeconds } from './bounds.ts'
import type { EventsPage, LogEvent, ReadEventsInput } from './shapes/events.ts'

/** Iterates over every event that there is and will be, in the order of the log. */
export async function* followEvents(
  read: (input: ReadEventsInput) => Promise<EventsPage>,
  input: ReadEventsInput = {},
): AsyncGenerator<LogEvent, void> {
  let { after } = input
  for (;;) {
    const page = await read({
      ...input,
      waitSeconds: input.waitSeconds ?? maxWaitSeconds,
      ...(after !== undefined && { after }),
    })
    yield* page.events
    after = page.cursor
  }
}
