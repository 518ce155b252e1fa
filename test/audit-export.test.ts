// The audit log as a file: whole, for whom it is meant, and never cut short in silence.
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { neutralise } from '../src/core/csv.ts'
import { toWire } from '../src/core/wire.ts'
import type { AuditEvent, Latchkey, ListAuditInput, Wire } from '../src/index.ts'
import { createApp, createPipeline } from '../src/server/app.ts'
import { startServer } from '../src/server/server.ts'
import { addManyEvents } from './setup/bulk.ts'
import { readCsv } from './setup/csv.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { untilSealed } from './setup/sealed.ts'
import { startTestServer } from './setup/server.ts'

const many = 3000
const at = Date.UTC(2026, 0, 31)

onEachDatabase('the export of the audit log', (makeDatabase) => {
  async function start() {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    for (const id of ['acme', 'globex']) await server.latchkey.organizations.create({ id, name: id })
    return {
      ...server,
      database,
      [Symbol.asyncDispose]: () => server.close(),
      download: (query: string, token = server.rootKey) =>
        server.request('GET', `/v1/audit-log/export?${query}`, { token }),
      fill: async (organizationId: string, count = many) => {
        await using direct = await connectDirectly(database)
        await addManyEvents(direct, organizationId, count, at)
      },
    }
  }

  test('as JSON lines and as CSV it holds every event that fits, newest first, as the list does', async () => {
    await using server = await start()
    const { latchkey, download } = server
    const names = ['=1+1', '"quoted", and more', '@SUM(A1)', 'Zeile 😀', '\u202egnp', "'", ' =x']
    for (const name of names) {
      const { id } = await latchkey.keys.create({ organizationId: 'acme', name, metadata: { note: name } })
      await server.request('PATCH', `/v1/keys/${id}`, {
        token: server.rootKey,
        body: { name: `${name}!` },
        headers: { 'x-request-id': '-1' },
      })
    }
    await untilSealed(latchkey.audit)
    const updated = await latchkey.audit.list({ action: 'key.updated' })
    const newest = updated.items[0] as AuditEvent
    const filters: [query: string, input: ListAuditInput][] = [
      ['', {}],
      ['organization_id=acme&', { organizationId: 'acme' }],
      ['action=key.updated&', { action: 'key.updated' }],
      [`actor=${newest.actor}&`, { actor: newest.actor as string }],
      [`key_id=${newest.keyId}&`, { keyId: newest.keyId as string }],
      [`until=${newest.at.toISOString()}&`, { until: newest.at }],
      [`since=2090-01-01T00:00:00Z&`, { since: '2090-01-01T00:00:00Z' }],
    ]
    for (const [query, input] of filters) {
      const events = (await latchkey.audit.list({ ...input, limit: 1000 })).items
      const lines = await download(`${query}format=jsonl`)
      expect(lines.headers.get('content-type')).toBe('application/jsonl')
      expect(readLines(lines.text), query).toEqual(events.map(toWire))
      const csv = await download(`${query}format=csv`)
      expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
      expect(readEvents(csv.text), query).toEqual(events.map(toWire))
      for (const cell of readCsv(csv.text).flat()) expect(cell).not.toMatch(/^[\s"]*[=+\-@]/)
    }
    expect((await download('')).text).toBe((await download('format=jsonl')).text)
  })

  test('what others wrote begins neither a line nor a cell, whatever a reader takes for one', async () => {
    await using server = await start()
    const { latchkey, download } = server
    const name = 'a;=1+1;"b"\u2028{"id":1}\u2029'
    const metadata = { 'x;@y': '\u0085;-1' }
    await latchkey.keys.create({ organizationId: 'acme', name, metadata, createdBy: name })
    const query = 'organization_id=acme&action=key.created&format='
    const lines = (await download(`${query}jsonl`)).text
    const csv = (await download(`${query}csv`)).text
    for (const [text, [event]] of [
      [lines, readLines(lines)],
      [csv, readEvents(csv)],
    ] as const) {
      expect(event?.changes).toMatchObject({ name, metadata })
      expect(text).not.toMatch(/[\u0085\u2028\u2029]/)
    }
    // As where a comma is the decimal sign: a quote that ends before a comma does not end the cell.
    expect(csv).not.toContain(';')
  })

  test('the file is named after whose events it holds and the day', async () => {
    await using server = await start()
    const { key } = await server.latchkey.keys.create({
      organizationId: 'acme',
      name: 'C',
      permissions: ['latchkey:audit:read'],
    })
    for (const [query, token, whose] of [
      ['format=csv', server.rootKey, 'all'],
      ['format=csv&organization_id=globex', server.rootKey, 'globex'],
      ['format=csv', key, 'acme'],
    ] as const) {
      const { headers, status } = await server.download(query, token)
      expect(status).toBe(200)
      expect(headers.get('content-disposition')).toMatch(
        new RegExp(`^attachment; filename="latchkey-audit-${whose}-\\d{4}-\\d\\d-\\d\\d\\.csv"$`),
      )
      expect(headers.get('cache-control')).toBe('no-store')
    }
  })

  test('a key outside the root organization downloads the events of its own alone', async () => {
    await using server = await start()
    await server.fill('acme', 250)
    await server.latchkey.organizations.update('globex', { name: 'Secret' })
    const { key } = await server.latchkey.keys.create({
      organizationId: 'acme',
      name: 'C',
      permissions: ['latchkey:audit:read'],
    })
    for (const query of ['format=jsonl', 'format=jsonl&organization_id=acme']) {
      const events = readLines((await server.download(query, key)).text)
      expect(events).toHaveLength(252)
      expect(new Set(events.map(({ organization_id }) => organization_id))).toEqual(new Set(['acme']))
    }
    const refused = await server.download('organization_id=globex', key)
    expect(refused).toMatchObject({ status: 404, json: { code: 'organization_not_found' } })
  })

  test(`${many} events come over many pages, each once, while others are added`, async () => {
    await using server = await start()
    await server.fill('acme')
    const before = await server.download('organization_id=acme')
    expect(readLines(before.text)).toHaveLength(many + 1)
    let pages = 0
    const { url, close } = await observe('hot', server.latchkey, async () => {
      pages++
      await server.latchkey.organizations.update('acme', { name: `Acme ${pages}` })
    })
    const answer = await fetch(`${url}/v1/audit-log/export?organization_id=acme&format=csv`, {
      headers: { authorization: `Bearer ${server.rootKey}` },
    })
    const events = readEvents(await answer.text())
    expect(pages).toBeGreaterThan(20)
    // The one that was added before the first page was read, and none of the others.
    const unnumbered = (event: Wire<AuditEvent>) => ({ ...event, sequence: null })
    expect(events.slice(1).map(unnumbered)).toEqual(readLines(before.text).map(unnumbered))
    expect(events[0]).toMatchObject({ action: 'organization.updated', changes: { name: { to: 'Acme 1' } } })
    await close()
  })

  test('where the database fails midway the transfer breaks, and the log says why', async () => {
    await using server = await start()
    await server.fill('acme')
    await using direct = await connectDirectly(server.database)
    for (const door of ['hot', 'app'] as const) {
      let pages = 0
      const { read, close, log } = await observe(door, server.latchkey, async () => {
        if (++pages === 4) await direct.run('alter table audit_events rename to audit_events_away')
      })
      const headers = { authorization: `Bearer ${server.rootKey}` }
      const answer = await read('/v1/audit-log/export', { headers })
      expect(answer.status).toBe(200)
      await expect(answer.text()).rejects.toThrow()
      expect(pages).toBe(4)
      await direct.run('alter table audit_events_away rename to audit_events')
      expect(log.filter(({ level }) => level === 50)).toMatchObject([
        {
          msg: 'the answer was not sent completely',
          request_id: answer.headers.get('x-request-id'),
          error: { code: 'store_unavailable' },
        },
      ])
      await close()
    }
  })

  test('where it breaks, a reader without chunks, such as a proxy that speaks HTTP/1.0, is told by a reset', async () => {
    await using server = await start()
    await server.fill('acme')
    await using direct = await connectDirectly(server.database)
    let pages = 0
    const { url, close } = await observe('hot', server.latchkey, async () => {
      if (++pages === 4) await direct.run('alter table audit_events rename to audit_events_away')
    })
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    const head = `GET /v1/audit-log/export HTTP/1.0\r\nHost: a\r\nAuthorization: Bearer ${server.rootKey}\r\n\r\n`
    socket.resume().write(head)
    await expect(once(socket, 'end')).rejects.toMatchObject({ code: 'ECONNRESET' })
    await close()
  })

  test('where the caller’s key is revoked midway the transfer breaks', async () => {
    await using server = await start()
    await server.fill('acme')
    const { id, key } = await server.latchkey.keys.create({
      organizationId: 'acme',
      name: 'C',
      permissions: ['latchkey:audit:read'],
    })
    let pages = 0
    const { url, close } = await observe('hot', server.latchkey, async () => {
      if (++pages === 3) await server.latchkey.keys.revoke(id)
    })
    const answer = await fetch(`${url}/v1/audit-log/export`, { headers: { authorization: `Bearer ${key}` } })
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
    expect(pages).toBe(3)
    await close()
  })

  test('pages are read as the reader takes them, and no more once it has gone', async () => {
    await using server = await start()
    await server.fill('acme')
    let pages = 0
    const app = createApp(
      createPipeline(
        withPages(server.latchkey, async () => void pages++),
        { log: pino({ enabled: false }) },
      ),
    )
    const headers = { authorization: `Bearer ${server.rootKey}` }
    const answer = await app.request('/v1/audit-log/export', { headers })
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader()
    expect(pages).toBe(1)
    for (let taken = 1; taken <= 5; taken++) {
      expect((await reader.read()).done).toBe(false)
      // What the store would take to read several more.
      for (let i = 0; i < 3; i++) await server.latchkey.audit.list()
      expect(pages).toBe(taken)
    }
    await reader.cancel()
    for (let i = 0; i < 5; i++) await server.latchkey.audit.list()
    expect(pages).toBe(5)

    const before = pages
    const head = await app.request('/v1/audit-log/export', { method: 'HEAD', headers })
    expect(head.status).toBe(200)
    for (let i = 0; i < 5; i++) await server.latchkey.audit.list()
    expect(pages).toBe(before + 1)
  })

  test('a connection that is lost ends the reading', async () => {
    await using server = await start()
    await server.fill('acme')
    const abort = new AbortController()
    let pages = 0
    const { url, close } = await observe('hot', server.latchkey, async () => {
      if (++pages !== 3) return
      abort.abort()
      // The server hears of it as of any end of a connection.
      await setTimeout(200)
    })
    const headers = { authorization: `Bearer ${server.rootKey}` }
    const answer = fetch(`${url}/v1/audit-log/export`, { headers, signal: abort.signal })
    await expect(answer.then((response) => response.text())).rejects.toThrow()
    await setTimeout(200)
    for (let i = 0; i < 5; i++) await server.latchkey.audit.list()
    expect(pages).toBe(3)
    await close()
  })
})

/** The same Latchkey, which tells before each page of events that it reads. */
function withPages(latchkey: Latchkey, onPage: () => Promise<void>): Latchkey {
  const list: Latchkey['audit']['list'] = async (input, options) => {
    await onPage()
    return latchkey.audit.list(input, options)
  }
  return { ...latchkey, audit: { ...latchkey.audit, list } }
}

/** Serves a Latchkey once more, on a port of its own, and tells before each page. */
async function observe(door: 'hot' | 'app', latchkey: Latchkey, onPage: () => Promise<void>) {
  const lines: Record<string, unknown>[] = []
  const log = pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) })
  const observed = withPages(latchkey, onPage)
  if (door === 'app') {
    const app = createApp(createPipeline(observed, { log }))
    const read = async (path: string, options: RequestInit) => app.request(path, options)
    return { url: '', read, close: async () => {}, log: lines }
  }
  const server = await startServer(observed, { host: '127.0.0.1', port: 0, log })
  const read = (path: string, options: RequestInit) => fetch(server.url + path, options)
  return { url: server.url, read, close: () => server.close(), log: lines }
}

function readLines(text: string): Wire<AuditEvent>[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

/** Reads the CSV back into the events that it was made of. */
function readEvents(text: string): Wire<AuditEvent>[] {
  const [names, ...records] = readCsv(text) as [string[], ...string[][]]
  return records.map((cells) => {
    const plain = cells.map((cell) =>
      cell.startsWith("'") && neutralise(cell.slice(1)) === cell ? cell.slice(1) : cell,
    )
    const fields = names.map((name, i): [string, unknown] => {
      const value = plain[i] as string
      const isJson = name === 'changes' || name === 'is_erased' || (name === 'sequence' && value !== '')
      if (isJson) return [name, JSON.parse(value)]
      return [name, value === '' ? null : value]
    })
    return Object.fromEntries(fields) as unknown as Wire<AuditEvent>
  })
}
