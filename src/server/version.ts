// Which version of Latchkey this is.
import { readPackaged } from './packaged-files.ts'

/** Reads the version from the package's manifest. */
export function packageVersion(): string {
  return (JSON.parse(String(readPackaged('package.json'))) as { version: string }).version
}
