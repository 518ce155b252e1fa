// What was acknowledged is there: after kill -9 of a writer or of the database, and after an orderly stop under load.
import { type ChildProcess, spawn } from 'node:child_process'
import { getRandomValues } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import { databaseKinds, makeDatabase, makeSqlite } from './setup/databases.ts'
import { readAll } from './setup/direct.ts'
import { missingPrograms, wants } from './setup/programs.ts'
import { codeOf } from './setup/refusal.ts'
import { send } from './setup/server.ts'
import { canMountDisks, mountSmallDisk } from './setup/small-disk.ts'
import { checkSqlite, killPostgres, killWriters } from './torture/kill.ts'

const command = useCommand()
const kills = Number(process.env.LATCHKEY_TEST_KILLS ?? 10)

// Each starts some twenty processes.
describe.concurrent('kill -9', { timeout: 180_000 }, () => {
  test(`of SQLite writers, ${kills} times, loses nothing acknowledged and leaves the file whole`, async () => {
    await using ownDatabase = makeSqlite()
    const { url, path } = ownDatabase
    console.log('SQLite, writers killed:', await killWriters(url, kills, () => checkSqlite(path)))
  })

  test(`of PostgreSQL's clients, ${kills} times, loses nothing acknowledged`, async () => {
    await using database = await makeDatabase('PostgreSQL')
    console.log('PostgreSQL, writers killed:', await killWriters(database.url, kills))
  })

  test('of PostgreSQL itself loses nothing acknowledged, and its clients go on', async () => {
    console.log('PostgreSQL itself killed:', await killPostgres(2))
  })
})

const tracing = wants(missingPrograms(['strace']))
test.skipIf(tracing.skip)(`an fsync precedes every answer to a change on SQLite${tracing.note}`, async () => {
  await using database = await makeDatabase('SQLite')
  const server = await startServe(database.url)
  const trace = join(mkdtempSync(join(tmpdir(), 'latchkey-trace-')), 'trace')
  // Of each text only what tells an answer from anything else: no token may get into the trace.
  const calls = ['-f', '-s', '15', '-e', 'trace=fsync,fdatasync,write,writev,sendto,sendmsg']
  const tracer = spawn('strace', [...calls, '-o', trace, '-p', String(server.process.pid)])
  await once(tracer.stderr, 'data')
  const { token } = server
  const statuses: number[] = []
  const change = async (method: string, path: string, body?: unknown) => {
    const answer = await send<Record<string, string>>(server.url, method, path, { token, body })
    statuses.push(answer.status)
    return answer.json
  }
  await change('POST', '/v1/organizations', { id: 'acme', name: 'Acme' })
  const { id } = await change('POST', '/v1/keys', { organization_id: 'acme', name: 'CI' })
  await change('PATCH', `/v1/keys/${id}`, { name: 'Other' })
  await change('POST', `/v1/keys/${id}/rotate`, { grace_seconds: 60 })
  await change('DELETE', `/v1/keys/${id}`)
  expect(statuses).toEqual([200, 200, 200, 200, 200])
  const ended = once(tracer, 'exit')
  tracer.kill('SIGINT')
  await ended
  await server.stop()
  const lines = readFileSync(trace, 'utf8').split('\n')
  rmSync(trace)
  const synced: boolean[] = []
  let isSynced = false
  for (const line of lines) {
    // An fsync counts from its end: where another thread spoke meanwhile, that is a line of its own.
    if (/(fsync|fdatasync)(\(\d+\)| resumed>\)?).*= 0$/.test(line)) isSynced = true
    if (!line.includes('HTTP/1.1 200')) continue
    synced.push(isSynced)
    isSynced = false
  }
  expect(synced).toEqual([true, true, true, true, true])
})

describe.concurrent.each(databaseKinds)('SIGTERM under load on %s', (kind) => {
  test('fails nothing in flight, and every last use is written down', async () => {
    await using database = await makeDatabase(kind)
    const latchkey = await openLatchkey({ database: database.url })
    await createAcme(latchkey)
    const keys: { id: string; key: string; usedAt: number }[] = []
    for (let i = 0; i < 20; i++) {
      const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
      keys.push({ id, key, usedAt: 0 })
    }
    const { key: token } = await latchkey.createRootKey()
    const server = await startServe(database.url)
    const failures: string[] = []
    let answered = 0
    const clients = keys.map(async (known) => {
      // A connection that stays, as services keep theirs.
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      for (let turn = 0; ; turn++) {
        const creates = turn % 5 === 4
        const began = Date.now()
        const body = creates ? { organization_id: 'acme', name: 'CI' } : { key: known.key }
        const outcome = await post(
          agent,
          server.url + (creates ? '/v1/keys' : '/v1/keys/verify'),
          token,
          body,
        )
        // The end: it accepts no connection any more.
        if (outcome === 'ECONNREFUSED') break
        if (outcome !== 200) failures.push(String(outcome))
        else if (!creates) known.usedAt = began
        answered++
      }
      agent.destroy()
    })
    await setTimeout(1_000)
    expect(await server.stop()).toBe(0)
    await Promise.all(clients)
    console.log(`${kind}: ${answered} requests answered around a SIGTERM`)
    expect(failures).toEqual([])
    for (const { id, usedAt } of keys) {
      expect(usedAt).toBeGreaterThan(0)
      const { lastUsedAt } = await latchkey.keys.get(id)
      expect(lastUsedAt?.getTime()).toBeGreaterThanOrEqual(usedAt)
    }
    await latchkey.close()
  })
})

const noDisk = !canMountDisks() && !process.env.CI
const forRoot = noDisk ? ' (to run it: be root, where mount is allowed)' : ''
test.skipIf(noDisk)(
  `on a full disk a change is refused whole, and verification goes on${forRoot}`,
  async () => {
    using disk = mountSmallDisk(3)
    const path = join(disk.folder, 'latchkey.db')
    const database = `sqlite:${path}`
    let sleptMs = 0
    await using latchkey = await openLatchkey({ database, monotonic: () => performance.now() + sleptMs })
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const cold = await latchkey.keys.create({ organizationId: 'acme', name: 'Cold' })
    expect((await latchkey.verify(key)).valid).toBe(true)
    const ballast = join(disk.folder, 'ballast')
    expect(() => writeFileSync(ballast, new Uint8Array(8_000_000))).toThrow('ENOSPC')
    const create = () => latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const isFull = () =>
      latchkey.checkWritable().then(
        () => false,
        () => true,
      )
    // The smallest change there is, until not even that has room.
    while (!(await isFull()));
    const before = await readAll(database)
    expect(await codeOf(create())).toBe('store_unavailable')
    expect(await codeOf(latchkey.keys.revoke(id))).toBe('store_unavailable')
    expect(await codeOf(latchkey.keys.rotate(id))).toBe('store_unavailable')
    expect(await codeOf(latchkey.checkWritable())).toBe('store_unavailable')
    expect(await readAll(database)).toBe(before)
    expect((await latchkey.verify(key)).valid).toBe(true)
    expect((await latchkey.verify(cold.key)).valid).toBe(true)
    // The lease has run out: from here on the database itself is read.
    sleptMs += 10_000
    expect((await latchkey.verify(key)).valid).toBe(true)
    rmSync(ballast)
    await latchkey.keys.revoke(id)
    expect((await latchkey.verify(key)).code).toBe('revoked')
    await create()
    await latchkey.close()
    checkSqlite(join(disk.folder, 'latchkey.db'))
  },
)

interface Serve {
  url: string
  /** The first root key, where the database was empty. */
  token: string
  process: ChildProcess
  /** Asks it to stop; gives the exit code. */
  stop(): Promise<number | null>
}

/** Starts `latchkey serve` as a process of its own. */
async function startServe(database: string): Promise<Serve> {
  const token = generateToken('re', getRandomValues as RandomSource).token
  const child = spawn(
    process.execPath,
    [command.main(), 'serve', '--port', '0', '--log-level', 'error', '--database', database],
    { env: { ...command.variables(), LATCHKEY_ROOT_KEY: token }, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = once(child, 'exit')
  const url = await new Promise<string>((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (chunk) => {
      said += chunk
      const found = /http:\S+/.exec(said)
      if (found) resolve(found[0])
    })
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}.`)))
  })
  return {
    url,
    token,
    process: child,
    stop: async () => {
      child.kill('SIGTERM')
      return (await ended)[0] as number | null
    },
  }
}

/** Posts JSON over an agent's connection; gives the status, or the code of what went wrong. */
function post(agent: Agent, url: string, token: string, body: unknown): Promise<number | string> {
  return new Promise((done) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const outgoing = request(url, { agent, method: 'POST', headers }, (incoming) => {
      incoming.resume()
      incoming.once('end', () => done(incoming.statusCode ?? 0))
      incoming.once('error', (error) => done(error.message))
    })
    outgoing.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message))
    outgoing.end(JSON.stringify(body))
  })
}
