// Who acts. It is known from a token, a session, or from holding the database; never from a body.
import { refuseField, type SignInMethod } from './errors.ts'
import type { Role } from './roles.ts'

/** The kinds of actors, as the audit log names them. */
export const actorTypes = ['key', 'member', 'user', 'operator', 'provider', 'system', 'anonymous'] as const
/** What kind of actor made a change. */
export type ActorType = (typeof actorTypes)[number]

/** What every caller has. A change looks its caller up again in its own transaction, and goes by what it finds there. */
interface Asker {
  /** The organization that it belongs to. */
  organizationId: string
  /** What it may do, as it was when it was authenticated. */
  permissions: readonly string[]
  /** The id of the request by which it asks, for the audit log. */
  requestId?: string | undefined
  /** The address from which it asks, for the audit log. */
  ip?: string | undefined
}

/** A key that acts: by its token, or by a session that was opened with it. `latchkey.authenticate` gives one for a token. */
export interface KeyCaller extends Asker {
  /** Tells a key from the other kinds of actors. */
  readonly type: 'key'
  /** The id of the calling key. */
  keyId: string
  /** The public id of the secret by which it asks, or by which its session was opened. */
  kid: string
  /** The session by which it asks; absent for one that shows the token itself. */
  sessionId?: string | undefined
}

/** A person who acts as a member of an organization, by a session. */
export interface MemberCaller extends Asker {
  /** Tells a member from the other kinds of actors. */
  readonly type: 'member'
  /** The id of the calling member. */
  memberId: string
  /** Its role in its organization. */
  role: Role
  /** What it may grant outside `latchkey:`, as its organization says. */
  grantable: readonly string[]
  /** The identity by which it has signed in. */
  identityId: string
  /** The session by which it asks. */
  sessionId: string
}

/** A user of the operator's own, who acts by a portal session for an organization that is not the root one. */
export interface UserCaller extends Asker {
  /** Tells a user from the other kinds of actors. */
  readonly type: 'user'
  /** The id of the user, which is the operator's own. */
  userId: string
  /** What pages call it; null if nobody said. */
  userName: string | null
  /** The portal session by which it asks. */
  sessionId: string
  /** What the tokens of the keys begin with that it reaches; null for all of its organization. */
  prefixes: readonly string[] | null
  /** The key or member that made the session, without which it opens nothing; null for who holds the database. */
  madeBy: { type: 'key' | 'member'; id: string } | null
}

/** Who calls: a key, a person, or a user of the operator's. */
export type Caller = KeyCaller | MemberCaller | UserCaller

/** Makes the caller of a key that has proved itself by a secret, whose kid this is, or by a session opened with it. */
export function callerOf(
  { keyId, organizationId, permissions }: Pick<KeyCaller, 'keyId' | 'organizationId' | 'permissions'>,
  kid: string,
  { requestId, ip }: Pick<Caller, 'requestId' | 'ip'> = {},
): KeyCaller {
  return { type: 'key', keyId, organizationId, kid, permissions, requestId, ip }
}

/** The id of the key, the member or the user that calls. */
export function callerIdOf(caller: Caller): string {
  if (caller.type === 'user') return caller.userId
  return caller.type === 'key' ? caller.keyId : caller.memberId
}

/** What tells a caller from all others. The id of a user is any text, and another organization may have one of the same. */
export function callerNameOf(caller: Caller): string {
  return caller.type === 'user' ? `user ${caller.organizationId} ${caller.userId}` : callerIdOf(caller)
}

/** The process that holds the database, and so may do everything. */
export interface Operator {
  /** Tells the operator from the other kinds of actors. */
  readonly type: 'operator'
}

/** Latchkey itself, for what nobody asked for. */
export interface System {
  /** Tells Latchkey from the other kinds of actors. */
  readonly type: 'system'
}

/** Who acts. */
export type Actor = Caller | Operator | System

export const operator: Operator = Object.freeze({ type: 'operator' })
export const system: System = Object.freeze({ type: 'system' })

/** Tells whether somebody acts who holds the database, so that nothing bounds what it may do. */
export function holdsDatabase<Some extends Actor>(actor: Some): actor is Extract<Some, Operator | System> {
  return actor.type === 'operator' || actor.type === 'system'
}

/**
 * Gives the actor that callers without types have named; the operator if they name none. Throws `invalid_input` for
 * anything that is no caller: nobody becomes the operator by mistake.
 */
export function readActor(actor: Actor | undefined): Actor {
  if (actor === undefined) return operator
  if (typeof actor === 'object' && actor !== null) {
    if (holdsDatabase(actor)) return actor
    if (actor.type === 'key' && areTexts(actor.kid, actor.keyId, actor.organizationId)) return actor
    if (actor.type === 'member' && areTexts(actor.memberId, actor.sessionId, actor.organizationId))
      return actor
    if (actor.type === 'user' && areTexts(actor.userId, actor.sessionId, actor.organizationId)) return actor
  }
  refuseField('actor', 'Must be a caller, as latchkey.authenticate(token) returns it.')
}

function areTexts(...values: unknown[]): boolean {
  return values.every((value) => typeof value === 'string')
}

/** Who has made something. Null for who holds the database. */
export interface Creator {
  createdBy: string | null
  createdByType: CreatorType | null
}

/** The kinds of those who make things: a key, a member, a user of the operator's own. */
export const creatorTypes = ['key', 'member', 'user'] as const
/** What kind of actor made something. */
export type CreatorType = (typeof creatorTypes)[number]

/** Tells who makes what an actor makes. */
export function creatorOf(actor: Actor): Creator {
  if (holdsDatabase(actor)) return { createdBy: null, createdByType: null }
  return { createdBy: callerIdOf(actor), createdByType: actor.type }
}

/** What the database tells of a caller beside, inside the transaction of its change. */
interface Live {
  /** When its key expires, in milliseconds since 1970; null for never. */
  expiresAt: number | null
  /** Until when its session's sign-in is fresh; undefined for a caller that shows its token. */
  freshUntil: number | undefined
  /** By what its sign-in becomes fresh. */
  freshMethods: readonly SignInMethod[]
  /** From whose limits the keys draw that it creates without the right to set limits: its own line, nearest first. */
  limitsLine: readonly string[]
}

/** A caller as the database has it inside the transaction of its change. */
export type LiveCaller = (KeyCaller & Live) | (MemberCaller & Live) | (UserCaller & Live)

/** Who acts, as the database has it inside the transaction of its change. */
export type LiveActor = LiveCaller | Exclude<Actor, Caller>

/** A provider of sign-ins, by its rules: what it may do, the operator's file says. */
export interface ProviderActor {
  /** Tells it from every other kind. */
  readonly type: 'provider'
  /** The id of the provider. */
  providerId: string
  /** The id of the request by which somebody signed in. */
  requestId: string | undefined
}

/** Whoever shows a token that leaked: nobody knows who that is. */
export interface Anonymous {
  /** Tells them from every actor, who may do something. */
  readonly type: 'anonymous'
  /** The id of the request by which they told. */
  requestId: string | undefined
}

/** Makes somebody of whom nothing is known but the request. */
export function anonymousOf(requestId: string | undefined): Anonymous {
  return { type: 'anonymous', requestId }
}
