// Callers who were let in a moment ago and are dead in the database by now, in a process that has not heard of it:
// every kind of change is tried by them.
import { type KeyCaller, type Latchkey, LatchkeyError } from '../../src/index.ts'
import { callerBy } from './callers.ts'
import type { Clock } from './clock.ts'
import { readAll } from './direct.ts'

/** What happens to a caller between the door and its change. */
export const fatalities = [
  'revoked',
  'parent revoked',
  'rotated',
  'narrowed',
  'expired',
  'secret ended',
  'session ended',
] as const
export type Fatality = (typeof fatalities)[number]

/** What a round needs: the process that kills, another one on the same database, and the clock of both. */
export interface Scene {
  owner: Latchkey
  thief: Latchkey
  clock: Clock
  database: string
}

/** What there is to change, and who tries. */
interface Attempt {
  latchkey: Latchkey
  caller: KeyCaller
  token: string
  victimId: string
  oldKid: string
}

const kinds: Record<string, (attempt: Attempt) => Promise<unknown>> = {
  'create a key': ({ latchkey, caller }) =>
    latchkey.keys.create({ organizationId: 'acme', name: 'Thief' }, { actor: caller }),
  'rename a key': ({ latchkey, caller, victimId }) =>
    latchkey.keys.update(victimId, { name: 'Thief' }, { actor: caller }),
  'change permissions': ({ latchkey, caller, victimId }) =>
    latchkey.keys.update(victimId, { permissions: [] }, { actor: caller }),
  'change an expiry': ({ latchkey, caller, victimId }) =>
    latchkey.keys.update(victimId, { expiresAt: new Date(Date.UTC(2100, 0)) }, { actor: caller }),
  'change metadata': ({ latchkey, caller, victimId }) =>
    latchkey.keys.update(victimId, { metadata: { plan: 'enterprise' } }, { actor: caller }),
  'rotate a key': ({ latchkey, caller, victimId }) => latchkey.keys.rotate(victimId, {}, { actor: caller }),
  'end a secret': ({ latchkey, caller, victimId, oldKid }) =>
    latchkey.keys.endSecret(victimId, oldKid, { actor: caller }),
  'revoke a key': ({ latchkey, caller, victimId }) => latchkey.keys.revoke(victimId, { actor: caller }),
  'rotate itself': ({ latchkey, caller }) => latchkey.keys.rotate(caller.keyId, {}, { actor: caller }),
  'rotate itself with a grace': ({ latchkey, caller }) =>
    latchkey.keys.rotate(caller.keyId, { graceSeconds: 60 }, { actor: caller }),
  'rename itself': ({ latchkey, caller }) =>
    latchkey.keys.update(caller.keyId, { name: 'Thief' }, { actor: caller }),
  'revoke itself': ({ latchkey, caller }) => latchkey.keys.revoke(caller.keyId, { actor: caller }),
  'create an organization': ({ latchkey, caller }) =>
    latchkey.organizations.create({ name: 'Thief' }, { actor: caller }),
  'rename an organization': ({ latchkey, caller }) =>
    latchkey.organizations.update('acme', { name: 'Thief' }, { actor: caller }),
  'end a session': ({ latchkey, caller }) =>
    latchkey.sessions.end(caller.sessionId ?? 'self', { actor: caller }),
  'sign in': ({ latchkey, token }) => latchkey.sessions.start(token, { permission: 'latchkey:keys:read' }),
}
export const kindsOfChange = Object.keys(kinds)

/** What may go on all the same: a narrowed key signs out, and the end of one session is not that of its token. */
function isNoChangeOfTheDead(kind: string, fatality: Fatality): boolean {
  return (
    (kind === 'end a session' && fatality !== 'session ended') ||
    (kind === 'sign in' && fatality === 'session ended')
  )
}

/** Tries every kind of change after every fatality; gives what succeeded, or was refused in other words. */
export async function playRound(scene: Scene): Promise<string[]> {
  const faults: string[] = []
  for (const fatality of fatalities) faults.push(...(await playFatality(scene, fatality)))
  return faults
}

async function playFatality({ owner, thief, clock, database }: Scene, fatality: Fatality): Promise<string[]> {
  const victim = await owner.keys.create({ organizationId: 'acme', name: 'Victim' })
  await owner.keys.rotate(victim.id, { graceSeconds: 3600 })
  const { secrets } = await owner.keys.get(victim.id)
  const input = { organizationId: 'root', name: 'Operator', permissions: ['latchkey:*'] }
  const parent = fatality === 'parent revoked' ? await owner.keys.create(input) : undefined
  const { id, key: token } = await owner.keys.create({ ...input, ...(parent && { parentId: parent.id }) })
  const caller = fatality === 'session ended' ? await signedIn(thief, token) : await callerBy(thief, token)
  await kill(owner, clock, { id: parent?.id ?? id, caller }, fatality)
  const expected = { narrowed: 'missing_permission', 'session ended': 'session_ended' }[fatality as string]
  const before = await readUnused(database)
  const faults: string[] = []
  const attempt = { latchkey: thief, caller, token, victimId: victim.id, oldKid: secrets[1]?.kid as string }
  for (const [kind, change] of Object.entries(kinds)) {
    if (isNoChangeOfTheDead(kind, fatality)) continue
    const outcome = await outcomeOf(change(attempt))
    if (outcome !== (expected ?? 'invalid_token')) faults.push(`${fatality}, ${kind}: ${outcome}`)
  }
  if ((await readUnused(database)) !== before) faults.push(`${fatality}: the database is another`)
  return faults
}

/** All that lies in the database but when something was used, which is written down by the way. */
async function readUnused(database: string): Promise<string> {
  return (await readAll(database)).replace(/"last_(?:used|seen)_at":"?\d+"?/g, '')
}

async function signedIn(latchkey: Latchkey, token: string): Promise<KeyCaller> {
  return (await latchkey.sessions.authenticate(await latchkey.sessions.start(token))) as KeyCaller
}

async function kill(
  owner: Latchkey,
  clock: Clock,
  { id, caller }: { id: string; caller: KeyCaller },
  fatality: Fatality,
): Promise<void> {
  if (fatality.endsWith('revoked')) await owner.keys.revoke(id)
  if (fatality === 'rotated') await owner.keys.rotate(id)
  if (fatality === 'narrowed') await owner.keys.update(id, { permissions: ['emails:send'] })
  if (fatality === 'expired') {
    await owner.keys.update(id, { expiresAt: clock.in(10) })
    clock.advance(10)
  }
  if (fatality === 'secret ended') {
    await owner.keys.rotate(id, { graceSeconds: 3600 })
    await owner.keys.endSecret(id, caller.kid)
  }
  if (fatality === 'session ended') await owner.sessions.end(caller.sessionId as string, { actor: caller })
}

async function outcomeOf(change: Promise<unknown>): Promise<string> {
  try {
    await change
    return 'succeeded'
  } catch (error) {
    if (error instanceof LatchkeyError) return error.code
    throw error
  }
}
