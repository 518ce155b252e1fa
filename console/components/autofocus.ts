// Where the focus goes first: to the field of a page for which people come to it, and to what a dialog says.
import { type RefObject, useEffect } from 'react'

/** Marks what has the focus first: a field, or in a dialog the button that changes nothing (WAI-ARIA APG, 'Dialog'). */
export const focusMark = { 'data-autofocus': '' }

/** Focuses what is marked within an element when that is first there, unless the reader is somewhere already. */
export function useFocusOnArrival(within: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const active = document.activeElement
    if (active === null || active === document.body || active.matches('h1, main, [role="dialog"]'))
      within.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus({ preventScroll: true })
  }, [within])
}
