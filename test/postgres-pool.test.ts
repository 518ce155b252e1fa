// The connections that a process lends to those who change or read something.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { PostgresConnector } from '../src/store/postgres-connection.ts'
import { ConnectionPool } from '../src/store/postgres-pool.ts'
import { parsePostgresUrl } from '../src/store/postgres-url.ts'
import { makePostgres } from './setup/databases.ts'
import { startProxy } from './setup/proxy.ts'

test('one that comes back serves whoever waits for a new one that takes too long, and that one serves the next', async () => {
  await using database = await makePostgres()
  await using proxy = await startProxy(database.url)
  const connector = new PostgresConnector(parsePostgresUrl(proxy.url, {}))
  const pool = new ConnectionPool(connector, { purpose: undefined, max: 2, timeoutMs: 30_000 })
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
  await pool.close()
})

test('who finds the server away is told at once, also while a connection from before is lent', async () => {
  await using database = await makePostgres()
  await using proxy = await startProxy(database.url)
  const connector = new PostgresConnector(parsePostgresUrl(proxy.url, {}))
  const pool = new ConnectionPool(connector, { purpose: undefined, max: 2, timeoutMs: 30_000 })
  const first = await pool.acquire()
  proxy.fail('cut')
  await expect(pool.acquire()).rejects.toThrow()
  first.release()
  await pool.close()
})
