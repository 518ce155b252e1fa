// What one element shows: it waits for a session, then has the keys, the dialogs and the new tokens.
import { type Context, may } from './context.ts'
import { type Child, h } from './dom.ts'
import { makeFormat } from './format.ts'
import { newIdempotencyKey, Portal } from './portal.ts'
import { codeOf } from './portal-error.ts'
import { type GetToken, TokenSource } from './token-source.ts'
import { createDialog } from './view/create.ts'
import { type KeyList, keyList } from './view/key-list.ts'
import { revokeDialog } from './view/revoke.ts'
import { rotateDialog } from './view/rotate.ts'
import { tokenCard } from './view/token-card.ts'
import { usageChart } from './view/usage.ts'
import type { PortalKey, Scheme, Self } from './wire.ts'
import { chooseLanguage } from './words/languages.ts'
import { errorText, type Words, wordsOf } from './words/words.ts'

/** What the element knows of the page that it stands in. */
export interface Surroundings {
  /** The base address of the server; undefined if nobody said it. */
  server(): string | undefined
  scheme(): Scheme | undefined
  language(): string | undefined
  /** Tells the page; never with a token. */
  emit(event: string, detail: Record<string, string>): void
}

export class App {
  readonly #surroundings: Surroundings
  readonly #sheet: CSSStyleSheet
  readonly #tokens: TokenSource
  readonly #stopped = new AbortController()
  readonly #portal: Portal
  readonly #frame = h('div', { class: 'app' })
  /** New tokens stand here, whatever becomes of the rest. */
  readonly #cards = h('div', { class: 'cards' })
  readonly #outcome = h('p', { class: 'outcome', role: 'status' })
  readonly #content = h('div', { class: 'content' })
  readonly #open = new Map<string, ReturnType<typeof tokenCard>>()
  #self: Self | undefined
  #language = 'en'
  /** Counts beginnings: what an earlier one still waits for is of no use any more. */
  #begun = 0
  #creating: HTMLDialogElement | undefined
  #list: KeyList | undefined
  #newKey: HTMLElement | undefined

  /** Begins at once. `getToken` resolves when the page has set its function. */
  constructor(
    root: ShadowRoot,
    sheet: CSSStyleSheet,
    surroundings: Surroundings,
    getToken: () => Promise<GetToken>,
  ) {
    this.#surroundings = surroundings
    this.#sheet = sheet
    this.#tokens = new TokenSource(getToken)
    this.#portal = new Portal(() => surroundings.server(), this.#tokens, this.#stopped.signal)
    root.append(this.#frame)
    this.look()
    void this.#start()
  }

  /** Ends all that is under way, and takes everything off the page, new tokens first. */
  stop(): void {
    for (const card of this.#open.values()) card.close()
    this.#open.clear()
    this.#stopped.abort()
    this.#tokens.forget()
    this.#frame.remove()
  }

  /** Looks anew at how the page wants it: its colours and its language. */
  look(): void {
    // Also while it loads: what is shown then would be in two languages.
    if (this.#choose() && this.#self !== undefined) void this.#start()
  }

  /** Chooses colours and language, and tells whether the language is another one. */
  #choose(): boolean {
    const { scheme, language } = this.#surroundings
    this.#frame.dataset.scheme = scheme() ?? this.#self?.scheme ?? 'auto'
    const chosen = chooseLanguage([language(), this.#self?.lang, ...navigator.languages])
    const isOther = chosen !== this.#language
    this.#language = chosen
    this.#frame.lang = chosen
    return isOther
  }

  get #words(): Words {
    return wordsOf(this.#language)
  }

  async #start(): Promise<void> {
    const begun = ++this.#begun
    const isOver = () => this.#stopped.signal.aborted || begun !== this.#begun
    this.#list = undefined
    this.#creating = undefined
    this.#frame.replaceChildren(this.#head(), this.#outcome, this.#cards, this.#content)
    this.#content.replaceChildren(h('p', { class: 'empty muted', role: 'status' }, this.#words.loading))
    try {
      const self = await this.#portal.self()
      if (isOver()) return
      this.#self = self
      this.#choose()
      await this.#showSession(self, isOver)
    } catch (error) {
      if (!isOver()) this.#fail(codeOf(error))
    }
  }

  async #showSession(self: Self, isOver: () => boolean): Promise<void> {
    const context = this.#makeContext(self)
    const { words } = context
    const [keys, usage] = await Promise.all([
      may(self, 'keys:read') ? this.#portal.keys('active') : undefined,
      may(self, 'usage:read') ? this.#portal.usage().catch((error: unknown) => codeOf(error)) : undefined,
    ])
    if (isOver()) return
    this.#newKey = h(
      'button',
      { type: 'button', class: 'button primary', on: { click: () => this.#create(context) } },
      words.newKey,
    )
    const list = keys && keyList(context, keys, this.#actions(context))
    this.#list = list
    this.#frame.replaceChildren(
      this.#head(list?.filter, may(self, 'keys:write') && this.#newKey),
      ...[this.#outcome, this.#cards, this.#content],
    )
    const chart =
      typeof usage === 'string'
        ? h('p', { class: 'alert' }, errorText(words, usage))
        : usage && usageChart(context, usage)
    this.#content.replaceChildren(
      list?.node ?? h('p', { class: 'empty muted' }, words.noReading),
      ...(chart ? [chart] : []),
    )
    this.#surroundings.emit('ready', {})
  }

  #head(...actions: Child[]): HTMLElement {
    const title = h('h2', { tabindex: -1 }, this.#words.title)
    return h('div', { class: 'head' }, title, h('div', { class: 'tools' }, ...actions))
  }

  #fail(code: string): void {
    const words = this.#words
    const again = () => {
      this.#tokens.forget()
      void this.#start()
      this.#frame.querySelector('h2')?.focus()
    }
    const button = h('button', { type: 'button', class: 'button', on: { click: again } }, words.tryAgain)
    this.#content.replaceChildren(
      h('div', { class: 'failure', role: 'alert' }, h('p', {}, errorText(words, code)), button),
    )
    this.#surroundings.emit('failed', { code })
  }

  #makeContext(self: Self): Context {
    const words = this.#words
    return {
      ...{ portal: this.#portal, self, words, format: makeFormat(this.#language) },
      announce: (text) => {
        // What changes behind an open dialog is not read out.
        setTimeout(() => {
          this.#outcome.textContent = text
        }, 50)
      },
      showToken: (key, token) => this.#showToken(key, token),
      emit: (event, id) => this.#surroundings.emit(event, { id }),
      update: (key) => this.#list?.update(key),
    }
  }

  #showToken(key: PortalKey, token: string): void {
    const words = this.#words
    const id = newIdempotencyKey()
    const card = tokenCard(words, this.#sheet, key, token, () => {
      card.close()
      this.#open.delete(id)
      this.#outcome.textContent = words.closedOutcome
      this.#focusKey(key.id)
    })
    this.#open.set(id, card)
    this.#cards.prepend(card.node)
  }

  #create(context: Context): void {
    this.#creating ??= createDialog(context, (end) => {
      const dialog = this.#creating
      dialog?.remove()
      // Left by Escape, it is there again with what was typed.
      if (end !== 'set aside') this.#creating = undefined
      if (end === 'done') this.#focusToken()
      else this.#newKey?.focus()
    })
    this.#show(this.#creating)
  }

  #actions(context: Context) {
    return {
      rotate: (key: PortalKey) => {
        const dialog = rotateDialog(context, key, (end) => {
          dialog.remove()
          if (end === 'done') this.#focusToken()
          else this.#focusKey(key.id)
        })
        this.#show(dialog)
      },
      revoke: (key: PortalKey) => {
        const dialog = revokeDialog(context, key, () => {
          dialog.remove()
          this.#focusKey(key.id)
        })
        this.#show(dialog)
      },
    }
  }

  #show(dialog: HTMLDialogElement): void {
    this.#outcome.textContent = ''
    this.#frame.append(dialog)
    dialog.showModal()
    // Browsers would begin at Cancel, or not within a tree such as this.
    const first = dialog.querySelector<HTMLElement>('[type="radio"]:checked') ?? dialog.querySelector('input')
    first?.focus()
  }

  /** To the newest token, which is to be copied now. */
  #focusToken(): void {
    const [newest] = [...this.#open.values()].slice(-1)
    newest?.focus()
    newest?.node.scrollIntoView({ block: 'nearest' })
  }

  #focusKey(id: string): void {
    if (this.#list?.focus(id)) return
    const target = this.#newKey?.isConnected ? this.#newKey : this.#frame.querySelector('h2')
    target?.focus()
  }
}
