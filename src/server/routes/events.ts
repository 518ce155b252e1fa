// The calls that follow events: by the page, with a wait for the next one, and as a stream that does not end.
import { setTimeout } from 'node:timers/promises'
import type { Caller } from '../../core/actor.ts'
import { maxWaitSeconds } from '../../core/bounds.ts'
import {
  type EventsPage,
  eventsPageSchema,
  type ReadEventsInput,
  readEventsSchema,
} from '../../core/shapes/events.ts'
import { toWire } from '../../core/wire.ts'
import { recordBreak } from '../../http/log.ts'
import { json, type Reply } from '../../http/reply.ts'
import { streamParts } from '../../http/streams.ts'
import { type Call, route } from '../parts.ts'

const streamType = 'text/event-stream'
/** So long a stream says nothing at most; a proxy may close what is silent for longer. */
const beatSeconds = 15
/** How often a stream by a session finds out whether that is still one. */
const sessionSeconds = 1
/** A stream that has just told much lets others read. */
const pauseMs = 10

export const eventRoutes = [
  route({
    method: 'GET',
    path: '/v1/events',
    operationId: 'readEvents',
    tag: 'Events',
    summary: 'Read or follow events',
    description:
      'In the order of the log. With `wait_seconds`, the answer waits for an event if there is none yet. With `Accept: text/event-stream`, the answer is a stream of server-sent events that does not end: each has its `cursor` as the id, its `action` as the type and the event as JSON; `Last-Event-ID` takes the place of `after`. A cursor from before the database was restored is 410 `cursor_gone`.',
    access: 'latchkey:audit:read',
    query: readEventsSchema,
    answers: [{ status: 200, description: 'The next events.', schema: eventsPageSchema }],
    problems: ['too_many_reads', 'organization_not_found', 'cursor_gone', 'too_many_streams'],
    handle: async (call) => {
      const { header, query, parts, caller, signal } = call
      if (header('accept')?.includes(streamType)) return streamEvents(call)
      return json(await parts.latchkey.events.read(query, { actor: caller, signal }))
    },
  }),
]

/** Answers with a stream. What would be refused is refused before it begins. */
async function streamEvents(call: Call<ReadEventsInput> & { caller: Caller }): Promise<Reply> {
  const { parts, exchange, header, query } = call
  const after = header('last-event-id') ?? query.after
  const asked = { ...query, waitSeconds: 0, ...(after !== undefined && { after }) }
  const first = await parts.latchkey.events.read(asked, { actor: call.caller, signal: call.signal })
  return {
    status: 200,
    // Proxies that buffer would hold every event back.
    headers: { 'content-type': streamType, 'x-accel-buffering': 'no' },
    body: null,
    stream: streamParts(writeEvents(call, asked, first), (error) => recordBreak(parts.log, exchange, error)),
  }
}

async function* writeEvents(
  { parts, caller, readmit, signal }: Call<ReadEventsInput> & { caller: Caller },
  asked: ReadEventsInput,
  first: EventsPage,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  let page = first
  yield encoder.encode(writePage(page))
  while (signal !== undefined && !signal.aborted && !parts.stopping.signal.aborted) {
    await readmit()
    // A session is judged in the database alone, and no change tells of its end.
    const waitSeconds =
      caller.sessionId === undefined ? Math.min(beatSeconds, maxWaitSeconds) : sessionSeconds
    page = await parts.latchkey.events.read(
      { ...asked, after: page.cursor, waitSeconds },
      { actor: caller, signal },
    )
    // Meanwhile the caller may have lost the right to hear of it.
    if (caller.sessionId !== undefined) await readmit()
    yield encoder.encode(writePage(page))
    await setTimeout(pauseMs)
  }
}

/** A comment if there is nothing to tell: so a stream is never silent for long. */
function writePage({ events }: EventsPage): string {
  if (events.length === 0) return ': nothing yet\n\n'
  return events
    .map((event) => `id: ${event.cursor}\nevent: ${event.action}\ndata: ${JSON.stringify(toWire(event))}\n\n`)
    .join('')
}
