// Strangers with made-up tokens over many connections, beside a caller who verifies keys that nobody has asked for yet.
import { Agent, request } from 'node:http'
import { expect, test } from 'vitest'
import { generateToken } from '../src/core/token.ts'
import { systemRandom } from '../src/domain/random.ts'
import { createAcme } from './setup/acme.ts'
import { databaseKinds, makeDatabase } from './setup/databases.ts'
import { startTestServer } from './setup/server.ts'

const connections = 200
const keys = 24
/** Good questions under way at once. */
const atOnce = 8

test.each(databaseKinds)(
  '200 connections of strangers on %s: no key of a good caller is refused',
  async (kind) => {
    await using database = await makeDatabase(kind)
    // Made by another process, so to say: the server's own memory has none of them.
    const first = await startTestServer(database.url)
    await createAcme(first.latchkey)
    const made = await Promise.all(
      Array.from({ length: keys }, () => first.latchkey.keys.create({ organizationId: 'acme', name: 'CI' })),
    )
    await first.close()
    const server = await startTestServer(database.url)
    const agent = new Agent({ keepAlive: true, maxSockets: connections })
    let isOver = false
    let strangers = 0
    const stranger = async () => {
      while (!isOver) {
        const { token } = generateToken('re', systemRandom)
        await ask(agent, server.url, token)
        strangers++
      }
    }
    const flood = Array.from({ length: connections }, stranger)
    const statuses: string[] = []
    const good = async () => {
      for (let key = made.pop(); key !== undefined; key = made.pop()) {
        const asked = { token: server.rootKey, body: { key: key.key } }
        const { status, json } = await server.request('POST', '/v1/keys/verify', asked)
        statuses.push(`${status} ${json.code}`)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, good))
    isOver = true
    await Promise.all(flood)
    agent.destroy()
    await server.close()
    console.log(`${kind}: ${strangers} strangers beside ${statuses.length} good questions`)
    expect(new Set(statuses)).toEqual(new Set(['200 valid']))
  },
)

function ask(agent: Agent, url: string, token: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const sent = request(
    `${url}/v1/auth`,
    { agent, headers: { authorization: `Bearer ${token}` } },
    (answer) => {
      answer.resume().on('end', resolve)
    },
  )
  sent.on('error', reject).end()
  return promise
}
