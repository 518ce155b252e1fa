// `npm run test:quickstarts`: packs the package, installs it with each quickstart of examples/quickstarts, builds the app,
// starts it against a server and sends it the table of requests; then changes a file ten times under its development
// server. One after the other. `--only=next,express` runs those whose names hold one of these; `--packed=FILE` takes a tarball
// that is there.
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { run } from '../generators/run.ts'
import { createAcme } from '../setup/acme.ts'
import { startServerProxy } from '../setup/http-proxy.ts'
import { startTestServer } from '../setup/server.ts'
import { buildApp, installApp, startApp, versionIn } from './app.ts'
import { type Quickstart, quickstarts } from './quickstarts.ts'
import { checkReloads, edits } from './reloads.ts'
import { checkRequests, type Stage, useOnce } from './requests.ts'

const option = (name: string) =>
  process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3)
const only = option('only')?.split(',')
const wanted = quickstarts.filter(
  ({ name }) => only === undefined || only.some((part) => name.includes(part)),
)

const folder = mkdtempSync(join(tmpdir(), 'latchkey-quickstarts-'))
const packed = resolve(option('packed') ?? (await pack(folder)))
const server = await startTestServer(`sqlite:${join(folder, 'latchkey.db')}`)
await createAcme(server.latchkey)
const judge = await server.latchkey.keys.create({
  organizationId: 'root',
  name: 'App',
  permissions: ['latchkey:keys:verify'],
})
const proxy = await startServerProxy(server.url)
const stage: Stage = { server, proxy }
const lines: string[] = []
let failures = 0
try {
  for (const quickstart of wanted) {
    for (const versions of [{}, ...(quickstart.otherVersions ?? [])]) await tryOut(quickstart, versions)
  }
} finally {
  await proxy[Symbol.asyncDispose]()
  await server.close()
  rmSync(folder, { recursive: true, force: true })
}
const head = [
  'quickstart',
  'version',
  'answers',
  'revoked',
  'last use reported',
  'stopped',
  `after ${edits} edits`,
]
console.log([head, head.map(() => '---')].map(toRow).join('\n'))
console.log(lines.join('\n'))
process.exit(failures === 0 && wanted.length > 0 ? 0 : 1)

async function tryOut(quickstart: Quickstart, versions: Readonly<Record<string, string>>): Promise<void> {
  const own = join(folder, `${quickstart.name}-${Object.values(versions)[0] ?? 'lock'}`)
  mkdirSync(own)
  let cells = ['', 'failed']
  try {
    await installApp(quickstart, own, packed, versions)
    cells = [versionIn(own, quickstart.package), 'failed']
    await buildApp(quickstart, own)
    const env = { LATCHKEY_URL: proxy.url, LATCHKEY_KEY: judge.key }
    const app = await startApp(quickstart.start, own, env)
    let revoked = ''
    let isKnown: () => Promise<boolean>
    let stopped = ''
    try {
      const { revokedAfterMs } = await checkRequests(quickstart, app, stage)
      revoked = `${Math.round(revokedAfterMs)} ms`
      isKnown = await useOnce(quickstart, app, stage)
    } finally {
      proxy.heal()
      stopped = await app.stop()
    }
    const reported = (await isKnown()) ? 'yes' : 'no'
    const reloaded = await checkReloads(quickstart, own, env, stage)
    const held =
      reloaded === undefined
        ? ''
        : `${reloaded.streams} stream, threads ${reloaded.threads.join(' to ')}, descriptors ${reloaded.descriptors.join(' to ')}`
    cells = [cells[0] as string, 'as they must be', revoked, reported, stopped, held]
    if (reported === 'no' && !quickstart.losesLastUses) failures++
  } catch (error) {
    failures++
    console.error(`${quickstart.name}: ${(error as Error).stack}\n`)
  } finally {
    rmSync(own, { recursive: true, force: true })
  }
  lines.push(toRow([quickstart.title, ...cells]))
  console.error(lines.at(-1))
}

function toRow(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

/** Makes the tarball that `npm publish` would send. */
async function pack(into: string): Promise<string> {
  await run('npm', ['pack', '--pack-destination', into])
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  return join(into, `latchkey-${version}.tgz`)
}
