// Browsers with authenticators, on a bare page of a server's origin, for tests of passkeys.
import { createServer } from 'node:net'
import type { CDPSession, Page } from 'playwright-core'
import { startTestServer } from '../setup/server.ts'
import { sharedBrowser } from './chromium.ts'

/** Starts a server at `http://localhost:<port>`, which is its public address. */
export async function startAtLocalhost(
  database: string,
  options: Parameters<typeof startTestServer>[1] = {},
) {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const server = await startTestServer(database, { port, publicUrl: origin, ...options })
  return Object.assign(server, { origin })
}

/** A port that is free now: a public address is known before its server listens. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

export interface Answer {
  status: number
  json: ReturnType<typeof JSON.parse>
}

/** The values with which a page shows its session. */
export type Headers = Record<string, string>

/** A browser of one person, with authenticators of its own. */
export class Person {
  readonly page: Page
  readonly #cdp: CDPSession
  #builtIn = ''
  /** What the page shows of its session. */
  headers: Headers = {}

  private constructor(page: Page, cdp: CDPSession) {
    this.page = page
    this.#cdp = cdp
  }

  static async open(origin: string): Promise<Person> {
    const context = await (await sharedBrowser()).newContext()
    const page = await context.newPage()
    await page.route('**/blank', (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Blank</title>' }),
    )
    await page.goto(`${origin}/blank`)
    const cdp = await context.newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    const person = new Person(page, cdp)
    person.#builtIn = await person.plugIn('internal')
    return person
  }

  /** Adds an authenticator that says yes, built in or on a key; gives its id. */
  async plugIn(transport: 'internal' | 'usb', weakness: object = {}): Promise<string> {
    const { authenticatorId } = await this.#cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        ...{ protocol: 'ctap2', transport, hasResidentKey: true, hasUserVerification: true },
        ...{ isUserVerified: true, automaticPresenceSimulation: true, ...weakness },
      },
    })
    return authenticatorId
  }

  /** Has another authenticator in place of the one that is built in, which can, or does, verify nobody. */
  async weaken(weakness: { hasUserVerification: boolean; isUserVerified: boolean }): Promise<void> {
    await this.#cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.#builtIn })
    this.#builtIn = await this.plugIn('internal', weakness)
  }

  /** Makes a call as the page does. */
  call(path: string, body: object, method = 'POST'): Promise<Answer> {
    return this.page.evaluate(
      async ([method, path, body, headers]) => {
        const response = await fetch(path, {
          method,
          headers: { 'content-type': 'application/json', ...headers },
          ...(method !== 'GET' && { body: JSON.stringify(body) }),
        })
        return { status: response.status, json: await response.json() }
      },
      [method, path, body, this.headers] as const,
    )
  }

  /** Asks the browser for what the server wants; gives the credential, or the name of the browser's error. */
  ask(kind: 'get' | 'create', options: object): Promise<object | string> {
    return this.page.evaluate(
      async ([kind, options]) => {
        type Parse = (json: object) => never
        const { parseRequestOptionsFromJSON, parseCreationOptionsFromJSON } =
          PublicKeyCredential as unknown as Record<string, Parse>
        const parse = kind === 'get' ? parseRequestOptionsFromJSON : parseCreationOptionsFromJSON
        try {
          const publicKey = parse?.call(PublicKeyCredential, options) as never
          const credential = await navigator.credentials[kind]({ publicKey })
          return (credential as unknown as { toJSON(): object }).toJSON()
        } catch (error) {
          return (error as Error).name
        }
      },
      [kind, options] as const,
    )
  }

  /** Signs in by a passkey, or makes the session fresh. */
  async use(purpose: 'sign_in' | 'fresh' = 'sign_in'): Promise<Answer> {
    const begun = await this.call('/v1/sign-in/passkey/options', { purpose })
    if (begun.status !== 200) return begun
    const credential = await this.ask('get', begun.json.options)
    return this.keep(await this.call('/v1/sign-in/passkey', { credential }))
  }

  /** Makes a passkey, for an invitation or for who is signed in. */
  async register(invitation?: string, label?: string): Promise<Answer> {
    const begun = await this.call('/v1/sign-in/passkey/registration-options', { invitation })
    if (begun.status !== 200) return begun
    const credential = await this.ask('create', begun.json.options)
    return this.keep(await this.call('/v1/sign-in/passkey/registration', { invitation, credential, label }))
  }

  /** Remembers the session that an answer has opened. */
  keep(answer: Answer): Answer {
    const pageValue = answer.json.session?.page_value
    if (pageValue !== undefined) this.headers = { ...this.headers, 'latchkey-session': pageValue }
    return answer
  }

  async close(): Promise<void> {
    await this.page.context().close()
  }
}
