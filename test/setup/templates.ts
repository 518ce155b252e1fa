// Makes a database of each kind with today's tables, once for a test run. Tests get copies, which take a fraction of
// the time of making the tables anew. While you work on a step of the migrations, start `vitest` again.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { openStore } from '../../src/store/store.ts'
import { nameDatabase, runOnServer } from './postgres-databases.ts'

/** What tests copy: the path of an SQLite file, and the name of a PostgreSQL database. */
interface Templates {
  sqlite?: string
  postgres?: string
}

/** The templates of this test run; none in a program that is run by itself. */
export function templates(): Templates {
  return JSON.parse(process.env.TEST_TEMPLATES ?? '{}')
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-template-'))
  const sqlite = join(folder, 'latchkey.db')
  const { postgresUrl } = project.getProvidedContext()
  const postgres = `latchkey_template_${process.pid}`
  await runOnServer(postgresUrl, `drop database if exists ${postgres}`)
  await runOnServer(postgresUrl, `create database ${postgres}`)
  for (const url of [`sqlite:${sqlite}`, nameDatabase(postgresUrl, postgres)]) {
    const store = await openStore(url)
    await store.close()
  }
  // The processes in which tests run inherit it.
  process.env.TEST_TEMPLATES = JSON.stringify({ sqlite, postgres } satisfies Templates)
  return async () => {
    rmSync(folder, { recursive: true, force: true })
    await runOnServer(postgresUrl, `drop database if exists ${postgres} with (force)`)
  }
}
