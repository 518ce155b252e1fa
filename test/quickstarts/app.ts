// One quickstart in a folder of its own: installed beside the packed package, built, started and stopped.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { run } from '../generators/run.ts'
import type { Quickstart } from './quickstarts.ts'

const examples = resolve(import.meta.dirname, '../../examples/quickstarts')

/** What the frameworks are told in each command: nothing of their makers' business. */
const quiet = {
  ASTRO_TELEMETRY_DISABLED: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
  NO_COLOR: '1',
}

/** Copies a quickstart into a folder and installs its lock there, the package beside it, and other versions if there are any. */
export async function installApp(
  { name }: Quickstart,
  folder: string,
  packed: string,
  versions: Readonly<Record<string, string>> = {},
): Promise<void> {
  cpSync(join(examples, name), folder, {
    recursive: true,
    filter: (path) => !path.endsWith('node_modules'),
  })
  const others = Object.entries(versions).map(([name, version]) => `${name}@${version}`)
  const flags = ['--no-save', '--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', ['install', ...flags, packed, ...others], { cwd: folder })
}

/** The version of a package that is installed for an app. */
export function versionIn(folder: string, name: string): string {
  return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version
}

/** Builds an app; it knows of no server then. */
export async function buildApp({ build }: Quickstart, folder: string): Promise<void> {
  if (build !== undefined) await run('npm', ['run', build], { cwd: folder, env: quiet })
}

/** An app that runs. */
export interface RunningApp {
  url: string
  process: ChildProcess
  /** What it has printed so far. */
  printed(): string
  /** Asks it to stop, as the system does; gives how it ended. Throws if it does not end. */
  stop(): Promise<string>
}

const maxStartMs = 120_000
const maxStopMs = 15_000

/** Starts an app, and waits until it answers. */
export async function startApp(
  command: readonly string[],
  folder: string,
  env: Record<string, string>,
): Promise<RunningApp> {
  const port = await freePort()
  const [program = '', ...args] = command
  const child = spawn(program, args, {
    cwd: folder,
    // Signals go to the program and to what it has started, as those of a terminal do.
    detached: true,
    env: { ...process.env, ...quiet, ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text
    })
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid as number), name)
    } catch {
      // It has ended.
    }
  }
  const app: RunningApp = {
    url: `http://127.0.0.1:${port}`,
    process: child,
    printed: () => printed,
    stop: async () => {
      signal('SIGTERM')
      const timer = setTimeout(() => signal('SIGKILL'), maxStopMs)
      const [code, by] = await ended
      clearTimeout(timer)
      if (by === 'SIGKILL') throw new Error(`It did not stop within ${maxStopMs} ms:\n${printed}`)
      return code === null ? String(by) : `exit ${code}`
    },
  }
  const until = performance.now() + maxStartMs
  while (!(await answers(app.url))) {
    if (child.exitCode !== null) throw new Error(`It ended:\n${printed}`)
    if (performance.now() > until) {
      signal('SIGKILL')
      throw new Error(`It does not answer:\n${printed}`)
    }
    await new Promise((later) => setTimeout(later, 100))
  }
  return app
}

async function answers(url: string): Promise<boolean> {
  try {
    await (await fetch(url)).arrayBuffer()
    return true
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No port.')
  return address.port
}
