// What the calls of all ways to sign in have in common: from which pages they come, how often, and what their browser keeps.

import type { MemberCaller } from '../core/actor.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { SessionValues } from '../core/shapes/sessions.ts'
import { authenticateSession, readSessionValues } from '../http/authenticate.ts'
import { isOverTls } from '../http/client-address.ts'
import type { Exchange, ReadHeader } from '../http/exchange.ts'
import { json, type Reply } from '../http/reply.ts'
import { isFromOtherSite, sessionCookie } from '../http/session-cookie.ts'
import { endSignIn, keepSignIn, readSignIns, type SignInsUnderWay } from '../http/sign-in-cookie.ts'
import type { Parts } from './parts.ts'

/** A call of somebody who signs in. */
interface SignInCall {
  parts: Parts
  header: ReadHeader
  exchange: Exchange
}

/** The browser that makes such a call. */
export interface SignInBrowser {
  overTls: boolean
  /** What it has under way. */
  underWay: SignInsUnderWay
  ip: string | undefined
  userAgent: string | undefined
  requestId: string
  /** The session that it has so far: it ends when another one begins. */
  previous: SessionValues | undefined
}

/** What a sign-in has come to, whichever way it went. */
type FinishedSignIn = Awaited<ReturnType<Parts['latchkey']['signIn']['finish']>>

/** The problems of every such call. */
export const signInProblems = ['cross_site_request', 'too_many_sign_ins', 'store_unavailable'] as const

/**
 * Admits a call of somebody who signs in. Throws `cross_site_request` unless a page of this very origin makes it: nobody is signed in
 * by another site, as whom it likes; `too_many_sign_ins`, `public_url_missing`.
 */
export function admitSignIn(call: SignInCall): SignInBrowser {
  const { parts, header, exchange } = call
  const overTls = isOverTls(header, exchange.peer, parts.trustedProxies)
  // Not counted: else any page on the web could have a visitor's whole network refused.
  if (isFromOtherSite(exchange.method, overTls, header))
    throw new LatchkeyError('cross_site_request', 'People sign in on the pages of this site only.')
  parts.signInLimit.require(exchange.ip)
  return {
    overTls,
    underWay: readSignIns(header('cookie') ?? '', overTls),
    ...{ ip: exchange.ip, userAgent: header('user-agent'), requestId: exchange.requestId },
    previous: previousSession(call),
  }
}

/**
 * Tells who is signed in already; undefined if nobody is, or a key. Throws `session_ended`, and for a person of several organizations
 * `organization_required`.
 */
export async function findMember({ parts, header, exchange }: SignInCall): Promise<MemberCaller | undefined> {
  if (readSessionValues(parts, header, exchange) === undefined) return undefined
  const caller = await authenticateSession(parts, header, exchange)
  return caller?.type === 'member' ? caller : undefined
}

/** The values of the session that a browser has so far; undefined if it shows none. */
function previousSession({ parts, header, exchange }: SignInCall): SessionValues | undefined {
  try {
    return readSessionValues(parts, header, exchange)
  } catch (error) {
    // The cookie alone proves nothing, and ends nothing.
    if (error instanceof LatchkeyError) return undefined
    throw error
  }
}

/** Has the browser keep one more sign-in that is under way. */
export function keep(
  reply: Reply,
  begun: { id: string; value: string },
  { underWay, overTls }: SignInBrowser,
): Reply {
  return { ...reply, cookies: keepSignIn(begun, underWay, { overTls, now: Date.now() }) }
}

/** Tells what a sign-in has come to; its browser gives it up, and keeps the session that it has opened, if it has. */
export function tell({ session, id, ...finished }: FinishedSignIn, { overTls }: SignInBrowser): Reply {
  const told = session === undefined ? null : { ...session.session, pageValue: session.pageValue }
  const opened = session === undefined ? [] : [sessionCookie(session.value, overTls)]
  return { ...json({ ...finished, session: told }), cookies: [...opened, endSignIn(id, overTls)] }
}
