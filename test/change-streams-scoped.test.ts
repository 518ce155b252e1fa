// What a reader outside the root organization learns of changes: its own, and nothing of anybody else's.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createVerifier } from '../src/client/index.ts'
import { OrganizationSequences } from '../src/coherence/organization-sequences.ts'
import type { ChangeRow } from '../src/store/changes.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { startTestServer, type TestServer } from './setup/server.ts'

const verify = ['latchkey:keys:verify']

/** Reads a stream as it comes, event by event. */
async function listen(url: string, token: string) {
  const ended = new AbortController()
  const headers = { authorization: `Bearer ${token}` }
  const response = await fetch(`${url}/v1/changes`, { headers, signal: ended.signal })
  expect(response.status).toBe(200)
  const told = { text: '' }
  void (async () => {
    const decoder = new TextDecoder()
    for await (const part of response.body ?? []) told.text += decoder.decode(part, { stream: true })
  })().catch(() => {})
  return {
    /** The events so far, each repeated beat once: how many there are is a matter of time. */
    events: () =>
      told.text
        .split('\n\n')
        .slice(0, -1)
        .filter((event, i, all) => !(event.startsWith('event: beat') && event === all[i - 1])),
    until: (text: string) => expect.poll(() => told.text, { timeout: 10_000 }).toContain(text),
    count: (text: string) => told.text.split(text).length - 1,
    end: () => ended.abort(),
  }
}

onEachDatabase('a reader of one organization', (makeDatabase) => {
  async function start() {
    const database = await makeDatabase()
    const servers = [await startTestServer(database), await startTestServer(database)] as const
    const { organizations, keys } = servers[0].latchkey
    for (const id of ['acme', 'other', 'third']) await organizations.create({ id, name: id })
    const issue = (organizationId = 'acme', permissions: string[] = []) =>
      keys.create({ organizationId, name: 'K', permissions })
    const close = async () => void (await Promise.all(servers.map((server) => server.close())))
    return { database, servers, issue, [Symbol.asyncDispose]: close }
  }

  const ask = async ({ request }: TestServer, token: string, key: string) => {
    const latest = await request('GET', '/v1/changes/latest', { token })
    const facts = await request('POST', '/v1/keys/facts', { token, body: { key } })
    return [latest.text, facts.text]
  }

  test('is told the same to the byte, by every process, whatever all others do', async () => {
    /** Two changes of its own; between them others change as often as is said. */
    async function tell(changesOfOthers: number): Promise<unknown> {
      await using world = await start()
      const { servers, issue } = world
      const reader = await issue('acme', verify)
      const own = await issue()
      const foreign = [await issue('other'), await issue('third')]
      const disturb = async () => {
        for (let i = 0; i < changesOfOthers; i++) {
          const { keys } = (servers[i % 2] as TestServer).latchkey
          await Promise.all(foreign.map(({ id }) => keys.update(id, { metadata: { i } })))
        }
      }
      await disturb()
      const streams = await Promise.all(servers.map(({ url }) => listen(url, reader.key)))
      for (const stream of streams) await stream.until('event: beat')
      const answers = []
      for (const [i, server] of servers.entries()) {
        await disturb()
        await server.latchkey.keys.update(own.id, { metadata: { i } })
        for (const stream of streams) await stream.until(`"sequence":${i + 1}}`)
        await disturb()
        const beats = streams.map((stream) => stream.count('event: beat'))
        for (const [j, stream] of streams.entries())
          await expect
            .poll(() => stream.count('event: beat'), { timeout: 10_000 })
            .toBeGreaterThan(beats[j] as number)
        for (const asked of servers) answers.push(await ask(asked, reader.key, own.key))
      }
      const told = streams.map((stream) => stream.events())
      for (const stream of streams) stream.end()
      const text = JSON.stringify({ told, answers })
      const names = [own.id, reader.id]
      return names.reduce((written, id, i) => written.replaceAll(id, `key ${i}`), text)
    }

    const alone = await tell(0)
    expect(await tell(4)).toEqual(alone)
    expect(alone).toContain('event: beat\\ndata: {\\"sequence\\":2}')
    expect(alone).toContain('\\"sequence\\":2,\\"age_ms\\":500')
  }, 30_000)

  test('hears of a new history that any key may have changed, with the number of that history', async () => {
    await using world = await start()
    const { servers, issue, database } = world
    const reader = await issue('acme', verify)
    const own = await issue()
    await servers[0].latchkey.keys.update(own.id, { name: 'L' })
    const stream = await listen(servers[0].url, reader.key)
    await stream.until('"sequence":1}')
    {
      // As with a restored database, in which no process is enlisted yet.
      await using direct = await connectDirectly(database)
      await direct.run('delete from followers')
    }
    await stream.until('event: forget\ndata: {"sequence":1}')
    await servers[1].latchkey.keys.revoke(own.id)
    await stream.until(`event: changed\ndata: {"key_ids":["${own.id}"],"sequence":2}`)
    stream.end()
  })

  test('numbers a change that it has not acted on yet by none that it has', async () => {
    await using world = await start()
    const { servers, issue } = world
    const reader = await issue('acme', verify)
    const own = await issue()
    // Both follow the changes from their first stream on.
    const streams = await Promise.all(servers.map(({ url }) => listen(url, reader.key)))
    for (const stream of streams) await stream.until('event: hello')
    // Changes of both processes, in any order, several of them in one look.
    const change = async ({ latchkey, url }: TestServer) => {
      for (let i = 0; i < 8; i++) await latchkey.keys.update(own.id, { metadata: { url, i } })
    }
    await Promise.all(servers.map(change))
    for (const stream of streams) await stream.until('"sequence":16}')
    for (const server of servers)
      await expect
        .poll(async () => (await ask(server, reader.key, own.key))[0])
        .toBe('{"sequence":16,"age_ms":500,"foreign_tokens":false}')
    for (const stream of streams) stream.end()
  })

  test('has a verifier that refuses what another process revokes, while all others change', async () => {
    await using world = await start()
    const { servers, issue } = world
    const reader = await issue('acme', verify)
    const [own, foreign] = [await issue(), await issue('other')]
    await using verifier = createVerifier({ url: servers[0].url, token: reader.key })
    await verifier.ready()
    expect(await verifier.verify(own.key)).toMatchObject({ valid: true })
    await expect.poll(() => verifier.verifyCached(own.key)?.valid, { timeout: 5_000 }).toBe(true)
    for (let i = 0; i < 5; i++) {
      await servers[1].latchkey.keys.update(foreign.id, { metadata: { i } })
      await setTimeout(50)
    }
    expect(verifier.verifyCached(own.key)).toMatchObject({ valid: true })
    await servers[1].latchkey.keys.revoke(own.id)
    await setTimeout(2_000)
    expect(await verifier.verify(own.key)).toMatchObject({ valid: false, code: 'revoked' })
  })

  test('is served by no process that would not number the changes: the database refuses those of an older one', async () => {
    await using world = await start()
    const { id } = await world.issue()
    await using direct = await connectDirectly(world.database)
    const change = `insert into changes (sequence, topic, subject_id, mark) values (1000000, 'key', '${id}', 'x')`
    await expect(direct.run(change)).rejects.toThrow(/check/i)
    await direct.run("insert into changes (sequence, topic, mark) values (1000000, null, 'barrier')")
  })
})

const row = (organization_id: string, organization_sequence: number) =>
  ({ organization_id, organization_sequence }) as ChangeRow

test('a change that is heard of while the number is read is newer than what was read', async () => {
  const answer = Promise.withResolvers<number | undefined>()
  const sequences = new OrganizationSequences(() => answer.promise)
  const found = sequences.find('acme')
  sequences.hear([row('acme', 8), row('other', 3)])
  answer.resolve(7)
  expect(await found).toBe(8)
  expect(sequences.get('acme')).toBe(8)
  expect(sequences.get('other')).toBeUndefined()
  sequences.hear([row('acme', 9)])
  expect(sequences.get('acme')).toBe(9)
})

test('a number that was read before all was forgotten is not believed', async () => {
  const answers = [Promise.withResolvers<number | undefined>(), Promise.withResolvers<number | undefined>()]
  let asked = 0
  const sequences = new OrganizationSequences(() => (answers[asked++] as (typeof answers)[0]).promise)
  const before = sequences.find('acme')
  sequences.clear()
  const after = sequences.find('acme')
  answers[0]?.resolve(7)
  expect(await before).toBeUndefined()
  expect(sequences.get('acme')).toBeUndefined()
  answers[1]?.resolve(2)
  expect(await after).toBe(2)
})

test('the numbers of a bounded count of organizations are known, the ones asked for last', async () => {
  const sequences = new OrganizationSequences(async () => 1)
  await sequences.find('first')
  for (let i = 0; i < 9_999; i++) await sequences.find(`${i}`)
  expect(sequences.get('first')).toBe(1)
  await sequences.find('one more')
  expect([sequences.get('first'), sequences.get('0'), sequences.get('1')]).toEqual([1, undefined, 1])
})
