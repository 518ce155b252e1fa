// Runs command lines in the process of the tests, which loads the program once: each process of its own loads it anew.
import { Readable, Writable } from 'node:stream'
import type { Run, RunOptions } from './command.ts'

let before: Promise<unknown> = Promise.resolve()

/**
 * Runs one command line in a folder, after those that were begun before it. While it runs, the streams, variables and
 * folder of this process are the ones that it is given, as they are in a process of its own.
 */
export function runInProcess(
  args: readonly string[],
  folder: string,
  options: RunOptions = {},
): Promise<Run> {
  const run = before.then(() => runAlone(args, folder, options))
  before = run.catch(() => {})
  return run
}

async function runAlone(
  args: readonly string[],
  folder: string,
  { env = {}, input = '' }: RunOptions,
): Promise<Run> {
  const { runProgram } = await import('../../src/cli/program.ts')
  const [stdout, stderr] = [collect(), collect()]
  const stdin = Readable.from(input === '' ? [] : [Buffer.from(input)], { objectMode: false })
  const restore = replace({
    stdin,
    stdout: stdout.stream,
    stderr: stderr.stream,
    env: { PATH: process.env.PATH, ...env },
  })
  const takeUpAgain = setOpeningsAside()
  const { exitCode } = process
  const home = process.cwd()
  process.exitCode = undefined
  process.chdir(folder)
  try {
    await runProgram(args)
    return { stdout: stdout.text(), stderr: stderr.text(), code: Number(process.exitCode ?? 0) }
  } finally {
    process.chdir(home)
    process.exitCode = exitCode
    takeUpAgain()
    restore()
  }
}

/** What the tests have opened here, a process of its own would not have opened: Latchkey does not warn of it. */
function setOpeningsAside(): () => void {
  const openings = (globalThis as { [place: symbol]: object })[Symbol.for('latchkey.openings')] ?? {}
  const earlier = { ...openings }
  Object.assign(openings, { count: new Map(), told: new Set() })
  return () => void Object.assign(openings, earlier)
}

/** Puts something else in the place of properties of the process; gives what puts them back. */
function replace(properties: Partial<Record<keyof NodeJS.Process, unknown>>): () => void {
  const names = Object.keys(properties)
  const earlier = names.map((name) => [name, Object.getOwnPropertyDescriptor(process, name)] as const)
  for (const [name, value] of Object.entries(properties))
    Object.defineProperty(process, name, { value, configurable: true, enumerable: true, writable: true })
  return () => {
    for (const [name, descriptor] of earlier) if (descriptor) Object.defineProperty(process, name, descriptor)
  }
}

function collect(): { stream: Writable; text: () => string } {
  let text = ''
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, _, done) => {
      text += chunk
      done()
    },
  })
  return { stream, text: () => text }
}
