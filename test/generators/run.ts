// Runs other programs: what they print is shown only if they fail.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const execute = promisify(execFile)
const maxRunMs = 10 * 60_000

/** How a program is run. */
export interface Run {
  cwd?: string
  env?: Record<string, string>
}

/** Runs a program to its end; gives what it printed. Throws an error that ends with the last lines of its output. */
export async function run(program: string, args: readonly string[], { cwd, env }: Run = {}): Promise<string> {
  try {
    const { stdout, stderr } = await execute(program, args, {
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, ...env },
      timeout: maxRunMs,
      maxBuffer: 64 * 1024 * 1024,
    })
    return stdout + stderr
  } catch (error) {
    const {
      stdout = '',
      stderr = '',
      message,
    } = error as { stdout?: string; stderr?: string; message: string }
    const lines = `${stdout}\n${stderr}`.trim().split('\n')
    throw new Error(`${message.split('\n')[0]}\n${lines.slice(-400).join('\n')}`)
  }
}
