// Reports of leaked tokens as they come in. Whatever is reported, the same is done: its digest is written, and the answer says
// that it was. A job finds out afterwards whose it is, so neither an answer nor its time tells whether a token was live.
import { system } from '../../core/actor.ts'
import { newId } from '../../core/ids.ts'
import { parseInput } from '../../core/input.ts'
import { placeOf, type ReportLeaksInput, reportLeaksSchema } from '../../core/shapes/leaks.ts'
import { enqueueJob } from '../../store/jobs.ts'
import { insertReports, type LeakReportRow } from '../../store/leaks.ts'
import { allDone } from '../../store/statements.ts'
import type { Engine } from '../engine.ts'
import type { FoundToken, LeakReceiver, ReportOrigin } from './found.ts'
import { candidatesOf } from './own.ts'

/** The name of the work of acting on reports. */
export const leaksKind = 'leaks'
/** So many rows are written at once: a report of as many tokens as it may have, and more that come at the same time. */
const rowsAtOnce = 4_000

/** What of Latchkey reports take. */
export interface LeakMeans extends Pick<Engine, 'store' | 'commit' | 'memory' | 'at' | 'now' | 'random'> {
  /** Has this process look for work at once. */
  wake(): void
}

/** Takes reports, and writes those together that come while others are written: strangers never write one by one. */
export class LeakInbox implements LeakReceiver {
  readonly #means: LeakMeans
  #waiting: { rows: readonly LeakReportRow[]; done: PromiseWithResolvers<void> }[] = []
  #isWriting = false

  constructor(means: LeakMeans) {
    this.#means = means
  }

  /** Reports by whoever shows the tokens. Throws `invalid_input`, `store_unavailable`. */
  async report(input: ReportLeaksInput): Promise<void> {
    const { keys, url } = parseInput(reportLeaksSchema, input)
    const found = keys.map((token) => ({ token, url }))
    await this.receive(found, { source: 'possession' })
  }

  /** Writes what may be a token, durably. Throws `store_unavailable`. */
  async receive(found: readonly FoundToken[], { source, requestId = '' }: ReportOrigin): Promise<void> {
    const rows = new Map<string, LeakReportRow>()
    // Another text under the same kid hides none: anybody can make one up, and put it beside what leaked.
    for (const { token, url } of found)
      for (const { kid, digest } of await candidatesOf(this.#means.memory, token))
        rows.set(`${kid} ${Buffer.from(digest).toString('hex')}`, {
          id: newId(this.#means),
          ...{ kid, digest, source },
          url: url?.includes(token) ? null : placeOf(url),
          request_id: requestId || null,
          due_at: 0,
        })
    if (rows.size === 0) return
    const done = Promise.withResolvers<void>()
    this.#waiting.push({ rows: [...rows.values()], done })
    if (!this.#isWriting) void this.#writeAll()
    await done.promise
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true
    // Those that are asked for in the same turn of the event loop come along.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#takeBatch()
      const settle = await this.#write(batch.flatMap(({ rows }) => rows))
      for (const { done } of batch) settle(done)
    }
    this.#isWriting = false
  }

  #takeBatch() {
    let [reports, rows] = [0, 0]
    for (const report of this.#waiting) {
      rows += report.rows.length
      if (reports > 0 && rows > rowsAtOnce) break
      reports++
    }
    return this.#waiting.splice(0, reports)
  }

  async #write(rows: readonly LeakReportRow[]): Promise<(done: PromiseWithResolvers<void>) => void> {
    const { store, commit, at, wake } = this.#means
    try {
      await commit(system, { permission: 'any key' }, ({ tx }) =>
        allDone([
          insertReports(tx, store.dialect, rows),
          enqueueJob(tx, { kind: leaksKind, subject: '', afterMs: 0 }, at()),
        ]),
      )
      wake()
      return ({ resolve }) => resolve()
    } catch (error) {
      return ({ reject }) => reject(error)
    }
  }
}
