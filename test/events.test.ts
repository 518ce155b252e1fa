// Events in the order of the log: read from anywhere, waited for, and streamed.
import { expect, test } from 'vitest'
import { createClient } from '../src/client/index.ts'
import { maxWaits, maxWaitsOfKey, maxWaitsOfLog } from '../src/core/bounds.ts'
import { LogWatch } from '../src/domain/events/watch.ts'
import { type Latchkey, type LogEvent, openLatchkey } from '../src/index.ts'
import { openStore } from '../src/store/store.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy } from './setup/callers.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { send, startTestServer } from './setup/server.ts'

const reader = { permissions: ['latchkey:audit:read'] }

async function prepare(latchkey: Latchkey, rootKey?: string) {
  const rootToken = rootKey ?? ((await latchkey.ensureRootKey())?.key as string)
  const actor = { ...(await callerBy(latchkey, rootToken)), ip: '203.0.113.7', requestId: 'req-1' }
  await createAcme(latchkey)
  await latchkey.organizations.create({ id: 'bees', name: 'Bees' })
  const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'Reader', ...reader }, { actor })
  return { actor, key, own: await callerBy(latchkey, key) }
}

const actionsOf = (events: readonly LogEvent[]) =>
  events.map(({ sequence, organizationId, action }) => `${organizationId} ${sequence} ${action}`)

onEachDatabase('events', (makeDatabase) => {
  test('are read in the order of the log, from anywhere on, by their types', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase(), monotonic: () => 0 })
    const { actor, own } = await prepare(latchkey)
    const { id } = await latchkey.keys.create({ name: 'Second', organizationId: 'bees' })
    await latchkey.keys.revoke(id)
    const all = await latchkey.events.read()
    expect(actionsOf(all.events)).toEqual([
      'root 1 organization.created',
      'root 2 key.created',
      'acme 1 organization.created',
      'bees 1 organization.created',
      'acme 2 key.created',
      'bees 2 key.created',
      'bees 3 key.revoked',
    ])
    expect(all.events.map(({ position }) => position)).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(all.events[4]).toMatchObject({ actor: actor.keyId, actorType: 'key', ip: '203.0.113.7' })
    const page = await latchkey.events.read({ types: ['key.*'], limit: 2 })
    expect(actionsOf(page.events)).toEqual(['root 2 key.created', 'acme 2 key.created'])
    const rest = await latchkey.events.read({ types: ['key.created', 'plan.*'], after: page.cursor })
    expect(actionsOf(rest.events)).toEqual(['bees 2 key.created'])
    expect(rest.cursor).toBe(all.cursor)
    expect(actionsOf((await latchkey.events.read({ organizationId: 'bees', after: '1' })).events)).toEqual([
      'bees 2 key.created',
      'bees 3 key.revoked',
    ])
    // An organization hears of its own, and nothing of who acted from outside of it.
    const { events } = await latchkey.events.read({}, { actor: own })
    expect(actionsOf(events)).toEqual(['acme 1 organization.created', 'acme 2 key.created'])
    const hidden = { actor: null, actorType: 'operator', ip: null, requestId: null, position: null }
    expect(events[1]).toMatchObject(hidden)
    for (const [read, code] of [
      [() => latchkey.events.read({ organizationId: 'bees' }, { actor: own }), 'organization_not_found'],
      [() => latchkey.events.read({ organizationId: 'nobody' }), 'organization_not_found'],
      [() => latchkey.events.read({ after: '8' }), 'cursor_gone'],
      [() => latchkey.events.read({ after: 'ffffffffffff.1' }), 'cursor_gone'],
      [() => latchkey.events.read({ after: '-1' }), 'invalid_input'],
      [() => latchkey.events.read({ types: ['key'] }), 'invalid_input'],
      [() => latchkey.events.read({ types: ['keys.*'] }), 'invalid_input'],
      [() => latchkey.events.read({ types: ['key.vanished'] }), 'invalid_input'],
      [() => latchkey.events.read({ types: Array(33).fill('key.*') }), 'invalid_input'],
      [() => latchkey.events.read({ waitSeconds: 31 }), 'invalid_input'],
    ] as const)
      expect(await codeOf(read())).toBe(code)
  })

  test('that come later end a wait, in whatever process they were recorded', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    const { own } = await prepare(latchkey)
    const { cursor } = await latchkey.events.read({}, { actor: own })
    const waiting = latchkey.events.read({ after: cursor, waitSeconds: 30 }, { actor: own })
    await using other = await openLatchkey({ database })
    await other.organizations.update('bees', { name: 'Bees 2' })
    await other.organizations.update('acme', { name: 'Acme 2' })
    expect(actionsOf((await waiting).events)).toEqual(['acme 3 organization.updated'])
    const begunAt = performance.now()
    const stopped = latchkey.events.read({ after: '3', waitSeconds: 30 }, { actor: own })
    setTimeout(() => latchkey.endWaits(), 100)
    expect((await stopped).events).toEqual([])
    expect(performance.now() - begunAt).toBeLessThan(25_000)
  })

  test('are waited for by a key at so many places at once', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase(), monotonic: () => 0 })
    const { own, actor } = await prepare(latchkey)
    const { cursor } = await latchkey.events.read({}, { actor: own })
    const input = { after: cursor, waitSeconds: 30 }
    const refused: unknown[] = []
    const waits = Array.from({ length: maxWaitsOfKey + 2 }, () =>
      latchkey.events.read(input, { actor: own }).catch(({ code }) => refused.push(code)),
    )
    await expect.poll(() => refused, { timeout: 10_000 }).toEqual(['too_many_streams', 'too_many_streams'])
    const others = latchkey.events.read({ waitSeconds: 30 }, { actor })
    expect((await others).events).not.toEqual([])
    latchkey.endWaits()
    await Promise.all(waits)
  })
})

test('are followed over HTTP: by the page, by the client, and as a stream that goes on where it ended', async () => {
  await using server = await startTestServer(makeSqlite().url)
  const { url, latchkey } = server
  const { key } = await prepare(latchkey, server.rootKey)
  const first = await send(url, 'GET', '/v1/events?types=organization.*,plan.*&limit=1', { token: key })
  expect(first.json).toMatchObject({
    events: [{ action: 'organization.created', sequence: 1, position: null }],
  })
  for (const query of ['after=x', 'types=key', 'wait_seconds=31', 'limit=101', 'sequence=1'])
    expect((await send(url, 'GET', `/v1/events?${query}`, { token: key })).status, query).toBe(422)
  expect((await send(url, 'GET', '/v1/events?after=99', { token: key })).status).toBe(410)
  // Numbers of proofs come as numbers.
  const proof = await send(url, 'GET', '/v1/audit-log/inclusion?sequence=1&size=2', { token: key })
  expect([proof.status, (proof.json as { proof: unknown[] }).proof.length]).toEqual([200, 1])
  const growth = await send(url, 'GET', '/v1/audit-log/consistency?from=1', { token: key })
  expect(growth.json).toMatchObject({ from: 1, size: 2 })
  const client = createClient({ url, token: key })
  expect(await client.audit.proveEvent({ sequence: 1, size: 2 })).toMatchObject({ sequence: 1 })
  expect((await client.audit.readCheckpoint()).size).toBe(2)

  const stream = async (headers: Record<string, string>, until: number) => {
    const over = new AbortController()
    const response = await fetch(`${url}/v1/events`, {
      headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream', ...headers },
      signal: over.signal,
    })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    let text = ''
    for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += Buffer.from(part).toString()
      if (text.split('\nid: ').length + (text.startsWith('id: ') ? 0 : -1) >= until) break
    }
    over.abort()
    return [...text.matchAll(/^id: (.*)\nevent: (.*)\ndata: (.*)$/gm)].map(([, id, type, data]) => ({
      id: id as string,
      type,
      event: JSON.parse(data as string),
    }))
  }
  // Nothing of the kind comes: the wait is over in time, at the end of the log.
  const inVain = send(url, 'GET', '/v1/events?types=plan.*&wait_seconds=1', { token: key })
  const reading = stream({}, 3)
  await latchkey.organizations.update('acme', { name: 'Acme 2' })
  const told = await reading
  expect(told.map(({ type, event }) => [type, event.sequence])).toEqual([
    ['organization.created', 1],
    ['key.created', 2],
    ['organization.updated', 3],
  ])
  expect(told.map(({ id, event }) => id === event.cursor)).toEqual([true, true, true])
  const again = await stream({ 'last-event-id': told[0]?.id as string }, 2)
  expect(again.map(({ event }) => event.sequence)).toEqual([2, 3])

  const followed: string[] = []
  const over = new AbortController()
  const following = (async () => {
    for await (const { sequence, at } of client.events.follow(
      { types: ['organization.*'] },
      { signal: over.signal },
    )) {
      expect(at).toBeInstanceOf(Date)
      followed.push(String(sequence))
      if (sequence === 4) return
    }
  })()
  await latchkey.organizations.update('acme', { name: 'Acme 3' })
  await following
  over.abort()
  expect(followed).toEqual(['1', '3', '4'])
  expect(await inVain).toMatchObject({ status: 200, json: { events: [] } })
})

test('end for a key that may not read any more, and with the server', async () => {
  await using server = await startTestServer(makeSqlite().url)
  const { url, latchkey } = server
  const { key, own } = await prepare(latchkey, server.rootKey)
  const open = (token: string) =>
    fetch(`${url}/v1/events`, { headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' } })
  const response = await open(key)
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  await reader.read()
  await latchkey.keys.revoke(own.keyId)
  const read = async () => {
    for (;;) if ((await reader.read()).done) return 'ended'
  }
  expect(await read().catch(() => 'broken off')).toBe('broken off')
  const root = (await latchkey.createRootKey()).key
  const other = ((await open(root)).body as ReadableStream<Uint8Array>).getReader()
  await other.read()
  const ending = (async () => {
    for (;;) if ((await other.read()).done) return 'ended'
  })()
  await server.close()
  expect(await ending).toBe('ended')
})

test('of an epoch that is over are gone', async () => {
  await using server = await startTestServer(makeSqlite().url)
  const { url, latchkey } = server
  const { key } = await prepare(latchkey, server.rootKey)
  const { cursor } = await latchkey.events.read()
  const before = await latchkey.audit.readCheckpoint()
  const refused = await refusalOf(latchkey.events.read({ after: '999' }))
  expect([refused.code, refused.message]).toEqual([
    'cursor_gone',
    expect.stringMatching(/^The log ends with event \d\. Read on from there/),
  ])
  expect(await latchkey.noteRestore()).toBe(true)
  // Nothing has happened since: the second call is a mistake, unless somebody says that it is none.
  expect(await latchkey.noteRestore()).toBe(false)
  const gone = await refusalOf(latchkey.events.read({ after: cursor }))
  expect([gone.code, gone.message]).toEqual(['cursor_gone', expect.stringContaining('was restored')])
  const answer = await send(url, 'GET', '/v1/events', { token: key })
  const { origin, size } = await latchkey.audit.readCheckpoint()
  expect(origin).not.toBe(before.origin)
  expect(answer.json).toMatchObject({ cursor: `${origin.split('/')[2]}.2` })
  const [event] = (await latchkey.audit.list({ action: 'log.restored' })).items
  expect(event).toMatchObject({ organizationId: 'root', actorType: 'operator' })
  // The first checkpoint made a key to sign with, which is an event too.
  expect(size).toBe(before.size + 2)
  expect(await latchkey.noteRestore({ again: true })).toBe(true)
  expect((await latchkey.audit.readCheckpoint()).origin).not.toBe(origin)
  await latchkey.organizations.create({ id: 'later', name: 'Later' })
  expect(await latchkey.noteRestore()).toBe(true)
})

test('that are rare are looked for among two thousand others a call', async () => {
  const { url } = makeSqlite()
  await using latchkey = await openLatchkey({ database: url, monotonic: () => 0 })
  await createAcme(latchkey)
  await using direct = await connectDirectly(url)
  const ids = Array.from(
    { length: 2_100 },
    (_, i) => `0192f0c1-0000-7000-8000-${String(i).padStart(12, '0')}`,
  )
  const values = ids.map((id) => `('${id}', 1, 'organization.updated', 'acme', '{}')`)
  await direct.run(
    `insert into audit_events (id, at, action, organization_id, changes) values ${values.join()}`,
  )
  await direct.run(`insert into audit_queue (event_id) values ${ids.map((id) => `('${id}')`).join()}`)
  const types = ['plan.*']
  const first = await latchkey.events.read({ types })
  expect([first.events, first.cursor.split('.')[1]]).toEqual([[], '2000'])
  const second = await latchkey.events.read({ types, after: first.cursor })
  expect([second.events, second.cursor.split('.')[1]]).toEqual([[], '2101'])
})

test('are waited for by so many in all, each for its own log, until the signal is raised', async () => {
  const { url } = makeSqlite()
  const store = await openStore(url)
  const watch = new LogWatch(store, systemClock)
  const over = new AbortController()
  const wait = (log: string, keyId: string, signal = over.signal) =>
    watch.wait({ log, size: 0, keyId, milliseconds: 60_000, signal })
  for (let round = 0; round < 2; round++) {
    const once = new AbortController()
    const ofKey = Array.from({ length: maxWaitsOfKey }, () => wait('acme', 'one', once.signal))
    expect(await codeOf(wait('acme', 'one'))).toBe('too_many_streams')
    once.abort()
    await Promise.all(ofKey)
  }
  let isTold = false
  const ofBees = wait('bees', 'bee').then(() => {
    isTold = true
  })
  const others = Array.from({ length: maxWaitsOfLog - 1 }, (_, i) => wait('bees', `key ${i}`))
  // An organization with many keys leaves room for the others.
  expect(await codeOf(wait('bees', 'one more'))).toBe('too_many_streams')
  const left = maxWaits - 1 - maxWaitsOfLog
  others.push(...Array.from({ length: left }, (_, i) => wait(`log ${i % 8}`, `other ${i}`)))
  await using direct = await connectDirectly(url)
  await direct.run("insert into audit_heads (log, size, peaks) values ('acme', 1, '')")
  const ofAcme = wait('acme', 'ant')
  expect(await codeOf(wait('acme', 'another'))).toBe('too_many_streams')
  await ofAcme
  expect(isTold).toBe(false)
  over.abort()
  await Promise.all([ofBees, ...others])
  await store.close()
})
