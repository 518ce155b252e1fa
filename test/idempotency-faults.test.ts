// Answers that are lost: the client asks again and gets them, from whatever process, and nothing is made twice. And what keeps them
// opens for nobody who has the database alone.
import { createDecipheriv, createHash, hkdfSync } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createClient } from '../src/client/index.ts'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly, type Row } from './setup/direct.ts'
import { startServerProxy } from './setup/http-proxy.ts'
import { allOfPortal, linkSecretOf, portalUrl } from './setup/portal.ts'
import { startTestServer } from './setup/server.ts'

onEachDatabase('lost answers', (makeDatabase, kind) => {
  const command = useCommand()

  /** Waits until a key of this name is on the disk. */
  async function untilMade(database: string, name: string): Promise<void> {
    await using direct = await connectDirectly(database)
    for (;;) {
      const rows = await direct.run(`select id from keys where name = '${name}'`)
      if (rows.length > 0) return
      await setTimeout(5)
    }
  }

  /** Waits until the link of a session was traded on the disk. */
  async function untilOpened(database: string, id: string): Promise<void> {
    await using direct = await connectDirectly(database)
    for (;;) {
      const rows = await direct.run(
        `select id from portal_sessions where id = '${id}' and digest is not null`,
      )
      if (rows.length > 0) return
      await setTimeout(5)
    }
  }

  test('a connection that breaks before the answer: the client has the token all the same, and there is one key', async () => {
    const database = await makeDatabase()
    await using server = await startTestServer(database)
    await createAcme(server.latchkey)
    await using proxy = await startServerProxy(server.url)
    const client = createClient({ url: proxy.url, token: server.rootKey })
    for (let round = 0; round < 5; round++) {
      const name = `Cut ${round}`
      proxy.hold()
      const creating = client.keys.create({ organizationId: 'acme', name })
      await untilMade(database, name)
      proxy.cut()
      proxy.heal()
      const { id, key } = await creating
      expect((await server.latchkey.verify(key)).code).toBe('valid')
      expect((await server.latchkey.keys.list({ q: name })).items.map((item) => item.id)).toEqual([id])
      proxy.hold()
      const rotating = client.keys.rotate(id)
      while ((await server.latchkey.verify(key)).valid) await setTimeout(5)
      proxy.cut()
      proxy.heal()
      const rotated = await rotating
      expect((await server.latchkey.verify(rotated.key)).code).toBe('valid')
      expect((await server.latchkey.keys.get(id)).secrets).toHaveLength(2)
    }
    const events = (await server.latchkey.audit.list({ action: 'key.token_replayed' })).items
    expect(events.map(({ organizationId }) => organizationId)).toEqual(Array(10).fill('acme'))
  })

  test('a process that is killed between its commit and its answer: the next one answers, and opens no link again', async () => {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const { key: token } = await latchkey.createRootKey()
    await latchkey.close()
    const serve = (...args: string[]) =>
      command.serve(['--database', database, '--public-url', portalUrl, ...args])
    let server = await serve()
    const { port } = new URL(server.url)
    await using proxy = await startServerProxy(server.url)
    const client = createClient({ url: proxy.url, token, timeoutMs: 30_000 })
    const makeLink = () =>
      client.portalSessions.create({
        ...{ kind: 'link', organizationId: 'acme', user: { id: 'u_81' }, permissions: allOfPortal },
      })
    const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${proxy.url}/v1/portal/${path}`, {
        ...{ method: 'POST', body: JSON.stringify(body) },
        headers: { 'content-type': 'application/json', ...headers },
      })
      return (await answer.json()) as Record<'token' | 'code' | 'id' | 'key', string>
    }
    const trade = (link: { url: string | null }) => post('token', { secret: linkSecretOf(link) })
    const session = await makeLink()
    const { token: ofUser } = await trade(session)
    for (let round = 0; round < 3; round++) {
      const [name, nameOfUser] = [`Killed ${round}`, `Of a user ${round}`]
      const idempotencyKey = `killed-${round}`
      // As the customers' page asks, and asks again.
      const createByUser = () =>
        post(
          'keys',
          { name: nameOfUser },
          { authorization: `Bearer ${ofUser}`, 'idempotency-key': idempotencyKey },
        )
      const link = await makeLink()
      proxy.hold()
      const creating = client.keys.create({ name }, { idempotencyKey }).catch(() => undefined)
      const creatingByUser = createByUser().catch(() => undefined)
      const trading = trade(link).catch(() => undefined)
      await untilMade(database, name)
      await untilMade(database, nameOfUser)
      await untilOpened(database, link.id)
      await server.stop('SIGKILL')
      proxy.cut()
      server = await serve('--port', port)
      proxy.heal()
      // By itself the client has given up by now, or it has the answer.
      const made = (await creating) ?? (await client.keys.create({ name }, { idempotencyKey }))
      expect((await client.verify(made.key)).code).toBe('valid')
      expect((await client.keys.list({ q: name })).items).toHaveLength(1)
      expect(await creatingByUser).toBeUndefined()
      const madeByUser = await createByUser()
      expect((await client.verify(madeByUser.key)).code).toBe('valid')
      expect((await client.keys.list({ q: nameOfUser })).items).toMatchObject([
        { id: madeByUser.id, createdBy: 'u_81', createdByType: 'user' },
      ])
      // Nobody has the token that the link gave, and nobody gets another by it: a user takes a new link.
      expect(await trading).toBeUndefined()
      expect(await trade(link)).toMatchObject({ code: 'invalid_token' })
      expect(await trade(await makeLink())).toMatchObject({
        token: expect.stringMatching(/^lkp_/),
      })
    }
    const made = (await client.audit.list({ organizationId: 'acme', action: 'key.created' })).items
    expect(made.map(({ actor, via }) => [actor, via])).toEqual(Array(3).fill(['u_81', session.id]))
  })

  // SQLite has one writer: there a second one waits for the first, and then finds its answer.
  const onPostgres = kind === 'PostgreSQL' ? test : () => {}

  onPostgres(
    'a request that another process is doing is told so at once, and keeps no other one waiting',
    async () => {
      const database = await makeDatabase()
      await using server = await startTestServer(database)
      const { rootKey: token } = server
      const self = await server.request('GET', '/v1/keys/self', { token })
      const scope = JSON.stringify(['POST', '/v1/keys', 'once'])
      const id = createHash('sha256')
        .update(JSON.stringify([self.json.id, scope]))
        .digest('base64url')
      await using other = await connectDirectly(database)
      await other.run('begin')
      await other.run('select pg_advisory_xact_lock(hashtextextended($1, $2))', [id, 0x6964_656d])
      await other.run('insert into idempotent_requests (id, key_id, kept_until) values ($1, $2, $3)', [
        id,
        'x',
        2 ** 50,
      ])
      const post = (idempotencyKey: string) =>
        server.request('POST', '/v1/keys', {
          token,
          body: { name: 'New' },
          headers: { 'idempotency-key': idempotencyKey },
        })
      const [busy, ...rest] = await Promise.all([post('once'), post('other'), post('another')])
      expect(busy).toMatchObject({ status: 409, json: { code: 'idempotency_in_progress' } })
      expect(rest.map(({ status }) => status)).toEqual([200, 200])
      await other.run('rollback')
      expect((await post('once')).status).toBe(200)
    },
  )

  onPostgres('a caller whose key another change holds claims nothing before its turn', async () => {
    const database = await makeDatabase()
    await using server = await startTestServer(database)
    const permissions = ['latchkey:keys:write']
    const caller = await server.latchkey.keys.create({ organizationId: 'root', name: 'Caller', permissions })
    const post = (token: string, idempotencyKey: string) =>
      server.request('POST', '/v1/keys', {
        ...{ token, body: { name: 'New' }, headers: { 'idempotency-key': idempotencyKey } },
      })
    await using other = await connectDirectly(database)
    await other.run('begin')
    await other.run('select pg_advisory_xact_lock(hashtextextended($1, $2))', [caller.id, 0x6c61_7463])
    const waiting = post(caller.key, 'once')
    // It comes into a batch with these, which do not wait for it.
    for (let i = 0; i < 3; i++) expect((await post(server.rootKey, `other-${i}`)).status).toBe(200)
    await other.run('rollback')
    const made = await waiting
    expect(made.status).toBe(200)
    expect((await post(caller.key, 'once')).text).toBe(made.text)
  })

  test('nothing in the database opens a sealed answer, and no token is in it', async () => {
    const database = await makeDatabase()
    await using server = await startTestServer(database)
    await createAcme(server.latchkey)
    const client = createClient({ url: server.url, token: server.rootKey })
    const idempotencyKey = 'once'
    const made = await client.keys.create({ organizationId: 'acme', name: 'CI' }, { idempotencyKey })
    await client.keys.rotate(made.id, { graceSeconds: 60 }, { idempotencyKey })
    await using direct = await connectDirectly(database)
    const dump = await dumpOf(direct.run, database)
    const rows = dump.get('idempotent_requests') ?? []
    expect(rows).toHaveLength(2)
    const everything = [...dump.values()].flat().flatMap((row) => Object.values(row))
    const texts = everything.map((value) => (value instanceof Uint8Array ? '' : String(value)))
    for (const secret of [made.key, server.rootKey]) {
      expect(texts.some((text) => text.includes(secret))).toBe(false)
      const bytes = Buffer.from(secret)
      expect(
        everything.some((value) => value instanceof Uint8Array && Buffer.from(value).includes(bytes)),
      ).toBe(false)
    }
    const candidates = candidatesIn(everything)
    expect(candidates.length).toBeGreaterThan(100)
    for (const row of rows) {
      // The one thing that does open it shows that the attempts are made as they should be.
      expect(opens(row, Buffer.from(server.rootKey))).toBe(true)
      expect(opens(row, Buffer.from(made.key))).toBe(false)
      expect(candidates.filter((candidate) => opens(row, candidate))).toEqual([])
    }
    // An answer opens in no row but its own.
    const [first, second] = rows as [Row, Row]
    expect(opens({ ...first, made_id: 'other' }, Buffer.from(server.rootKey))).toBe(false)
    expect(opens({ ...first, answer: second.answer }, Buffer.from(server.rootKey))).toBe(false)
  })
})

/** Every row of every table. */
async function dumpOf(run: (sql: string) => Promise<Row[]>, database: string): Promise<Map<string, Row[]>> {
  const names = database.startsWith('sqlite:')
    ? await run("select name from sqlite_master where type = 'table'")
    : await run("select table_name as name from information_schema.tables where table_schema = 'latchkey'")
  const dump = new Map<string, Row[]>()
  for (const { name } of names) dump.set(name as string, await run(`select * from ${name}`))
  return dump
}

/** All that a thief would try: each value as it is, decoded, written otherwise, and digested. */
function candidatesIn(values: readonly unknown[]): Buffer[] {
  const all = values.flatMap((value) => {
    if (value === null) return []
    const bytes = value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value))
    const text = bytes.toString()
    const words =
      value instanceof Uint8Array ? [] : (text.match(/[\w-]{8,}/g) ?? []).map((word) => Buffer.from(word))
    const forms = [bytes, ...words].flatMap((form) => [
      form,
      Buffer.from(form.toString('hex')),
      Buffer.from(form.toString('base64url')),
      Buffer.from(form.toString('latin1'), 'hex'),
      Buffer.from(form.toString('latin1'), 'base64url'),
      createHash('sha256').update(form).digest(),
    ])
    return forms
  })
  return [
    ...new Map(
      all.filter(({ length }) => length > 0).map((bytes) => [bytes.toString('hex'), bytes]),
    ).values(),
  ]
}

/** Tries to open the answer of a row: with the bytes as what it was derived from, and as the key itself. */
function opens(row: Row, secret: Buffer): boolean {
  const { id, key_id, kept_until, made_id } = row
  const [salt, mac, answer] = [row.salt, row.body_mac, row.answer].map((value) =>
    Buffer.from(value as Uint8Array),
  ) as [Buffer, Buffer, Buffer]
  const associated = JSON.stringify([
    id,
    key_id,
    Number(kept_until),
    made_id,
    salt.toString('base64url'),
    mac.toString('base64url'),
  ])
  const derived = Buffer.from(hkdfSync('sha256', secret, salt, `latchkey idempotency ${id}`, 64))
  const keys = [derived.subarray(0, 32), ...(secret.length === 32 ? [secret] : [])]
  return keys.some((key) => {
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, answer.subarray(0, 12)).setAAD(
        Buffer.from(associated),
      )
      decipher.setAuthTag(answer.subarray(-16))
      return Buffer.concat([decipher.update(answer.subarray(12, -16)), decipher.final()]).includes(
        '"key":"re_',
      )
    } catch {
      return false
    }
  })
}
