// The steps of a release: each says what it does, how long it took, and all that its program said if it failed.
import { spawnSync } from 'node:child_process'

interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
}

/** Runs a program to its end; what it says is shown only if it fails, which throws. Returns its output. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Buffer {
  const { status, error, stdout, stderr } = spawnSync(program, args, { ...options, maxBuffer: 1 << 30 })
  if (error) throw new Error(`${program} did not start: ${error.message}`)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed (${status}):\n${stderr}${stdout}`)
  return stdout
}

/** Does a step, and says so before and after. */
export async function step<Result>(what: string, work: () => Result | Promise<Result>): Promise<Result> {
  const start = performance.now()
  process.stderr.write(`${what} … `)
  let end = 'failed'
  try {
    const result = await work()
    end = `${((performance.now() - start) / 1000).toFixed(1)} s`
    return result
  } finally {
    process.stderr.write(`${end}\n`)
  }
}
