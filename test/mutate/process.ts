// A process that runs tests of the mutated copy, and is replaced where it hangs, breaks or has run for long.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { RunOrder, RunReply } from './runner.ts'

/** After so many runs a process is replaced: what failed tests leave behind in it would add up. */
const maxRuns = 400
const startingMs = 60_000

export class TestProcess {
  readonly #args: readonly string[]
  readonly #env: NodeJS.ProcessEnv
  readonly #folder: string
  #child: ChildProcess | undefined
  #runs = 0

  /** `postgresUrl` is of a server for the tests; `toldFile` is a file of this process's own. */
  constructor(folder: string, postgresUrl: string, toldFile: string) {
    this.#folder = folder
    this.#args = [folder, postgresUrl, toldFile]
    this.#env = { ...process.env, LATCHKEY_TEST_RUNS: '60', NODE_COMPILE_CACHE: join(folder, 'compiled') }
  }

  /** Runs tests; what ends the process, or goes round in circles in it, has failed. */
  async run(order: RunOrder): Promise<RunReply> {
    if (this.#runs++ >= maxRuns) this.replace()
    this.#child ??= await this.#start(order.mutant)
    const child = this.#child
    const { promise, resolve } = Promise.withResolvers<RunReply>()
    const giveUp = (failed: string) => {
      this.replace()
      resolve({ failed, failedTest: undefined, surveyed: [], unfit: [] })
    }
    const timer = setTimeout(giveUp, order.patienceMs + 10_000, 'it does not end')
    const ended = () => giveUp('it ended the process')
    child.once('exit', ended)
    child.once('message', resolve)
    child.send(order)
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      child.removeAllListeners('message').off('exit', ended)
    }
  }

  /** Ends the process; the next run has a new one. */
  replace(): void {
    this.#child?.removeAllListeners('exit').kill('SIGKILL')
    this.#child = undefined
    this.#runs = 0
  }

  /** A new process has the mutant on from the beginning, for those that act while a module is loaded. */
  async #start(mutant: number): Promise<ChildProcess> {
    const child = fork(join(this.#folder, 'test/mutate/runner.ts'), this.#args, {
      cwd: this.#folder,
      silent: true,
      execArgv: ['--max-old-space-size=1024'],
      env: { ...this.#env, LATCHKEY_MUTANT: String(mutant) },
    })
    for (const stream of [child.stdout, child.stderr]) stream?.resume()
    // Who fails while it starts, by the mutant, fails at its first run.
    const signal = AbortSignal.timeout(startingMs)
    await Promise.race([once(child, 'message', { signal }), once(child, 'exit', { signal })]).catch(() => {})
    return child
  }
}
