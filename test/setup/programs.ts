// Programs that npm cannot bring: a test that wants one is skipped where it is absent, but never in continuous integration.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Which of the programs, named as Debian's packages, are not on the PATH. */
export function missingPrograms(names: readonly string[]): string[] {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.filter((name) => !folders.some((folder) => isProgram(join(folder, name))))
}

/** Whether to skip a test that wants these, and what to add to its name so that whoever sees it can have it run. */
export function wants(missing: readonly string[]): { skip: boolean; note: string } {
  if (missing.length === 0) return { skip: false, note: '' }
  return { skip: !process.env.CI, note: ` (to run it: apt-get install ${missing.join(' ')})` }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
