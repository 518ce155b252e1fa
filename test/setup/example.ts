// Runs a program of examples/ as a process, on the package as it is built.
import { spawn } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { makeFolder, repository } from './documents-run.ts'

/** An example that runs, or ran. */
export interface Example {
  stdout(): string
  stderr(): string
  /** With what it exited; null if it has not. */
  code(): number | null
}

/** Starts an example and waits until it listens, or for its end; it ends with the test. */
export async function startExample(
  path: string,
  env: Record<string, string>,
  until: 'listening' | 'its end' = 'listening',
): Promise<Example> {
  const folder = makeFolder()
  cpSync(join(repository, 'examples'), join(folder, 'examples'), { recursive: true })
  const child = spawn(process.execPath, [join(folder, 'examples', path)], {
    env: { PATH: process.env.PATH, PORT: '0', ...env },
    stdio: 'pipe',
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  await new Promise<void>((ready, fail) => {
    child.once('close', () => (until === 'its end' ? ready() : fail(new Error(stderr))))
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk
      if (until === 'listening' && stdout.includes('Listening on ')) ready()
    })
  })
  return { stdout: () => stdout, stderr: () => stderr, code: () => child.exitCode }
}

/** Where an example listens. */
export function addressIn({ stdout }: Pick<Example, 'stdout'>): string {
  return /^Listening on (http:\S+)/m.exec(stdout())?.[1] as string
}
