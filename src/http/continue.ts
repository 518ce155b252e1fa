// Tells a client that waits before it sends a body (`Expect: 100-continue`) to go on: once the body is wanted, and never before
// a refusal that the head of the request already deserves (RFC 9110, section 10.1.1).
import type { IncomingMessage, ServerResponse } from 'node:http'

/** On the request itself, as its arrival is: a map beside all requests costs more. */
const invitation = Symbol('invitation')

type Waiting = IncomingMessage & { [invitation]?: () => void }

/** Notes that the client of a request waits before it sends the body. */
export function noteWaitingClient(incoming: IncomingMessage, outgoing: ServerResponse): void {
  ;(incoming as Waiting)[invitation] = () => outgoing.writeContinue()
}

/** Tells whether the client of a request waits before it sends the body. */
export function isClientWaiting(incoming: IncomingMessage): boolean {
  return (incoming as Waiting)[invitation] !== undefined
}

/** Asks for the body of a request, if its client waits to be asked. */
export function inviteBody(incoming: IncomingMessage): void {
  ;(incoming as Waiting)[invitation]?.()
}
