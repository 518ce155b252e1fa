// Tries mutants on the tests that reach them, those first that notice most for the time they take.
import type { TestProcess } from './process.ts'
import type { RunOrder } from './runner.ts'
import type { KnownTest } from './survey.ts'

/** Some tests of one file that are run together. */
interface Batch {
  file: string
  tests: string[]
  milliseconds: number
}

/** What noticed a mutant. */
export interface Notice {
  /** The test file. */
  test: string
  /** The name of the test, and what it said. */
  said: string
}

/** A mutant with what a trial needs to know of it. */
export interface Candidate {
  id: number
  file: string
  /** Those that reach it. */
  tests: readonly KnownTest[]
  /** The test files that hold the file: they are tried first, and whole. */
  holders: readonly string[]
  /** Whether it acts while a module is loaded, so that a new process is needed for each trial. */
  needsNewProcess: boolean
}

/** Tests that take no longer than this are run together. */
const quickMs = 300
/** So much testing by others than those that hold the file is enough: they reach everything and notice little. */
const enoughMs = 15_000

/** Tries mutants in one process after the other. */
export class Trials {
  readonly #process: TestProcess
  /** How often a test file noticed a mutant of a file of the source. */
  readonly #notices = new Map<string, number>()
  /** What was noticed since a test was last seen to pass without a mutant. */
  #unproven: { candidate: Candidate; notice: Notice; control: Batch }[] = []

  constructor(process: TestProcess) {
    this.#process = process
  }

  /**
   * Tries a mutant. Gives those whose outcome is known by now: undefined for nobody noticed. A failure counts only if
   * the same test passes afterwards without a mutant, for what earlier mutants left behind may make it fail too. If it
   * never does, nothing is known of the mutant.
   */
  async try(candidate: Candidate): Promise<Map<number, Notice | undefined>> {
    const found = await this.#find(candidate)
    if (found === undefined) return new Map([[candidate.id, undefined]])
    this.#unproven.push({ candidate, ...found })
    return this.#unproven.length < 12 ? new Map() : this.settle()
  }

  /** Sees the tests that noticed something pass without a mutant; tries again what one of them noticed that does not. */
  async settle(): Promise<Map<number, Notice | undefined>> {
    const unproven = this.#unproven
    this.#unproven = []
    const settled = new Map<number, Notice | undefined>()
    const passes = new Map<string, boolean>()
    for (const { candidate, notice, control } of unproven) {
      const key = `${control.file} ${control.tests.join()}`
      if (!passes.has(key)) passes.set(key, await this.#passes(control))
      if (passes.get(key)) settled.set(candidate.id, notice)
      else {
        this.#process.replace()
        const proven = await this.#findProven(candidate)
        if (proven !== 'unclear') settled.set(candidate.id, proven)
      }
    }
    return settled
  }

  async #findProven(candidate: Candidate): Promise<Notice | undefined | 'unclear'> {
    for (let tries = 1; tries <= 3; tries++) {
      const found = await this.#find(candidate)
      if (found === undefined || (await this.#passes(found.control))) return found?.notice
      this.#process.replace()
    }
    return 'unclear'
  }

  async #passes(batch: Batch): Promise<boolean> {
    const { failed } = await this.#process.run(orderOf(batch, 0))
    return failed === undefined
  }

  async #find(candidate: Candidate): Promise<{ notice: Notice; control: Batch } | undefined> {
    const { id, file, tests, holders, needsNewProcess } = candidate
    if (needsNewProcess) this.#process.replace()
    const noticesOf = (batch: Batch) => this.#notices.get(`${file} ${batch.file}`) ?? 0
    const isHolder = (batch: Batch) => holders.includes(batch.file)
    const weightOf = (batch: Batch) =>
      batch.milliseconds / (1 + noticesOf(batch)) + (isHolder(batch) ? 0 : Number.MAX_SAFE_INTEGER)
    let spentMs = 0
    try {
      for (const batch of makeBatches(tests).sort((a, b) => weightOf(a) - weightOf(b))) {
        if (spentMs > enoughMs) return undefined
        if (!isHolder(batch)) spentMs += batch.milliseconds
        const { failed, failedTest } = await this.#process.run(orderOf(batch, id))
        if (failed === undefined) continue
        this.#notices.set(`${file} ${batch.file}`, noticesOf(batch) + 1)
        const control = failedTest === undefined ? batch : { ...batch, tests: [failedTest] }
        return { notice: { test: batch.file, said: failed }, control }
      }
      return undefined
    } finally {
      if (needsNewProcess) this.#process.replace()
    }
  }
}

function makeBatches(tests: readonly KnownTest[]): Batch[] {
  const batches = new Map<string, Batch>()
  for (const { file, name, milliseconds } of tests) {
    const key = milliseconds < quickMs ? file : `${file} ${name}`
    const batch = batches.get(key) ?? { file, tests: [], milliseconds: 20 }
    batches.set(key, batch)
    batch.tests.push(name)
    batch.milliseconds += milliseconds
  }
  return [...batches.values()]
}

function orderOf({ file, tests, milliseconds }: Batch, mutant: number): RunOrder {
  return { file, mutant, tests, patienceMs: 4_000 + Math.min(2 * milliseconds, 20_000) }
}
