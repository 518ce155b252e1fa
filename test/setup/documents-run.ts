// Runs a document's blocks for real: its commands in one shell, its TypeScript as programs, in a folder of its own.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { inject, onTestFinished } from 'vitest'
import type { Builds } from './build.ts'
import type { Step } from './documents.ts'

export const repository = resolve(import.meta.dirname, '../..')

/** What a block printed, on both outputs, and whether every command in it succeeded. */
export interface Outcome {
  printed: string
  succeeded: boolean
}

/** Makes a folder for a document in which `latchkey` is a command and a package, of the builds of this run, beside the frameworks that there are guards for; gone after the test. `node` is the Node.js that runs them. */
export function makeFolder(node: string = process.execPath): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-docs-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const { installed, quick }: Builds = inject('builds')
  const main = join(quick, 'dist/cli/main.js')
  const bin = join(folder, '.bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'latchkey'), `#!/bin/sh\nexec '${node}' '${main}' "$@"\n`, {
    mode: 0o755,
  })
  symlinkSync(node, join(bin, 'node'))
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(installed, join(folder, 'node_modules/latchkey'))
  for (const name of ['@hono', '@types', 'express', 'fastify', 'hono', 'standardwebhooks']) {
    symlinkSync(join(repository, 'node_modules', name), join(folder, 'node_modules', name))
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(repository, 'tsconfig.json'),
      // What is published is `latchkey` here, not the source.
      compilerOptions: { typeRoots: [join(repository, 'node_modules/@types')], paths: {} },
      include: ['block-*.ts'],
    }),
  )
  return folder
}

/**
 * What a shell is told first, so that each step's failures are noted. Of a pipe that fails amid, a plain POSIX shell
 * knows nothing; and at its first failure it ends, and the steps behind did not run.
 */
const prefaces = {
  bash: "set -o pipefail\ntrap 'failed=1' ERR\n",
  zsh: "set -o pipefail\ntrap 'failed=1' ZERR\n",
  dash: 'set -e\n',
}
export type Shell = keyof typeof prefaces

/** Runs the steps in order in one shell; a step's index is its place in what is returned. */
export async function runSteps(
  steps: readonly Step[],
  folder: string,
  environment: Record<string, string>,
  shell: Shell = 'bash',
): Promise<Outcome[]> {
  const results = join(folder, '.results')
  rmSync(results, { recursive: true, force: true })
  mkdirSync(results)
  const script = steps.map((step, i) => {
    const file = join(results, String(i))
    if (step.file !== undefined) writeFileSync(join(folder, step.file), step.text)
    else if (step.language === 'ts') writeFileSync(join(folder, `block-${i}.ts`), step.text)
    if (step.language === 'sql') writeFileSync(join(folder, `block-${i}.sql`), step.text)
    const commands: Record<string, string> = {
      sh: step.text,
      ts: `node block-${i}.ts\n`,
      sql: `psql --quiet --no-psqlrc --set ON_ERROR_STOP=1 --file block-${i}.sql "$ADMIN_URL"\n`,
    }
    const command = step.file === undefined ? commands[step.language] : ':'
    return `exec >'${file}' 2>&1; failed=0\n${command}\necho "$failed" >'${file}.failed'\n`
  })
  writeFileSync(join(folder, '.script'), prefaces[shell] + script.join(''))
  await execute(shell, ['.script'], folder, {
    ...environment,
    NODE_COMPILE_CACHE: inject('builds').compiled,
    PATH: `${join(folder, '.bin')}:${environment.PATH ?? process.env.PATH}`,
    HOME: folder,
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
    NO_COLOR: '1',
  })
  return steps.map((_, i) => {
    const file = join(results, String(i))
    if (!existsSync(`${file}.failed`)) {
      return { printed: existsSync(file) ? readFileSync(file, 'utf8') : '(did not run)', succeeded: false }
    }
    const succeeded = readFileSync(`${file}.failed`, 'utf8').trim() === '0'
    return { printed: readFileSync(file, 'utf8'), succeeded }
  })
}

/** Type-checks the `block-*.ts` of a folder; returns what the compiler says, and nothing if all is well. */
export function checkTypes(folder: string): Promise<string> {
  return execute(process.execPath, [join(repository, 'node_modules/typescript/bin/tsc')], folder, {})
}

function execute(
  program: string,
  args: string[],
  folder: string,
  env: Record<string, string>,
): Promise<string> {
  return new Promise((done) => {
    execFile(program, args, { cwd: folder, env, timeout: 90_000 }, (error, stdout, stderr) =>
      done(error && stdout + stderr === '' ? String(error) : stdout + stderr),
    )
  })
}
