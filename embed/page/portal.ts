// The page behind a link: who the keys belong to, the way back, until when it is open, and the element.
import { foreign, h } from '../dom.ts'
import type { Self } from '../wire.ts'
import { chooseLanguage } from '../words/languages.ts'
import {
  forgetToken,
  NoSession,
  type Refusal,
  readReturn,
  readSelf,
  readToken,
  takeSecret,
  trade,
} from './session.ts'
import { pageStyle } from './style.ts'
import { type PageWords, pageWordsOf } from './words.ts'

/** The element, as this page uses it. Its code is a file of its own. */
interface Keys extends HTMLElement {
  getToken?: () => Promise<{ token: string; expires_at: string }>
}

// Before anything else: what is in the address bar stays in the history, and is seen by whoever looks at the screen.
let secret = takeSecret()
// Another link in a tab that is open here changes the fragment alone, which loads no page.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#lkl_')) location.reload()
})

const sheet = new CSSStyleSheet()
sheet.replaceSync(pageStyle)
document.adoptedStyleSheets = [sheet]

let language = speak(undefined)
const main = h('main')
document.body.replaceChildren(main)
void open()

/** Chooses a language, and says so of the page. */
function speak(wanted: string | null | undefined): string {
  language = chooseLanguage([wanted, ...navigator.languages])
  document.documentElement.lang = language
  document.title = pageWordsOf(language).title
  return language
}

async function open(): Promise<void> {
  main.replaceChildren(h('p', { class: 'quiet', role: 'status' }, pageWordsOf(language).loading))
  try {
    if (secret !== undefined) {
      await trade(secret)
      secret = undefined
    }
    show(await readSelf())
  } catch (error) {
    const refusal = error instanceof NoSession ? error.refusal : 'unreachable'
    if (refusal === 'used') secret = undefined
    if (refusal === 'ended') forgetToken()
    main.replaceChildren(refused(pageWordsOf(language), refusal))
    main.querySelector('h1')?.focus()
  }
}

function show(self: Self): void {
  speak(self.lang)
  const words = pageWordsOf(language)
  document.title = words.titleOf(self.organization.name)
  document.documentElement.dataset.scheme = self.scheme
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'short' }).format(new Date(self.expires_at))
  const back = wayBack(words)
  const over = h('div', { role: 'alert' })
  const keys = h('latchkey-keys', { scheme: self.scheme }) as Keys
  let isAsked = false
  keys.getToken = async () => {
    // A link is good for one token: when the element asks for another, either the session is over or something else failed.
    if (isAsked && (await isOver())) {
      forgetToken()
      over.replaceChildren(refused(words, 'ended', 'h2'))
    }
    isAsked = true
    return readToken()
  }
  main.replaceChildren(
    h(
      'header',
      {},
      back && h('nav', {}, back),
      h('h1', {}, foreign(self.organization.name)),
      self.user.name !== null && h('p', { class: 'quiet' }, `${words.signedInAs} `, foreign(self.user.name)),
    ),
    over,
    keys,
    h('footer', { class: 'quiet' }, h('p', {}, words.endsAt(time))),
  )
}

async function isOver(): Promise<boolean> {
  try {
    await readSelf()
    return false
  } catch (error) {
    return error instanceof NoSession && error.refusal === 'ended'
  }
}

function wayBack({ back }: PageWords): HTMLElement | undefined {
  const url = readReturn()
  return (
    url &&
    h(
      'a',
      { href: url.href, rel: 'noreferrer' },
      h('span', { 'aria-hidden': 'true', class: 'arrow' }),
      back(url.host),
    )
  )
}

function refused(words: PageWords, refusal: Refusal, heading: 'h1' | 'h2' = 'h1'): HTMLElement {
  const url = readReturn()
  const again = url === undefined ? words.goBack : words.goBackTo(url.host)
  const next =
    refusal === 'unreachable'
      ? h('button', { type: 'button', on: { click: () => void open() } }, words.tryAgain)
      : wayBack(words)
  return h(
    'section',
    { class: 'refused' },
    h(heading, { tabindex: -1 }, words[`${refusal}Title`]),
    h('p', {}, words[refusal], refusal === 'unreachable' || refusal === 'none' ? '' : ` ${again}`),
    next,
  )
}
