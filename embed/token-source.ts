// Asks the page for the session's token: at the start and after a 401, and however many ask at once, once.
import { PortalError } from './portal-error.ts'

/** What `getToken` gives: what the page's backend got from `POST /v1/portal-sessions`. */
export interface PortalToken {
  token: string
  /** When the session ends (RFC 3339). */
  expires_at?: string | undefined
}

/** A function of the page, which has its backend open a session. */
export type GetToken = () => Promise<PortalToken> | PortalToken

/** For so long the page is waited for, in milliseconds. */
const patienceMs = 10_000

export class TokenSource {
  readonly #getToken: () => Promise<GetToken>
  #current: string | undefined
  #asked: Promise<string> | undefined

  /** `getToken` resolves as soon as the page has set the function. */
  constructor(getToken: () => Promise<GetToken>) {
    this.#getToken = getToken
  }

  /** The token to try. Throws `token_failed`, `token_timed_out`. */
  async current(): Promise<string> {
    return this.#current ?? this.#ask()
  }

  /** Another token than one that was refused. Throws as {@link current}, and `token_refused` if the page has no other. */
  async renew(refused: string): Promise<string> {
    // Another call was faster.
    if (this.#current !== undefined && this.#current !== refused) return this.#current
    const token = await this.#ask()
    if (token === refused) throw new PortalError('token_refused')
    return token
  }

  /** Forgets the token, so that the next call asks the page. */
  forget(): void {
    this.#current = undefined
  }

  #ask(): Promise<string> {
    this.#asked ??= this.#askPage().finally(() => {
      this.#asked = undefined
    })
    return this.#asked
  }

  async #askPage(): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, fail) => {
      timer = setTimeout(() => fail(new PortalError('token_timed_out')), patienceMs)
    })
    try {
      const given = await Promise.race([this.#getToken().then((getToken) => getToken()), late])
      const token = given?.token
      // Anything else would not even be a header.
      if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw new PortalError('token_failed')
      this.#current = token
      return token
    } catch (error) {
      // What the page threw may hold anything, its own secrets included.
      throw error instanceof PortalError ? error : new PortalError('token_failed')
    } finally {
      clearTimeout(timer)
    }
  }
}
