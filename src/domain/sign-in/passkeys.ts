// Passkeys: they sign people in, make a sign-in fresh, accept invitations, and are added to who is signed in. A challenge stands
// sealed in a cookie of the browser that got it, and is used once: by the transaction that it proves something for.
import type { Change } from '../../commit/commit.ts'
import { findLiveMembers, toLiveMember } from '../../commit/live-callers.ts'
import { sessionEnded } from '../../core/access.ts'
import type { MemberCaller } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import { parseInput } from '../../core/input.ts'
import {
  type BeginPasskeyInput,
  type BeginRegistrationInput,
  beginPasskeySchema,
  beginRegistrationSchema,
  type FinishPasskeyInput,
  type FinishRegistrationInput,
  finishPasskeySchema,
  finishRegistrationSchema,
} from '../../core/shapes/passkeys.ts'
import { passkeyProvider } from '../../core/sign-in-reach.ts'
import { ensureIdentity, linkIdentity, listIdentities, markIdentityUsed } from '../../store/identities.ts'
import { findInvitationBySecret, type InvitationRow } from '../../store/invitations.ts'
import { listStandings } from '../../store/members.ts'
import { getOrganizationRow } from '../../store/organizations.ts'
import {
  findPasskey,
  insertPasskey,
  listPasskeys,
  type PasskeyRow,
  usePasskey,
} from '../../store/passkeys.ts'
import type { Db } from '../../store/tables.ts'
import { digestToken } from '../../verification/digest.ts'
import type { Engine } from '../engine.ts'
import { invitationEnded, invitationStatusOf, isInvitationSecret } from '../invitations/rules.ts'
import { getMemberRow, recordMember, refuseRemoved } from '../members/rules.ts'
import { requireFreshSignIn } from '../sessions/fresh-sign-in.ts'
import { freshenMemberSession, startMemberSession } from '../sessions/member-sessions.ts'
import type { FinishedSignIn, FinishingBrowser } from './flow.ts'
import { acceptAndSignIn } from './invitation.ts'
import { requireRoom } from './refusals.ts'
import { openSignIn, type SignInUnderWay, sealSignIn, signInIdOf, useSignIn } from './under-way.ts'
import {
  creationOptions,
  drawBytes,
  type ProvedPasskey,
  passkeyRefused,
  provePasskey,
  proveUse,
  type RelyingParty,
  readClaim,
  relyingPartyOf,
  requestOptions,
} from './web-authn.ts'

/** What a browser is asked for, and what it keeps until it has done so. */
export interface BegunPasskey {
  options: Record<string, unknown>
  underWay: SignInUnderWay
}

/** How people sign in by passkeys, and get them. */
export interface Passkeys {
  /**
   * Asks for the use of a passkey. Throws `invalid_input`, `public_url_missing`, `keyring_missing`; for `fresh`, `session_ended`
   * without a member, and `identity_not_found` for one that has no passkey.
   */
  beginUse(input: BeginPasskeyInput, by?: { actor?: MemberCaller | undefined }): Promise<BegunPasskey>
  /**
   * Signs in by a passkey, or makes the sign-in of the calling session fresh, once. Throws `invalid_input`, `sign_in_expired`,
   * `passkey_refused`, `not_invited` for a passkey of nobody who may act, `session_ended`.
   */
  finishUse(input: FinishPasskeyInput, browser: FinishingBrowser): Promise<FinishedSignIn>
  /**
   * Asks for a new passkey: for an invitation, or for the calling member, freshly signed in. Throws `invalid_input`,
   * `public_url_missing`, `keyring_missing`, `invitation_ended`, `not_invited`, `session_ended`, `fresh_sign_in_required`,
   * `too_many_identities`.
   */
  beginRegistration(
    input: BeginRegistrationInput,
    by?: { actor?: MemberCaller | undefined },
  ): Promise<BegunPasskey>
  /**
   * Accepts an invitation by a new passkey and signs in, or adds it to the calling member, once. Throws what the beginning throws,
   * and `sign_in_expired`, `passkey_refused`, `member_exists`.
   */
  finishRegistration(input: FinishRegistrationInput, browser: FinishingBrowser): Promise<FinishedSignIn>
}

/** What the cookie of a sign-in holds: a use of a passkey never ends as the making of one, nor the other way round. */
type Content =
  | { use: 'sign_in' | 'fresh' }
  | { handle: string; invitation: string }
  | { handle: string; memberId: string }

/** Makes the methods on passkeys of an open Latchkey. */
export function passkeyMethods(engine: Engine): Passkeys {
  return {
    beginUse: (input, by) => beginUse(engine, input, by?.actor),
    finishUse: (input, browser) => finishUse(engine, input, browser),
    beginRegistration: (input, by) => beginRegistration(engine, input, by?.actor),
    finishRegistration: (input, browser) => finishRegistration(engine, input, browser),
  }
}

/** Who asks for passkeys. Throws `public_url_missing`. */
function requireParty({ publicUrl }: Pick<Engine, 'publicUrl'>): RelyingParty {
  const party = relyingPartyOf(publicUrl)
  if (party !== undefined) return party
  throw new LatchkeyError(
    'public_url_missing',
    'Passkeys need the public address of the server, with a name and https, or localhost. Set LATCHKEY_PUBLIC_URL, or --public-url, to it.',
  )
}

async function beginUse(
  engine: Engine,
  input: BeginPasskeyInput,
  actor: MemberCaller | undefined,
): Promise<BegunPasskey> {
  const { purpose } = parseInput(beginPasskeySchema, input)
  const party = requireParty(engine)
  const known = purpose === 'fresh' ? await engine.store.read((db) => listOwn(db, actor)) : []
  if (purpose === 'fresh' && known.length === 0)
    throw new LatchkeyError('identity_not_found', 'You have no passkey here. Sign in afresh another way.')
  const challenge = drawBytes(engine.random)
  const content: Content = { use: purpose }
  return {
    options: requestOptions(party, challenge, known),
    underWay: sealSignIn(engine, 'passkey', challenge, content),
  }
}

async function listOwn(db: Db, actor: MemberCaller | undefined) {
  if (actor === undefined) throw sessionEnded()
  return listPasskeys(db, { id: actor.memberId, organization_id: actor.organizationId })
}

/** Opens what the browser has kept of the challenge that it has signed. */
function openContent(engine: Engine, challenge: string, browser: FinishingBrowser): Content {
  const kept = browser.underWay.get(signInIdOf('passkey', challenge))
  return openSignIn<Content>(engine, 'passkey', challenge, kept)
}

async function finishUse(
  engine: Engine,
  input: FinishPasskeyInput,
  browser: FinishingBrowser,
): Promise<FinishedSignIn> {
  const { credential } = parseInput(finishPasskeySchema, input)
  const party = requireParty(engine)
  const { id, challenge } = readClaim(credential)
  const content = openContent(engine, challenge, browser)
  if (!('use' in content)) throw passkeyRefused()
  const passkey = await engine.store.read((db) => findPasskey(db, id))
  if (passkey === undefined) throw notInvited()
  const used = await proveUse(party, challenge, credential, passkey)
  const prove = async ({ tx, now }: Change) => {
    const noted = { counter: used.counter, backed_up: used.isBackedUp ? 1 : 0 }
    await useSignIn(tx, 'passkey', challenge, now)
    if (!(await usePasskey(tx, passkey, noted))) throw passkeyRefused()
  }
  const finished = { id: signInIdOf('passkey', challenge), organizationId: null, memberId: null }
  if (content.use === 'fresh') {
    const freshUntil = await refreshBy(engine, passkey, browser, prove)
    return { ...finished, purpose: 'fresh', session: undefined, freshUntil }
  }
  const session = await startMemberSession(engine, passkey.identity_id, browser, async (change) => {
    const standings = await listStandings(change.tx, engine.mayAct, [passkey.identity_id])
    // Whoever is suspended or removed learns no more than a stranger.
    if (standings.length === 0) throw notInvited()
    await prove(change)
  })
  return { ...finished, purpose: 'sign_in', session, freshUntil: null }
}

/** Makes the sign-in of the calling session fresh, by a passkey of the member that calls. */
async function refreshBy(
  engine: Engine,
  passkey: PasskeyRow,
  browser: FinishingBrowser,
  prove: (change: Change) => Promise<void>,
): Promise<Date> {
  const actor = await browser.findActor()
  if (actor === undefined) throw sessionEnded()
  return freshenMemberSession(engine, actor, async (change) => {
    const own = await listOwn(change.tx, actor)
    if (!own.some(({ id }) => id === passkey.id)) throw passkeyRefused()
    await prove(change)
    await markIdentityUsed(change.tx, passkey.identity_id, change.now)
  })
}

async function beginRegistration(
  engine: Engine,
  input: BeginRegistrationInput,
  actor: MemberCaller | undefined,
): Promise<BegunPasskey> {
  const { invitation } = parseInput(beginRegistrationSchema, input)
  const party = requireParty(engine)
  const handle = drawBytes(engine.random)
  const challenge = drawBytes(engine.random)
  return engine.store.read(async (db) => {
    if (invitation !== undefined) {
      const { email, name } = await getInvited(engine, db, invitation)
      const content: Content = { handle, invitation: digestOf(invitation) }
      return {
        options: creationOptions(party, challenge, { handle, email, name }),
        underWay: sealSignIn(engine, 'passkey', challenge, content),
      }
    }
    if (actor === undefined) throw sessionEnded()
    const member = await getMemberRow(db, actor.memberId, actor.organizationId)
    const identities = await listIdentities(db, member)
    const now = engine.now()
    const live = toLiveMember(actor, await findLiveMembers(db, engine.mayAct, [actor]), now)
    if (live === undefined) throw sessionEnded()
    requireFreshSignIn(live, now)
    requireRoom(identities)
    const user = { handle, email: member.email ?? member.id, name: member.name }
    const content: Content = { handle, memberId: member.id }
    return {
      options: creationOptions(party, challenge, user, await listOwn(db, actor)),
      underWay: sealSignIn(engine, 'passkey', challenge, content),
    }
  })
}

function digestOf(invitation: string): string {
  return Buffer.from(digestToken(invitation)).toString('base64url')
}

/** Reads an invitation that a passkey may accept. Throws `invitation_ended`, `not_invited`. */
async function getInvited(engine: Engine, db: Db, secret: string): Promise<InvitationRow> {
  if (!isInvitationSecret(secret)) throw invitationEnded()
  const row = await findInvitationBySecret(db, digestToken(secret))
  if (row === undefined || invitationStatusOf(row, engine.now()) !== 'pending') throw invitationEnded()
  await requirePasskeys(engine, db, row.organization_id)
  return row
}

/** Throws `not_invited` where people sign in by a provider alone. */
async function requirePasskeys(engine: Engine, db: Db, organizationId: string): Promise<void> {
  const { sign_in } = await getOrganizationRow(db, organizationId)
  if (engine.mayAct({ provider: passkeyProvider, organization_id: organizationId, sign_in })) return
  throw new LatchkeyError(
    'not_invited',
    'People of this organization sign in by its provider, and not by a passkey.',
  )
}

async function finishRegistration(
  engine: Engine,
  input: FinishRegistrationInput,
  browser: FinishingBrowser,
): Promise<FinishedSignIn> {
  const { invitation, credential, label = 'Passkey' } = parseInput(finishRegistrationSchema, input)
  const party = requireParty(engine)
  const { challenge } = readClaim(credential)
  const content = openContent(engine, challenge, browser)
  if ('use' in content) throw passkeyRefused()
  const passkey = await provePasskey(party, challenge, credential)
  const person = { provider: passkeyProvider, issuer: party.id, subject: content.handle, label }
  const finish = async (change: Change, identityId: string) => {
    await useSignIn(change.tx, 'passkey', challenge, change.now)
    await insertNew(change, passkey, identityId)
  }
  const finished = { id: signInIdOf('passkey', challenge), freshUntil: null }
  if ('memberId' in content) {
    if (invitation !== undefined) throw passkeyRefused()
    const added = await addPasskey(engine, content.memberId, person, browser, finish)
    return { ...finished, ...added, purpose: 'identity', session: undefined }
  }
  if (invitation === undefined || digestOf(invitation) !== content.invitation) throw passkeyRefused()
  const unproved = { email: null, emailVerified: false }
  const accepted = await acceptAndSignIn(engine, invitation, { ...person, ...unproved }, browser, finish)
  return { ...finished, ...accepted, purpose: 'invitation' }
}

/** Adds a new identity to the member that calls, who began to make its passkey. */
async function addPasskey(
  engine: Engine,
  memberId: string,
  person: { provider: string; issuer: string; subject: string; label: string },
  browser: FinishingBrowser,
  finish: (change: Change, identityId: string) => Promise<void>,
): Promise<Pick<FinishedSignIn, 'organizationId' | 'memberId'>> {
  const actor = await browser.findActor()
  if (actor === undefined) throw sessionEnded()
  if (actor.memberId !== memberId) throw passkeyRefused()
  const { organizationId } = actor
  const requirements = { permission: 'any key', membersOf: organizationId } as const
  await engine.commit(actor, requirements, async (change) => {
    const { tx, now } = change
    const member = await getMemberRow(tx, memberId, organizationId)
    refuseRemoved(member)
    requireFreshSignIn(change.actor, now)
    requireRoom(await listIdentities(tx, member))
    const times = { created_at: now, last_used_at: null }
    const identity = await ensureIdentity(tx, { id: newId(engine), ...person, ...times })
    await linkIdentity(tx, member, identity.id, now)
    await finish(change, identity.id)
    recordMember(change, member, 'member.identity_added', {
      identityId: identity.id,
      provider: person.provider,
    })
  })
  return { organizationId, memberId }
}

/** Inserts a passkey. Throws `passkey_refused` for one that is known: authenticators make each id once. */
async function insertNew({ tx }: Change, passkey: ProvedPasskey, identityId: string): Promise<void> {
  if ((await findPasskey(tx, passkey.id)) !== undefined) throw passkeyRefused()
  await insertPasskey(tx, { ...passkey, identity_id: identityId })
}

// One sentence for all of them: nobody learns whose a passkey was.
function notInvited(): LatchkeyError {
  return new LatchkeyError(
    'not_invited',
    'Nobody who may act here has this passkey. Ask an owner to invite you.',
  )
}
