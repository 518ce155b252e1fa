// Schemathesis makes requests from the document, plain and odd, alone and in sequences, and checks each answer against it.
import { join } from 'node:path'
import type { TestServer } from '../setup/server.ts'
import { callerToken, startCaller } from './caller.ts'
import { run } from './run.ts'
import type { Tools } from './tools.ts'

/** What came of it. */
interface Outcome {
  /** A line of the table. */
  line: string
  isClean: boolean
}

/** Runs all phases with all checks, but for what `schemathesis.toml` leaves out with the reason. It keeps notes in `cwd`. */
export async function runSchemathesis({ python }: Tools, server: TestServer, cwd: string): Promise<Outcome> {
  const config = join(import.meta.dirname, 'schemathesis.toml')
  const caller = await startCaller(server)
  const args = ['--config-file', config, '--no-color', 'run', `${caller.url}/openapi.json`]
  let printed: string
  let isClean = true
  try {
    printed = await run(python('schemathesis'), args, { cwd, env: { LATCHKEY_KEY: callerToken } })
    console.error(printed.slice(printed.indexOf(' Examples')))
  } catch (error) {
    isClean = false
    printed = (error as Error).message
    console.error(printed)
  } finally {
    caller.close()
  }
  const [version] = /\d[\d.]+/.exec(await run(python('schemathesis'), ['--version'])) ?? []
  const [, cases = '?'] = /(\d+) generated/.exec(printed) ?? []
  return { line: `| schemathesis | ${version} | ${cases} cases | ${isClean ? 'yes' : 'no'} |`, isClean }
}
