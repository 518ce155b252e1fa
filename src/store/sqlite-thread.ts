// A thread with a connection to an SQLite database of its own, as the thread that asks sees it. One that dies is
// started again.
import { existsSync } from 'node:fs'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { QueryResult } from 'kysely'
import type { Warn } from './backend.ts'
import type { SqliteFile } from './sqlite-file.ts'
import type { WorkerRequest, WorkerResponse, WorkerSettings } from './sqlite-worker.ts'
import { sqliteWorkerText } from './sqlite-worker-text.ts'

/** What one statement gives is bounded far below this, and so is what a thread holds. */
const maxHeapMb = 256
const firstPauseMs = 100
const maxPauseMs = 10_000
/** A thread that has lived so long died of something new. */
const livedMs = 60_000

/** Sends statements to a thread, one behind the other: those of one moment together, since each message wakes it. */
export class SqliteThread {
  /** Grows with each thread: what one was told, the next does not know. */
  generation = 0
  readonly #file: SqliteFile
  readonly #isReader: boolean
  readonly #warn: Warn
  readonly #waiting = new Map<number, PromiseWithResolvers<QueryResult<unknown>>>()
  #unsent: WorkerRequest[] = []
  #worker: Worker | undefined
  #lastId = 0
  #deaths = 0
  #startedAt = 0
  #failure: Error = new Error('The SQLite thread is closed.')
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(file: SqliteFile, isReader: boolean, warn: Warn) {
    this.#file = file
    this.#isReader = isReader
    this.#warn = warn
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
    await this.#worker?.terminate()
  }

  #start(): void {
    const { path } = this.#file
    const isRestart = this.generation > 0
    const worker = new Worker(findProgram(), {
      workerData: { path, isReader: this.#isReader, isRestart } satisfies WorkerSettings,
      // Node 22 and 24 call their SQLite experimental at every start; we test on them.
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    })
    this.generation++
    this.#worker = worker
    this.#startedAt = performance.now()
    worker.on('message', (responses: WorkerResponse[]) => {
      for (const response of responses) this.#settle(response)
    })
    worker.on('error', (error: Error) => this.#end(worker, error))
    worker.on('exit', () => this.#end(worker, new Error('The SQLite thread has ended.')))
  }

  #settle(response: WorkerResponse): void {
    const answer = this.#waiting.get(response.id)
    this.#waiting.delete(response.id)
    if ('error' in response)
      answer?.reject(Object.assign(new Error(response.error.message), { code: response.error.code }))
    else answer?.resolve({ rows: response.rows, numAffectedRows: BigInt(response.changes) })
  }

  /** The thread is gone, and with it what it was doing; the next comes after a pause that grows from death to death. */
  #end(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#failure = error
    for (const answer of this.#waiting.values()) answer.reject(error)
    this.#waiting.clear()
    this.#unsent = []
    if (this.#isClosed) return
    if (performance.now() - this.#startedAt > livedMs) this.#deaths = 0
    const pauseMs = Math.min(maxPauseMs, firstPauseMs * 2 ** this.#deaths++)
    const what = this.#isReader ? 'reads from' : 'writes to'
    this.#warn(`The thread that ${what} SQLite failed, and starts again in ${pauseMs} ms: ${error.message}`)
    this.#restartIn(pauseMs)
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

/** The program of a thread: the file beside this one, or its text if a bundler left the file behind. */
function findProgram(): URL {
  // Bundlers that write CommonJS leave no address; others leave that of a file of the machine that they ran on.
  const here = import.meta.url as string | undefined
  // TypeScript in the repository, JavaScript once built.
  const file = here && new URL(`./sqlite-worker${extname(here)}`, here)
  if (file && (sqliteWorkerText === undefined || existsSync(file))) return file
  if (sqliteWorkerText !== undefined)
    return new URL(`data:text/javascript,${encodeURIComponent(sqliteWorkerText)}`)
  throw new Error('The program of its threads, sqlite-worker, is missing: build Latchkey with npm run build')
}
