// Gives SQLite's threads their program as JavaScript, as the builds do: thousands start in a test run, and each would take the
// types out of it anew, which takes as long as all else at its start.
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import type { Plugin } from 'vitest/config'
import { threadAddress } from '../../build/thread-address.ts'

export function readyProgram(): Plugin {
  return {
    name: 'ready-program',
    load(id) {
      if (!id.endsWith('/src/store/sqlite-program.ts')) return undefined
      const text = stripTypeScriptTypes(readFileSync(join(id, '../sqlite-worker.ts'), 'utf8'))
      return `export const sqliteProgram = new URL(${JSON.stringify(threadAddress(text, 'sqlite-worker.ts'))})`
    },
  }
}
