// Erasure of what events tell: nothing of it is left anywhere, their leaves are, and an event names what was erased.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { verify, writeLog } from '../src/cli/commands/audit-files.ts'
import { maxErasedEvents } from '../src/core/bounds.ts'
import { writeMessages } from '../src/domain/webhooks/message.ts'
import { type Latchkey, openLatchkey } from '../src/index.ts'
import { idAt } from '../src/store/audit.ts'
import { eraseRows, findErasable, readErasableRange } from '../src/store/erasures.ts'
import { readSealed } from '../src/store/events.ts'
import { openStore } from '../src/store/store.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { runInProcess } from './setup/command-in-process.ts'
import { onEachDatabase } from './setup/databases.ts'
import { beginDeliveries, ofAcme } from './setup/delivery-rounds.ts'
import { connectDirectly } from './setup/direct.ts'
import { repository } from './setup/documents-run.ts'
import { startReceiver } from './setup/receiver.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { checkLog } from './setup/sealed-log.ts'

const sealingKeys = [`${'A'.repeat(43)}=`]
const acme = { organizationId: 'acme' }
const nobody = '0192f0c1-0000-7000-8000-000000000000'
const beginning = '00000000-0000-0000-0000-000000000000'
const soon = () => new Date(Date.now() + 60_000)

type LogReader = Parameters<typeof writeLog>[0]

async function export_(audit: LogReader, input: { organizationId?: string } = {}): Promise<string> {
  let text = ''
  for await (const part of writeLog(audit, input, await audit.readCheckpoint(input))) text += part
  return text
}

/** Verifies a text by Latchkey, and by the program that knows nothing of it. */
async function held(text: string) {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-erase-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'one.log')
  writeFileSync(file, text)
  const { status, stdout } = spawnSync('python3', [join(repository, 'examples/verify-log/verify.py'), file], {
    encoding: 'utf8',
  })
  return { own: await verify({ file }, {}), other: { status, stdout } }
}

const firstAt = 0x0192f0c10000

/** Adds more events of Acme than one call erases, a millisecond apart; gives their ids. */
async function addMany(database: string): Promise<string[]> {
  await using direct = await connectDirectly(database)
  const ids = Array.from(
    { length: maxErasedEvents + 50 },
    (_, i) => `0192f0c1-0000-7000-8000-${String(i).padStart(12, '0')}`,
  )
  const values = ids.map((id, i) => `('${id}', ${firstAt + i}, 'organization.updated', 'acme', '{}')`)
  await direct.run(
    `insert into audit_events (id, at, action, organization_id, changes) values ${values.join()}`,
  )
  await direct.run(`insert into audit_queue (event_id) values ${ids.map((id) => `('${id}')`).join()}`)
  return ids
}

async function open(database: string): Promise<Latchkey> {
  const latchkey = await openLatchkey({ database, sealingKeys, monotonic: () => 0 })
  await createAcme(latchkey)
  return latchkey
}

onEachDatabase('an erasure', (makeDatabase) => {
  test('leaves nothing of what events told but their leaves, and every log verifies', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    const root = await makeCaller(latchkey, 'root', ['latchkey:*'])
    const actor = { ...root, ip: '203.0.113.7', requestId: 'the-request' }
    const { id } = await latchkey.keys.create({ ...acme, name: 'Erika Mustermann' }, { actor })
    await latchkey.keys.update(id, { name: 'Key 1', metadata: { mail: 'erika@example.org' } }, { actor })
    await latchkey.keys.update(id, { metadata: {} }, { actor })
    const { id: other } = await latchkey.keys.create({ ...acme, name: 'Other' }, { actor })
    await latchkey.audit.readCheckpoint(acme)
    const { audit } = latchkey
    expect(await audit.erase({ keyId: id, before: soon() }, { actor: root })).toEqual({
      erased: 3,
      next: null,
    })
    expect(await audit.erase({ keyId: id, before: soon() })).toEqual({ erased: 0, next: null })
    await using direct = await connectDirectly(database)
    const everything = JSON.stringify([
      await direct.run('select * from audit_events'),
      await direct.run('select * from audit_log'),
      await direct.run('select * from keys'),
    ])
    for (const told of ['Erika', 'erika@']) expect(everything).not.toContain(told)
    const events = (await audit.list({ keyId: id })).items
    expect(events.map(({ action, isErased }) => [action, isErased])).toEqual(
      ['key.updated', 'key.updated', 'key.created'].map((action) => [action, true]),
    )
    const nothing = { changes: {}, actor: null, requestId: null, ip: null, actorType: 'operator' }
    for (const event of events) expect(event).toMatchObject(nothing)
    expect((await audit.list({ keyId: other })).items).toMatchObject([
      { isErased: false, ip: '203.0.113.7', actor: root.keyId },
    ])
    expect((await audit.list({ action: 'log.erased' })).items).toMatchObject([
      { ...acme, actor: root.keyId, changes: { event_ids: events.map((event) => event.id).reverse() } },
    ])
    // Those who read on find them as they are.
    const read = await latchkey.events.read(acme)
    expect(read.events.filter(({ isErased }) => isErased)).toMatchObject([nothing, nothing, nothing])
    const own = await makeCaller(latchkey, 'acme', ['latchkey:audit:read'])
    const asAcme: LogReader = {
      readCheckpoint: () => audit.readCheckpoint({}, { actor: own }),
      listAllSealed: (input) => audit.listAllSealed(input, { actor: own }),
    }
    for (const text of [await export_(audit), await export_(audit, acme), await export_(asAcme)]) {
      expect(await held(text)).toMatchObject({
        own: { erased: 3 },
        other: { status: 0, stdout: expect.stringContaining('3 without details') },
      })
      const unsaid = text.replace(/^(\d+\t\S+\t[^\t]*"action":"log.erased"[^\t]*)\t.*$/m, '$1\t\t\t\t')
      expect(await held(unsaid)).toMatchObject({
        own: { sequence: expect.any(Number) },
        other: { status: 1 },
      })
    }
    await checkLog(direct, true)
    // What somebody deletes by hand is no erasure, and is none after it was erased once more.
    await direct.run(
      `update audit_log set details_salt = null where event_id in (select id from audit_events where key_id = '${other}')`,
    )
    await audit.erase({ keyId: other, before: soon() })
    expect(await held(await export_(audit))).toMatchObject({ own: { sequence: 8 }, other: { status: 1 } })
  })

  test('of a user in one organization reaches what names it there, and nobody of its id elsewhere', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
    const { audit, portalSessions } = latchkey
    // What a pattern or a JSON text would read otherwise.
    const [user, neighbour] = ['ada_"100%"\\@acme.example', 'adaX"100%"\\@acme.example']
    const asked = { origin: 'https://app.example.com' }
    const actions = async (id: string, organizationId: string) => {
      const { items } = await audit.list({ organizationId })
      const about = items.filter((event) => JSON.stringify(event).includes(JSON.stringify(id)))
      return about.map(({ action }) => action).reverse()
    }
    const keyIds: string[] = []
    for (const [organizationId, id] of [
      ['acme', user],
      ['acme', neighbour],
      ['globex', user],
    ] as const) {
      const { token } = await portalSessions.create({
        ...{ organizationId, kind: 'embed', user: { id, name: 'Ada' }, ...asked },
        permissions: ['latchkey:keys:write'],
      })
      const actor = await latchkey.portal.authenticate(token as string, asked)
      if (actor === undefined) throw new Error('The session opens nothing.')
      keyIds.push((await latchkey.portal.createKey({ name: 'CI' }, { actor })).id)
      await latchkey.keys.create({ organizationId, name: 'Made for it', createdBy: id })
      await portalSessions.endAll({ organizationId, userId: id })
      await portalSessions.forgetUser(organizationId, id)
    }
    await latchkey.keys.create({ ...acme, name: 'Other', metadata: { user } })
    await audit.readCheckpoint(acme)
    const all = [
      ...['portal_session.created', 'key.created', 'key.created'],
      ...['portal_session.ended', 'portal_user.forgotten'],
    ]
    expect(await actions(user, 'acme')).toEqual([...all, 'key.created'])
    const before = soon()
    expect(await audit.erase({ ...acme, actor: user, before })).toEqual({ erased: 5, next: null })
    expect(await audit.erase({ ...acme, actor: user, before })).toEqual({ erased: 0, next: null })
    // What an operator itself writes into metadata is not known to be the id of a user.
    expect(await actions(user, 'acme')).toEqual(['key.created'])
    expect(await actions(user, 'globex')).toEqual(all)
    expect(await actions(neighbour, 'acme')).toEqual(all)
    const [created] = (await audit.list({ ...acme, keyId: keyIds[0] as string })).items
    expect(created).toMatchObject({ actor: null, actorType: 'user', via: null, changes: {} })
    // By its id alone, it is what it did itself, wherever that was.
    expect(await audit.erase({ actor: user, before })).toEqual({ erased: 1, next: null })
    expect(await actions(user, 'globex')).toEqual(all.toSpliced(1, 1))
    for (const text of [await export_(audit), await export_(audit, acme)])
      expect(await held(text)).toMatchObject({
        own: { erased: text.includes('globex') ? 6 : 5 },
        other: { status: 0 },
      })
  })

  test('goes page by page, up to its instant, and leaves the log of the erasures', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    const ids = await addMany(database)
    const { audit } = latchkey
    const before = new Date(firstAt + maxErasedEvents + 10)
    const first = await audit.erase({ ...acme, before })
    expect(first).toEqual({ erased: maxErasedEvents, next: ids[maxErasedEvents - 1] })
    // For who is in none of them, so many are looked through at a time.
    const store = await openStore(database)
    onTestFinished(() => store.close())
    const range = { column: 'organization_id', value: 'acme', about: 'u_81', limit: 2 } as const
    const ends = [beginning, ids[239] as string].map(async (after) =>
      store.read((db) => readErasableRange(db, { ...range, before: before.getTime(), after })),
    )
    expect(await Promise.all(ends)).toEqual([
      { events: [], end: ids[49] },
      { events: [], end: undefined },
    ])
    expect(await audit.erase({ ...acme, before, after: first.next as string })).toEqual({
      erased: 10,
      next: null,
    })
    // Events of the log itself are passed over.
    expect(await audit.erase({ ...acme, before: soon(), after: ids[maxErasedEvents + 9] as string })).toEqual(
      {
        erased: 41,
        next: null,
      },
    )
    expect((await audit.list({ action: 'log.erased' })).items).toHaveLength(3)
    expect(await held(await export_(audit, acme))).toMatchObject({
      own: { erased: 251, events: 254 },
      other: { status: 0 },
    })
  })

  test('waits for what is not sealed yet, and passes over what never will be', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    const { audit } = latchkey
    await audit.readCheckpoint()
    await using direct = await connectDirectly(database)
    const insert = (id: string) =>
      direct.run(
        `insert into audit_events (id, at, action, organization_id, changes) values ('${id}', 1, 'organization.updated', 'acme', '{}')`,
      )
    const [byHand, waiting] = [nobody, `${idAt(Date.now())}-7000-8000-000000000000`]
    await direct.run(`update audit_backlog set swept_until = '${byHand}'`)
    await insert(byHand)
    await insert(waiting)
    const [created] = (await audit.list({ action: 'organization.created', ...acme })).items
    const first = await audit.erase({ ...acme, before: soon() })
    expect(first).toEqual({ erased: 1, next: created?.id })
    const input = { ...acme, before: soon(), after: first.next as string }
    expect(await audit.erase(input)).toEqual({ erased: 0, next: first.next })
    await direct.run(`insert into audit_queue (event_id) values ('${waiting}')`)
    expect(await audit.erase(input)).toEqual({ erased: 1, next: null })
  })

  test('goes through all pages by one command', async () => {
    const database = await makeDatabase()
    await (await open(database)).close()
    await addMany(database)
    const before = new Date(firstAt + maxErasedEvents + 10).toISOString()
    const args = ['audit', 'erase', '--organization', 'acme', '--before', before, '--database', database]
    expect(await runInProcess([...args, '--yes'], process.cwd())).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`Erased what ${maxErasedEvents + 10} events told.`),
    })
  })

  test('is for root keys that hold its permission, and for events that are sealed and not of the log itself', async () => {
    await using latchkey = await open(await makeDatabase())
    const { audit } = latchkey
    const { id } = await latchkey.keys.create({ ...acme, name: 'CI' })
    const own = await makeCaller(latchkey, 'acme', ['latchkey:*'])
    const reader = await makeCaller(latchkey, 'root', ['latchkey:audit:read'])
    const input = { keyId: id, before: soon() }
    expect(await codeOf(audit.erase(input, { actor: own }))).toBe('root_organization_required')
    expect(await codeOf(audit.erase(input, { actor: reader }))).toBe('missing_permission')
    await audit.readCheckpoint()
    await audit.readCheckpoint()
    const [signer] = (await audit.list({ action: 'log.signer_added' })).items
    for (const eventIds of [[nobody], [signer?.id as string]])
      expect((await refusalOf(audit.erase({ eventIds }))).errors).toMatchObject([{ path: 'eventIds[0]' }])
    for (const wrong of [
      {},
      { keyId: id },
      { eventIds: [] },
      { eventIds: Array(maxErasedEvents + 1).fill(nobody) },
      { eventIds: [nobody], before: soon() },
      { eventIds: [nobody], after: nobody },
      { ...input, organizationId: 'acme' },
      { ...input, actor: 'u_81' },
      { ...acme, actor: 'u_81' },
      { ...input, after: 'x' },
    ])
      expect(await codeOf(audit.erase(wrong)), JSON.stringify(wrong)).toBe('invalid_input')
    expect((await audit.list({ action: 'log.erased' })).items).toEqual([])
    const [created] = (await audit.list({ keyId: id })).items
    expect(await audit.erase({ eventIds: [created?.id as string] })).toEqual({ erased: 1, next: null })
  })

  test('that comes while the log is written does not make the file one that is not whole', async () => {
    await using latchkey = await open(await makeDatabase())
    const { audit } = latchkey
    const { id } = await latchkey.keys.create({ ...acme, name: 'CI' })
    await latchkey.keys.create({ ...acme, name: 'CD' })
    const amid: LogReader = {
      readCheckpoint: audit.readCheckpoint,
      listAllSealed: async function* (input) {
        if (input?.after === '0') await audit.erase({ keyId: id, before: soon() })
        yield* audit.listAllSealed(input)
      },
    }
    const text = await export_(amid, acme)
    expect(await held(text)).toMatchObject({ own: { erased: 1, events: 4 }, other: { status: 0 } })
  })

  test('reaches messages that wait to be sent again, those that are on their way, and what was answered', async () => {
    let answer = async (_id: string) => 500
    // It sends back what it has got.
    const receiver = await startReceiver(
      ({ id, body }, response) =>
        void answer(id).then((status) =>
          response.writeHead(status, { 'content-type': 'application/json' }).end(body),
        ),
    )
    await using stage = await beginDeliveries(await makeDatabase(), ofAcme(receiver.url))
    const erase = (id: string) =>
      stage.store.write(async (tx) => eraseRows(tx, stage.store.dialect, await findErasable(tx, [id])))
    const kept = async () =>
      (
        await stage.direct.run(
          'select id from webhook_deliveries where payload is not null or answer is not null',
        )
      ).map(({ id }) => id)
    await stage.record(3)
    await stage.deliver()
    const [one = '', two = '', three = ''] = receiver.received.map(({ id }) => id)
    expect((await kept()).sort()).toEqual([one, two, three].sort())
    await erase(one)
    expect((await kept()).sort()).toEqual([two, three].sort())
    answer = async (id) => {
      if (id === two) await erase(two)
      return 500
    }
    stage.clock.advance(3_600_000)
    await stage.deliver()
    expect(await kept()).toEqual([three])
    answer = async () => 200
    stage.clock.advance(3_600_000)
    await stage.deliver()
    const told = receiver.received.map(({ id, message }) => [id, message.data.event.is_erased])
    expect(told.slice(-3).sort()).toEqual(
      [
        [one, true],
        [two, true],
        [three, false],
      ].sort(),
    )
    expect(await kept()).toEqual([three])
    await erase(three)
    expect(await kept()).toEqual([])
  })

  test('leaves no message that tells what the key was from what was erased', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    const { id } = await latchkey.keys.create({ ...acme, name: 'Erika' })
    await latchkey.keys.update(id, { name: 'Key 1' })
    await latchkey.keys.update(id, { name: 'Key 2' })
    await latchkey.audit.readCheckpoint(acme)
    const [, second] = (await latchkey.audit.list({ keyId: id })).items
    const store = await openStore(database)
    onTestFinished(() => store.close())
    const names = async () => {
      const messages = await store.read(async (db) => {
        const events = await readSealed(db, { log: 'acme', after: 1, limit: 3 })
        return writeMessages(db, store.dialect, 'acme', events, 'acme')
      })
      return messages.map(({ body }) => JSON.parse(body).data.key?.name)
    }
    expect(await names()).toEqual(['Erika', 'Key 1', 'Key 2'])
    const hook = await latchkey.webhooks.create({ url: 'https://example.com/', events: ['log.erased'] })
    await using direct = await connectDirectly(database)
    const { position, event_id } = (
      await direct.run(
        "select position, event_id from audit_log where organization_id = 'acme' and sequence = 2",
      )
    )[0] as { position: number; event_id: string }
    await direct.run(
      `insert into webhook_deliveries (webhook_id, place, id, action, state, attempts, next_at, payload) values ('${hook.id}', ${position}, '${event_id}', 'key.created', 'pending', 1, ${2 ** 52}, 'Erika')`,
    )
    await latchkey.audit.erase({ eventIds: [second?.id as string] })
    expect(await names()).toEqual([undefined, undefined, 'Key 2'])
    // One that waits to be sent again was written before.
    expect(await direct.run('select payload from webhook_deliveries')).toEqual([{ payload: null }])
  })
})
