// Providers of OpenID Connect for tests: a real one, and one that says whatever a test wants; and a browser that signs in at them.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { publicUrl } from './people.ts'
import { send, type TestAnswer } from './server.ts'

const clientId = 'latchkey'
export const clientSecret = 'a-secret-of-the-client'

/** Serves on a free port until the test is over. */
async function listen(makeListener: (issuer: string) => RequestListener | Promise<RequestListener>) {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  server.on('request', await makeListener(issuer))
  const close = () => {
    server.close()
    server.closeAllConnections()
  }
  onTestFinished(close)
  return { issuer, close }
}

/** Writes a file of providers, as an operator does; the secret of the clients lies beside it. */
export function writeProviders(...providers: object[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-oidc-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const [file, secret] = [join(folder, 'oidc.json'), join(folder, 'secret')]
  writeFileSync(secret, `${clientSecret}\n`)
  const usual = {
    name: 'Okta',
    client_id: clientId,
    client_secret_file: secret,
    organizations: ['root', '*'],
  }
  writeFileSync(file, JSON.stringify({ providers: providers.map((provider) => ({ ...usual, ...provider })) }))
  return file
}

export type Claims = Record<string, unknown>

/** A provider that says what a test wants, true or not. */
export interface LiarProvider {
  issuer: string
  /** What its next ID tokens claim beside the usual; undefined takes a claim out. */
  claims: Claims
  /** What its userinfo tells beside the subject. */
  userinfo: Claims
  /** Answers in place of its own, by the path. */
  answers: Record<string, RequestListener>
  /** Signs by a key that it does not publish. */
  isForged: boolean
  /** Makes its ID tokens in place of its own way. */
  sign: ((claims: Claims) => string) | undefined
  /** What was sent to its token endpoint. */
  exchanged: URLSearchParams[]
  /** Its ID tokens so far. */
  issued: string[]
  /** Whether it says in its metadata that it names itself in answers (RFC 9207). */
  saysIssuer: boolean
  /** How often each path was asked. */
  asked: Record<string, number>
  close(): void
}

const pairs = [0, 1].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }))
/** A part of a JWT. */
export const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

function signJwt(claims: Claims, isForged: boolean): string {
  const text = `${encode({ alg: 'RS256', kid: 'k1' })}.${encode(claims)}`
  const key = (isForged ? pairs[1] : pairs[0])?.privateKey
  return `${text}.${sign('sha256', Buffer.from(text), key as never).toString('base64url')}`
}

/** Starts one. A code is good for one ID token, whose nonce is what the code says: `code.nonce`. */
export async function startLiar(): Promise<LiarProvider> {
  const liar = {
    ...{ issuer: '', claims: {}, userinfo: {}, answers: {}, asked: {}, isForged: false, saysIssuer: false },
    ...{ exchanged: [], issued: [], sign: undefined, close: () => {} },
  } as LiarProvider
  const used = new Set<string>()
  const { issuer, close } = await listen((address) => (request, response) => {
    const path = new URL(request.url ?? '', address).pathname
    liar.asked[path] = (liar.asked[path] ?? 0) + 1
    const own = liar.answers[path]
    if (own) return own(request, response)
    const answer = (value: object, status = 200) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    if (path === '/.well-known/openid-configuration')
      return answer({
        ...{ issuer: address, authorization_endpoint: `${address}/auth`, token_endpoint: `${address}/token` },
        ...{ jwks_uri: `${address}/jwks`, userinfo_endpoint: `${address}/me` },
        ...(liar.saysIssuer && { authorization_response_iss_parameter_supported: true }),
      })
    if (path === '/jwks')
      return answer({ keys: [{ ...pairs[0]?.publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256' }] })
    const now = Math.floor(Date.now() / 1000)
    if (path === '/me') return answer({ sub: liar.claims.sub ?? 'ada', ...liar.userinfo })
    let body = ''
    request.on('data', (part) => {
      body += part
    })
    request.on('end', () => {
      const sent = new URLSearchParams(body)
      liar.exchanged.push(sent)
      const code = sent.get('code') ?? ''
      if (used.has(code)) return answer({ error: 'invalid_grant' }, 400)
      used.add(code)
      const claims = {
        ...{ iss: address, aud: clientId, sub: 'ada', iat: now, exp: now + 300, nonce: code.split('.')[1] },
        ...{ auth_time: now, email: 'ada@acme.example', email_verified: true },
        ...liar.claims,
      }
      const id_token = liar.sign?.(claims) ?? signJwt(claims, liar.isForged)
      liar.issued.push(id_token)
      return answer({ access_token: 'secret-access-token', token_type: 'Bearer', id_token })
    })
  })
  return Object.assign(liar, { issuer, close })
}

/** A real provider, at which whoever comes signs in at once. */
export interface RealProvider {
  issuer: string
  /** Who signs in next, and what is claimed of each. */
  subject: string
  accounts: Record<string, Claims>
  close(): void
}

/**
 * Starts one for a redirect address of each of these ids. It tells of a person in the ID token, or in userinfo alone, as the
 * standard has it.
 */
export async function startRealProvider(
  ids: readonly string[],
  base = publicUrl,
  { byUserinfo = false } = {},
): Promise<RealProvider> {
  const { Provider } = await import('oidc-provider')
  const real = { issuer: '', subject: 'ada', accounts: {}, close: () => {} } as RealProvider
  const jwk = { ...pairs[0]?.privateKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' }
  const { issuer, close } = await listen((address) => {
    const provider = new Provider(address, {
      clients: [
        {
          ...{ client_id: clientId, client_secret: clientSecret },
          redirect_uris: ids.map((id) => `${base}/sign-in/callback/${id}`),
        },
      ],
      conformIdTokenClaims: byUserinfo,
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups', 'hd'] },
      cookies: { keys: [randomBytes(16).toString('hex')] },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      jwks: { keys: [jwk] },
      pkce: { required: () => true },
      findAccount: (_: unknown, accountId: string) => ({
        accountId,
        claims: () => ({ sub: accountId, ...real.accounts[accountId] }),
      }),
      loadExistingGrant: async (ctx: GrantContext) => {
        const { client, session, provider: by } = ctx.oidc
        const grant = new by.Grant({ clientId: client.clientId, accountId: session.accountId })
        grant.addOIDCScope('openid email profile')
        await grant.save()
        return grant
      },
    } as never)
    const serve = provider.callback()
    return (request, response) => {
      if (!request.url?.startsWith('/interaction/')) return serve(request, response)
      const login = { accountId: real.subject }
      return provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false })
    }
  })
  return Object.assign(real, { issuer, close })
}

interface Grant {
  addOIDCScope(scope: string): void
  save(): Promise<string>
}

interface GrantContext {
  oidc: {
    client: { clientId: string }
    session: { accountId: string }
    provider: { Grant: new (of: { clientId: string; accountId: string }) => Grant }
  }
}

/** Follows a browser, with its cookies, through a provider's pages until it comes back to us; gives what it comes back with. */
export async function passThrough(
  url: string,
  cookies = new Map<string, string>(),
): Promise<Record<string, string>> {
  for (let at = url, i = 0; i < 10; i++) {
    const response = await fetch(at, {
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = response.headers.get('location')
    if (location === null)
      throw new Error(`The provider stops with ${response.status}: ${await response.text()}`)
    at = new URL(location, at).href
    if (at.startsWith(`${publicUrl}/`)) return Object.fromEntries(new URL(at).searchParams)
  }
  throw new Error('The provider sends the browser in a circle.')
}

type Answer = TestAnswer<Record<string, never> & { session: { page_value: string } | null }>

/** A browser: it keeps cookies, and its page the value of a session. */
export class Browser {
  readonly #url: string
  readonly cookies = new Map<string, string>()
  pageValue: string | undefined
  organization: string | undefined

  constructor({ url }: { url: string }) {
    this.#url = url
  }

  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const answer: Answer = await send(this.#url, method, path, {
      body,
      headers: {
        'sec-fetch-site': 'same-origin',
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(this.pageValue !== undefined && { 'latchkey-session': this.pageValue }),
        ...(this.organization !== undefined && { 'latchkey-organization': this.organization }),
        ...headers,
      },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (line.includes('Max-Age=0')) this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    if (answer.json?.session) this.pageValue = answer.json.session.page_value
    return answer
  }

  /** Begins to sign in; gives the page of the provider. */
  async begin(provider: string, input: object = { purpose: 'sign_in' }): Promise<URL> {
    const answer = await this.ask('POST', `/v1/sign-in/providers/${provider}`, input)
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`)
    return new URL((answer.json as unknown as { url: string }).url)
  }

  finish(provider: string, answered: object): Promise<Answer> {
    return this.ask('POST', `/v1/sign-in/providers/${provider}/callback`, answered)
  }

  /** Signs in at a provider that says what a test wants. */
  async pass(provider: string, input?: object): Promise<Answer> {
    return this.finish(provider, answerOf(await this.begin(provider, input)))
  }
}

/** What a liar sends back for an authorization request. */
export function answerOf(url: URL): { state: string; code: string } {
  const { state = '', nonce = '' } = Object.fromEntries(url.searchParams)
  return { state, code: `${randomBytes(6).toString('hex')}.${nonce}` }
}
