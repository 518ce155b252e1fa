// The package as it is published: the file that npm would upload.
import { execFile } from 'node:child_process'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeLinksAbsolute } from '../../build/absolute-links.ts'
import { repository } from './documents-run.ts'

const run = promisify(execFile)

/** Packs a build (a folder with `dist`) in a new folder, as `npm pack` does in the repository; gives the file. */
export async function packPackage(build: string, folder: string): Promise<string> {
  cpSync(join(build, 'dist'), join(folder, 'dist'), { recursive: true, dereference: true })
  // What lies in the repository besides, too, so that `files` has something to leave out.
  for (const name of readdirSync(repository)) {
    if (/\.md$|\.json$|^LICENSE$|^examples$/.test(name))
      cpSync(join(repository, name), join(folder, name), { recursive: true })
  }
  makeLinksAbsolute(folder)
  const packed = await npm(folder, 'pack', '--json', '--ignore-scripts')
  return join(folder, /"filename": "([^"]+)"/.exec(packed)?.[1] as string)
}

/** Runs npm in a folder; gives what it printed. */
export async function npm(cwd: string, ...args: string[]): Promise<string> {
  const quiet = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error']
  return (await run('npm', [...args, ...quiet], { cwd, maxBuffer: 1 << 24 })).stdout
}
