// Limits over real processes: a server, verifiers that draw through it, and this process on the same database. Some are killed
// and some are stopped amid their work; together they never admit more than there is.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { freeze } from './setup/freeze.ts'

interface Told {
  codes: Record<string, number>
  cached: number
}

function start(order: object): ChildProcess {
  const child = fork(join(import.meta.dirname, 'setup/limits-child.ts'))
  child.send(order)
  return child
}

onEachDatabase('limits over processes', (makeDatabase) => {
  async function open() {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { key: token } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'V',
      permissions: ['latchkey:keys:verify'],
    })
    const children: ChildProcess[] = []
    const told = new Map<ChildProcess, Told>()
    const serve = async (port = 0) => {
      const child = start({ kind: 'server', database, port })
      children.push(child)
      const [{ url }] = (await once(child, 'message')) as [{ url: string }]
      return { child, url }
    }
    const verifyBy = (url: string, key: string) => {
      const child = start({ kind: 'verifier', url, token, key })
      children.push(child)
      told.set(child, { codes: {}, cached: 0 })
      child.on('message', (message: Told) => told.set(child, message))
      return child
    }
    let own = 0
    let isOver = false
    const judgeHere = async (key: string) => {
      while (!isOver) {
        const verdict = await latchkey.verify(key).catch(() => undefined)
        if (verdict?.valid) own++
        await setTimeout(20)
      }
    }
    const admittedBy = (child: ChildProcess) => told.get(child)?.codes.valid ?? 0
    const admitted = () => own + [...told.keys()].reduce((sum, child) => sum + admittedBy(child), 0)
    const waitFor = async (child: ChildProcess, count: number) => {
      const from = admittedBy(child)
      for (let i = 0; i < 500 && admittedBy(child) < from + count; i++) await setTimeout(20)
      expect(admittedBy(child), JSON.stringify(told.get(child))).toBeGreaterThanOrEqual(from + count)
    }
    const close = async () => {
      isOver = true
      for (const child of children) child.kill('SIGKILL')
      await latchkey.close()
    }
    return {
      latchkey,
      serve,
      verifyBy,
      judgeHere,
      admitted,
      admittedBy,
      waitFor,
      told,
      [Symbol.asyncDispose]: close,
    }
  }

  test('a killed or a stopped verifier, and a stopped and a killed server, never make units', async () => {
    await using stage = await open()
    const { latchkey, serve, verifyBy, judgeHere, admitted, waitFor } = stage
    const rate = { name: 'requests', limit: 200, windowSeconds: 1, burst: 60 }
    const total = { name: 'credits', limit: 1_000_000, resets: null }
    const begunAt = performance.now()
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'K', limits: [rate, total] })
    const mayHave = () => 60 + (200 * (performance.now() - begunAt)) / 1_000
    const { child: server, url } = await serve()
    void judgeHere(key)
    const [first, second] = [verifyBy(url, key), verifyBy(url, key)]
    await waitFor(first, 50)
    await waitFor(second, 50)
    first.kill('SIGKILL')
    await waitFor(second, 30)
    const goOn = freeze(second.pid as number)
    await setTimeout(2_500)
    expect(admitted()).toBeLessThanOrEqual(mayHave())
    goOn()
    await waitFor(second, 30)
    // While the server hangs, a change evicts it, and what it had lent must not be spent any more.
    const letServe = freeze(server.pid as number)
    await latchkey.waitUntilApplied()
    await setTimeout(500)
    expect(admitted()).toBeLessThanOrEqual(mayHave())
    letServe()
    await waitFor(second, 30)
    server.kill('SIGKILL')
    await setTimeout(300)
    await serve(Number(new URL(url).port))
    await waitFor(second, 30)
    expect(admitted()).toBeLessThanOrEqual(mayHave())
    expect(stage.told.get(second)?.cached).toBeGreaterThan(0)
  }, 60_000)

  test('a quota is admitted once, whoever is killed with units at hand', async () => {
    await using stage = await open()
    const { latchkey, serve, verifyBy, admitted, admittedBy, waitFor } = stage
    const { key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'K',
      limits: [{ name: 'credits', limit: 600, resets: null }],
    })
    const { url } = await serve()
    const first = verifyBy(url, key)
    await waitFor(first, 100)
    first.kill('SIGKILL')
    const second = verifyBy(url, key)
    for (let i = 0; i < 500; i++) {
      const { codes } = stage.told.get(second) as Told
      if ((codes.quota_exceeded ?? 0) > 20) break
      await setTimeout(20)
    }
    await setTimeout(200)
    expect(admittedBy(second)).toBeGreaterThan(100)
    expect(admitted()).toBeLessThanOrEqual(600)
    let more = 0
    for (let i = 0; i < 100; i++) if ((await latchkey.verify(key)).valid) more++
    expect(admitted() + more).toBeLessThanOrEqual(600)
  }, 60_000)
})
