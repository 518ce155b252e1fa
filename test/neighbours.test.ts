// Hostile neighbours all at once, scaled down: nothing good is refused, and what they are refused is theirs. At
// length, and with figures: `node test/torture/neighbours.ts`.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { useCommand } from './setup/command.ts'
import { onEachDatabase } from './setup/databases.ts'
import { send } from './setup/server.ts'
import type { Stage } from './torture/neighbours-attacks.ts'

const command = useCommand()
const names = [
  'unknown tokens',
  'unread lists',
  'pattern batches',
  'sign-ins',
  'crowded changes',
  'idle connections',
]
const rounds = 5
/** Until then the attacks have met their bounds: they have less of the processor than the server. */
const patienceMs = 90_000
const neverSeen = 60
/** What attacks are refused by, beside what refuses strangers. */
const bounds = ['too_many_changes', 'too_many_sessions']
/** A process that only serves has some 150 MiB; what the attacks could take without bounds is a multiple of this. */
const mostMiB = 900

onEachDatabase('among hostile neighbours', (makeDatabase) => {
  test('every good call is answered, crowds are refused by their own bounds, and memory is bounded', async () => {
    const database = await makeDatabase()
    const { stage, token, cold } = await prepare(database)
    const server = await command.serve(['--log-verdicts', 'all'], {
      env: { LATCHKEY_DATABASE_URL: database },
    })
    // Nobody reads its log.
    server.process.stderr?.pause()
    const attackers = spawn(
      process.execPath,
      [join(import.meta.dirname, 'torture/neighbours-attacks.ts'), ...names],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    )
    setPriority(attackers.pid as number, constants.priority.PRIORITY_BELOW_NORMAL / 2)
    attackers.stdin.end(JSON.stringify({ ...stage, url: server.url }))
    let told = ''
    attackers.stdout.on('data', (chunk) => {
      told += chunk
    })
    const areAllRefused = () => bounds.every((code) => told.includes(code))
    {
      using stack = new DisposableStack()
      stack.defer(() => attackers.kill('SIGKILL'))
      const call = <Json = Record<string, unknown>>(method: string, path: string, body?: unknown) =>
        send<Json>(server.url, method, path, { token, ...(body !== undefined && { body }) })
      const good: unknown[] = []
      const endsAt = performance.now() + patienceMs
      for (let i = 0; i < rounds || (!areAllRefused() && performance.now() < endsAt); i++) {
        const unseen = await call('POST', '/v1/keys/verify', { key: cold[i % neverSeen] })
        const { status, json: created } = await call<{ id: string; key: string }>('POST', '/v1/keys', {
          name: 'K',
        })
        const valid = await call('POST', '/v1/keys/verify', { key: created.key })
        const revoked = await call('DELETE', `/v1/keys/${created.id}`)
        const after = await call('POST', '/v1/keys/verify', { key: created.key })
        good.push([unseen.json.code, status, valid.json.code, revoked.status, after.json.code])
      }
      expect(good).toEqual(Array(good.length).fill(['valid', 200, 'valid', 200, 'revoked']))
      expect(bounds.filter((code) => !told.includes(code))).toEqual([])
      const resident = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.process.pid}/status`, 'utf8'))
      expect(Number(resident?.[1]) / 1024).toBeLessThan(mostMiB)
    }
    expect(await server.stop()).toBe(0)
  }, 150_000)
})

async function prepare(database: string): Promise<{ stage: Stage; token: string; cold: string[] }> {
  await using latchkey = await openLatchkey({ database })
  await latchkey.createRootKey()
  for (const id of ['good', 'hostile']) await latchkey.organizations.create({ id, name: id })
  const make = (organizationId: string, permissions: string[], metadata = {}) =>
    latchkey.keys.create({ organizationId, name: 'K', permissions, metadata })
  const [read, write, verify] = ['latchkey:keys:read', 'latchkey:keys:write', 'latchkey:keys:verify'] as const
  const patterns = Array.from({ length: 127 }, (_, i) => `*:*:z${i}`)
  const large = { a: Array.from({ length: 250 }, () => ({})) }
  const stage = {
    url: '',
    owner: (await make('hostile', [read, write, verify])).key,
    reader: (await make('hostile', [read, 'latchkey:audit:read'])).key,
    patterns: (await make('hostile', patterns)).key,
    heavy: await Promise.all(Array.from({ length: 30 }, async () => (await make('hostile', [], large)).key)),
    oldId: (await make('hostile', [])).id,
  }
  const token = (await make('good', [read, write, verify])).key
  const cold = await Promise.all(Array.from({ length: neverSeen }, async () => (await make('good', [])).key))
  return { stage, token, cold }
}
