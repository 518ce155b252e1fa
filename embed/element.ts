// `<latchkey-keys>`: the keys of a customer, in the page of whoever serves that customer.
import { App } from './app.ts'
import { style } from './style.ts'
import type { GetToken } from './token-source.ts'
import type { Scheme } from './wire.ts'
import { languageAround } from './words/languages.ts'

/** The name of the element. */
const elementName = 'latchkey-keys'

/** Set by the build: whether this is the file that a server of Latchkey hands out, rather than a part of somebody's bundle. */
declare const __SERVED__: boolean

// Written in one with what is made of it, a bundler would take it for a file to put in.
const script = import.meta.url

// Where there is no page, such as on a server that renders one, there is nothing to extend; and nothing is done there.
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement

/** The element. Set {@link getToken}; the attributes are `server`, `scheme` and `lang`. */
export class LatchkeyKeysElement extends Base {
  static readonly observedAttributes = ['server', 'scheme', 'lang']

  #getToken: GetToken | undefined
  #whenGiven = Promise.withResolvers<void>()
  #root: ShadowRoot | undefined
  #app: App | undefined
  #watcher: MutationObserver | undefined

  /** The page's function that has its backend open a session: called at the start and after a 401, once at a time. */
  get getToken(): GetToken | undefined {
    return this.#getToken
  }

  set getToken(getToken: GetToken | undefined) {
    this.#getToken = getToken
    if (getToken) this.#whenGiven.resolve()
  }

  connectedCallback(): void {
    // Set before this file was there, it hides the accessor.
    if (Object.hasOwn(this, 'getToken')) {
      const { getToken } = this
      Reflect.deleteProperty(this, 'getToken')
      this.getToken = getToken
    }
    this.#watcher = new MutationObserver(() => this.#app?.look())
    this.#watcher.observe(document.documentElement, { attributeFilter: ['lang'] })
    this.#begin()
  }

  disconnectedCallback(): void {
    this.#watcher?.disconnect()
    // An element that is moved is back at once.
    queueMicrotask(() => {
      if (!this.isConnected) this.#end()
    })
  }

  attributeChangedCallback(name: string, before: string | null, now: string | null): void {
    if (before === now || this.#app === undefined) return
    if (name === 'server') {
      // What one server gave is no other's.
      this.#end()
      this.#begin()
    } else this.#app.look()
  }

  #begin(): void {
    if (this.#app) return
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(style)
    this.#root ??= this.attachShadow({ mode: 'open' })
    this.#root.adoptedStyleSheets = [sheet]
    const surroundings = {
      server: () => readServer(this.getAttribute('server')),
      scheme: () => readScheme(this.getAttribute('scheme')),
      language: () => languageAround(this),
      emit: (event: string, detail: Record<string, string>) =>
        void this.dispatchEvent(
          new CustomEvent(`latchkey-${event}`, { detail, bubbles: true, composed: true }),
        ),
    }
    this.#app = new App(this.#root, sheet, surroundings, async () => {
      await this.#whenGiven.promise
      return this.#getToken as GetToken
    })
  }

  #end(): void {
    this.#app?.stop()
    this.#app = undefined
  }
}

/** Gives the browser the element, unless it has one of this name: whichever came first stays. */
export function defineElement(): void {
  const elements = globalThis.customElements
  if (elements !== undefined && elements.get(elementName) === undefined)
    elements.define(elementName, LatchkeyKeysElement)
}

function readServer(named: string | null): string | undefined {
  try {
    if (named !== null && named.trim() !== '')
      return new URL(named, document.baseURI).href.replace(/\/+$/, '')
    // It lies in the folder `embed` of its server.
    return __SERVED__ ? new URL('..', script).href.replace(/\/+$/, '') : undefined
  } catch {
    return undefined
  }
}

function readScheme(named: string | null): Scheme | undefined {
  return named === 'light' || named === 'dark' || named === 'auto' ? named : undefined
}

declare global {
  interface HTMLElementTagNameMap {
    'latchkey-keys': LatchkeyKeysElement
  }
}
