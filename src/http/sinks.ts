// Where an answer that comes bit by bit goes: a response of Node's server, or the body of a fetch response.
import type { ServerResponse } from 'node:http'

/** The way to one reader. */
export interface Sink {
  write(bytes: Uint8Array<ArrayBuffer>): void
  /** How many bytes wait for the reader. */
  queued(): number
  end(): void
  /** Breaks off, for a reader that is lost. */
  fail(reason: string): void
}

/** Begins to write to a sink; returns what to call when its reader has gone. */
export type Stream = (sink: Sink) => () => void

/** Writes straight to Node: a thousand of these cost a third of what as many fetch bodies do. */
export function pour(stream: Stream, outgoing: ServerResponse): void {
  if (outgoing.destroyed) return
  const leave = stream({
    write: (bytes) => void outgoing.write(bytes),
    queued: () => outgoing.writableLength,
    end: () => void outgoing.end(),
    fail: () => void outgoing.destroy(),
  })
  outgoing.once('close', leave)
}

/** The same as a body of fetch. It begins when it is read: whoever asks with HEAD never reads. */
export function toBody(stream: Stream): ReadableStream<Uint8Array<ArrayBuffer>> {
  let leave: (() => void) | undefined
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: (controller) => {
        leave ??= stream({
          write: (bytes) => controller.enqueue(bytes),
          queued: () => -(controller.desiredSize ?? 0),
          end: () => controller.close(),
          fail: (reason) => controller.error(new Error(reason)),
        })
      },
      cancel: () => leave?.(),
    },
    { highWaterMark: 0, size: (chunk) => chunk?.byteLength ?? 0 },
  )
}
