// `latchkey serve --workers`: several real processes on one port and one database are one service.
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Wire } from '../src/core/wire.ts'
import { type Applied, openLatchkey } from '../src/index.ts'
import { type ServeProcess, tokensIn, useCommand } from './setup/command.ts'
import { onEachDatabase } from './setup/databases.ts'
import { boundMs } from './setup/stage.ts'
import { type Connection, connectTo, connectToTwo, logged, logOf } from './setup/worker-connections.ts'

const command = useCommand()

onEachDatabase('two workers', (makeDatabase) => {
  test('are one service: one root key, one address, and each of them answers', async () => {
    const server = await start(await makeDatabase())
    expect(new Set(tokensIn(server.stdout())).size).toBe(1)
    const [first, second] = await connectToTwo(server)
    const { id, key } = await createKey(first)
    expect(await verify(second, key)).toBe('valid')
    expect((await second.send<{ id: string }>('GET', `/v1/keys/${id}`)).json.id).toBe(id)
    expect(await server.stop()).toBe(0)
    expect(logOf(server).filter(({ msg }) => msg === 'stopped')).toHaveLength(3)
  })

  test('forget together: a key that one revokes is refused by the other within the bound', async () => {
    const server = await start(await makeDatabase())
    const [first, second] = await connectToTwo(server)
    const { id, key } = await createKey(first)
    expect([await verify(first, key), await verify(second, key)]).toEqual(['valid', 'valid'])
    await first.send('DELETE', `/v1/keys/${id}`)
    const revokedAt = performance.now()
    expect(await verify(first, key)).toBe('revoked')
    let acceptedAt = revokedAt
    while ((await verify(second, key)) !== 'revoked') acceptedAt = performance.now()
    expect(acceptedAt - revokedAt).toBeLessThanOrEqual(boundMs)
  })

  test('have both confirmed when a change with wait=applied is answered', async () => {
    const server = await start(await makeDatabase())
    const [first, second] = await connectToTwo(server)
    for (let i = 0; i < 10; i++) {
      const { id, key } = await createKey(first)
      expect([await verify(first, key), await verify(second, key)]).toEqual(['valid', 'valid'])
      const { json } = await first.send<{ applied: Wire<Applied> }>('DELETE', `/v1/keys/${id}?wait=applied`)
      expect(await verify(second, key)).toBe('revoked')
      expect(json.applied).toMatchObject({ confirmed: true, silent: [] })
    }
  })

  test('fail no request at SIGTERM under load, and lose no last use', async () => {
    const database = await makeDatabase()
    const server = await start(database)
    const root = connectTo(server)
    const failures: unknown[] = []
    const keys: Awaited<ReturnType<typeof createKey>>[] = []
    // One after the other: a change that finds the database too busy for it is refused, and this is not about that.
    for (let i = 0; i < 12; i++) keys.push(await createKey(root))
    const clients = keys.map(async ({ id, key }) => {
      const connection = connectTo(server)
      let usedAt = 0
      for (;;) {
        const began = Date.now()
        const { status } = await connection.send('POST', '/v1/keys/verify', { key })
        // The end: it accepts no connection any more.
        if (status === 'ECONNREFUSED') return { id, usedAt }
        if (status === 200) usedAt = began
        else failures.push(status)
      }
    })
    await setTimeout(700)
    expect(await server.stop()).toBe(0)
    const used = await Promise.all(clients)
    expect(failures).toEqual([])
    await using latchkey = await openLatchkey({ database })
    for (const { id, usedAt } of used) {
      const { lastUsedAt } = await latchkey.keys.get(id)
      expect(lastUsedAt?.getTime()).toBeGreaterThanOrEqual(usedAt)
    }
  })
})

describe('workers', () => {
  let count = 0
  const makeDatabase = () => `sqlite:${command.folder()}/workers-${++count}.db`

  test('serve on when one of them is killed, and another takes its place', async () => {
    const server = await start(makeDatabase())
    const [first, second] = await connectToTwo(server)
    const { key } = await createKey(first)
    const victim = await first.worker()
    const survivor = await second.worker()
    process.kill(victim, 'SIGKILL')
    const line = await logged(server, ({ msg }) => String(msg).startsWith('a worker ended'))
    expect(line).toMatchObject({ level: 'error', worker: victim, signal: 'SIGKILL' })
    expect(await verify(second, key)).toBe('valid')
    const third = await connectElsewhere(server, survivor)
    expect(await third.worker()).not.toBe(victim)
    expect(await verify(third, key)).toBe('valid')
    expect(await server.stop()).toBe(0)
  })

  test('that end again and again are started with longer and longer pauses', async () => {
    const server = await start(makeDatabase())
    const [first, second] = await connectToTwo(server)
    const survivor = await second.worker()
    let victim = await first.worker()
    const pauses: unknown[] = []
    for (let i = 0; i < 3; i++) {
      process.kill(victim, 'SIGKILL')
      const line = await logged(server, ({ msg, worker }) => worker === victim && /ended/.test(String(msg)))
      pauses.push(line.next_in_ms)
      victim = await (await connectElsewhere(server, survivor)).worker()
    }
    expect(pauses).toEqual([100, 200, 400])
  })

  test('count as one in the metrics, and a count never falls when one of them ends', async () => {
    const server = await start(makeDatabase())
    const [first, second] = await connectToTwo(server)
    const { key } = await createKey(first)
    for (let i = 0; i < 5; i++) await verify(first, key)
    for (let i = 0; i < 7; i++) await verify(second, key)
    for (const connection of [first, second]) expect(await countVerdicts(connection)).toBe(12)
    const { text } = await first.send('GET', '/metrics')
    const name = 'latchkey_http_request_duration_seconds'
    const labels = 'route="/v1/keys/verify",method="POST",status="200"'
    expect(text).toContain(`${name}_count{${labels}} 12`)
    expect(text).toContain(`${name}_bucket{le="+Inf",${labels}} 12`)
    expect(text.match(/^# TYPE latchkey_verdicts_total /gm)).toHaveLength(1)
    process.kill(await first.worker(), 'SIGKILL')
    await logged(server, ({ msg }) => String(msg).startsWith('a worker ended'))
    expect(await countVerdicts(second)).toBe(12)
    const third = await connectElsewhere(server, await second.worker())
    await verify(third, key)
    for (const connection of [second, third]) expect(await countVerdicts(connection)).toBe(13)
  })

  test('of which one is stopped still answer a scrape', async () => {
    const server = await start(makeDatabase())
    const [first, second] = await connectToTwo(server)
    const { key } = await createKey(first)
    await verify(first, key)
    expect(await countVerdicts(second)).toBe(1)
    const pid = await first.worker()
    process.kill(pid, 'SIGSTOP')
    await verify(second, key)
    expect(await countVerdicts(second)).toBe(2)
    process.kill(pid, 'SIGCONT')
    expect(await countVerdicts(first)).toBe(2)
  })

  test('end with the process that started them, even where that is killed', async () => {
    const server = await start(makeDatabase())
    const [first, second] = await connectToTwo(server)
    server.process.kill('SIGKILL')
    // Once the last of them has closed its standard error.
    expect(await server.ended).toBe('SIGKILL')
    for (const connection of [first, second]) {
      expect((await connection.send('GET', '/healthz')).status).toMatch(/^ECONN|socket hang up/)
    }
  })

  test('that get signals of their own, as from systemd, end in order all the same', async () => {
    const server = await start(makeDatabase())
    const pids = await Promise.all((await connectToTwo(server)).map((connection) => connection.worker()))
    // As the terminal does with Ctrl-C, too.
    for (const pid of pids) for (const signal of ['SIGTERM', 'SIGINT']) process.kill(pid, signal)
    server.process.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    const lines = logOf(server).filter(({ msg }) => msg === 'stopped')
    expect(
      lines
        .map(({ worker }) => worker)
        .filter(Number.isInteger)
        .sort(),
    ).toEqual(pids.sort())
  })

  test.each(['0', '-1', 'two', '1.5', ''])('are not %j', async (workers) => {
    const { code, stdout, stderr } = await command.run(['serve', `--workers=${workers}`])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^latchkey: --workers\b.+\.\n$/)
  })
})

function start(database: string): Promise<ServeProcess> {
  return command.serve(['--workers', '2', '--database', database])
}

async function createKey(connection: Connection): Promise<{ id: string; key: string }> {
  return (await connection.send<{ id: string; key: string }>('POST', '/v1/keys', { name: 'CI' })).json
}

async function verify(connection: Connection, key: string): Promise<unknown> {
  return (await connection.send<{ code: string }>('POST', '/v1/keys/verify', { key })).json.code
}

async function countVerdicts(connection: Connection): Promise<number> {
  const { text } = await connection.send('GET', '/metrics')
  return Number(/^latchkey_verdicts_total\{code="valid"\} (\d+)$/m.exec(text)?.[1])
}

/** Connects to a worker other than this one. */
async function connectElsewhere(server: ServeProcess, pid: number): Promise<Connection> {
  for (;;) {
    const connection = connectTo(server)
    if ((await connection.worker()) !== pid) return connection
    connection.close()
    await setTimeout(20)
  }
}
