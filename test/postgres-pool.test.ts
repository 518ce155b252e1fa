// The connections that a process lends to those who change or read something.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { PostgresConnector } from '../src/store/postgres-connection.ts'
import { ConnectionPool } from '../src/store/postgres-pool.ts'
import { parsePostgresUrl } from '../src/store/postgres-url.ts'
import { makePostgres } from './setup/databases.ts'
import { startProxy } from './setup/proxy.ts'

/** A pool of two at most, before whose server a proxy stands. */
async function openPool() {
  const database = await makePostgres()
  const proxy = await startProxy(database.url)
  const connector = new PostgresConnector(parsePostgresUrl(proxy.url, {}))
  const pool = new ConnectionPool(connector, { purpose: undefined, max: 2, timeoutMs: 30_000 })
  const close = async () => {
    await pool.close()
    await proxy[Symbol.asyncDispose]()
    await database.remove()
  }
  return { pool, proxy, [Symbol.asyncDispose]: close }
}

test('one that comes back serves whoever waits for a new one that takes too long, and that one serves the next', async () => {
  await using opened = await openPool()
  const { pool, proxy } = opened
  const first = await pool.acquire()
  // Each answer to a new connection.
  proxy.fail({ delayMs: 700 })
  const waiting = pool.acquire()
  const late = pool.acquire()
  await setTimeout(50)
  first.release()
  const second = await waiting
  expect(second.client).toBe(first.client)
  const third = await late
  expect(third.client).not.toBe(first.client)
  second.release()
  third.release()
})

test('who finds the server away is told at once, also while a connection from before is lent', async () => {
  await using opened = await openPool()
  const { pool, proxy } = opened
  const first = await pool.acquire()
  proxy.fail('cut')
  await expect(pool.acquire()).rejects.toThrow()
  first.release()
})
