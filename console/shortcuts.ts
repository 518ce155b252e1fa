// The keyboard from anywhere: Ctrl K searches everything, `/` leads to the page's search, `n` to something new, `?` to help.
import { useEffect } from 'react'

/** Listens while the layout is there. A page takes part by `data-shortcut` on its search field or its button. */
export function useShortcuts({
  openHelp,
  openSearch,
}: {
  openHelp: () => void
  openSearch: () => void
}): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (isSearchKey(event)) {
        // Also where a browser would go to its own search.
        event.preventDefault()
        if (document.querySelector('[role="dialog"]') === null) openSearch()
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isBusy(event.target))
        return
      if (event.key === '?') openHelp()
      else if (event.key === '/' || event.key === 'n') {
        const target = document.querySelector<HTMLElement>(`[data-shortcut="${event.key}"]`)
        if (target === null) return
        if (event.key === '/') target.focus()
        else target.click()
      } else return
      event.preventDefault()
    }
    document.addEventListener('keydown', listen)
    return () => document.removeEventListener('keydown', listen)
  }, [openHelp, openSearch])
}

function isSearchKey({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return key.toLowerCase() === 'k' && (ctrlKey || metaKey) && !altKey && !shiftKey
}

/** Where letters are typed, or a dialog waits for an answer, they are no shortcuts. */
function isBusy(target: EventTarget | null): boolean {
  if (document.querySelector('[role="dialog"]') !== null) return true
  if (target instanceof HTMLInputElement) return !/^(radio|checkbox|range)$/.test(target.type)
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName))
  )
}
