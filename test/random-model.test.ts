// Random lives of keys on a real database, beside a model in memory that says what each answer must be. A run that
// fails prints its seed and path; LATCHKEY_TEST_RUNS sets the number of runs.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseToken } from '../src/core/token.ts'
import { covers, type KeyCaller, type Latchkey, openLatchkey } from '../src/index.ts'
import { makeCaller } from './setup/callers.ts'
import { type Clock, makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { codeOf } from './setup/refusal.ts'

const runs = Number(process.env.LATCHKEY_TEST_RUNS ?? 120)
const permissions = fc.subarray(['a', 'b:*', 'b:c', '*'])
const lifetime = fc.option(fc.constantFrom(1, 2_000, 60_000), { nil: null })

interface ModelSecret {
  token: string
  endsAt: number | null
}
interface ModelKey {
  id: string
  name: string
  permissions: string[]
  expiresAt: number | null
  revokedAt: number | null
  /** Newest first. */
  secrets: ModelSecret[]
  events: string[]
}
type Model = ModelKey[]
type Command = fc.AsyncCommand<Model, Real>
interface Real {
  latchkey: Latchkey
  clock: Clock
  caller: KeyCaller
}

onEachDatabase('sequences of commands', (makeDatabase) => {
  test('every answer is the model’s, whatever the order of commands', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.commands(commands(), { maxCommands: 40, size: 'max' }), async (sequence) => {
        const organizationId = `run-${run++}`
        await latchkey.organizations.create({ id: organizationId, name: 'Run' })
        const caller = await makeCaller(latchkey, organizationId, ['*', 'latchkey:*'])
        await fc.asyncModelRun(() => ({ model: [], real: { latchkey, clock, caller } }), sequence)
      }),
      { numRuns: runs },
    )
  })
})

function create(permissions: string[], lifetimeMs: number | null): Command {
  return command(`create(${JSON.stringify(permissions)}, ${lifetimeMs})`, async (model, real) => {
    const expiresAt = lifetimeMs === null ? null : real.clock.in(lifetimeMs)
    const name = `key ${model.length}`
    const { id, key } = await real.latchkey.keys.create(
      { name, permissions, expiresAt },
      { actor: real.caller },
    )
    model.push({
      id,
      name,
      permissions,
      expiresAt: expiresAt?.getTime() ?? null,
      revokedAt: null,
      secrets: [{ token: key, endsAt: null }],
      events: ['key.created'],
    })
  })
}

interface Change {
  name?: string
  permissions?: string[]
  lifetimeMs?: number | null
}

function update(pick: number, { lifetimeMs, ...change }: Change): Command {
  const text = `update(${pick}, ${JSON.stringify({ ...change, lifetimeMs })})`
  return onKey(text, pick, async (key, { latchkey, clock, caller }) => {
    const expiresAt = typeof lifetimeMs === 'number' ? clock.in(lifetimeMs) : lifetimeMs
    const asked = { ...change, ...(expiresAt !== undefined && { expiresAt }) }
    const call = latchkey.keys.update(key.id, asked, { actor: caller })
    if (Object.keys(asked).length === 0) return refused(call, 'invalid_input')
    if (key.revokedAt !== null) return refused(call, 'key_revoked')
    await call
    const before = JSON.stringify([key.name, key.permissions, key.expiresAt])
    Object.assign(key, change)
    if (expiresAt !== undefined) key.expiresAt = expiresAt?.getTime() ?? null
    const after = JSON.stringify([key.name, key.permissions, key.expiresAt])
    if (after !== before) key.events.push('key.updated')
  })
}

function rotate(pick: number, graceSeconds: number): Command {
  return onKey(`rotate(${pick}, ${graceSeconds})`, pick, async (key, { latchkey, clock, caller }) => {
    const now = clock.now()
    const call = latchkey.keys.rotate(key.id, { graceSeconds }, { actor: caller })
    if (key.revokedAt !== null) return refused(call, 'key_revoked')
    if (statusOf(key, now) === 'expired') return refused(call, 'key_expired')
    const inGrace = key.secrets.some(({ endsAt }) => endsAt !== null && endsAt > now)
    if (graceSeconds > 0 && inGrace) return refused(call, 'rotation_in_progress')
    const { key: token } = await call
    const end = Math.min(now + graceSeconds * 1000, key.expiresAt ?? Number.POSITIVE_INFINITY)
    for (const secret of key.secrets) {
      if (secret.endsAt === null || secret.endsAt > now) secret.endsAt = end
    }
    key.secrets.unshift({ token, endsAt: null })
    key.events.push('key.rotated')
  })
}

function endSecret(pick: number, which: number): Command {
  return onKey(`endSecret(${pick}, ${which})`, pick, async (key, { latchkey, clock, caller }) => {
    const secret = key.secrets[which % key.secrets.length] as ModelSecret
    const call = latchkey.keys.endSecret(key.id, kidOf(secret), { actor: caller })
    if (secret.endsAt === null) return refused(call, 'last_secret')
    await call
    if (secret.endsAt <= clock.now()) return
    secret.endsAt = clock.now()
    key.events.push('key.secret_ended')
  })
}

function revoke(pick: number): Command {
  return onKey(`revoke(${pick})`, pick, async (key, { latchkey, clock, caller }) => {
    await latchkey.keys.revoke(key.id, { actor: caller })
    if (key.revokedAt !== null) return
    key.revokedAt = clock.now()
    key.events.push('key.revoked')
  })
}

function wait(ms: number): Command {
  return command(`wait(${ms})`, async (_, { clock }) => clock.advance(ms))
}

/** Verifies every token ever made. */
function verifyAll(asked: string[]): Command {
  return command(`verifyAll(${JSON.stringify(asked)})`, async (model, { latchkey, clock }) => {
    const expected = model.flatMap((key) =>
      key.secrets.map((secret) => ({ keyId: key.id, code: codeFor(key, secret, asked, clock.now()) })),
    )
    const tokens = model.flatMap((key) => key.secrets.map(({ token }) => token))
    const verdicts = await Promise.all(tokens.map((key) => latchkey.verify(key, { permissions: asked })))
    expect(verdicts).toMatchObject(expected)
    expect(verdicts.map((verdict) => verdict.valid)).toEqual(expected.map(({ code }) => code === 'valid'))
    const requests = tokens.map((key) => ({ key, permissions: asked }))
    expect(await latchkey.verifyBatch(requests)).toEqual(verdicts)
  })
}

/** Reads every key, the lists and the audit log. */
function readAll(): Command {
  return command('readAll()', async (model, { latchkey, clock, caller }) => {
    for (const key of model) {
      const { secrets, ...read } = await latchkey.keys.get(key.id, { actor: caller })
      expect(read).toMatchObject({
        name: key.name,
        permissions: key.permissions,
        status: statusOf(key, clock.now()),
        expiresAt: key.expiresAt === null ? null : new Date(key.expiresAt),
        revokedAt: key.revokedAt === null ? null : new Date(key.revokedAt),
      })
      expect(secrets[0]?.kid).toBe(kidOf(key.secrets[0] as ModelSecret))
      const told = secrets.map(({ kid, expiresAt }) => [kid, expiresAt?.getTime() ?? null])
      expect(told.sort()).toEqual(key.secrets.map((secret) => [kidOf(secret), secret.endsAt]).sort())
      const { items } = await latchkey.audit.list({ keyId: key.id }, { actor: caller })
      // What nobody caused, an expiry for one, is told when its time has come for the job that looks for it.
      const caused = items.filter(({ actorType }) => actorType !== 'system')
      expect(caused.map(({ action }) => action).reverse()).toEqual(key.events)
    }
    for (const status of ['active', 'expired', 'revoked'] as const) {
      const { items } = await latchkey.keys.list({ status }, { actor: caller })
      const expected = model.filter((key) => statusOf(key, clock.now()) === status)
      const others = items.filter(({ id }) => id !== caller.keyId)
      expect(others.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort())
    }
  })
}

/** A command; its text is what a failing run prints of it. */
function command(text: string, run: Command['run']): Command {
  return { check: () => true, run, toString: () => text }
}

/** A command on one of the keys that there are. */
function onKey(text: string, pick: number, run: (key: ModelKey, real: Real) => Promise<void>): Command {
  return {
    check: (model) => model.length > 0,
    run: (model, real) => run(model[pick % model.length] as ModelKey, real),
    toString: () => text,
  }
}

async function refused(call: Promise<unknown>, code: string): Promise<void> {
  expect(await codeOf(call)).toBe(code)
}

function kidOf({ token }: ModelSecret): string {
  return parseToken(token)?.kid as string
}

function statusOf({ revokedAt, expiresAt }: ModelKey, now: number): string {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && expiresAt <= now ? 'expired' : 'active'
}

function codeFor(key: ModelKey, { endsAt }: ModelSecret, asked: string[], now: number): string {
  const status = statusOf(key, now)
  if (status !== 'active') return status
  if (endsAt !== null && endsAt <= now) return 'rotated'
  return asked.every((permission) => covers(key.permissions, permission))
    ? 'valid'
    : 'insufficient_permissions'
}

function commands(): fc.Arbitrary<Command>[] {
  const pick = fc.nat({ max: 3 })
  const change = fc.record(
    { name: fc.constantFrom('one', 'two'), permissions, lifetimeMs: lifetime },
    { requiredKeys: [] },
  )
  return [
    fc.tuple(permissions, lifetime).map((parts) => create(...parts)),
    fc.tuple(pick, change).map((parts) => update(...parts)),
    fc.tuple(pick, fc.constantFrom(0, 1, 30, 3600)).map((parts) => rotate(...parts)),
    fc.tuple(pick, fc.nat({ max: 3 })).map((parts) => endSecret(...parts)),
    pick.map(revoke),
    fc.constantFrom(1, 999, 1000, 30_000, 3_600_000).map(wait),
    fc.subarray(['a', 'b:c', 'b:*', 'x']).map(verifyAll),
    fc.constant(readAll()),
  ]
}
