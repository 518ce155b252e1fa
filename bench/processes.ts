// Starts the servers that are measured, each in a process of its own, on a processor of its own where possible.
import { execFileSync, spawn } from 'node:child_process'
import { openSync, readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'

const repository = resolve(import.meta.dirname, '..')
/** The command, as built. */
export const main = join(repository, 'dist/cli/main.js')

/** Which processor serves and which one asks, where there are two and `taskset` to choose. */
export const serverCore = 0
export const clientCore = 1
const canChoose = availableParallelism() > 1 && finds('taskset')

export interface ServerProcess extends AsyncDisposable {
  url: string
  pid: number
  /** Milliseconds from the start of the process to the line that says where it serves. */
  startedInMs: number
  /** By `performance.now`: when that line came. */
  servesAt: number
}

export interface StartOptions {
  /** The processor to run on; any, if absent. */
  core?: number
  env?: Record<string, string>
  /** Where standard error goes; nowhere, if absent. */
  log?: string
}

/** Starts `latchkey serve` as built, on any free port. Its log goes to a file. */
export function startLatchkey(
  database: string,
  { log = '/dev/null', ...options }: StartOptions,
  flags: readonly string[] = [],
): Promise<ServerProcess> {
  const args = [main, 'serve', '--port', '0', '--database', database, ...flags]
  return start(args, { ...options, log }, /^Latchkey serves (http:\S+)/m)
}

/** Starts a server of `servers/`, which prints its url. */
export function startOther(
  name: string,
  args: readonly string[],
  options: StartOptions,
): Promise<ServerProcess> {
  return start([join(import.meta.dirname, 'servers', `${name}.ts`), ...args], options, /^(http:\S+)/m)
}

/** A command that runs on a processor. */
export function onCore(core: number | undefined, command: readonly string[]): [string, string[]] {
  const [program = '', ...args] =
    canChoose && core !== undefined ? ['taskset', '-c', String(core), ...command] : command
  return [program, args]
}

/**
 * The processor time that a process and its children have used so far, user and system, in microseconds: of the clock
 * ticks that Linux counts, a hundred a second. Undefined on a system without `/proc`.
 */
export function processorTimeOf(pid: number): number | undefined {
  try {
    const own = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the command, in parentheses, may hold anything: what follows it is told by its last one.
    const fields = own.slice(own.lastIndexOf(')') + 2).split(' ')
    let microseconds = (Number(fields[11]) + Number(fields[12])) * 10_000
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
      for (const child of children.trim().split(' ').filter(Boolean))
        microseconds += processorTimeOf(Number(child)) ?? 0
    }
    return microseconds
  } catch {
    return undefined
  }
}

/** Whether the machine has a program. */
export function finds(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

async function start(
  script: readonly string[],
  { core, env = {}, log }: StartOptions,
  announcement: RegExp,
): Promise<ServerProcess> {
  const startedAt = performance.now()
  const profile = process.env.BENCH_PROFILE
    ? ['--cpu-prof', `--cpu-prof-dir=${process.env.BENCH_PROFILE}`]
    : []
  const [program, args] = onCore(core, [process.execPath, ...profile, ...script])
  const child = spawn(program, args, {
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', log === undefined ? 'inherit' : openSync(log, 'a')],
  })
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  let printed = ''
  const url = await new Promise<string>((ready, fail) => {
    ended.then(() => fail(new Error(`${script[0]} ended: ${printed}`)))
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
      const url = announcement.exec(printed)?.[1]
      if (url) ready(url)
    })
  })
  const servesAt = performance.now()
  return {
    url,
    pid: child.pid as number,
    startedInMs: servesAt - startedAt,
    servesAt,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}
