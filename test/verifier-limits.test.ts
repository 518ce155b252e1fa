// Verifiers elsewhere and limits: what an older one is given, what a change reaches, and that units are drawn through a server.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createVerifier, type Verifier, type VerifierQuestion } from '../src/client/index.ts'
import { leaseMs } from '../src/core/bounds.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { startTestServer } from './setup/server.ts'
import { boundMs } from './setup/stage.ts'

interface FactsJson {
  sequence: number | null
  secret: object | null
  code?: string
}

onEachDatabase('limits and verifiers elsewhere', (makeDatabase) => {
  async function start() {
    const server = await startTestServer(await makeDatabase(), { sealingKeys: [`${'A'.repeat(43)}=`] })
    await createAcme(server.latchkey)
    const issue = (input: object = {}) =>
      server.latchkey.keys.create({ organizationId: 'acme', name: 'K', ...input })
    return { ...server, issue, [Symbol.asyncDispose]: () => server.close() }
  }
  const monthly = (limit: number) => ({ name: 'credits', limit, resets: 'monthly' as const })

  test('one that does not say that it judges limits gets facts for a single call, and the server draws for it', async () => {
    await using server = await start()
    const ask = (token: string, headers = {}) =>
      server.request<FactsJson>('POST', '/v1/keys/facts', {
        token: server.rootKey,
        body: { key: token },
        headers,
      })
    const plain = await server.issue()
    expect((await ask(plain.key)).json.sequence).toEqual(expect.any(Number))
    const limited = await server.issue({ limits: [monthly(2)] })
    for (let i = 0; i < 2; i++) {
      const { status, json } = await ask(limited.key)
      expect(status).toBe(200)
      expect(json).toMatchObject({ sequence: null, secret: { key_id: limited.id } })
    }
    // An error, not a verdict: that client has no word for what refuses.
    expect(await ask(limited.key)).toMatchObject({ status: 429, json: { code: 'limit_exceeded' } })
    const judging = await ask(limited.key, { 'latchkey-judges': 'organization, line,limits, later' })
    expect(judging.json).toMatchObject({
      sequence: expect.any(Number),
      secret: { key_id: limited.id },
    })
    await server.latchkey.keys.revoke(limited.id)
    // What is refused for another reason draws nothing, and still is not to be remembered.
    expect((await ask(limited.key)).json).toMatchObject({
      sequence: null,
      secret: { revoked_at: expect.any(String) },
    })
  })

  async function startVerifiers(count: number) {
    const server = await start()
    const verifiers = Array.from({ length: count }, () =>
      createVerifier({ url: server.url, token: server.rootKey }),
    )
    await Promise.all(verifiers.map((verifier) => verifier.ready()))
    const close = async () => {
      await Promise.all(verifiers.map((verifier) => verifier.close()))
      await server.close()
    }
    return { ...server, verifiers, [Symbol.asyncDispose]: close }
  }

  test('two verifiers and the server admit together what a limit has, and no more', async () => {
    await using stage = await startVerifiers(2)
    const { latchkey, verifiers, issue } = stage
    await latchkey.organizations.update('acme', { limits: [monthly(300)] })
    const keys = [await issue(), await issue({ limits: [monthly(120)] })]
    const counts = [0, 0]
    const codes = new Set<string>()
    const askers = [...verifiers, latchkey]
    for (let round = 0; round < 40; round++) {
      const verdicts = await Promise.all(
        askers.flatMap((asker) =>
          keys.map((key, i) => asker.verify(key.key).then((verdict) => ({ i, verdict }))),
        ),
      )
      for (const { i, verdict } of verdicts) {
        codes.add(verdict.code)
        if (verdict.valid) counts[i] = (counts[i] as number) + 1
      }
      await setTimeout(5)
    }
    expect([...codes].sort()).toEqual(['valid'])
    expect(counts).toEqual([120, 120])
    let more = 0
    for (let round = 0; round < 60; round++)
      for (const asker of askers) if ((await asker.verify((keys[0] as { key: string }).key)).valid) more++
    expect(more).toBe(60)
    expect(await verifiers[0]?.verify((keys[1] as { key: string }).key)).toMatchObject({
      valid: false,
      code: 'quota_exceeded',
      exceeded: expect.arrayContaining([expect.objectContaining({ name: 'credits' })]),
      retryAfterMs: expect.any(Number),
    })
  })

  test('a verifier answers without a promise while it holds units, takes a cost, and gives back what it holds', async () => {
    await using stage = await startVerifiers(1)
    const { latchkey, issue } = stage
    const verifier = stage.verifiers[0] as Verifier
    const { key, id } = await issue({ limits: [{ name: 'requests', limit: 10_000, windowSeconds: 86_400 }] })
    expect(verifier.verifyCached(key)).toBeUndefined()
    expect((await verifier.verify(key, { cost: 7 })).valid).toBe(true)
    let cached = 0
    for (let i = 0; i < 200; i++) {
      if (verifier.verifyCached(key)?.valid) cached++
      else await verifier.verify(key)
      await setTimeout(2)
    }
    expect(cached).toBeGreaterThan(100)
    expect(await verifier.verify(key, { cost: 0 })).toMatchObject({ valid: true })
    await expect(verifier.verify(key, { cost: -1 })).rejects.toMatchObject({ code: 'invalid_input' })
    expect(await verifier.verify(key, { cost: { requests: 20_000 } })).toMatchObject({
      code: 'rate_limited',
      retryAfterMs: null,
    })
    await verifier.close()
    await latchkey.keys.update(id, { name: 'L' })
    const [limit] = (await latchkey.keys.get(id)).limits
    expect(limit).toMatchObject({ remaining: 10_000 - 207 })
  })

  test('a verifier judges a quota whose months begin on a day of its own', async () => {
    await using server = await start()
    const anchor = new Date(Date.UTC(2026, 0, 15, 6, 30))
    const { key } = await server.issue({ limits: [{ ...monthly(5), anchor }] })
    const verifier = createVerifier({ url: server.url, token: server.rootKey })
    const verdict = await verifier.verify(key, { cost: 2 })
    expect(verdict).toMatchObject({ valid: true, limits: [{ name: 'credits' }] })
    const [{ resetsAt } = {}] = (verdict.valid && verdict.limits) || []
    expect([resetsAt?.getUTCDate(), resetsAt?.getUTCHours()]).toEqual([15, 6])
    expect(await verifier.verify(key, { cost: 4 })).toMatchObject({ valid: false, code: 'quota_exceeded' })
    await verifier.close()
  })

  test('a change of an organization or its plan reaches a verifier, also one of that organization', async () => {
    await using stage = await startVerifiers(1)
    const { latchkey, issue, url } = stage
    const reader = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'R',
      permissions: ['latchkey:keys:verify'],
    })
    await using scoped = createVerifier({ url, token: reader.key })
    await scoped.ready()
    const { key } = await issue()
    const all = [stage.verifiers[0] as Verifier, scoped]
    const limitsOf = async (verifier: Verifier) => {
      const verdict = await verifier.verify(key)
      return 'limits' in verdict ? verdict.limits?.map(({ limit }) => limit) : undefined
    }
    for (const verifier of all) expect(await limitsOf(verifier)).toBeUndefined()
    await latchkey.organizations.update('acme', { limits: [monthly(1_000)] })
    await setTimeout(boundMs)
    for (const verifier of all) expect(await limitsOf(verifier)).toEqual([1_000])
    await latchkey.plans.create({ name: 'pro', limits: [{ ...monthly(500), name: 'plan' }] })
    await latchkey.organizations.update('acme', { limits: [], plan: 'pro' })
    await setTimeout(boundMs)
    for (const verifier of all) expect(await limitsOf(verifier)).toEqual([500])
    await latchkey.plans.update('pro', { limits: [{ ...monthly(600), name: 'plan' }] })
    await setTimeout(boundMs)
    for (const verifier of all) {
      expect(await limitsOf(verifier)).toEqual([600])
      // What it held of the limit as it was goes back first: nobody may spend that.
      const holdsUnits = async () => (await verifier.verify(key)).valid && verifier.verifyCached(key)?.valid
      await expect.poll(holdsUnits, { timeout: boundMs }).toBe(true)
    }
  })

  test('without a server a verifier spends what it holds under its lease, and then refuses keys with limits by an error', async () => {
    const server = await start()
    await using verifier = createVerifier({
      url: server.url,
      token: server.rootKey,
      staleIfErrorMs: 60_000,
      timeoutMs: 500,
    })
    await verifier.ready()
    const free = await server.issue()
    const { key } = await server.issue({ limits: [{ name: 'requests', limit: 100_000, windowSeconds: 60 }] })
    expect((await verifier.verify(free.key)).valid).toBe(true)
    for (let i = 0; i < 100; i++) {
      await verifier.verify(key)
      await setTimeout(2)
    }
    await server.close()
    await setTimeout(boundMs)
    expect((await verifier.verify(free.key)).valid).toBe(true)
    expect(verifier.verifyCached(key)).toBeUndefined()
    await expect(verifier.verify(key)).rejects.toMatchObject({ name: 'LatchkeyClientError' })
  })

  test('a verifier is believed as far as units were lent to it, and each message once', async () => {
    await using server = await start()
    const { key: token } = await server.latchkey.keys.create({
      organizationId: 'acme',
      name: 'V',
      permissions: ['latchkey:keys:verify'],
    })
    await server.latchkey.organizations.create({ id: 'other', name: 'Other' })
    const limited = await server.issue({ limits: [monthly(100)] })
    const foreign = await server.latchkey.keys.create({
      organizationId: 'other',
      name: 'F',
      limits: [monthly(100)],
    })
    const counter = { key_id: limited.id, scope: 'key', name: 'credits', epoch: 0 }
    const send = (sequence: number, asked: object, body: object = {}) =>
      server.request<{ server: string; counters: Record<string, number>[] }>('POST', '/v1/grants', {
        token,
        body: {
          verifier: 'v',
          sequence,
          counters: [{ ...counter, unspent: 0, need: 0, want: 0, ...asked }],
          ...body,
        },
      })
    const first = (await send(1, { need: 10, least: 10, want: 20 })).json
    expect(first.counters[0]).toMatchObject({ given: 10, kept: 0 })
    expect((await send(1, { need: 10, least: 10, want: 20 })).json.counters).toEqual(first.counters)
    const { granted = 0, period } = first.counters[0] as Record<string, number>
    // It claims units that it never had, and has them all come back.
    const second = (await send(2, { unspent: 90, back: 90, unused: 90, period })).json
    expect(second.counters[0]?.kept).toBe(granted)
    await send(3, { back: 1_000, unused: 1_000, period })
    expect((await send(4, {}, { server: 'another' })).json).toMatchObject({ counters: [] })
    expect((await send(5, { key_id: foreign.id, need: 1, least: 1 })).json.counters[0]?.given).toBe(0)
    let more = 0
    for (let i = 0; i < 150; i++) if ((await server.latchkey.verify(limited.key)).valid) more++
    expect(more).toBeLessThanOrEqual(100)
    expect(more).toBeGreaterThanOrEqual(90)
    for (const wrong of [{ need: -1 }, { unspent: 1.5 }, { name: 'No' }, { scope: 'else' }, { key_id: 'x' }])
      expect((await send(9, wrong)).status).toBe(422)
  })

  test('a limit that was raised a moment ago is drawn from by its new number', async () => {
    await using server = await start()
    const { id } = await server.issue({ limits: [monthly(1)] })
    const send = async (sequence: number) => {
      const counter = { key_id: id, scope: 'key', name: 'credits', epoch: 0, unspent: 0 }
      const counters = [{ ...counter, need: 1, least: 1, want: 0 }]
      const { json } = await server.request<{ counters: Record<string, number>[] }>('POST', '/v1/grants', {
        token: server.rootKey,
        body: { verifier: 'v', sequence, counters },
      })
      return json.counters[0]
    }
    expect(await send(1)).toMatchObject({ given: 1 })
    expect(await send(2)).toMatchObject({ given: 0, empty_for_ms: expect.any(Number) })
    await server.latchkey.keys.update(id, { limits: [monthly(100)] }, { wait: 'applied' })
    expect(await send(3)).toMatchObject({ given: 1, empty_for_ms: 0 })
    await server.latchkey.keys.update(id, { limits: [] }, { wait: 'applied' })
    expect(await send(4)).toMatchObject({ given: 0 })
  })

  test('what a verifier held that is heard of no more counts as spent, and the audit log says so once', async () => {
    const database = await makeDatabase()
    let lost = 0
    let id = ''
    {
      await using server = await startTestServer(database)
      await createAcme(server.latchkey)
      const rate = { name: 'requests', limit: 1_000, windowSeconds: 60 }
      const made = await server.latchkey.keys.create({
        organizationId: 'acme',
        name: 'K',
        limits: [monthly(100), { ...monthly(50), name: 'closed' }, rate],
      })
      id = made.id
      const send = async (verifier: string, sequence: number, name: string, asked: object) => {
        const counter = { key_id: id, scope: 'key', name, epoch: 0, unspent: 0, need: 0, want: 0 }
        const { json } = await server.request<{ counters: { granted: number; period: number }[] }>(
          'POST',
          '/v1/grants',
          {
            token: server.rootKey,
            body: {
              verifier,
              sequence,
              counters: [{ ...counter, kind: name === 'requests' ? 'rate' : undefined, ...asked }],
            },
          },
        )
        return json.counters[0] as { granted: number; period: number }
      }
      // Two of them end, of which the log is told together; one gives all back, and loses nothing.
      for (const verifier of ['one', 'two']) {
        const { granted } = await send(verifier, 1, 'credits', { need: 1, least: 1, want: 20 })
        await send(verifier, 2, 'requests', { need: 1, least: 1, want: 20 })
        lost += granted
      }
      const closed = await send('three', 1, 'closed', { need: 1, least: 1, want: 20 })
      await send('three', 2, 'closed', { back: closed.granted, period: closed.period })
      await setTimeout(leaseMs + 100)
      // Whoever is served next finds them over.
      await send('four', 1, 'closed', {})
    }
    await using latchkey = await openLatchkey({ database })
    const { items } = await latchkey.audit.list({ action: 'limit.units_lost' })
    expect(items).toMatchObject([{ keyId: id, actor: null, changes: { name: 'credits', units: lost } }])
    expect(lost).toBeGreaterThan(0)
    const left = (await latchkey.keys.get(id)).limits.map(({ remaining }) => remaining)
    expect(left.slice(0, 2)).toEqual([98 - lost, 49])
  })

  test('a server that stops in order gets back what its verifiers hold', async () => {
    const database = await makeDatabase()
    const server = await startTestServer(database)
    await createAcme(server.latchkey)
    const { id, key } = await server.latchkey.keys.create({
      organizationId: 'acme',
      name: 'K',
      limits: [monthly(1_000)],
    })
    const verifier = createVerifier({ url: server.url, token: server.rootKey })
    await verifier.ready()
    let spent = 0
    while (spent < 20 || verifier.verifyCached(key, { cost: 0 }) === undefined)
      if ((await verifier.verify(key)).valid) spent++
    await server.close()
    await verifier.close()
    await using latchkey = await openLatchkey({ database })
    // Whoever draws next finds out what the process had out when it ended.
    await latchkey.verify(key)
    expect((await latchkey.audit.list({ action: 'limit.units_lost' })).items).toEqual([])
    expect((await latchkey.keys.get(id)).limits[0]?.remaining).toBe(1_000 - spent - 1)
  })

  test('what is reserved is drawn and signed by the server, and settled through it', async () => {
    await using stage = await startVerifiers(2)
    const { latchkey, verifiers, issue } = stage
    const [one, two] = verifiers as [Verifier, Verifier]
    const { key, id } = await issue({ limits: [{ ...monthly(100), defaultCost: 0 }], permissions: ['a'] })
    const asked = { cost: { credits: 60 }, reserveSeconds: 60 }
    expect(one.verifyCached(key, asked)).toBeUndefined()
    const verdict = await one.verify(key, { ...asked, permissions: ['a'], organizationId: 'acme' })
    if (!verdict.valid || verdict.reservation === undefined) throw new Error(`Not reserved: ${verdict.code}`)
    // What a verifier holds to answer from memory, the server does not have.
    expect(verdict.limits?.[0]?.remaining).toBeGreaterThan(30)
    // Drawn from what all share: what the others and the server find is what is left.
    expect(await two.verify(key, asked)).toMatchObject({ code: 'quota_exceeded' })
    const settled = await two.settle(verdict.reservation, { credits: 15 })
    expect(settled.settled).toMatchObject([{ name: 'credits', reserved: 60, cost: 15 }])
    expect(await one.settle(verdict.reservation, { credits: 15 })).toEqual(settled)
    await expect(one.settle(verdict.reservation, 1)).rejects.toMatchObject({ code: 'reservation_settled' })
    await expect(one.settle('r1.none', 1)).rejects.toMatchObject({ code: 'invalid_input' })
    expect((await latchkey.keys.get(id)).limits[0]?.remaining).toBe(85)

    // Memory refuses what it can, and the server draws nothing for it.
    for (const [question, code] of [
      [{ permissions: ['b'] }, 'insufficient_permissions'],
      [{ organizationId: 'other' }, 'not_found'],
    ] as [VerifierQuestion, string][])
      expect(await one.verify(key, { ...asked, ...question })).toMatchObject({ valid: false, code })
    await expect(one.verify(key, { cost: 0, reserveSeconds: 60 })).rejects.toMatchObject({
      code: 'invalid_input',
    })
    await expect(one.verify(key, { reserveSeconds: 0 })).rejects.toMatchObject({ code: 'invalid_input' })
    expect((await latchkey.keys.get(id)).limits[0]?.remaining).toBe(85)
    const free = await one.verify((await issue()).key, { cost: 5, reserveSeconds: 60 })
    expect(free).toMatchObject({ valid: true })
    expect('reservation' in free).toBe(false)
    // The server judges from where the call comes, as memory has.
    const bound = await issue({ limits: [monthly(10)], allowedIps: ['192.0.2.0/24'] })
    const inside = { cost: 1, reserveSeconds: 60, context: { ip: '192.0.2.7' } }
    expect(await one.verify(bound.key, inside)).toMatchObject({ reservation: expect.any(String) })
    expect(await one.verify(bound.key, { ...inside, context: { ip: '198.51.100.1' } })).toMatchObject({
      code: 'ip_not_allowed',
    })
    // All that is left can be reserved, wherever it is held.
    const rest = { cost: { credits: 85 }, reserveSeconds: 60 }
    await expect.poll(async () => (await two.verify(key, rest)).code).toBe('valid')
    expect(await one.verify(key, { cost: { credits: 1 } })).toMatchObject({ code: 'quota_exceeded' })
  })
})
