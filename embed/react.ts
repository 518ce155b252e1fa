// `<LatchkeyKeys>`: the element, for React 18 and 19.
import { createElement, type ReactElement, useEffect, useLayoutEffect, useRef } from 'react'
import type { GetToken, LatchkeyKeysElement } from './index.ts'
import './index.ts'

/** What `<LatchkeyKeys>` takes. */
export interface LatchkeyKeysProps {
  /** Has your backend open a session: called at the start and after a 401, once at a time. It may be another function at each render. */
  getToken: GetToken
  /** The base address of the server of Latchkey. */
  server: string
  /** `auto`, as the reader's system, unless you say otherwise. */
  scheme?: 'auto' | 'light' | 'dark'
  /** The language (BCP 47); that of the nearest element around it if absent. */
  lang?: string
  className?: string
  id?: string
  /** Hears that the keys are shown. */
  onReady?: () => void
  /** Hears that they cannot be shown, by the code of why. */
  onFailed?: (code: string) => void
  /** Hears that a key was made, by its id. */
  onCreated?: (id: string) => void
  /** Hears that a key has a new token. */
  onRotated?: (id: string) => void
  /** Hears that a key was revoked. */
  onRevoked?: (id: string) => void
}

/** Shows the customer's keys. On a server it renders the empty element. */
export function LatchkeyKeys(props: LatchkeyKeysProps): ReactElement {
  const { getToken, server, scheme, lang, className, id } = props
  const ref = useRef<LatchkeyKeysElement>(null)
  const latest = useRef(props)
  // React warns of effects of layout where it renders for a server.
  const useBrowserEffect = typeof window === 'undefined' ? useEffect : useLayoutEffect
  useBrowserEffect(() => {
    latest.current = props
    if (ref.current) ref.current.getToken = getToken
  })
  // The element may fail before React runs other effects.
  useBrowserEffect(() => {
    const element = ref.current
    const ended = new AbortController()
    const listen = (event: string, tell: (detail: { id: string; code: string }) => void) =>
      element?.addEventListener(`latchkey-${event}`, (told) => tell((told as CustomEvent).detail), ended)
    listen('ready', () => latest.current.onReady?.())
    listen('failed', ({ code }) => latest.current.onFailed?.(code))
    for (const name of ['Created', 'Rotated', 'Revoked'] as const)
      listen(name.toLowerCase(), ({ id }) => latest.current[`on${name}`]?.(id))
    return () => ended.abort()
  }, [])
  // React 18 knows no `className` of such elements.
  return createElement('latchkey-keys', { ref, server, scheme, lang, class: className, id })
}
