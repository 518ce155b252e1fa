// `node bench/clients.ts [language…]`: the local verifiers of all languages beside one another, before one server. Each is a program
// of its own, of one thread of work, which gets what it needs as JSON in a file and prints what it found as JSON:
//
// - `plain`, `permissions`, `limits`: warm verifications by `verify` in a second of its own processor time, its background included
// - `last_accept_ms`: from each acknowledged revocation to the last verdict that was valid
//
// Build first: `npm run build`. Figures of processor time hold beside other work on the machine; the revocations do not.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { createClient } from '../src/client/index.ts'
import { rootToken } from './dataset.ts'
import { clientCore, onCore, serverCore, startLatchkey } from './processes.ts'

const repository = resolve(import.meta.dirname, '..')
const keys = 1_000
const revocations = 20

/** A language's verifier: the command that measures it, to which the name of the file is added, and where it runs. */
interface Contestant {
  command: string[]
  cwd: string
  env?: Record<string, string>
}

const contestants: Record<string, Contestant> = {
  TypeScript: { command: [process.execPath, 'bench/verifiers/typescript.ts'], cwd: repository },
  Python: {
    command: [process.env.PYTHON ?? 'python3', 'tools/measure.py'],
    cwd: join(repository, 'clients/python'),
    env: { PYTHONPATH: 'src' },
  },
  Go: { command: ['go', 'run', './tools/measure'], cwd: join(repository, 'clients/go') },
}

interface Found {
  plain: number
  permissions: number
  limits: number
  last_accept_ms: number[]
}

const wanted = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'latchkey-clients-'))
try {
  const env = { LATCHKEY_ROOT_KEY: rootToken }
  await using server = await startLatchkey(`sqlite:${join(folder, 'clients.db')}`, { core: serverCore, env })
  const client = createClient({ url: server.url, token: rootToken })
  const create = (permissions: string[], limits: object = {}) =>
    client.keys.create({ organizationId: 'root', name: 'K', permissions, ...limits })
  const tokens: string[] = []
  for (let i = 0; i < keys; i++) tokens.push((await create(['emails:send', 'domains:*'])).key)
  console.log('| verifier | plain | with a permission | of a limit | last accept: median | longest |')
  console.log('| --- | --- | --- | --- | --- | --- |')
  for (const [name, contestant] of Object.entries(contestants)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue
    const limits = [{ name: 'requests', limit: 10 ** 9, windowSeconds: 1 }]
    const revoked = []
    for (let i = 0; i < revocations; i++) revoked.push(await create([]))
    const order = {
      url: server.url,
      token: (await create(['latchkey:keys:verify'])).key,
      root: rootToken,
      tokens,
      limited: (await create([], { limits })).key,
      revoked: revoked.map(({ id, key }) => ({ id, token: key })),
      permission: 'emails:send',
      seconds: 2,
    }
    const file = join(folder, `${name}.json`)
    writeFileSync(file, JSON.stringify(order))
    console.log(describe(name, await measure(contestant, file)))
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function measure({ command, cwd, env }: Contestant, file: string): Promise<Found> {
  const [program, args] = onCore(clientCore, [...command, file])
  const { stdout } = await promisify(execFile)(program, args, { cwd, env: { ...process.env, ...env } })
  return JSON.parse(stdout)
}

function describe(name: string, found: Found): string {
  const waits = found.last_accept_ms.toSorted((a, b) => a - b)
  const rates = [found.plain, found.permissions, found.limits].map((rate) =>
    Math.round(rate).toLocaleString('en'),
  )
  const [median = 0, longest = 0] = [waits[waits.length >> 1], waits.at(-1)]
  return `| ${[name, ...rates, `${Math.round(median)} ms`, `${Math.round(longest)} ms`].join(' | ')} |`
}
