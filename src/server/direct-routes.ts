// The door for the calls that come millions of times, for streams, and for new keys, which some make by the thousand: the
// same way of a request as everywhere, without a framework.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { headerReader } from '../core/bearer.ts'
import { sendAtEndOfTurn } from '../http/answers.ts'
import { arrivalOf } from '../http/arrival.ts'
import { readIncomingBytes } from '../http/body.ts'
import { closeSignal } from '../http/close-signal.ts'
import { type Pipeline, type Refusal, serve } from '../http/pipeline.ts'
import { pour } from '../http/streams.ts'
import type { Parts, Route } from './parts.ts'
import { auditRoutes } from './routes/audit.ts'
import { changeRoutes } from './routes/changes.ts'
import { grantRoutes } from './routes/grants.ts'
import { introspectionRoutes } from './routes/introspection.ts'
import { keyRoutes } from './routes/keys.ts'
import { verifyRoutes } from './routes/verify.ts'

const creation = keyRoutes.filter(({ operationId }) => operationId === 'createKey')

/**
 * Makes a handler for the calls that judge tokens, those of verifiers elsewhere, those on the audit log, and the one
 * that creates a key. It takes a request only in its plain form and tells whether it did; every other one, and every
 * oddity, is left to the app, which gives the same answers.
 */
export function createHotDoor(
  pipeline: Pipeline<Parts>,
): (incoming: IncomingMessage, outgoing: ServerResponse) => boolean {
  const byCall = new Map(
    [
      ...[...verifyRoutes, ...introspectionRoutes, ...changeRoutes, ...grantRoutes],
      ...[...auditRoutes, ...creation],
    ].map((route) => [`${route.method} ${route.path}`, route]),
  )
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
export async function answer(
  pipeline: Pipeline<Parts>,
  served: Route | Refusal,
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
