// The files that come with the program: of the package, or of the executable, which holds them itself.
import { readdirSync, readFileSync } from 'node:fs'

// The same place for the source and for what was built from it.
const root = new URL('../../', import.meta.url)

/** Absent if a runtime has no executables of this kind. */
const sea = process.getBuiltinModule('node:sea')
const isExecutable = sea?.isSea() ?? false

/** Reads a file, by its path from the package's folder; undefined if there is none. */
export function readPackaged(path: string): Buffer | undefined {
  try {
    return isExecutable ? Buffer.from(sea.getAsset(path)) : readFileSync(new URL(path, root))
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

/** The names of the files in a folder, whose path ends in a slash; none if there is no such folder. */
export function listPackaged(folder: string): string[] {
  try {
    return isExecutable
      ? sea
          .getAssetKeys()
          .filter((key) => key.startsWith(folder))
          .map((key) => key.slice(folder.length))
      : readdirSync(new URL(folder, root))
  } catch (error) {
    if (isAbsent(error)) return []
    throw error
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ERR_SINGLE_EXECUTABLE_APPLICATION_ASSET_NOT_FOUND'
}
