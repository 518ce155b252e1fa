// When an answer is over: whole, or its reader gone.
import type { ServerResponse } from 'node:http'

/** Makes, when it is first asked for, the signal that an answer is over: whole, or its reader gone. */
export function closeSignal(outgoing: ServerResponse): () => AbortSignal {
  let controller: AbortController | undefined
  return () => {
    if (controller === undefined) {
      controller = new AbortController()
      if (outgoing.closed) controller.abort()
      else outgoing.once('close', () => controller?.abort())
    }
    return controller.signal
  }
}
