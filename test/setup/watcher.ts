// Starts real processes on a database that judge tokens all the time, and asks them what they saw.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { childProgram } from './children.ts'

/** What a process saw of a token. Instants are nanoseconds by `process.hrtime.bigint()`: one clock for a machine. */
export interface Sight {
  /** Each change of the verdict's code, or of the error's. */
  codes: { code: string; at: bigint }[]
  /** When it was last found valid; 0 where it never was. */
  acceptedAt: bigint
  /** When the latest verification began that found it valid. */
  acceptBegunAt: bigint
}

export interface WatcherSettings {
  database: string
  /** Its wall clock is set by up to three days, several times a second: back, or both ways. */
  clockSteps?: 'back' | 'both'
}

export type Order =
  | { kind: 'watch'; token: string; permissions: string[] }
  | { kind: 'see'; tokens: string[] }
/** The first, with id 0, says that the process is ready. */
export interface Reply {
  id: number
  sights: Sight[]
}

export interface Watcher extends AsyncDisposable {
  readonly pid: number
  /** Judges a token from now on; resolves once it was found valid. */
  watch(token: string, permissions?: string[]): Promise<void>
  /** Judges a token from now on, whatever comes of it. */
  begin(token: string, permissions?: string[]): Promise<void>
  see(token: string): Promise<Sight>
  /** Waits until the latest judgement of a token was this code. */
  until(token: string, code: string): Promise<Sight>
  /** Stops and continues the process, with SIGSTOP and SIGCONT. */
  pause(): void
  resume(): void
}

/** Starts one; resolves when its database is open. */
export async function startWatcher(settings: WatcherSettings): Promise<Watcher> {
  const { path, env } = childProgram('watcher-child')
  const child = fork(path, [JSON.stringify(settings)], {
    env,
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const { ask, ready } = makeAsker(child)
  await ready
  const see = async (token: string) => (await ask({ kind: 'see', tokens: [token] }))[0] as Sight
  const until = async (token: string, code: string) => {
    for (;;) {
      const sight = await see(token)
      if (sight.codes.at(-1)?.code === code) return sight
      await setTimeout(5)
    }
  }
  const begin = async (token: string, permissions: string[] = []) => {
    await ask({ kind: 'watch', token, permissions })
  }
  return {
    pid: child.pid as number,
    begin,
    watch: async (token, permissions) => {
      await begin(token, permissions)
      await until(token, 'valid')
    },
    see,
    until,
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

function makeAsker(child: ChildProcess): {
  ask: (order: Order) => Promise<Sight[]>
  ready: Promise<unknown>
} {
  const ready = Promise.withResolvers<Sight[]>()
  const waiting = new Map([[0, ready]])
  let lastId = 0
  child.on('message', ({ id, sights }: Reply) => {
    waiting.get(id)?.resolve(sights)
    waiting.delete(id)
  })
  child.once('exit', (code, signal) => {
    for (const answer of waiting.values())
      answer.reject(new Error(`The watcher ended with ${code ?? signal}.`))
  })
  const ask = (order: Order) => {
    const id = ++lastId
    const answer = Promise.withResolvers<Sight[]>()
    waiting.set(id, answer)
    child.send({ id, order })
    return answer.promise
  }
  return { ask, ready: ready.promise }
}
