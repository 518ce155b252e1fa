// The program of SQLite's threads: the file beside this one. `build/finish.ts` puts its text here instead, as an address
// that holds it, because bundlers leave behind files that are not imported.
import { extname } from 'node:path'

/** TypeScript in the repository, JavaScript in the builds of tests. */
export const sqliteProgram = new URL(`./sqlite-worker${extname(import.meta.url)}`, import.meta.url)
