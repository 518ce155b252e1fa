// Verifiers of older versions beside a server of this one: of what they cannot judge they accept nothing.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import type { Verifier, VerifierOptions } from '../src/client/index.ts'
import { allConditions, judgesHeader } from '../src/core/conditions.ts'
import { onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { startTestServer } from './setup/server.ts'

interface FactsJson {
  sequence: number | null
  secret: { revoked_at: string | null } | null
}

const folder = mkdtempSync(join(tmpdir(), 'latchkey-older-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The verifier of 0.2.0, bundled from its sources. */
async function loadOlder(): Promise<{ createVerifier(options: VerifierOptions): Verifier }> {
  const path = join(folder, 'verifier-0.2.0.mjs')
  const packed = readFileSync(new URL('./setup/verifier-0.2.0.mjs.gz', import.meta.url))
  writeFileSync(path, gunzipSync(packed))
  return import(pathToFileURL(path).href)
}

const hour = 3_600_000

onOneDatabase('SQLite', 'a verifier of an older version', (makeDatabase) => {
  async function start() {
    const database = await makeDatabase()
    let ahead = 0
    const server = await startTestServer(database, { now: () => Date.now() + ahead })
    const { latchkey, rootKey } = server
    for (const id of ['acme', 'closed']) await latchkey.organizations.create({ id, name: id })
    const direct = await connectDirectly(database)
    const keys: Record<string, string> = {}
    for (const [name, change] of [
      ['plain', undefined],
      ['closed', undefined],
      ['suspended', 'suspended_at = 1'],
      ['early', `not_before = ${Date.now() + hour}`],
      ['begun', `not_before = ${Date.now() - hour}`],
      ['bound', `allowed_ips = '["192.0.2.0/24"]'`],
      ['child', undefined],
      ['all', `suspended_at = 1, not_before = ${Date.now() + hour}, allowed_ips = '["192.0.2.0/24"]'`],
    ] as const) {
      const organizationId = name === 'closed' ? 'closed' : 'acme'
      const { id, key } = await latchkey.keys.create({ organizationId, name })
      if (name === 'child') {
        const parent = await latchkey.keys.create({ organizationId, name: 'Parent' })
        await direct.run(`update keys set revoked_at = 1 where id = '${parent.id}'`)
        await direct.run(`update keys set parent_id = '${parent.id}' where id = '${id}'`)
        await direct.run(`update keys set limits_from = parent_id where id = '${id}'`)
      }
      if (change) await direct.run(`update keys set ${change} where id = '${id}'`)
      keys[name] = key
    }
    await direct.run(`update organizations set suspended_at = 1 where id = 'closed'`)
    await direct[Symbol.asyncDispose]()
    const ask = async (name: string, judges: readonly string[]) => {
      const headers = judges.length === 0 ? {} : { [judgesHeader]: judges.join(', ') }
      const body = { key: keys[name] }
      const answer = await server.request<FactsJson>('POST', '/v1/keys/facts', {
        token: rootKey,
        body,
        headers,
      })
      const { sequence, secret } = answer.json
      const isRevoked = secret?.revoked_at != null
      return `${isRevoked ? 'revoked' : 'given'}, ${sequence === null ? 'for one call' : 'to keep'}`
    }
    const pass = (ms: number) => {
      ahead += ms
    }
    return { ...server, keys, ask, pass, [Symbol.asyncDispose]: () => server.close() }
  }

  test('gets no facts that it cannot judge by, and all others', async () => {
    await using server = await start()
    const without = (one: string) => allConditions.filter((condition) => condition !== one)
    for (const name of ['plain', 'closed', 'suspended', 'early', 'begun', 'bound', 'all'])
      expect(await server.ask(name, allConditions), name).toBe('given, to keep')
    expect(await server.ask('plain', [])).toBe('given, to keep')
    for (const judges of [[], without('suspended')])
      for (const name of ['closed', 'suspended', 'all'])
        expect(await server.ask(name, judges), name).toBe('revoked, to keep')
    for (const judges of [[], without('not_before')]) {
      expect(await server.ask('early', judges)).toBe('revoked, for one call')
      expect(await server.ask('begun', judges)).toBe('given, for one call')
    }
    for (const judges of [[], without('ips')])
      expect(await server.ask('bound', judges)).toBe('revoked, for one call')
    expect(await server.ask('all', without('ips'))).toBe('revoked, for one call')
    expect(await server.ask('bound', without('suspended'))).toBe('given, to keep')
    for (const judges of [[], without('line')])
      expect(await server.ask('child', judges)).toBe('revoked, for one call')
    expect(await server.ask('child', allConditions)).toBe('revoked, to keep')
  })

  test('of 0.2.0 accepts none of them, and takes those that have begun', async () => {
    await using server = await start()
    const { createVerifier } = await loadOlder()
    await using verifier = createVerifier({ url: server.url, token: server.rootKey })
    await verifier.ready()
    for (let round = 0; round < 2; round++) {
      const codes: Record<string, string> = {}
      for (const [name, token] of Object.entries(server.keys))
        codes[name] = (await verifier.verify(token)).code
      const refused = {
        ...{ closed: 'revoked', suspended: 'revoked', bound: 'revoked', all: 'revoked' },
        child: 'revoked',
      }
      const early = round === 0 ? 'revoked' : 'valid'
      expect(codes).toEqual({ plain: 'valid', begun: 'valid', early, ...refused })
      // What was told for one call is not remembered.
      expect(verifier.verifyCached(server.keys.early as string)).toBeUndefined()
      expect(verifier.verifyCached(server.keys.bound as string)).toBeUndefined()
      server.pass(2 * hour)
    }
  })
})
