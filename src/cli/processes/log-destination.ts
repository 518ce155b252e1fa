// Where the log goes: standard error, which must hold up neither the service nor its end, even if no reader reads it.
//
// A pipe or a socket is written without ever waiting for it: what does not fit is tried again a little later. A file is
// written by another thread, one piece at a time. What waits is bounded: beyond that, whole lines are dropped and
// counted, and the next line that fits tells how many.
import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { Socket } from 'node:net'

/** What a logger writes its lines to. */
export interface LogDestination {
  /** Takes a line with its line break, at once; it is written soon, or dropped. */
  write(line: string): void
}

export interface LogDestinationOptions {
  /** Up to so many bytes are written at once: processes that share a pipe keep each write whole (PIPE_BUF). */
  maxWriteBytes: number
  /** Lines wait for each other until so many bytes are there. */
  minWriteBytes: number
}

/** What may wait to be written; some thousand lines. */
const maxWaitingBytes = 1024 * 1024
/** Lines wait for each other so long, so that a busy server does not wait for its log. */
const flushEveryMs = 100
const retryMs = 20
/** How long the end of the process waits for a reader that does not read. */
const maxEndMs = 300
const standardError = 2

/** Opens standard error for a log. What is still waiting is written when the process exits, as far as its reader takes it. */
export function openLogDestination(options: LogDestinationOptions): LogDestination {
  return new StandardError(options)
}

class StandardError implements LogDestination {
  readonly #options: LogDestinationOptions
  readonly #descriptor: number
  /** Writing never waits; a file's writes may, and are left to another thread. */
  readonly #isPrompt: boolean
  #lines: Buffer[] = []
  #waitingBytes = 0
  /** What is under way: the rest of some lines. */
  #piece: Buffer | undefined
  #dropped = 0
  #timer: NodeJS.Timeout | undefined
  #isWriting = false
  /** The last write found no room: only the timer tries again, however many lines come meanwhile. */
  #isFull = false
  #isBroken = false

  constructor(options: LogDestinationOptions) {
    this.#options = options
    const descriptor = openPrompt()
    this.#descriptor = descriptor ?? standardError
    this.#isPrompt = descriptor !== undefined
    process.on('exit', () => this.#end())
  }

  write(line: string): void {
    if (this.#isBroken) return
    if (this.#waitingBytes + line.length > maxWaitingBytes) {
      this.#dropped++
      return
    }
    if (this.#dropped > 0) this.#tellDropped()
    this.#push(Buffer.from(line))
    if (this.#isFull) return
    if (this.#waitingBytes >= this.#options.minWriteBytes) this.#flush()
    else this.#later(flushEveryMs)
  }

  #push(bytes: Buffer): void {
    this.#lines.push(bytes)
    this.#waitingBytes += bytes.length
  }

  #tellDropped(): void {
    const time = new Date().toISOString()
    const line = {
      level: 'warn',
      time,
      dropped: this.#dropped,
      msg: 'log lines were dropped, because their reader was too slow',
    }
    this.#dropped = 0
    this.#push(Buffer.from(`${JSON.stringify(line)}\n`))
  }

  #later(milliseconds: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#flush()
    }, milliseconds).unref()
  }

  /** Takes whole lines, as many as may be written at once; of a longer line, all. */
  #nextPiece(): Buffer | undefined {
    if (this.#piece) return this.#piece
    let count = 0
    let length = 0
    for (const line of this.#lines) {
      if (count > 0 && length + line.length > this.#options.maxWriteBytes) break
      length += line.length
      count++
    }
    if (count > 0) this.#piece = Buffer.concat(this.#lines.splice(0, count), length)
    return this.#piece
  }

  #note(written: number): void {
    const piece = this.#piece as Buffer
    this.#waitingBytes -= written
    this.#piece = written < piece.length ? piece.subarray(written) : undefined
  }

  #flush(): void {
    if (this.#isWriting || this.#isBroken) return
    for (let piece = this.#nextPiece(); piece; piece = this.#nextPiece()) {
      if (!this.#isPrompt) {
        this.#writeElsewhere(piece)
        return
      }
      this.#isFull = !this.#writeNow(piece)
      if (this.#isFull) {
        this.#later(retryMs)
        return
      }
    }
    // The last line may be long ago: a reader of now is told what is missing before it.
    if (this.#dropped > 0) {
      this.#tellDropped()
      this.#later(flushEveryMs)
    }
  }

  /** Writes what fits; false if nothing does. */
  #writeNow(piece: Buffer): boolean {
    try {
      this.#note(writeSync(this.#descriptor, piece))
      return true
    } catch (error) {
      return this.#fail(error)
    }
  }

  #writeElsewhere(piece: Buffer): void {
    this.#isWriting = true
    write(this.#descriptor, piece, (error, written) => {
      this.#isWriting = false
      if (!error) {
        this.#note(written)
        this.#flush()
      } else if (!this.#fail(error)) this.#later(retryMs)
    })
  }

  /** A reader or a terminal that is gone ends the log, and not the service; for anything else there is another try. */
  #fail(error: unknown): false {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EPIPE' || code === 'EIO' || code === 'EBADF') {
      this.#isBroken = true
      this.#lines = []
    }
    return false
  }

  #end(): void {
    const endsAt = performance.now() + maxEndMs
    const pause = new Int32Array(new SharedArrayBuffer(4))
    if (this.#dropped > 0) this.#tellDropped()
    // What another thread has under way is written by it.
    if (this.#isWriting) this.#piece = undefined
    for (let piece = this.#nextPiece(); piece && !this.#isBroken; piece = this.#nextPiece()) {
      if (this.#writeNow(piece)) continue
      if (performance.now() >= endsAt) return
      Atomics.wait(pause, 0, 0, 5)
    }
  }
}

/** Opens standard error so that no write waits: anew, if the system lets us, so that no other writer sees anything of it. */
function openPrompt(): number | undefined {
  const kind = fstatSync(standardError)
  if (kind.isFile()) return undefined
  try {
    const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants
    const descriptor = openSync('/proc/self/fd/2', O_WRONLY | O_NONBLOCK | O_NOCTTY)
    if (fstatSync(descriptor).ino === kind.ino) return descriptor
    closeSync(descriptor)
  } catch {
    // A socket, such as systemd's journal, or another system.
  }
  if (!kind.isFIFO() && !kind.isSocket()) return undefined
  // Node makes the descriptor of every socket one that does not wait, and this one is never closed.
  keptOpen = new Socket({ fd: standardError, readable: false, writable: true })
  keptOpen.unref()
  return standardError
}

let keptOpen: Socket | undefined
