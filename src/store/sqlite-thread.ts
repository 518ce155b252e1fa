// A thread with a connection to an SQLite database of its own, as the thread that asks sees it. One that dies is
// started again.
import type { Worker } from 'node:worker_threads'
import type { QueryResult } from 'kysely'
import { endSentence } from '../core/sentence.ts'
import type { Warn } from './backend.ts'
import type { SqliteFile } from './sqlite-file.ts'
import { sqliteProgram } from './sqlite-program.ts'
import type { WorkerRequest, WorkerResponse, WorkerSettings } from './sqlite-worker.ts'

/** What one statement gives is bounded far below this, and so is what a thread holds. */
const maxHeapMb = 256
const firstPauseMs = 100
const maxPauseMs = 10_000
/** A thread that has lived so long died of something new. */
const livedMs = 60_000
/** A start takes some 30 ms of a processor, and nothing of the disk: before it opens the database, a thread greets. */
const startMs = 15_000
/** It is counted in so many steps: while this process stands still, its thread cannot greet, and time passes all the same. */
const startSteps = 15

/** Sends statements to a thread, one behind the other: those of one moment together, since each message wakes it. */
export class SqliteThread {
  /** Grows with each thread: what one was told, the next does not know. */
  generation = 0
  readonly #file: SqliteFile
  readonly #isReader: boolean
  readonly #warn: Warn
  readonly #program: URL
  readonly #startMs: number
  readonly #waiting = new Map<number, PromiseWithResolvers<QueryResult<unknown>>>()
  #unsent: WorkerRequest[] = []
  #worker: Worker | undefined
  #lastId = 0
  #deaths = 0
  #startedAt = 0
  #failure: Error = new Error('The SQLite thread is closed.')
  #timer: NodeJS.Timeout | undefined
  #greeting: NodeJS.Timeout | undefined
  #isClosed = false

  /** `start` is another program, and how many milliseconds it has for its start. */
  constructor(
    file: SqliteFile,
    isReader: boolean,
    warn: Warn,
    start: { program: URL; ms: number } = { program: sqliteProgram, ms: startMs },
  ) {
    this.#file = file
    this.#isReader = isReader
    this.#warn = warn
    this.#program = start.program
    this.#startMs = start.ms
  }

  /** Starts the thread, unless it was started before: a process that reads no list needs none that reads. */
  begin(): void {
    if (this.generation === 0 && !this.#isClosed) this.#start()
  }

  /** Runs a statement; `inTransaction`, only if a transaction is under way. Rejects if the thread dies meanwhile, or has died and is not back yet. */
  execute(sql: string, parameters: readonly unknown[], inTransaction = false): Promise<QueryResult<unknown>> {
    if (this.#worker === undefined) return Promise.reject(this.#failure)
    const id = ++this.#lastId
    const answer = Promise.withResolvers<QueryResult<unknown>>()
    this.#waiting.set(id, answer)
    this.#unsent.push({ id, sql, parameters, inTransaction })
    // A tick that a microtask asks for comes after all microtasks, and so after the statements that they send.
    if (this.#unsent.length === 1) queueMicrotask(() => process.nextTick(this.#send))
    return answer.promise
  }

  readonly #send = () => {
    const requests = this.#unsent
    this.#unsent = []
    if (requests.length > 0) this.#worker?.postMessage(requests)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearInterval(this.#greeting)
    await this.#worker?.terminate()
  }

  #start(): void {
    const { path } = this.#file
    const isRestart = this.generation > 0
    this.generation++
    this.#startedAt = performance.now()
    try {
      this.#worker = makeWorker(this.#program, { path, isReader: this.#isReader, isRestart })
    } catch (error) {
      this.#fail(notStarted((error as Error).message, error))
      return
    }
    this.#follow(this.#worker)
  }

  /** Passes its answers on, and notices its end. The first message has no answers: it says that the program runs. */
  #follow(worker: Worker): void {
    let hasGreeted = false
    const end = (error: Error) => this.#end(worker, hasGreeted ? error : notStarted(error.message, error))
    this.#greeting = this.#awaitGreeting(() => {
      if (hasGreeted) return
      end(new Error(`it said nothing for ${this.#startMs / 1000} seconds`))
      void worker.terminate()
    })
    worker.on('message', (responses: WorkerResponse[]) => {
      hasGreeted = true
      clearInterval(this.#greeting)
      for (const response of responses) this.#settle(response)
    })
    worker.on('error', end)
    worker.on('exit', () => end(new Error('The SQLite thread has ended.')))
  }

  #awaitGreeting(giveUp: () => void): NodeJS.Timeout {
    let steps = 0
    return setInterval(() => {
      // A greeting that came while this process was busy is heard before that.
      if (++steps === startSteps) setImmediate(giveUp)
    }, this.#startMs / startSteps)
  }

  #settle(response: WorkerResponse): void {
    const answer = this.#waiting.get(response.id)
    this.#waiting.delete(response.id)
    if ('error' in response)
      answer?.reject(Object.assign(new Error(response.error.message), { code: response.error.code }))
    else answer?.resolve({ rows: response.rows, numAffectedRows: BigInt(response.changes) })
  }

  #end(worker: Worker, error: Error): void {
    if (this.#worker === worker) this.#fail(error)
  }

  /** The thread is gone, and with it what it was doing; the next comes after a pause that grows from death to death. */
  #fail(error: Error): void {
    clearInterval(this.#greeting)
    this.#worker = undefined
    this.#failure = error
    for (const answer of this.#waiting.values()) answer.reject(error)
    this.#waiting.clear()
    this.#unsent = []
    if (this.#isClosed) return
    if (performance.now() - this.#startedAt > livedMs) this.#deaths = 0
    const pauseMs = Math.min(maxPauseMs, firstPauseMs * 2 ** this.#deaths++)
    this.#restartIn(pauseMs)
    // An opening that fails by this closes the thread at once, and tells of it itself.
    setImmediate(() => {
      if (this.#isClosed) return
      const what = this.#isReader ? 'reads from' : 'writes to'
      this.#warn(`The thread that ${what} SQLite failed, and starts again in ${pauseMs} ms: ${error.message}`)
    })
  }

  #restartIn(pauseMs: number): void {
    this.#timer = setTimeout(() => {
      // A thread would open, or even make, the file that is at the path now.
      if (this.#file.isSame()) this.#start()
      else this.#restartIn(maxPauseMs)
    }, pauseMs)
    this.#timer.unref()
  }
}

function makeWorker(program: URL, settings: WorkerSettings): Worker {
  // Imported, it would be found by bundlers, which replace the program by what they take for it.
  const threads = process.getBuiltinModule('node:worker_threads')
  return new threads.Worker(program, {
    workerData: settings,
    // Node 22 and 24 call their SQLite experimental at every start; we test on them.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  })
}

function notStarted(reason: string, cause: unknown): Error {
  return new Error(
    `the thread for SQLite did not start: ${endSentence(reason)} If a bundler packed this program, keep Latchkey out of the bundle: in Next.js by serverExternalPackages: ['latchkey'], elsewhere as an external package.`,
    { cause },
  )
}
