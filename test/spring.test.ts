// The example for Spring Security, an opaque-token resource server, built by Maven and run before a real server. Maven loads
// what it needs from its own registry, so this is for long runs.
import { execFile, spawn } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { introspectionRoutes } from '../src/server/routes/introspection.ts'
import { makeSqlite } from './setup/databases.ts'
import { makeFolder, repository } from './setup/documents-run.ts'
import { missingPrograms } from './setup/programs.ts'
import { casesIfLong } from './setup/rounds.ts'
import { send, startTestServer } from './setup/server.ts'

test('the example asks the call that the server has', () => {
  const settings = readFileSync(
    join(repository, 'examples/spring/src/main/resources/application.properties'),
    'utf8',
  )
  expect(settings).toContain(`introspection-uri=\${LATCHKEY_URL}${introspectionRoutes[0]?.path}\n`)
})

test.each(casesIfLong(['Maven']))(
  'a resource server of Spring Security, built by %s, lets through what introspection says',
  async () => {
    expect(missingPrograms(['java', 'mvn'])).toEqual([])
    const folder = makeFolder()
    cpSync(join(repository, 'examples/spring'), folder, { recursive: true })
    await promisify(execFile)('mvn', ['-q', '-B', 'package'], { cwd: folder })
    const database = makeSqlite()
    onTestFinished(database.remove)
    await using latchkey = await startTestServer(database.url)
    const { keys } = latchkey.latchkey
    const create = (permissions: string[]) => keys.create({ organizationId: 'root', name: 'K', permissions })
    const gateway = await create(['latchkey:keys:verify'])
    const sender = await create(['emails:send'])
    const url = await start(join(folder, 'target/guarded.jar'), latchkey.url, gateway.key)
    const ask = async (path: string, token?: string) => {
      const { status, json, headers } = await send<object>(url, 'GET', path, { token })
      return { status, json, challenge: headers.get('www-authenticate') }
    }
    const who = { key_id: sender.id, organization_id: 'root' }
    expect(await ask('/emails', sender.key)).toMatchObject({ status: 200, json: who })
    const weaker = await create(['emails:read'])
    expect(await ask('/emails', weaker.key)).toMatchObject({ status: 403 })
    expect(await ask('/me', weaker.key)).toMatchObject({ status: 200 })
    expect(await ask('/me')).toMatchObject({ status: 401, challenge: expect.stringContaining('Bearer') })
    expect(await ask('/me', 'nonsense')).toMatchObject({ status: 401 })
    await keys.revoke(sender.id)
    expect(await ask('/emails', sender.key)).toMatchObject({
      status: 401,
      challenge: expect.stringContaining('invalid_token'),
    })
  },
  240_000,
)

/** Starts the example on a free port. */
async function start(jar: string, latchkeyUrl: string, key: string): Promise<string> {
  const env = { ...process.env, LATCHKEY_URL: latchkeyUrl, LATCHKEY_KEY: key, SERVER_PORT: '0' }
  const child = spawn('java', ['-jar', jar], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  for await (const text of child.stdout.setEncoding('utf8')) {
    output += text
    const port = /Tomcat started on port (\d+)/.exec(output)?.[1]
    if (port === undefined) continue
    child.stdout.resume()
    return `http://127.0.0.1:${port}`
  }
  throw new Error(`The example ended: ${output}`)
}
