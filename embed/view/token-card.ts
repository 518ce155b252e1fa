// A new token, shown once: masked, in a closed tree of its own that recorders of sessions leave out, and gone when it is closed.
import { h, newId } from '../dom.ts'
import type { PortalKey } from '../wire.ts'
import type { Words } from '../words/words.ts'

interface TokenCard {
  node: HTMLElement
  focus(): void
  /** Takes the token off the page, and forgets it. */
  close(): void
}

/**
 * What recorders are told to leave out, each in its own way: rrweb and all that is made of it, PostHog, Sentry, LogRocket, Datadog,
 * Hotjar, Clarity and FullStory.
 */
const marks = {
  class: 'secret rr-block ph-no-capture fs-exclude',
  'data-private': true,
  'data-sentry-mask': true,
  'data-sentry-block': true,
  'data-dd-privacy': 'hidden',
  'data-hj-suppress': true,
  'data-clarity-mask': 'true',
}

/** Makes the card of a key's new token. `onClose` hears when the reader closes it. */
export function tokenCard(
  words: Words,
  sheet: CSSStyleSheet,
  { name, hint }: PortalKey,
  token: string,
  onClose: () => void,
): TokenCard {
  let secret = token
  let isRevealed = false
  const text = document.createTextNode('')
  const shown = h('code', { class: 'token', dir: 'ltr' }, text)
  const label = h('span', { class: 'sr' }, `${words.token}: `)
  const told = h('p', { class: 'told', role: 'status' })
  const reveal = h('button', { type: 'button', class: 'button', on: { click: () => show(!isRevealed) } })
  const copy = h(
    'button',
    { type: 'button', class: 'button primary', on: { click: () => void copyToken() } },
    words.copy,
  )
  const shut = h('button', { type: 'button', class: 'button', on: { click: () => onClose() } }, words.close)
  const show = (revealed: boolean) => {
    isRevealed = revealed
    // The dots tell nothing of its length.
    text.data = revealed ? secret : `${hint.replace(/…$/, '')}${'•'.repeat(12)}`
    shown.setAttribute('aria-label', `${words.token}, ${words.hidden}`)
    if (revealed) shown.removeAttribute('aria-label')
    reveal.textContent = revealed ? words.hide : words.reveal
  }
  const copyToken = async () => {
    try {
      await navigator.clipboard.writeText(secret)
      told.textContent = words.copied
    } catch {
      // A page that is not served over TLS, or a frame, may not copy.
      show(true)
      getSelection()?.selectAllChildren(shown)
      told.textContent = words.notCopied
    }
  }
  show(false)
  const place = h('div', marks)
  const tree = place.attachShadow({ mode: 'closed' })
  tree.adoptedStyleSheets = [sheet]
  tree.append(
    h(
      'div',
      { class: 'inner' },
      h('p', { class: 'box' }, label, shown),
      h('div', { class: 'actions' }, copy, reveal, shut),
      told,
    ),
  )
  const titleId = newId()
  const title = h('h3', { id: titleId, tabindex: -1 }, words.newToken(name))
  const node = h(
    'section',
    { class: 'card new-token', 'aria-labelledby': titleId },
    title,
    h('p', { class: 'muted' }, words.newTokenHint),
    place,
  )
  return {
    node,
    focus: () => title.focus(),
    close: () => {
      secret = ''
      text.data = ''
      tree.replaceChildren()
      node.remove()
    },
  }
}
