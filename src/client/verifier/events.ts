// Reads a stream of server-sent events (WHATWG HTML, section 9.2) in bounded memory, from any sender.
import { LatchkeyClientError } from '../errors.ts'

/** An event of a stream; its data as JSON. */
export interface StreamEvent {
  name: string
  data: Record<string, unknown>
}

/** Longer than any event of ours. */
const longestEvent = 64 * 1024

/** Gives the events as they come. Throws `unexpected_answer` for rubbish and for an event that does not end. */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const part of bytes) {
    rest += decoder.decode(part, { stream: true })
    const events = rest.split(/\r?\n\r?\n/)
    rest = events.pop() as string
    for (const text of events) {
      const event = parseEvent(text)
      if (event) yield event
    }
    if (rest.length > longestEvent) throw noEvent('An event of the stream is too long.')
  }
}

/** Gives the bytes of a body; leaving the loop cancels it. Not every runtime lets a body be iterated itself. */
export async function* readBody(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value
  } finally {
    void reader.cancel().catch(() => {})
  }
}

/** The error for a stream that no Latchkey sends. */
export function noEvent(detail: string): LatchkeyClientError {
  return new LatchkeyClientError('unexpected_answer', detail)
}

function parseEvent(text: string): StreamEvent | undefined {
  let name = ''
  let data = ''
  for (const line of text.split(/\r?\n/)) {
    const [, field, value = ''] = /^(event|data): ?(.*)$/.exec(line) ?? []
    if (field === 'event') name = value
    else if (field === 'data') data += value
    else if (line !== '' && !/^(:|id|retry)/.test(line))
      throw noEvent('The stream does not come from a Latchkey server.')
  }
  // A comment, sent to keep a connection open.
  if (name === '' && data === '') return undefined
  try {
    const value: unknown = JSON.parse(data)
    if (typeof value === 'object' && value !== null) return { name, data: value as Record<string, unknown> }
  } catch {
    // Said below.
  }
  throw noEvent('An event of the stream is not JSON.')
}
