// Sends the answers of one turn of the event loop together, after all requests that had come were judged: a write
// between two judgements costs as much as a judgement, because it wakes the client that waits for it.
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

interface Answer {
  outgoing: ServerResponse
  status: number
  /** Names and values by turns, or an object of them. */
  headers: string[] | OutgoingHttpHeaders
  body: string | Uint8Array | null
}

let finished: Answer[] = []

/** Sends an answer at the end of this turn. */
export function sendAtEndOfTurn(answer: Answer): void {
  finished.push(answer)
  if (finished.length === 1) setImmediate(sendFinished)
}

function sendFinished(): void {
  const answers = finished
  finished = []
  for (const { outgoing, status, headers, body } of answers) {
    outgoing.writeHead(status, headers)
    outgoing.end(body ?? undefined)
  }
}
