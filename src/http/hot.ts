// The door for the calls that come millions of times, and for streams: the same way of a request as everywhere,
// without a framework.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { headerReader } from '../bearer.ts'
import { auditRoutes } from './audit.ts'
import { readIncomingBytes } from './body.ts'
import { changeRoutes } from './changes.ts'
import { type Pipeline, serve } from './pipeline.ts'
import type { Reply } from './reply.ts'
import type { Route } from './route.ts'
import { pour } from './sinks.ts'
import { verifyRoutes } from './verify.ts'

/**
 * Makes a handler for the calls that judge tokens, those of verifiers elsewhere, and those on the audit log. It takes
 * a request only in its plain form and tells whether it did; every other one, and every oddity, is left to the app,
 * which gives the same answers.
 */
export function createHotDoor(
  pipeline: Pipeline,
): (incoming: IncomingMessage, outgoing: ServerResponse) => boolean {
  const byCall = new Map(
    [...verifyRoutes, ...changeRoutes, ...auditRoutes].map((route) => [
      `${route.method} ${route.path}`,
      route,
    ]),
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

async function answer(
  pipeline: Pipeline,
  route: Route,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const { status, headers, body, stream } = await serve(
    pipeline,
    {
      method: incoming.method as string,
      url: incoming.url as string,
      remoteAddress: incoming.socket.remoteAddress,
      header: headerReader(incoming.rawHeaders),
      params: {},
      readBytes: (limit) => readIncomingBytes(incoming, limit),
    },
    route,
  )
  if (stream) {
    outgoing.writeHead(status, headers)
    pour(stream, outgoing)
    return
  }
  finished.push({ outgoing, status, headers, body })
  if (finished.length === 1) setImmediate(sendFinished)
}

// Answers go out together, once all requests that had come are judged: a write each in between costs as much as
// the judging, since every one of them wakes whoever waits for it.
let finished: (Reply & { outgoing: ServerResponse })[] = []

function sendFinished(): void {
  const answers = finished
  finished = []
  for (const { outgoing, status, headers, body } of answers) {
    outgoing.writeHead(status, headers)
    outgoing.end(body ?? undefined)
  }
}
