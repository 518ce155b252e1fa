// Random lines of keys: each is judged as a plain model says, which looks at all keys of the line one after the other.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { covers } from '../src/core/permissions.ts'
import { refusalOrder } from '../src/core/shapes/verification.ts'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'

const now = Date.UTC(2026, 5, 1)
const instants = [now - 2_000, now - 1_000, now + 1_000, now + 2_000]
const maybe = <Value>(value: fc.Arbitrary<Value>) =>
  fc.oneof({ arbitrary: fc.constant(null), weight: 7 }, { arbitrary: value, weight: 1 })
const permissions = fc.subarray(['*', 'emails:*', 'emails:send', 'files:*', 'files:read'], { minLength: 1 })

/** A key of a line, and what became of the secret by which the one above it has made it. */
const key = fc.record({
  permissions,
  revoked: maybe(fc.constant(now - 1)),
  suspended: maybe(fc.constant(now - 1)),
  expires: maybe(fc.constantFrom(...instants)),
  begins: maybe(fc.constantFrom(...instants)),
  ips: maybe(fc.constantFrom('["192.0.2.0/24"]', '["10.0.0.0/8"]')),
  /** Whether a secret of the key above has made it, whether that is ended, and when its grace ends. */
  maker: fc.option(
    fc.record({ isEnded: maybe(fc.constant(true)), grace: maybe(fc.constantFrom(...instants)) }),
    {
      nil: null,
    },
  ),
})
type Line = (typeof key extends fc.Arbitrary<infer Value> ? Value : never)[]

/** The reasons to refuse each key of a line at an instant, the child first. */
function reasonsOf(line: Line, asked: string, at: number): string[][] {
  return line.map((one, i) => {
    const madeNext = line[i - 1]?.maker
    const hasPassed = (instant: number | null | undefined) => instant != null && instant <= at
    return [
      ...(one.revoked === null ? [] : ['revoked']),
      ...(one.suspended === null ? [] : ['suspended']),
      ...(hasPassed(one.expires) ? ['expired'] : []),
      ...(one.begins !== null && one.begins > at ? ['not_yet_valid'] : []),
      ...(madeNext?.isEnded || hasPassed(madeNext?.grace) ? ['rotated'] : []),
      ...(one.ips === '["10.0.0.0/8"]' ? ['ip_not_allowed'] : []),
      ...(covers(one.permissions, asked) ? [] : ['insufficient_permissions']),
    ]
  })
}

onEachDatabase('a random line of keys', (makeDatabase, kind) => {
  test('is judged by the first reason of all of its keys, at each instant', async () => {
    const database = await makeDatabase()
    let wall = now
    await using latchkey = await openLatchkey({ database, now: () => wall, cachedSecrets: 0 })
    await createAcme(latchkey)
    await using direct = await connectDirectly(database)
    const lines = fc.sample(fc.array(key, { minLength: 1, maxLength: 4 }), { numRuns: 100, seed: 15 })
    const made = []
    for (const line of lines) {
      const ids: string[] = []
      let token = ''
      // From the top down, while a line is told from the child up.
      for (const one of line.toReversed()) {
        const parentId = ids[0]
        const input = { organizationId: 'acme', name: 'K', permissions: one.permissions }
        const created = await latchkey.keys.create({ ...input, ...(parentId && { parentId }) })
        ids.unshift(created.id)
        token = created.key
      }
      made.push({ line, ids, token })
    }
    const sqlOf = (value: number | string | null) =>
      typeof value === 'string' ? `'${value}'` : String(value)
    let secrets = 0
    for (const { line, ids } of made)
      for (const [i, { revoked, suspended, expires, begins, ips, maker }] of line.entries()) {
        const parent = ids[i + 1]
        const kid = `maker${String(secrets++).padStart(11, '0')}`
        await direct.run(`update keys set revoked_at = ${sqlOf(revoked)}, suspended_at = ${sqlOf(suspended)},
          expires_at = ${sqlOf(expires)}, not_before = ${sqlOf(begins)}, allowed_ips = ${sqlOf(ips)},
          parent_kid = ${parent && maker ? sqlOf(kid) : 'null'} where id = '${ids[i]}'`)
        // One that is not there any more was pruned: it had ended.
        if (parent === undefined || maker === null || (maker.isEnded && secrets % 2 === 0)) continue
        await direct.run(`insert into secrets (kid, key_id, organization_id, prefix, digest, created_at, ended_at, grace_ends_at)
          select '${kid}', key_id, organization_id, prefix, digest, 1, ${maker.isEnded ? 1 : 'null'}, ${sqlOf(maker.grace)}
          from secrets where key_id = '${parent}' limit 1`)
      }
    const seen = new Set<string>()
    for (const at of [now, now + 1_500])
      for (const asked of ['emails:send', 'files:write'])
        for (const { line, ids, token } of made) {
          wall = at
          const verdict = await latchkey.verify(token, { permissions: [asked], context: { ip: '192.0.2.7' } })
          const reasons = reasonsOf(line, asked, at)
          const [expected = 'valid'] = refusalOrder.filter((code) => reasons.flat().includes(code))
          const told = JSON.stringify({ line, asked, at, verdict })
          expect(verdict.code, told).toBe(expected)
          seen.add(verdict.code)
          if (verdict.valid) {
            const earliest = Math.min(...line.map(({ expires }) => expires ?? Number.POSITIVE_INFINITY))
            expect(verdict.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY, told).toBe(earliest)
          }
          if (!('ancestorId' in verdict) || verdict.ancestorId === undefined) continue
          const reason = reasons[ids.indexOf(verdict.ancestorId)]
          expect(reason, told).toContain(expected)
        }
    expect([...seen].sort(), kind).toEqual(
      [
        ...['valid', 'revoked', 'suspended', 'expired', 'not_yet_valid'],
        ...['rotated', 'ip_not_allowed', 'insufficient_permissions'],
      ].sort(),
    )
  })
})
