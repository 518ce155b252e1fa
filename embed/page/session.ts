// The session behind a link: the link's secret is traded once for a token, which this tab keeps until the session ends.
import type { Self } from '../wire.ts'

const place = 'latchkey-portal'
/** The same in a browser whose reader lets sites keep nothing: until the page is loaded anew. */
let unkept: Kept | undefined

/** What the tab keeps. */
interface Kept {
  token: string
  expires_at: string
  return_url?: string | null
}

/** Why there is no session. */
export type Refusal = 'used' | 'ended' | 'none' | 'unreachable'

/** A session that could not be opened, or is over. */
export class NoSession extends Error {
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(refusal)
    this.refusal = refusal
  }
}

// Written in one, a bundler would take it for a file to put in.
const script = import.meta.url

/** The folder of the server that this page is in. */
const base = new URL('..', script).href.replace(/\/+$/, '')

/** Takes the link's secret out of the address bar, and out of the history; undefined if there is none. */
export function takeSecret(): string | undefined {
  const [, secret] = /^#(lkl_[\w-]+)$/.exec(location.hash) ?? []
  if (location.hash !== '') history.replaceState(null, '', location.pathname)
  return secret
}

/** Trades a link's secret for a token, which it keeps. Throws NoSession: `used`, or `unreachable`, after which it may be tried again. */
export async function trade(secret: string): Promise<void> {
  // Whatever was open here belongs to another link; where it came from may be where this one does.
  const returnUrl = read()?.return_url ?? null
  keep(returnUrl === null ? undefined : { token: '', expires_at: '', return_url: returnUrl })
  const answer = await send('POST', '/token', { body: JSON.stringify({ secret }) })
  if (answer.status === 401) throw new NoSession('used')
  if (!answer.ok) throw new NoSession('unreachable')
  const { token, expires_at } = (await answer.json()) as Kept
  keep({ token, expires_at })
}

/** What the session is. Throws NoSession. */
export async function readSelf(): Promise<Self> {
  const kept = read()
  if (kept === undefined || kept.token === '') throw new NoSession('none')
  const answer = await send('GET', '/self', { token: kept.token })
  if (answer.status === 401) throw new NoSession('ended')
  if (!answer.ok) throw new NoSession('unreachable')
  const self = (await answer.json()) as Self
  keep({ ...kept, return_url: self.return_url })
  return self
}

/** The token that the tab keeps. Throws NoSession. */
export function readToken(): { token: string; expires_at: string } {
  const kept = read()
  if (kept === undefined || kept.token === '') throw new NoSession('ended')
  return { token: kept.token, expires_at: kept.expires_at }
}

/** Forgets the token of a session that is over. */
export function forgetToken(): void {
  const kept = read()
  if (kept) keep({ token: '', expires_at: '', return_url: kept.return_url ?? null })
}

/** Where the reader came from; undefined if nobody said, or it is no web address. */
export function readReturn(): URL | undefined {
  const text = read()?.return_url
  const url = text ? URL.parse(text) : null
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined
}

async function send(
  method: 'GET' | 'POST',
  path: string,
  { token, body }: { token?: string; body?: string },
): Promise<Response> {
  const headers: Record<string, string> = {}
  if (token !== undefined) headers.authorization = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  const signal = AbortSignal.timeout(20_000)
  try {
    const request = { method, headers, body: body ?? null, signal } as const
    // A console session of this browser has no part in this.
    return await fetch(`${base}/v1/portal${path}`, {
      ...request,
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
    })
  } catch {
    throw new NoSession('unreachable')
  }
}

function read(): Kept | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(place) ?? 'null') ?? undefined
  } catch {
    return unkept
  }
}

function keep(kept: Kept | undefined): void {
  unkept = kept
  try {
    if (kept === undefined) sessionStorage.removeItem(place)
    else sessionStorage.setItem(place, JSON.stringify(kept))
  } catch {
    // It is in `unkept`.
  }
}
