// The door for requests that need no framework: the same way of a request as everywhere, on routes that are found by their
// whole path.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { headerReader } from '../core/bearer.ts'
import { sendAtEndOfTurn } from './answers.ts'
import { arrivalOf } from './arrival.ts'
import { readIncomingBytes } from './body.ts'
import { closeSignal } from './close-signal.ts'
import { type Pipeline, type Refusal, serve } from './pipeline.ts'
import type { Kit, Route } from './route.ts'
import { pour } from './streams.ts'

/**
 * Makes a handler for some routes. It takes a request only in its plain form and tells whether it did; every other one, and every
 * oddity, is left to the app, which gives the same answers.
 */
export function createDoor<Parts extends Kit>(
  pipeline: Pipeline<Parts>,
  routes: readonly Route<Parts>[],
): (incoming: IncomingMessage, outgoing: ServerResponse) => boolean {
  const byCall = new Map(routes.map((route) => [`${route.method} ${route.path}`, route]))
  return (incoming, outgoing) => {
    const { method, url } = incoming as { method: string; url: string }
    const end = url.indexOf('?')
    const route = byCall.get(`${method} ${end === -1 ? url : url.slice(0, end)}`)
    if (route === undefined) return false
    void answer(pipeline, route, incoming, outgoing)
    return true
  }
}

/** Serves a request on its route, or by a refusal, by the way that all take; its body may have been read already. */
export async function answer<Parts extends Kit>(
  pipeline: Pipeline<Parts>,
  served: Route<Parts> | Refusal,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  readBytes = (limit: number): Promise<Buffer> => readIncomingBytes(incoming, limit),
): Promise<void> {
  const { status, headers, body, stream } = await serve(
    pipeline,
    {
      method: incoming.method as string,
      url: incoming.url as string,
      remoteAddress: incoming.socket.remoteAddress,
      startedAt: arrivalOf(incoming),
      header: headerReader(incoming.rawHeaders),
      params: {},
      signal: closeSignal(outgoing),
      readBytes,
    },
    served,
  )
  if (stream) {
    outgoing.writeHead(status, headers)
    pour(stream, outgoing)
  } else sendAtEndOfTurn({ outgoing, status, headers, body })
}
