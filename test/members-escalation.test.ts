// Nobody gives away more than it may: random actors, keys and members of both kinds of organizations and users of the portal, give
// permissions to keys and to portal sessions, and roles by invitations and by changes. `TEST_LONG=1` tries ten thousand.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { permissionsOfRole } from '../src/core/access.ts'
import { managementPermissions } from '../src/core/permissions.ts'
import { roles } from '../src/core/roles.ts'
import { portalPermissions } from '../src/core/shapes/portal-sessions.ts'
import { type Caller, type Latchkey, LatchkeyError, type Role } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { type DatabaseKind, onEachDatabase } from './setup/databases.ts'
import { join, openWithPeople } from './setup/people.ts'
import { rounds } from './setup/rounds.ts'

const casesOn: Record<DatabaseKind, number> = { SQLite: rounds(300, 10_000), PostgreSQL: rounds(100, 1_000) }

const organizations = ['root', 'acme'] as const
type Organization = (typeof organizations)[number]
/** What the members of acme may grant outside `latchkey:`. */
const grantable = ['emails:*']
const permission = fc.constantFrom(
  ...[...managementPermissions, 'latchkey:*', 'latchkey:keys:*', 'latchkey:*:read'],
  ...['*', 'emails:*', 'emails:send', 'sms:send'],
)
const holdings = fc.sample(fc.array(permission, { maxLength: 4 }), 40)
const role = fc.constantFrom(...roles)
const organization = fc.constantFrom(...organizations)
/** What portal sessions may have: all else is no session's at all. */
const ofPortal = fc.array(
  fc.constantFrom(...[...portalPermissions, '*', 'emails:*', 'emails:send', 'sms:send']),
  { minLength: 1, maxLength: 3 },
)
const sessions = fc.sample(ofPortal, 40)

const scenario = fc.record({
  actor: fc.oneof(
    fc.record({ home: organization, held: fc.constantFrom(...holdings) }),
    fc.record({ home: organization, role }),
    fc.record({ home: fc.constant('acme' as const), user: fc.constantFrom(...sessions) }),
    // Somebody who may do nearly everything, so that many cases are allowed.
    fc.record({ home: organization, held: fc.constantFrom(['latchkey:*', '*'], ['latchkey:*']) }),
  ),
  to: organization,
  grant: fc.oneof(
    fc.record({ permissions: fc.array(permission, { maxLength: 3 }) }),
    fc.record({ portal: ofPortal }),
    fc.record({ invited: role }),
    fc.record({ before: role, after: role }),
  ),
})
type Scenario = typeof scenario extends fc.Arbitrary<infer Value> ? Value : never
type Actor = Scenario['actor']

onEachDatabase('no escalation by people', (makeDatabase, kind) => {
  test(`${casesOn[kind]} random grants to keys, roles, invitations and portal sessions succeed if and only if the actor may make them`, async () => {
    await using latchkey = await openWithPeople({ database: await makeDatabase() })
    await createAcme(latchkey)
    await latchkey.createRootKey()
    await latchkey.organizations.update('acme', { grantablePermissions: grantable })
    const stage = await setUp(latchkey)
    const counts = { allowed: 0, refused: 0 }
    for (const drawn of fc.sample(scenario, casesOn[kind])) {
      const outcome = await attempt(latchkey, stage, drawn)
      expect(outcome, JSON.stringify(drawn)).toBe(may(drawn) ? 'allowed' : 'refused')
      counts[outcome]++
    }
    // Neither answer is an exception: the cases say something.
    expect(Math.min(counts.allowed, counts.refused)).toBeGreaterThan(casesOn[kind] / 10)
  })
})

interface Stage {
  actors: Map<string, Caller>
  /** A member of each role whose role is changed, by organization and role. */
  targets: Map<string, string>
}

async function setUp(latchkey: Latchkey): Promise<Stage> {
  const stage: Stage = { actors: new Map(), targets: new Map() }
  for (const home of organizations)
    for (const one of roles) {
      const { caller } = await join(latchkey, home, one)
      stage.actors.set(JSON.stringify({ home, role: one }), caller)
      const target = await join(latchkey, home, one, `target-${one}-${home}`)
      stage.targets.set(`${home} ${one}`, target.caller.memberId)
    }
  return stage
}

async function actorOf(latchkey: Latchkey, { actors }: Stage, actor: Actor): Promise<Caller> {
  const name = JSON.stringify(actor)
  const known = actors.get(name)
  if (known) return known
  const made =
    'user' in actor
      ? await userOf(latchkey, actor.user)
      : await makeCaller(latchkey, actor.home, 'held' in actor ? actor.held : [])
  actors.set(name, made)
  return made
}

/** A user of a portal session, whom the operator lets do this. */
async function userOf(latchkey: Latchkey, permissions: string[]): Promise<Caller> {
  const { token } = await latchkey.portalSessions.create({
    ...session,
    // Of a user's more than twenty sessions, the oldest would end.
    user: { id: JSON.stringify(permissions) },
    permissions,
  })
  const user = await latchkey.portal.authenticate(token as string, session)
  if (user === undefined) throw new Error('The session opens nothing.')
  return user
}

const session = {
  kind: 'embed',
  ...{ organizationId: 'acme', origin: 'https://app.example.com' },
  expiresInSeconds: 43_200,
} as const

/** Has an actor give something away, and takes it back as the operator. */
async function attempt(
  latchkey: Latchkey,
  stage: Stage,
  { actor: drawn, to, grant }: Scenario,
): Promise<'allowed' | 'refused'> {
  const actor = await actorOf(latchkey, stage, drawn)
  try {
    if ('permissions' in grant) {
      await latchkey.keys.create({ ...grant, organizationId: to, name: 'K' }, { actor })
    } else if ('portal' in grant) {
      const { id } = await latchkey.portalSessions.create(
        { ...session, organizationId: to, user: { id: 'u_82' }, permissions: grant.portal },
        { actor },
      )
      await latchkey.portalSessions.end(id)
    } else if ('invited' in grant) {
      const invited = { organizationId: to, email: 'new@example.com', role: grant.invited }
      const { id } = await latchkey.invitations.create(invited, { actor })
      await latchkey.invitations.revoke(id)
    } else {
      const id = stage.targets.get(`${to} ${grant.before}`) ?? ''
      await latchkey.members.update(id, { role: grant.after }, { actor })
      await latchkey.members.update(id, { role: grant.before })
    }
    return 'allowed'
  } catch (error) {
    const refusals = [
      'permission_escalation',
      'missing_permission',
      'organization_not_found',
      'member_not_found',
      ...('portal' in grant ? ['root_organization_required', 'invalid_input'] : []),
    ]
    if (error instanceof LatchkeyError && refusals.includes(error.code)) return 'refused'
    throw error
  }
}

/** The design's sentences. */
function may({ actor, to, grant }: Scenario): boolean {
  if (actor.home !== 'root' && to !== actor.home) return false
  if ('permissions' in grant)
    return holds(actor, to, 'latchkey:keys:write') && mayGrant(actor, to, grant.permissions)
  if ('portal' in grant) {
    const isOfCustomer = actor.home === 'root' && to !== 'root'
    return isOfCustomer && holds(actor, to, 'latchkey:portal:write') && mayGrant(actor, to, grant.portal)
  }
  if (!holds(actor, to, 'latchkey:members:write')) return false
  const covered = 'invited' in grant ? [grant.invited] : [grant.before, grant.after]
  return covered.every((one) => coversRole(actor, to, one))
}

function coversRole(actor: Actor, to: Organization, one: Role): boolean {
  const list = permissionsOfRole(to, one)
  const mayMakeKeys = meaningOf('latchkey:keys:write').every((word) => list.some((p) => opens(p, word)))
  const conferred = mayMakeKeys && to === 'acme' ? [...list, ...grantable] : list
  const isOfOwners = one === 'owner' && to === 'acme' && actor.home === 'acme'
  return mayGrant(actor, to, conferred) && (!isOfOwners || ('role' in actor && actor.role === 'owner'))
}

function mayGrant(actor: Actor, to: Organization, granted: readonly string[]): boolean {
  return granted.every((one) => {
    if (actor.home === 'root' && !one.startsWith('latchkey:')) return true
    return meaningOf(one).every((word) => heldBy(actor, to, true).some((held) => opens(held, word)))
  })
}

function holds(actor: Actor, to: Organization, wanted: string): boolean {
  return heldBy(actor, to, false).some((held) => opens(held, wanted))
}

function heldBy(actor: Actor, to: Organization, isGrant: boolean): readonly string[] {
  if ('held' in actor) return actor.held
  // What a user holds of ours it gives to nobody.
  if ('user' in actor) return actor.user.filter((one) => !isGrant || !one.startsWith('latchkey:'))
  const list = permissionsOfRole(actor.home, actor.role)
  const isAdminAtHome = actor.home === 'root' && to === 'root' && actor.role === 'admin'
  const own = list.filter((one) => !isAdminAtHome || !/(?:webhooks|members):write$/.test(one))
  return isGrant && actor.home === 'acme' ? [...own, ...grantable] : own
}

/** The concrete permissions: each that is known, and words that no pattern of these tests names. */
const words = [
  ...managementPermissions,
  ...['latchkey:keys:x', 'latchkey:x:read', 'latchkey:x:x', 'emails:send', 'emails:x', 'sms:send', 'x:x'],
]

function meaningOf(one: string): string[] {
  return words.filter((word) => opens(one, word))
}

function opens(one: string, word: string): boolean {
  if (word.startsWith('latchkey:') && !one.startsWith('latchkey:')) return false
  const pattern = one.replaceAll('*:', '[^:]+:').replace(/\*$/, '.+')
  return new RegExp(`^${pattern}$`).test(word)
}
