// `npm run test:generators`: generates clients from the OpenAPI document that a server serves, compiles them, and walks the
// life of a key with each; then lets Schemathesis look for requests that the document describes and the server does not
// answer as described. `--only=go,java,schemathesis` runs the parts whose names hold one of these.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestServer } from '../setup/server.ts'
import { emailrClient, type Generator, generators } from './generators.ts'
import { runSchemathesis } from './schemathesis.ts'
import { installTools } from './tools.ts'

const only = process.argv
  .find((argument) => argument.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',')
const isWanted = (name: string) => only === undefined || only.some((part) => name.includes(part))

const tools = await installTools()
const folder = mkdtempSync(join(tmpdir(), 'latchkey-generators-'))
const server = await startTestServer(`sqlite:${join(folder, 'latchkey.db')}`)
const { organizations, keys } = server.latchkey
const lines: string[] = []
let failures = 0
try {
  const document = join(folder, 'openapi.json')
  writeFileSync(document, (await server.request('GET', '/openapi.json')).text)
  for (const generator of generators) if (isWanted(generator.name)) await tryOut(generator, document)
  if (isWanted(emailrClient.name))
    await tryOut(emailrClient, join(import.meta.dirname, 'emailr.openapi.json'))
  if (isWanted('schemathesis')) {
    const { line, isClean } = await runSchemathesis(tools, server, folder)
    lines.push(line)
    if (!isClean) failures++
  }
} finally {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
}
console.log(['| generator | version | compiled | walk |', '| --- | --- | --- | --- |', ...lines].join('\n'))
process.exit(failures === 0 ? 0 : 1)

async function tryOut(generator: Generator, document: string): Promise<void> {
  const own = join(folder, generator.name.replaceAll(/\W/g, '-'))
  mkdirSync(own)
  // Each walks with keys of an organization of its own, whose id is a UUID.
  const { id: organizationId } = await organizations.create({ name: generator.name })
  const permissions = ['latchkey:keys:read', 'latchkey:keys:write', 'emails:*']
  const customer = await keys.create({ organizationId, name: 'Program', permissions })
  if (generator !== emailrClient) await keys.revoke(customer.id)
  const env = {
    LATCHKEY_URL: server.url,
    LATCHKEY_KEY: server.rootKey,
    ORGANIZATION: organizationId,
    CUSTOMER_KEY: customer.key,
  }
  const job = { tools, document, folder: own, env }
  let [compiled, walked] = ['no', 'no']
  try {
    await generator.generate(job)
    await generator.compile(job)
    compiled = 'yes'
    await generator.walk(job)
    walked = 'yes'
  } catch (error) {
    failures++
    console.error(`${generator.name}: ${(error as Error).message}\n`)
  }
  lines.push(`| ${generator.name} | ${await generator.version(tools)} | ${compiled} | ${walked} |`)
  console.error(lines.at(-1))
}
