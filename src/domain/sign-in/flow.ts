// How somebody signs in at a provider: the way to it, and what it comes to when the browser is back.
//
//   begun     the browser keeps, sealed, what it began; nothing is written
//   answered  the provider has sent it back, and says who the person is
//   finished  in one transaction: the sign-in is used up, and the invitation is accepted, the session opens, the identity is added,
//             or the sign-in is fresh

import type { Change } from '../../commit/commit.ts'
import { sessionEnded } from '../../core/access.ts'
import type { MemberCaller } from '../../core/actor.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import { parseInput } from '../../core/input.ts'
import { isSafeOrigin, type ProviderSettings } from '../../core/provider-settings.ts'
import {
  type BeginSignInInput,
  beginSignInSchema,
  type FinishSignInInput,
  finishSignInSchema,
  type SignInPurpose,
} from '../../core/shapes/sign-in.ts'
import {
  ensureIdentity,
  findIdentity,
  linkIdentity,
  listIdentities,
  standsAt,
} from '../../store/identities.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import type { Engine } from '../engine.ts'
import { getMemberRow, recordMember } from '../members/rules.ts'
import { requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { freshenMemberSession, type PersonOrigin, startMemberSession } from '../sessions/member-sessions.ts'
import type { SignInOrigin, StartedSession } from '../sessions/sign-in.ts'
import type { Claims } from './client.ts'
import { acceptAndSignIn, showInvitation } from './invitation.ts'
import { neededClaims, personOf, type SignedInPerson } from './person.ts'
import { asStranger, notInvited, requireRoom, signInExpired } from './refusals.ts'
import { applyRules, identityOf } from './rules.ts'
import { openSignIn, type SignInUnderWay, sealSignIn, signInIdOf, useSignIn } from './under-way.ts'

/** What the browser keeps, sealed. */
interface Kept {
  provider: string
  purpose: SignInPurpose
  nonce: string
  verifier: string
  begunAt: number
  invitation?: string | undefined
  /** Of whom it is, for a purpose that takes a member. */
  sessionId?: string | undefined
}

/** The browser that finishes a sign-in. */
export interface FinishingBrowser extends Omit<SignInOrigin, 'permission' | 'rootOnly'> {
  /** What it has under way: what it keeps of each, by its id. */
  underWay: ReadonlyMap<string, string>
  /** Tells who is signed in there already, for a purpose that takes a member. */
  findActor(): Promise<MemberCaller | undefined>
}

/** What a sign-in has come to. */
export interface FinishedSignIn {
  purpose: SignInPurpose
  /** The id of the sign-in, which its browser gives up. */
  id: string
  /** The session that it has opened. */
  session: StartedSession | undefined
  freshUntil: Date | null
  organizationId: string | null
  memberId: string | null
}

/** So far the clock of a provider may be behind when it says when somebody signed in. */
const authTimeToleranceMs = 30_000

const draw = ({ random }: Pick<Engine, 'random'>) =>
  Buffer.from(random(new Uint8Array(32))).toString('base64url')

/** The way to a provider; see `SignIn.begin`. */
export async function beginSignIn(
  engine: Engine,
  providerId: string,
  given: BeginSignInInput,
  actor: MemberCaller | undefined,
): Promise<{ url: string; underWay: SignInUnderWay }> {
  const { purpose, invitation } = parseInput(beginSignInSchema, given)
  const provider = engine.providers.get(providerId)
  const redirectUri = redirectUriOf(engine, provider)
  if ((purpose === 'invitation') !== (invitation !== undefined))
    refuseField('invitation', 'Goes with the purpose invitation, which takes it.')
  const sessionId = takesMember(purpose) ? actor?.sessionId : undefined
  if (takesMember(purpose) && sessionId === undefined) throw sessionEnded()
  if (invitation !== undefined) {
    const { organization } = await showInvitation(engine, invitation)
    await requireServes(engine, provider, organization.id)
  }
  const [state, nonce, verifier] = [draw(engine), draw(engine), draw(engine)]
  const kept: Kept = {
    ...{ provider: provider.id, purpose, nonce, verifier, begunAt: engine.now(), invitation, sessionId },
  }
  // Before anybody is asked: what cannot be kept need not begin.
  const underWay = sealSignIn(engine, 'provider', state, kept)
  const request = { redirectUri, state, nonce, verifier, fresh: purpose === 'fresh' }
  return { url: await engine.providers.clientOf(provider).authorizationUrl(request), underWay }
}

/** What it comes to; see `SignIn.finish`. */
export async function finishSignIn(
  engine: Engine,
  providerId: string,
  given: FinishSignInInput,
  browser: FinishingBrowser,
): Promise<FinishedSignIn> {
  const { state, ...answer } = parseInput(finishSignInSchema, given)
  const provider = engine.providers.get(providerId)
  const id = signInIdOf('provider', state)
  const kept = openSignIn<Kept>(engine, 'provider', state, browser.underWay.get(id))
  // What was begun with one provider is not ended by another.
  if (kept.provider !== provider.id) throw signInExpired()
  const { purpose, nonce, verifier } = kept
  const actor = takesMember(purpose) ? await browser.findActor() : undefined
  if (takesMember(purpose) && actor?.sessionId !== kept.sessionId) throw sessionEnded()
  const request = { redirectUri: redirectUriOf(engine, provider), state, nonce, verifier, fresh: false }
  const claims = await engine.providers.clientOf(provider).readClaims(answer, request, neededClaims(provider))
  const person = personOf(provider, claims)
  const way: Way = { engine, provider, person, claims, kept, browser, use: { state } }
  const nothing = { session: undefined, freshUntil: null, organizationId: null, memberId: null }
  return { ...nothing, purpose, id, ...(await ends[purpose](way, actor)) }
}

/** A sign-in whose person is known. */
interface Way {
  engine: Engine
  provider: ProviderSettings
  person: SignedInPerson
  claims: Claims
  kept: Kept
  browser: FinishingBrowser
  use: { state: string }
}

type End = (way: Way, actor: MemberCaller | undefined) => Promise<Partial<FinishedSignIn>>

const ends: Record<SignInPurpose, End> = {
  sign_in: async (way) => {
    const { engine, provider, person, claims, browser } = way
    await applyRules(engine, provider, person, claims, browser.requestId)
    const identity = await engine.store.read((db) => findIdentity(db, person))
    if (identity === undefined) throw notInvited()
    return { session: await openSession(way, identity.id) }
  },
  invitation: async (way) => {
    const { engine, person, kept } = way
    const { provider, issuer, subject, label, email, emailVerified } = person
    const proved = { provider, issuer, subject, label, email, emailVerified }
    return acceptAndSignIn(engine, kept.invitation ?? '', proved, originOf(way), useUp(way))
  },
  identity: addIdentity,
  fresh: async (way, actor) => {
    const { engine, provider, person, claims, kept, browser, use } = way
    if (actor === undefined) throw sessionEnded()
    const provedAt = provedAtBy(claims)
    // A provider that says nothing of it has asked for nothing.
    if (provedAt === undefined || provedAt < kept.begunAt - authTimeToleranceMs)
      throw new LatchkeyError(
        'fresh_sign_in_required',
        'The provider did not ask who you are. Sign in there anew.',
        {
          methods: ['provider'],
        },
      )
    await applyRules(engine, provider, person, claims, browser.requestId)
    const isOwn = async (db: Parameters<typeof listIdentities>[0]) => {
      const member = await getMemberRow(db, actor.memberId, actor.organizationId)
      const own = await listIdentities(db, member)
      const { provider: by, issuer, subject } = person
      return own.some((row) => row.provider === by && row.issuer === issuer && row.subject === subject)
    }
    const freshUntil = await freshenMemberSession(engine, actor, async ({ tx, now }) => {
      if (!(await isOwn(tx))) throw notInvited()
      await useSignIn(tx, 'provider', use.state, now)
    })
    return { freshUntil }
  },
}

/** When the person last showed the provider who it is, in milliseconds since 1970; undefined if the provider does not say. */
function provedAtBy({ auth_time: seconds }: Claims): number | undefined {
  return typeof seconds === 'number' ? Math.floor(seconds * 1_000) : undefined
}

/** Where the session comes from. That of somebody who was signed in at the provider for long is not fresh. */
function originOf({ browser, claims }: Way): PersonOrigin {
  return { ...browser, provedAt: provedAtBy(claims) }
}

/** Uses the sign-in up, in the transaction of what it does. */
function useUp({ use }: Way): (change: Change) => Promise<void> {
  return ({ tx, now }) => useSignIn(tx, 'provider', use.state, now)
}

async function openSession(way: Way, identityId: string): Promise<StartedSession> {
  try {
    return await startMemberSession(way.engine, identityId, originOf(way), useUp(way))
  } catch (error) {
    throw asStranger(error)
  }
}

/** Adds the person to the identities of the member that asks. */
async function addIdentity(
  { engine, provider, person, use }: Way,
  actor: MemberCaller | undefined,
): Promise<Partial<FinishedSignIn>> {
  if (actor === undefined) throw sessionEnded()
  const { memberId, organizationId } = actor
  await requireServes(engine, provider, organizationId)
  await engine.commit(actor, { permission: 'any key', membersOf: organizationId }, async (change) => {
    const { tx, now } = change
    requireFreshSignIn(change.actor, now)
    const member = await getMemberRow(tx, memberId, organizationId)
    requireRoom(await listIdentities(tx, member))
    const row = { ...identityOf(person), id: newId(engine), created_at: now }
    const identity = await ensureIdentity(tx, row)
    if (await standsAt(tx, identity.id, organizationId))
      throw new LatchkeyError(
        'member_exists',
        'A member of the organization signs in by this identity already.',
      )
    await linkIdentity(tx, member, identity.id, now)
    await useSignIn(tx, 'provider', use.state, now)
    recordMember(change, member, 'member.identity_added', { identityId: identity.id })
  })
  return { organizationId, memberId }
}

/** Throws `not_invited` unless a provider signs people in to an organization. */
async function requireServes(
  engine: Engine,
  { id }: ProviderSettings,
  organizationId: string,
): Promise<void> {
  const { sign_in } = await engine.store.read((db) => getOrganizationRow(db, organizationId))
  if (!engine.mayAct({ provider: id, organization_id: organizationId, sign_in })) throw notInvited()
}

function takesMember(purpose: SignInPurpose): boolean {
  return purpose === 'identity' || purpose === 'fresh'
}

/** Where a provider sends the browser: a page of the console, of a provider of its own. Throws `public_url_missing`. */
export function redirectUriOf({ publicUrl }: Engine, { id }: ProviderSettings): string {
  if (publicUrl !== undefined && isSafeOrigin(publicUrl)) return `${publicUrl}/sign-in/callback/${id}`
  throw new LatchkeyError(
    'public_url_missing',
    'Providers need the public address of the server, by https or on this machine. Set LATCHKEY_PUBLIC_URL, or --public-url, to it.',
  )
}
