// Reads an answer row by row, each a line of JSON, without holding more than one part of it.
import { fromWireAnswer, type Wire } from '../../core/wire.ts'
import { unexpected } from './answer.ts'

/** Far longer than any row. */
const longestRow = 64 * 1024

type Reader = ReadableStreamDefaultReader<Uint8Array>

/** How the reading of rows ends before their end. */
interface Reading {
  /** Starts the time that the next part may take; gives what stops it. */
  startTimer(): () => void
  /** Ends the transfer, if it has not ended. */
  end(): void
  /** The error for a part that did not come. */
  toError(cause: unknown): Error
}

/**
 * Gives the rows as they come. Throws if the transfer breaks: HTTP tells the end of an answer from a break (RFC 9112, section
 * 8). Throws `unexpected_answer` for what are no rows, or if the last line has no end. A reader that stops ends the transfer.
 */
export async function* readRows<Row>(response: Response, reading: Reading): AsyncGenerator<Row, void> {
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  let rest = ''
  try {
    for (;;) {
      const part = reader && (await readPart(reader, reading))
      if (part === undefined || part.done) break
      const lines = (rest + decoder.decode(part.value, { stream: true })).split('\n')
      rest = lines.pop() as string
      if (rest.length > longestRow) throw unexpected(response)
      for (const line of lines) yield readRow<Row>(line, response)
    }
    if (rest + decoder.decode() !== '') throw unexpected(response)
  } finally {
    reading.end()
  }
}

async function readPart(reader: Reader, { startTimer, toError }: Reading): ReturnType<Reader['read']> {
  const stopTimer = startTimer()
  try {
    return await reader.read()
  } catch (cause) {
    throw toError(cause)
  } finally {
    stopTimer()
  }
}

function readRow<Row>(line: string, response: Response): Row {
  try {
    return fromWireAnswer(JSON.parse(line) as Wire<Row>)
  } catch (cause) {
    throw unexpected(response, cause)
  }
}
