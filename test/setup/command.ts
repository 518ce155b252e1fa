// Runs the command line: in the process of the tests, or as real processes from a build of the source as it stands.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, inject } from 'vitest'
import { runInProcess } from './command-in-process.ts'
import type { TestServer } from './server.ts'

export interface RunOptions {
  env?: Record<string, string>
  /** What stands on standard input; nothing if absent. */
  input?: string
}

export interface Run {
  stdout: string
  stderr: string
  code: number | null
}

export interface ServeProcess {
  url: string
  process: ChildProcess
  stdout: () => string
  stderr: () => string
  /** Waits for its end; gives the exit code, or the signal that ended it. */
  ended: Promise<number | NodeJS.Signals>
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals>
}

/** The command line under test: its processes and servers are ended after each test. */
export interface TestCommand {
  main: () => string
  /** The variables of its processes; for those that a shell starts, `"$NODE" "$MAIN"` is the command. */
  variables: () => Record<string, string>
  /** A folder of this test file's own, in which commands run. */
  folder: () => string
  /** Runs a command in the process of the tests: for what it does, prints and takes for an exit code. */
  run(args: readonly string[], options?: RunOptions): Promise<Run>
  /** Runs a command as a process of its own: for what a process alone has, such as an end. */
  runProcess(args: readonly string[], options?: RunOptions): Promise<Run>
  /** Starts such a process, which may be killed before it ends. */
  startProcess(args: readonly string[], options?: RunOptions): { kill(): void; ended: Promise<Run> }
  /** Like `run`, and its JSON; throws where it does not exit with 0. */
  json<T = Record<string, unknown>>(args: readonly string[], options?: RunOptions): Promise<T>
  /** Starts a server in the process of the tests, for commands that work on one. */
  serveInProcess(database: string, options?: { publicUrl?: string }): Promise<TestServer>
  /** How many files it may have open is as many as the tests may if absent; `node` is the program that runs it. */
  serve(
    args: readonly string[],
    options?: Pick<RunOptions, 'env'> & { files?: number; node?: string },
  ): Promise<ServeProcess>
}

/** Gives a test file the command, from the build that starts quickly. */
export function useCommand(): TestCommand {
  let folder = ''
  const running = new Set<ServeProcess>()
  const servers = new Set<TestServer>()
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-command-'))
  })
  afterEach(async () => {
    for (const server of running) await server.stop('SIGKILL')
    running.clear()
    for (const server of servers) {
      servers.delete(server)
      await server.close()
    }
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const main = () => join(inject('builds').quick, 'dist/cli/main.js')
  const variables = () => ({
    PATH: process.env.PATH ?? '',
    NODE_COMPILE_CACHE: inject('builds').compiled,
    NODE: process.execPath,
    MAIN: main(),
  })
  const start = (
    args: readonly string[],
    env: Record<string, string> = {},
    files?: number,
    node: string = process.execPath,
  ) => {
    const bound = files === undefined ? [] : ['prlimit', `--nofile=${files}`]
    const [program, ...words] = [...bound, node, main(), ...args] as [string, ...string[]]
    return spawn(program, words, { cwd: folder, env: { ...variables(), ...env }, stdio: 'pipe' })
  }
  const run = (args: readonly string[], options?: RunOptions) => runInProcess(args, folder, options)
  const startProcess = (args: readonly string[], { env, input = '' }: RunOptions = {}) => {
    const child = start(args, env)
    const { stdout, stderr } = collect(child)
    // A command that reads nothing may be gone before its input is written.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    const ended = new Promise<Run>((done) => {
      child.once('close', (code) => done({ stdout: stdout(), stderr: stderr(), code }))
    })
    return { kill: () => void child.kill('SIGKILL'), ended }
  }
  const runProcess = (args: readonly string[], options?: RunOptions) => startProcess(args, options).ended
  return {
    main,
    variables,
    folder: () => folder,
    run,
    runProcess,
    startProcess,
    json: async <T>(args: readonly string[], options?: RunOptions) => {
      const { stdout, stderr, code } = await run([...args, '--json'], options)
      if (code !== 0) throw new Error(`${args.join(' ')} exited with ${code}: ${stderr}`)
      return JSON.parse(stdout) as T
    },
    serveInProcess: async (database, options) => {
      // Loaded only here: tests of processes do without the source.
      const { startTestServer } = await import('./server.ts')
      // Receivers of the documents are on this machine.
      const server = await startTestServer(database, { webhookNetworks: ['127.0.0.0/8'], ...options })
      servers.add(server)
      return server
    },
    serve: async (args, { env, files, node } = {}) => {
      const child = start(['serve', '--port', '0', ...args], env, files, node)
      const { stdout, stderr } = collect(child)
      const ended = new Promise<number | NodeJS.Signals>((done) =>
        child.once('close', (code, signal) => done(code ?? (signal as NodeJS.Signals))),
      )
      const server: ServeProcess = {
        url: '',
        process: child,
        stdout,
        stderr,
        ended,
        stop: (signal = 'SIGTERM') => {
          child.kill(signal)
          return ended
        },
      }
      running.add(server)
      await new Promise<void>((ready, fail) => {
        ended.then((code) => fail(new Error(`serve ended with ${code}: ${stderr()}`)))
        child.stdout.on('data', () => {
          const url = /^Latchkey serves (http:\S+)/m.exec(stdout())?.[1]
          if (url === undefined) return
          server.url = url
          ready()
        })
      })
      return server
    },
  }
}

/** The tokens in a text. */
export function tokensIn(text: string): string[] {
  return text.match(/\b[a-z][a-z0-9_]*_[0-9A-Za-z]{65}\b/g) ?? []
}

function collect(child: ChildProcess): { stdout: () => string; stderr: () => string } {
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  return { stdout: () => stdout, stderr: () => stderr }
}
