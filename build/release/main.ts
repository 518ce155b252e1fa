// `npm run release`: makes all that is published of the commit that is checked out, in `dist-release`. The same commit gives the
// same bytes, whoever makes them, where and when: all is built in a clone of that commit alone, from the packages that its lock
// files name. Nothing is published here.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { findFault, readCommit } from './checks.ts'
import { run, step } from './steps.ts'

/** Makes a release of the repository in a folder; gives the folder that has it. */
export async function release(root: string): Promise<string> {
  const fault = findFault(root)
  if (fault !== undefined) throw new Error(fault)
  const { commit, time } = readCommit(root)
  const output = join(root, 'dist-release')
  // In the same file system, so that it becomes the output in one step.
  const unfinished = join(root, 'dist-release.unfinished')
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-release-'))
  const source = join(folder, 'source')
  const env = makeEnvironment(source, time)
  try {
    // What an earlier run left behind that was killed.
    rmSync(unfinished, { recursive: true, force: true })
    mkdirSync(unfinished)
    const git = (...args: string[]) => run('git', ['-c', 'core.autocrlf=false', ...args], { env })
    await step(`Clone ${commit.slice(0, 12)}`, () => {
      git('clone', '--quiet', '--no-checkout', root, source)
      git('-C', source, 'checkout', '--quiet', '--detach', commit)
    })
    await step('Install what builds it', () => {
      run('npm', ['ci', '--prefer-offline'], { env, cwd: source })
      // Node.js for other machines than this one is among it, which npm would refuse.
      const foreign = ['ci', '--force', '--ignore-scripts', '--prefer-offline']
      run('npm', foreign, { env, cwd: join(source, 'build/release') })
    })
    const node = join(source, 'node_modules/node/bin/node')
    execFileSync(node, ['build/release/make.ts', unfinished, String(time)], {
      cwd: source,
      env,
      stdio: 'inherit',
    })
    rmSync(output, { recursive: true, force: true })
    renameSync(unfinished, output)
  } finally {
    for (const path of [unfinished, folder]) rmSync(path, { recursive: true, force: true })
  }
  return output
}

/** What the surroundings may change of what is made, one way for all; of npm's variables only which registry it asks. */
function makeEnvironment(source: string, time: number): NodeJS.ProcessEnv {
  const kept = /^npm_config_(registry|cache|userconfig)$/
  const dropped = /^(npm_|NODE_ENV$|NODE_OPTIONS$|INIT_CWD$|LATCHKEY_|GIT_|PYTHON)/i
  const own = Object.entries(process.env).filter(([name]) => kept.test(name) || !dropped.test(name))
  const path = `${join(source, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`
  const same = { TZ: 'UTC', LC_ALL: 'C.UTF-8', LANG: 'C.UTF-8', SOURCE_DATE_EPOCH: String(time) }
  return { ...Object.fromEntries(own), PATH: path, ...same }
}

if (import.meta.main) {
  process.umask(0o022)
  try {
    process.stdout.write(`${await release(resolve(import.meta.dirname, '../..'))}\n`)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
  }
}
