// Schemathesis makes requests from the document, plain and odd, alone and in sequences, and checks each answer against it.
import { join } from 'node:path'
import type { TestServer } from '../setup/server.ts'
import { run } from './run.ts'
import type { Tools } from './tools.ts'

/** What came of it. */
interface Outcome {
  /** A line of the table. */
  line: string
  isClean: boolean
}

/** Runs all phases with all checks, but for those that `schemathesis.toml` leaves out with the reason. */
export async function runSchemathesis({ python }: Tools, { url, rootKey }: TestServer): Promise<Outcome> {
  const config = join(import.meta.dirname, 'schemathesis.toml')
  const args = ['--config-file', config, 'run', `${url}/openapi.json`, '--no-color']
  let printed: string
  let isClean = true
  try {
    printed = await run(python('schemathesis'), args, { env: { LATCHKEY_KEY: rootKey } })
  } catch (error) {
    isClean = false
    printed = (error as Error).message
    console.error(printed)
  }
  const [, cases = '?'] = /([\d,]+) generated/i.exec(printed) ?? []
  return { line: `| schemathesis | ${cases} cases | | ${isClean ? 'yes' : 'no'} |`, isClean }
}
