// The vectors by which verifiers in other languages are held to this one. `UPDATE_VECTORS=1 npx vitest run
// test/verifier-vectors.test.ts` writes them; the code of each verdict, and each yes or no, is said here by hand.
import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readAnswer } from '../src/client/verifier/verifier-cache.ts'
import { isWithin, readNetwork } from '../src/core/addresses.ts'
import { missingPermissions } from '../src/core/permissions.ts'
import type { FactsAnswer } from '../src/core/shapes/verifiers.ts'
import { fromWire, fromWireAnswer, toWire } from '../src/core/wire.ts'
import { Allotments } from '../src/verdict/allotment.ts'
import { describeClaims } from '../src/verdict/drawing.ts'
import { evaluate, malformed, notFound, verdictOf } from '../src/verdict/evaluate.ts'
import { Owners } from '../src/verdict/owners.ts'
import { parsePresented } from '../src/verdict/presented.ts'
import { type Case, cases, keyId, now, parent, plain, type Secret, token } from './setup/verdict-cases.ts'

const file = new URL('verifier-vectors.json', import.meta.url)

const rate = {
  scope: 'key',
  id: keyId,
  name: 'requests',
  epoch: 0,
  limit: 60,
  window_seconds: 60,
  burst: 10,
  default_cost: 1,
}
const quota = {
  scope: 'key',
  id: keyId,
  name: 'credits',
  epoch: 0,
  limit: 1000,
  resets: 'monthly',
  default_cost: 5,
}

const permissionCases: [granted: string[], asked: string[], missing: string[]][] = [
  [[], [], []],
  [[], ['a'], ['a']],
  [['a:b'], ['a:b'], []],
  [['a:b'], ['a'], ['a']],
  [['a:b'], ['a:b:c'], ['a:b:c']],
  [['a:*'], ['a', 'a:b', 'a:b:c'], ['a']],
  [['a:*:c'], ['a:b:c', 'a:b:d', 'a:b:b:c'], ['a:b:d', 'a:b:b:c']],
  [['*'], ['a:b', 'latchkey:keys:read'], ['latchkey:keys:read']],
  [['*:*'], ['a:b', 'a', 'latchkey:keys'], ['a', 'latchkey:keys']],
  [['latchkey:*'], ['latchkey:keys:read', 'latchkeys:read'], ['latchkeys:read']],
  [['latchkey:keys:*'], ['latchkey:keys:read', 'latchkey:audit:read'], ['latchkey:audit:read']],
  [['latchkey:*:read'], ['latchkey:keys:read', 'latchkey:keys:write'], ['latchkey:keys:write']],
  [['a:b'], ['a:*'], ['a:*']],
  [['a:*'], ['a:*', 'a:*:b', '*'], ['*']],
  [['a:*:c'], ['a:*:c', 'a:*:*'], ['a:*:*']],
  [['a:b', '*:c'], ['x:c', 'x:d'], ['x:d']],
  [['repos/x-1.y_z:read'], ['repos/x-1.y_z:read', 'repos/x:read'], ['repos/x:read']],
  [['A:b'], ['a:b'], ['a:b']],
  [['a:*:*'], ['a:b', 'a:b:c', 'a:b:c:d', 'a:*:c'], ['a:b']],
  [['*:b'], ['*:b', 'a:b', 'latchkey:b', '*:*'], ['latchkey:b', '*:*']],
  [['latchkey:*'], ['latchkey:*', 'latchkey', '*'], ['latchkey', '*']],
]

const networkCases: [networks: string[], ip: string, within: boolean][] = [
  [['192.0.2.7'], '192.0.2.7', true],
  [['192.0.2.7'], '192.0.2.8', false],
  [['192.0.2.0/24'], '192.0.2.255', true],
  [['192.0.2.0/24'], '192.0.3.0', false],
  [['0.0.0.0/0'], '255.255.255.255', true],
  [['0.0.0.0/0'], '::1', false],
  [['::/0'], '192.0.2.7', false],
  [['::/0'], '2001:db8::1', true],
  [['::ffff:0:0/96'], '192.0.2.7', true],
  [['192.0.2.0/24'], '::ffff:192.0.2.7', true],
  [['192.0.2.0/24'], '::ffff:c000:207', true],
  [['2001:db8::/33'], '2001:db8:7fff::1', true],
  [['2001:db8::/33'], '2001:db8:8000::1', false],
  [['2001:db8::/32'], '2001:DB8:0:0::1', true],
  [['fe80::/10'], 'fe80::1%eth0', false],
  [['192.0.2.0/24', '2001:db8::/32'], '2001:db8::1', true],
  [['2001:db8::/32'], '2001:db8::ffff:192.0.2.7', true],
  [['192.0.2.0/24'], '1::2::3', false],
  [['192.0.2.0/24'], '192.0.2.07', false],
  [['192.0.2.0/24'], '192.0.2.7:80', false],
  [['192.0.2.0/24'], '', false],
  [['192.0.2.0/24'], '192.0.2.7\n', false],
  [['192.0.2.0/24'], ' 192.0.2.7', false],
  [['192.0.2.0/24'], '\u0661\u0669\u0662.0.2.7', false],
  [['192.0.2.0/24'], '0xc0.0.2.7', false],
  [['192.0.2.0/24'], '3221225991', false],
  [['192.0.2.0/24'], '::ffff:192.0.2.07', false],
  [['192.0.2.0/24'], '::192.0.2.7', false],
  [['1:2:3:4:5:6:7:0'], '1:2:3:4:5:6:7::', true],
  [['1:2:3:4:5:6:7:8'], '1:2:3:4::5:6:7:8', false],
  [['::/0'], '2001:db8::00001', false],
  [['::/0'], '1::2::3', false],
  [['::/0'], '[2001:db8::1]', false],
  [['::/0'], '1:2:3:4:5:6:192.0.2.7', true],
  [['192.0.2.0/24'], '192.0.2', false],
  [['192.0.2.0/24'], '0:0:0:0:0:ffff:192.0.2.7', true],
  [['2001:db8::/32'], '2001:db8:1:2:3:4:5:6::', false],
]

const anchored = { ...quota, anchor: '2026-01-15T06:30:00.000Z' }
const counterCases = [
  rate,
  { ...rate, scope: 'ancestor', id: parent },
  { ...rate, scope: 'organization', id: 'acme' },
  quota,
  { ...quota, resets: null },
  { ...quota, resets: 'hourly' },
  anchored,
]

const inDays = (days: number) => days * 86_400_000
const most = 10 ** 12
const waitCases: { limit: object; cost: number; remaining: number; ends_in_ms: number | null }[] = [
  { limit: rate, cost: 1, remaining: 0, ends_in_ms: null },
  { limit: rate, cost: 3, remaining: 1, ends_in_ms: null },
  { limit: rate, cost: 11, remaining: 10, ends_in_ms: null },
  { limit: { ...rate, limit: 7, window_seconds: 60 }, cost: 1, remaining: 0, ends_in_ms: null },
  { limit: { ...rate, limit: 0 }, cost: 1, remaining: 0, ends_in_ms: null },
  // Products beyond what a double counts exactly, and a wait beyond the year 9999.
  {
    limit: { ...rate, limit: most, window_seconds: 2_592_000, burst: most },
    cost: most,
    remaining: 1,
    ends_in_ms: null,
  },
  {
    limit: { ...rate, limit: most - 11, window_seconds: 2_592_000, burst: most },
    cost: most,
    remaining: 3,
    ends_in_ms: null,
  },
  {
    limit: { ...rate, limit: 1, window_seconds: 2_592_000, burst: most },
    cost: most,
    remaining: 0,
    ends_in_ms: null,
  },
  { limit: quota, cost: 5, remaining: 4, ends_in_ms: inDays(0.5) },
  { limit: quota, cost: 1001, remaining: 1000, ends_in_ms: inDays(0.5) },
  { limit: { ...quota, resets: null }, cost: 5, remaining: 0, ends_in_ms: null },
]

function factsOf(secret: Secret) {
  const answer = { sequence: 1, age_ms: 0, foreign_tokens: true, secret: { ...plain, ...secret } }
  return readAnswer(fromWireAnswer(answer as never) as FactsAnswer, new Owners(10))
}

function verdictOn({ secret, token: presented = token, question = {} }: Case) {
  if (parsePresented({ acceptsForeign: () => true }, presented) === undefined) return malformed
  const facts = secret === null ? undefined : factsOf(secret)
  if (facts === undefined) return notFound
  const { answer, terms } = facts
  return verdictOf(answer, terms, evaluate(terms, fromWire(question), now, presented))
}

function claimOf(limit: object) {
  const facts = factsOf({ limits: [limit], line: [parent] })
  return facts?.claims[0] as NonNullable<typeof facts>['claims'][number]
}

/** What a call is told that found so little left at this instant. */
function waitOn({ limit, cost, remaining, ends_in_ms: endsInMs }: (typeof waitCases)[number]) {
  const claim = claimOf(limit)
  const allotments = new Allotments(
    { monotonic: () => 0, after: () => () => {} },
    () => {},
    () => true,
  )
  void allotments.wait([{ limit: claim.limit, cost }])
  const message = allotments.prepare()
  if (message === undefined) throw new Error('Nothing was asked for.')
  const endsAt = endsInMs === null ? null : now + endsInMs
  const none = { granted: 0, given: 0, kept: 0, elsewhere: 0, emptyForMs: 0, period: 0 }
  allotments.accept(message, [{ ...none, left: remaining, endsInMs, endsAt }])
  const { holding, allowance } = claim.limit
  const [told] = describeClaims([claim], now)
  return {
    limit,
    cost,
    remaining,
    ends_at: endsAt === null ? null : new Date(endsAt).toISOString(),
    retry_after_ms: holding?.retryAfterMs(allowance, cost, 0, now) ?? null,
    resets_at: told?.resetsAt?.toISOString() ?? null,
  }
}

const vectors = {
  now: new Date(now).toISOString(),
  permissions: permissionCases.map(([granted, asked, missing]) => ({ granted, asked, missing })),
  networks: networkCases.map(([networks, ip, within]) => ({ networks, ip, within })),
  verdicts: cases.map((one) => ({
    what: one.what,
    secret: one.secret === null ? null : { ...plain, ...one.secret },
    token: one.token ?? token,
    question: one.question ?? {},
    verdict: toWire(verdictOn(one)),
  })),
  counters: counterCases.map((limit) => ({ limit, counter: claimOf(limit).limit.counterId })),
  waits: waitCases.map(waitOn),
}
if (process.env.UPDATE_VECTORS) writeFileSync(file, `${JSON.stringify(vectors, null, 2)}\n`)

test('the vectors are what this verifier says', () => {
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(vectors)))
})

test.each(cases)('a token is judged as it must be: $what', (one) => {
  expect(verdictOn(one).code).toBe(one.code)
})

test.each(permissionCases)('%j and %j: missing %j', (granted, asked, missing) => {
  expect(missingPermissions(granted, asked)).toEqual(missing)
})

test.each(networkCases)('%j and %s: %s', (networks, ip, within) => {
  expect(
    isWithin(
      networks.map((network) => readNetwork(network) as never),
      ip,
    ),
  ).toBe(within)
})

test('a child is told which key refuses it', () => {
  const told = vectors.verdicts.filter(({ what }) => what.startsWith('a child'))
  expect(told.map(({ verdict }) => (verdict as { ancestor_id?: string }).ancestor_id)).toEqual([
    ...[parent, parent, parent, parent, parent],
    undefined,
  ])
})
