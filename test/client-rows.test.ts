// Rows that a client reads as they come: what is cut short, stalls or is none is an error, and never a short list.
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createClient } from '../src/client/index.ts'
import { assembleToken } from '../src/core/token.ts'
import { collect } from './setup/iterables.ts'

const token = assembleToken('re', '0123456789abcdef', new Uint8Array(32))
const row = { start: '2026-01-31T00:00:00.000Z', organization_id: 'acme', key_id: null, measure: 'valid' }
const line = (amount: number) => `${JSON.stringify({ ...row, amount, late: 0 })}\n`

let close = () => {}
afterEach(() => close())

/** A client of a server that answers each request so; the n-th is 1. */
async function serve(answer: (response: ServerResponse, n: number) => void, options = {}) {
  let asked = 0
  const server = createServer((_, response) => answer(response, ++asked)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return createClient({ url, token, ...options })
}

/** Reads as much as comes, and what it ends with. */
async function read(rows: AsyncIterable<{ amount: number }>) {
  const amounts: number[] = []
  try {
    for await (const { amount } of rows) amounts.push(amount)
    return { amounts }
  } catch (error) {
    return { amounts, code: (error as { code: string }).code }
  }
}

test('are given as they come, however the parts are cut', async () => {
  const text = Buffer.from([1, 2, 3].map(line).join('').replaceAll('acme', 'Zeile😀'))
  const { usage } = await serve(async (response) => {
    response.writeHead(200, { 'latchkey-closed-until': row.start })
    for (let i = 0; i < text.length; i += 7) {
      response.write(text.subarray(i, i + 7))
      await new Promise(setImmediate)
    }
    response.end()
  })
  const rows = await usage.export()
  expect(rows.closedUntil).toEqual(new Date(row.start))
  const all = await collect(rows)
  expect(all.map(({ amount }) => amount)).toEqual([1, 2, 3])
  expect(all[2]).toMatchObject({ start: new Date(row.start), organizationId: 'Zeile😀', keyId: null })
})

test('that break off between two rows, or within one, are an error', async () => {
  for (const rest of ['', line(3).slice(0, 20), line(3).slice(0, -1)]) {
    const { usage } = await serve((response) => {
      response.write(line(1) + line(2) + rest, () => response.destroy())
    })
    expect(await read(await usage.export())).toEqual({ amounts: [1, 2], code: 'server_unreachable' })
    close()
  }
})

test('that end within a row, or are none, do not come from Latchkey', async () => {
  const endless = 'x'.repeat(100_000)
  for (const rest of [line(3).slice(0, -1), endless, '<html>\n', '\n']) {
    const { usage } = await serve((response) => {
      response.write(line(1) + rest)
      if (rest !== endless) response.end()
    })
    expect((await read(await usage.export())).code).toBe('unexpected_answer')
    close()
  }
})

test('that stall are given up after the time of the call, and those that come slowly are not', async () => {
  const { usage } = await serve((response, n) => {
    response.write(line(1))
    if (n > 1) return
    const beat = setInterval(() => {
      response.write(line(2))
    }, 50)
    setTimeout(() => {
      clearInterval(beat)
      response.end()
    }, 1000)
  })
  const slow = await read(await usage.export({}, { timeoutMs: 800 }))
  expect(slow.code).toBeUndefined()
  expect(slow.amounts.length).toBeGreaterThan(2)
  expect(await read(await usage.export({}, { timeoutMs: 100 }))).toEqual({
    amounts: [1],
    code: 'timed_out',
  })
})

test('end with the signal of the call, before and while they are read', async () => {
  const { usage } = await serve((response) => {
    response.write(line(1))
  })
  const aborting = new AbortController()
  const rows = await usage.export({}, { signal: aborting.signal })
  const reading = read(rows)
  setTimeout(() => aborting.abort(), 50)
  expect(await reading).toEqual({ amounts: [1], code: 'aborted' })
  const { signal } = aborting
  await expect(usage.export({}, { signal })).rejects.toMatchObject({ code: 'aborted' })
})

test('are asked for again while the server is busy, until the first of them comes', async () => {
  const { usage } = await serve((response, n) => {
    if (n < 3) response.writeHead(503).end()
    else response.end(line(1))
  })
  expect(await read(await usage.export())).toEqual({ amounts: [1] })
})

test('that nobody reads on end their transfer', async () => {
  const ended = Promise.withResolvers<void>()
  const { usage } = await serve((response) => {
    response.write(line(1))
    response.on('close', ended.resolve)
  })
  for await (const { amount } of await usage.export()) {
    expect(amount).toBe(1)
    break
  }
  await ended.promise
})
